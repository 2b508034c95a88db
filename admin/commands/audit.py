"""`audit list`: what operators did, when and why."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from admin.cli.arguments import Limit
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.support import resolve
from admin.support.audit import operations, print_operations

_PERIOD = re.compile(r"(\d{1,4})([hd])")


def list_operations(
    context: typer.Context,
    *,
    device: Annotated[
        str | None, typer.Option(help="Only changes of this device: serial number or id.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Only changes of this user: e-mail address or uid.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only changes since then: 24h, 7d, 2026-05-01 or a time.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """List what operators did, newest first.

    Example: audit list --user ada@example.org --since 7d
    """
    start = _start(since) if since else None
    with connected(context):
        found = operations(
            device_id=resolve.device_id(device) if device else None,
            uid=resolve.uid(user) if user else None,
            since=start,
            limit=limit,
        )
    answer(found, lambda: print_operations(found))


def _start(text: str) -> datetime:
    if period := _PERIOD.fullmatch(text):
        number = int(period[1])
        hours = timedelta(hours=number) if period[2] == "h" else timedelta(days=number)
        return datetime.now(UTC) - hours
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"--since {text!r} is not a time: write 24h, 7d or 2026-05-01") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
