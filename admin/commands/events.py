"""`events replay`: recorded messages of devices, ingested again."""

import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.progress import track
from admin.letters.outcomes import ingest_again, report
from shared import audit

_THREADS = 40
"""As many requests as an instance of the function serves at once; they share their commits."""


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
    """Ingest recorded messages.

    They are treated as if they had just been delivered. Messages that are stored already stay as
    they are, so running it twice changes nothing. Those that can never be stored become dead
    letters; `come again` means that Firestore did not store them now.

    Exit status: 0 all are stored, 1 some are not, 2 the command could not run.

    Example: events replay messages.jsonl
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise CannotRun(f"{file} cannot be read: {error.strerror}") from error
    with connected(context) as target:
        done = operation(target, "events-replayed")
        outcomes: Counter[str] = Counter()
        try:
            with ThreadPoolExecutor(_THREADS) as pool:
                replayed = pool.map(lambda one: ingest_again(one)[0], _messages(lines))
                for outcome in track(replayed, "Messages", len(lines)):
                    outcomes[outcome] += 1
        finally:
            # Also when it is interrupted: record what was done until then.
            audit.record(done, outcomes=dict(outcomes))
    report(outcomes, "dead letters")


def _messages(lines: list[bytes]) -> Iterator[Any]:
    """Each line in the form in which Pub/Sub would deliver it; anything else is left as it is."""
    for line in lines:
        if not line.strip():
            continue
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = line
        if isinstance(message, dict) and "message" not in message and "attributes" in message:
            message = {"message": message}
        yield message
