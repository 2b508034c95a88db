"""`events`: recorded messages of devices, taken in again."""

import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.progress import track
from admin.commands.audit import operation
from admin.letters.outcomes import come_again, tell

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What devices published.")

_AT_ONCE = 40
"""As many as an instance of the function serves; they share their commits."""


@app.callback()
def events() -> None:
    """Make `events` a group, also while it has a single command."""


@app.command()
def replay(
    context: typer.Context,
    *,
    file: Annotated[
        pathlib.Path,
        typer.Argument(
            help='JSON lines: push bodies ({"message": {…}}) or messages ({"attributes": {…}, '
            '"data": …}), as Pub/Sub delivers them.'
        ),
    ],
) -> None:
    """Take recorded messages in.

    As if they had just been delivered.

    What is stored already stays as it is: running it twice changes nothing. What can never be
    stored goes to the dead letters; `come again` is said of what Firestore would not take now. Exit
    status: 0 all are stored, 1 some are not, 2 the command could not run.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise CannotRun(f"{file} cannot be read: {error.strerror}") from error
    with connected(context) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from shared import audit  # noqa: PLC0415

        done = operation(target, "events-replayed")
        outcomes: Counter[str] = Counter()
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for outcome in track(pool.map(_take, _messages(lines)), "Messages", len(lines)):
                    outcomes[outcome] += 1
        finally:
            # Of what was done by then, when it is broken off.
            audit.record(done, outcomes=dict(outcomes))
    tell(outcomes, "dead letters")


def _messages(lines: list[bytes]) -> Iterator[Any]:
    """Each line as Pub/Sub would deliver it; what is no such thing goes on as it is."""
    for line in lines:
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = line
        if isinstance(found, dict) and "message" not in found and "attributes" in found:
            found = {"message": found}
        yield found


def _take(delivered: Any) -> str:
    from shared.telemetry import ingest  # noqa: PLC0415 - as above
    from shared.telemetry.writer import Outcome  # noqa: PLC0415 - as above

    try:
        outcome = ingest.ingest(delivered, replayed=True)
    except ingest.RETRIABLE as failure:
        return come_again(failure)
    return outcome.value if isinstance(outcome, Outcome) else outcome.reason
