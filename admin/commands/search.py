"""`users search`: finding a customer by what they say on the phone."""

from typing import Annotated

import typer

from admin.cli.arguments import Limit
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, table_of
from admin.support import user_search

_SHORTEST = 2


def search(
    context: typer.Context,
    *,
    part: Annotated[
        str, typer.Argument(metavar="TEXT", help="A part of an e-mail address, a name or a uid.")
    ],
    limit: Limit = 20,
) -> None:
    """Find customers by a part of their address or name.

    Reads all accounts, which is free, and the names in all profiles, which costs a document read
    for each customer.

    Example: users search lovelace
    """
    if len(part.strip()) < _SHORTEST:
        raise CannotRun(f"Name at least {_SHORTEST} characters")
    with connected(context):
        found = user_search.search(part, limit)

    def people() -> None:
        columns = {"email": "E-MAIL", "name": "NAME", "uid": "UID", "signIn": "SIGN-IN"}
        table_of(found, **columns, emailVerified="VERIFIED", createdAt="SINCE")
        if len(found) == limit:
            typer.echo("There may be more: --limit", err=True)

    answer(found, people)
