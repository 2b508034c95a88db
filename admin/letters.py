"""`dead-letters`: messages that could never be stored, and what is to become of them."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.deployed import use_settings
from admin.errors import CannotRun, explained
from admin.target import Target

if TYPE_CHECKING:  # importing Firestore's client takes a second, which --help need not wait
    from shared.store import Snapshot

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Messages that could not be stored."
)

_COLUMNS = "{received:<20}  {reason:<20}  {device:<24}  {event:<24}  {id}"

_Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids as `list` shows them.")
]
_All = Annotated[bool, typer.Option("--all", help="All of them, or all with --reason.")]
_Reason = Annotated[str | None, typer.Option(help="Only those with this reason.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON lines.")]


@dataclasses.dataclass(frozen=True)
class _Choice:
    """Which letters a command is for."""

    ids: Sequence[str]
    everything: bool
    reason: str | None

    def require(self) -> None:
        """Raise `CannotRun` when nothing, or two different things, were chosen."""
        if bool(self.ids) == (self.everything or self.reason is not None):
            raise CannotRun("Say which: ids as `dead-letters list` shows them, --reason or --all")


@app.command("list")
def list_letters(
    context: typer.Context,
    *,
    reason: _Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: _Json = False,
) -> None:
    """Show dead letters, newest first."""
    target: Target = context.obj()
    with explained(target.project):
        target.connect()
        letters = sorted(
            _letters(_Choice([], everything=True, reason=reason)),
            key=lambda letter: str(letter.get("receivedAt")),
            reverse=True,
        )
    shown = [_shown(letter) for letter in letters[:limit]]
    if as_json:
        for one in shown:
            typer.echo(json.dumps(one))
        return
    if shown:
        typer.echo(
            _COLUMNS.format(
                received="RECEIVED", reason="REASON", device="DEVICE", event="EVENT", id="ID"
            )
        )
    for one in shown:
        typer.echo(_COLUMNS.format(**{key: value or "-" for key, value in one.items()}))
    reasons = Counter(letter.get("reason") for letter in letters)
    counts = ", ".join(f"{name} {count}" for name, count in reasons.most_common())
    typer.echo(f"{len(letters)} dead letters{': ' if counts else ''}{counts}")


@app.command()
def replay(
    context: typer.Context,
    *,
    ids: _Ids = None,
    everything: _All = False,
    reason: _Reason = None,
) -> None:
    """Take dead letters in again as if they had just arrived; those that are stored go.

    For after a fault of ours is mended, or a retention was set higher. Can be repeated. Exit
    status: 0 all are stored, 1 some stay, 2 the command could not run.
    """
    choice = _Choice(ids or [], everything, reason)
    choice.require()
    target: Target = context.obj()
    with explained(target.project):
        target.connect()
        use_settings(target)
        outcomes = Counter(_replay(letter) for letter in _letters(choice))
    left = sum(count for outcome, count in outcomes.items() if outcome not in {"stored", "copy"})
    for outcome in sorted(outcomes.keys() - {"stored", "copy"}):
        typer.echo(f"stays: {outcome} {outcomes[outcome]}", err=True)
    typer.echo(f"stored {outcomes['stored']}, copies {outcomes['copy']}, still dead {left}")
    if left:
        raise typer.Exit(1)


@app.command()
def drop(
    context: typer.Context,
    *,
    ids: _Ids = None,
    everything: _All = False,
    reason: _Reason = None,
) -> None:
    """Delete dead letters for good."""
    choice = _Choice(ids or [], everything, reason)
    choice.require()
    target: Target = context.obj()
    with explained(target.project):
        target.connect()
        dropped = [letter.reference.delete() for letter in _letters(choice)]
    typer.echo(f"dropped {len(dropped)}")


def _letters(choice: _Choice) -> Iterator["Snapshot"]:
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - as above

    from shared import store  # noqa: PLC0415 - as above

    if choice.ids:
        found = {
            s.id: s for s in store.client().get_all([store.dead_letter(i) for i in choice.ids])
        }
        for letter_id in choice.ids:
            if not found[letter_id].exists:
                typer.echo(f"no such dead letter: {letter_id}", err=True)
            else:
                yield found[letter_id]
        return
    query: Any = store.client().collection(store.DEAD_LETTERS)
    if choice.reason is not None:
        query = query.where(filter=FieldFilter("reason", "==", choice.reason))
    yield from query.stream()


def _replay(letter: "Snapshot") -> str:
    """Take a letter in again: `stored`, `copy`, or why it stays."""
    from shared.telemetry import intake  # noqa: PLC0415 - as above
    from shared.telemetry.message import UnstorableError  # noqa: PLC0415 - as above

    text = letter.get("message")
    if letter.get("length") != len(text.encode()):
        return "cut: more than is kept of a message"
    try:
        outcome = intake.store(text)
    except UnstorableError as failure:
        return failure.reason
    letter.reference.delete()
    return str(outcome.value)


def _shown(letter: "Snapshot") -> dict[str, str | None]:
    """A line of the list; never the data, which may be personal."""
    from shared.telemetry.message import read  # noqa: PLC0415 - as above

    attributes = read(letter.get("message")).attributes
    return {
        "id": letter.id,
        "received": letter.get("receivedAt").isoformat(timespec="seconds").replace("+00:00", "Z"),
        "reason": letter.get("reason"),
        "device": _text(attributes.get("device_id")),
        "event": _text(attributes.get("event")),
    }


def _text(value: Any) -> str | None:
    return None if value is None else ascii(str(value)[:64])[1:-1]
