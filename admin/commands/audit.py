"""`audit`: what operators did, who it was and why."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun, explained
from admin.cli.output import answer, table
from admin.cli.target import Target

if TYPE_CHECKING:  # importing Firestore's client takes a second, which --help need not wait
    from shared.audit import Operation

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What operators did.")

Reason = Annotated[str, typer.Option(help="Why; it stands in the audit trail.")]

_PERIOD = re.compile(r"(\d{1,4})([hd])")


def operation(target: Target, action: str, reason: str | None = None) -> "Operation":
    """What this operator is about to do, to be recorded with the change."""
    from admin.cli.identity import operator  # noqa: PLC0415 - as above
    from shared.audit import Operation  # noqa: PLC0415 - as above

    return Operation(action, operator(target), reason)


def note(target: Target, action: str, **touched: Any) -> None:
    """Record what no commit of ours does: something at Particle, or reading personal data.

    Who may not write to Firestore, or does not reach it, is told so and goes on: they could do it
    at Particle or in Google's console just as well.
    """
    from shared import audit as operations  # noqa: PLC0415 - as above

    try:
        target.connect()
        with explained(target.project):
            operations.record(operation(target, action), **touched)
    except CannotRun as failure:
        typer.echo(f"This is not in the audit trail. {failure}", err=True)


@app.callback()
def audit() -> None:
    """Make `audit` a group."""


@app.command("list")
def list_operations(
    context: typer.Context,
    *,
    device: Annotated[
        str | None, typer.Option(help="Only on this device: its serial number or id.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Only what touched this user: e-mail address or uid.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from then on: 24h, 7d, 2026-05-01 or a full time.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
) -> None:
    """List what operators did, newest first."""
    start = _start(since) if since else None
    with connected(context):
        from admin.support.named import device_named, user_named  # noqa: PLC0415 - as above
        from admin.support.trail import found  # noqa: PLC0415 - as above

        device_id = device_named(device) if device else None
        uid = user_named(user) if user else None
        operations = found(device_id=device_id, uid=uid, since=start, limit=limit)
    answer(operations, lambda: show(operations))


def show(operations: list[dict[str, Any]]) -> None:
    """Print operations for people."""
    header = ("AT", "BY", "ACTION", "DEVICE", "USER", "REASON")
    keys = ("at", "by", "action", "deviceId", "uid", "reason")
    table(header, ([operation.get(key) for key in keys] for operation in operations))


def _start(text: str) -> datetime:
    if period := _PERIOD.fullmatch(text):
        number = int(period[1])
        hours = timedelta(hours=number) if period[2] == "h" else timedelta(days=number)
        return datetime.now(UTC) - hours
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"--since {text!r} is no time: say 24h, 7d or 2026-05-01") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
