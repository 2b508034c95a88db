"""`deliveries list, retry`: what customers were told of alerts, and what has become of it."""

from collections import Counter
from typing import Annotated

import typer

from admin.cli.arguments import Limit
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer, table_of
from admin.support import deliveries, resolve
from shared.notifications.outbox import Outcome

_User = Annotated[
    str | None, typer.Option(metavar="USER", help="Only those for this customer: address or uid.")
]
_Status = Annotated[
    Outcome | None, typer.Option(help="Only those of this status.", case_sensitive=False)
]


def list_deliveries(
    context: typer.Context, *, user: _User = None, status: _Status = None, limit: Limit = 100
) -> None:
    """List notifications about alerts, newest first.

    `waiting` is sent when it is due, `failed` was given up, `dropped` was not wanted any more or
    its recipient had no right to it. They are kept for 30 days.

    Example: deliveries list --user ada@example.com --status failed
    """
    with connected(context):
        uid = resolve.uid(user) if user is not None else None
        shown = deliveries.listed(uid, status, limit)

    def people() -> None:
        columns = {"createdAt": "AT", "email": "CUSTOMER", "channel": "BY", "status": "STATUS"}
        table_of(shown, **columns, lastError="WHY", deviceId="DEVICE", id="ID")
        counts = ", ".join(f"{k} {n}" for k, n in Counter(d["status"] for d in shown).items())
        typer.echo(f"{len(shown)} notifications{': ' if counts else ''}{counts}")

    answer(shown, people)


def retry(
    context: typer.Context,
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, as `list` shows them.")],
) -> None:
    """Send notifications again that were given up.

    Only those that `failed`: whether the recipient still has a right to it is looked at again.

    Example: deliveries retry 0123456789abcdef0123456789abcdef
    """
    with connected(context) as target:
        done = operation(target, "deliveries-retried")
        outcomes = {one: deliveries.retry(one, done) for one in ids}
    if unknown := [one for one, retried in outcomes.items() if not retried]:
        raise CannotRun(f"no failed notification: {', '.join(unknown)}. Try `deliveries list`")
    answer({"retried": ids}, f"to be sent again: {len(ids)}")
