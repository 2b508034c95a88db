"""`dead-letters`: messages that were not stored, and what is to become of them."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, table
from admin.cli.progress import track
from admin.commands.audit import operation
from admin.letters.outcomes import tell

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Messages that were not stored."
)

_Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids as `list` shows them.")
]
_All = Annotated[bool, typer.Option("--all", help="All of them, or all with --reason.")]
_Reason = Annotated[str | None, typer.Option(help="Only those with this reason.")]


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which letters a command is for."""

    ids: Sequence[str]
    reason: str | None = None

    @classmethod
    def required(cls, ids: Sequence[str], reason: str | None, *, everything: bool) -> "Choice":
        """Raise `CannotRun` when nothing, or two different things, were chosen."""
        if bool(ids) == (everything or reason is not None):
            raise CannotRun("Say which: ids as `dead-letters list` shows them, --reason or --all")
        return cls(ids, reason)


@app.callback()
def letters() -> None:
    """Make `dead-letters` a group."""


@app.command("list")
def list_letters(
    context: typer.Context,
    *,
    reason: _Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
) -> None:
    """Show dead letters, newest first.

    Those that can never be stored, with the reason, and those that ingest never acknowledged, from
    the subscription particle-events-dead; looking takes nothing out of it.
    """
    with connected(context) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.letters.kinds import listed  # noqa: PLC0415

        shown = listed(target, reason, limit)

    def people() -> None:
        header = ("RECEIVED", "REASON", "DEVICE", "EVENT", "ID")
        keys = ("receivedAt", "reason", "deviceId", "event", "id")
        table(header, ([one[key] for key in keys] for one in shown))
        reasons = Counter(one["reason"] for one in shown)
        counts = ", ".join(f"{name} {count}" for name, count in reasons.most_common())
        newest = "the newest " if len(shown) == limit else ""
        typer.echo(f"{newest}{len(shown)} dead letters{': ' if counts else ''}{counts}")

    answer(shown, people)


@app.command()
def replay(
    context: typer.Context,
    *,
    ids: _Ids = None,
    everything: _All = False,
    reason: _Reason = None,
) -> None:
    """Take dead letters in again.

    As if they had just arrived; those that are stored go.

    For after a fault of ours is mended, or a retention was set higher. What was too old is then
    stored, but is in no chart: it may have been counted once, before it was deleted. Can be
    repeated. Exit status: 0 all are stored, 1 some stay, 2 the command could not run.
    """
    choice = Choice.required(ids or [], reason, everything=everything)
    with connected(context) as target:
        from admin.letters.kinds import chosen  # noqa: PLC0415 - as above
        from shared import audit  # noqa: PLC0415 - as above

        done = operation(target, "dead-letters-replayed")
        outcomes: Counter[str] = Counter()
        try:
            with chosen(target, choice) as found:
                for letter in track(found, "Letters", len(found)):
                    outcomes[letter.replay()] += 1
        finally:
            # Of what was done by then, when it is broken off.
            if outcomes:
                audit.record(done, outcomes=dict(outcomes))
    tell(outcomes, "still dead")


@app.command()
def drop(
    context: typer.Context,
    *,
    ids: _Ids = None,
    everything: _All = False,
    reason: _Reason = None,
) -> None:
    """Delete dead letters for good."""
    choice = Choice.required(ids or [], reason, everything=everything)
    with connected(context) as target:
        from admin.letters.kinds import chosen  # noqa: PLC0415 - as above
        from shared import audit  # noqa: PLC0415 - as above

        done = operation(target, "dead-letters-dropped")
        with chosen(target, choice) as found:
            dropped = Counter(letter.reason for letter in found)
            if found:
                audit.record(done, reasons=dict(dropped))
            for letter in track(found, "Letters", len(found)):
                letter.drop()
    number = sum(dropped.values())
    answer({"dropped": number}, f"dropped {number}")
