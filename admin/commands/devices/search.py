"""`devices search`: finding a device by what a customer knows of it."""

from typing import Annotated

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, table_of
from admin.support import device_search

_PAGE = 20


def search(
    context: typer.Context,
    *,
    beginning: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="The beginning of a serial number or device id, or an e-mail address or uid.",
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only devices of this user: e-mail address or uid.")
    ] = None,
    anywhere: Annotated[
        bool,
        typer.Option(
            "--anywhere",
            help="Search for the text in the middle and at the end too, for example the last "
            "digits, and in devices' names and owners' addresses. Costs a document read for each "
            "device, and another for each that has an owner.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Devices per page.")] = _PAGE,
    after: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Show the page after this, as the last page said."),
    ] = None,
) -> None:
    """Find devices by serial number, id or owner.

    Example: devices search PT-10
    """
    following: str | None = None
    with connected(context):
        if anywhere:
            if not beginning or owner or after:
                raise CannotRun("--anywhere goes with a text alone, without --owner and --after")
            rows = device_search.anywhere(beginning, limit)
        else:
            rows, following = device_search.search(beginning, owner, limit=limit, after=after)

    def people() -> None:
        columns = {"serialNumber": "SERIAL", "deviceId": "DEVICE", "ownerEmail": "OWNER"}
        if anywhere:
            columns["name"] = "NAME"
        table_of(rows, **columns, ownerUid="UID", claimedAt="SINCE", blocked="BLOCKED")
        if following:
            typer.echo(f"There are more: --after {following}", err=True)
        if anywhere and len(rows) == limit:
            typer.echo("There may be more: --limit", err=True)
        if not rows and not anywhere:
            typer.echo(
                "Nothing begins with that. --anywhere searches in the middle and at the end",
                err=True,
            )

    answer({"devices": rows, "next": following}, people)
