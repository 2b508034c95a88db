"""`dead-letters list, replay, drop`: messages that could not be stored."""

from collections import Counter
from typing import Annotated

import typer

from admin.cli.arguments import Limit
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.operation import operation
from admin.cli.output import answer, table_of
from admin.cli.progress import track
from admin.letters.dead_letters import Choice, chosen, listed
from admin.letters.outcomes import report
from shared import audit

_Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, as `list` shows them.")
]
_All = Annotated[bool, typer.Option("--all", help="All dead letters.")]
_Reason = Annotated[str | None, typer.Option(help="Only dead letters with this reason.")]


def list_letters(context: typer.Context, *, reason: _Reason = None, limit: Limit = 100) -> None:
    """List dead letters, newest first.

    Shows the messages that can never be stored, with the reason, and the messages that ingest never
    acknowledged, in the subscription particle-events-dead. Listing removes nothing from it.
    """
    with connected(context) as target:
        shown = listed(target, reason, limit)

    def people() -> None:
        columns = {"receivedAt": "RECEIVED", "reason": "REASON", "deviceId": "DEVICE"}
        table_of(shown, **columns, event="EVENT", id="ID")
        reasons = Counter(one["reason"] for one in shown)
        counts = ", ".join(f"{name} {count}" for name, count in reasons.most_common())
        newest = "the newest " if len(shown) == limit else ""
        typer.echo(f"{newest}{len(shown)} dead letters{': ' if counts else ''}{counts}")

    answer(shown, people)


def replay(
    context: typer.Context, *, ids: _Ids = None, everything: _All = False, reason: _Reason = None
) -> None:
    """Ingest dead letters again.

    They are treated as if they had just arrived, and deleted once they are stored. Use it after a
    bug was fixed or a retention was raised. What was too old is then stored but in no chart: it may
    have been counted before it was deleted. Can be repeated.

    Exit status: 0 all are stored, 1 some are still dead letters, 2 the command could not run.

    Example: dead-letters replay --reason never-acknowledged
    """
    choice = Choice.required(ids or [], reason, everything=everything)
    with connected(context) as target:
        done = operation(target, "dead-letters-replayed")
        outcomes: Counter[str] = Counter()
        try:
            with chosen(target, choice) as found:
                for letter in track(found, "Letters", len(found)):
                    outcomes[letter.replay()] += 1
        finally:
            # Also when it is interrupted: record what was done until then.
            if outcomes:
                audit.record(done, outcomes=dict(outcomes))
    report(outcomes, "still dead")


def drop(
    context: typer.Context,
    *,
    ids: _Ids = None,
    everything: _All = False,
    reason: _Reason = None,
    yes: Yes = False,
) -> None:
    """Delete dead letters permanently.

    Example: dead-letters drop --reason too-old
    """
    choice = Choice.required(ids or [], reason, everything=everything)
    with connected(context) as target:
        done = operation(target, "dead-letters-dropped")
        with chosen(target, choice) as found:
            dropped = Counter(letter.reason for letter in found)
            if found:
                sums = ", ".join(f"{name} {count}" for name, count in dropped.most_common())
                confirm(f"Delete {len(found)} dead letters permanently ({sums})?", yes=yes)
                audit.record(done, reasons=dict(dropped))
            for letter in track(found, "Letters", len(found)):
                letter.drop()
    number = sum(dropped.values())
    answer({"dropped": number}, f"dropped {number}")
