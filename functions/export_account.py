"""Callable `export_account`: everything that the product has of the caller."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import Caller, Input, callable_function
from shared.privacy import export


class Request(Input, frozen=True):
    """Which page: the first, or the one that the last answer's `cursor` names."""

    cursor: Annotated[str, Meta(max_length=4000)] | None = None


@callable_function(Request, changes=False)
def export_account(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{lines, cursor}`: JSON lines, and a cursor until there is no more."""
    lines, cursor = export.page(caller.uid, request.cursor)
    return {"lines": lines} if cursor is None else {"lines": lines, "cursor": cursor}
