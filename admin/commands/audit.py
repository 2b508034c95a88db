"""`audit list`: what operators did, when and why."""

from typing import Annotated

import typer

from admin.cli.arguments import Limit, start_of
from admin.cli.connection import connected
from admin.cli.output import answer
from admin.support import resolve
from admin.support.audit import operations, print_operations


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
    start = start_of(since) if since else None
    with connected(context):
        found = operations(
            device_id=resolve.device_id(device) if device else None,
            uid=resolve.uid(user) if user else None,
            since=start,
            limit=limit,
        )
    answer(found, lambda: print_operations(found))
