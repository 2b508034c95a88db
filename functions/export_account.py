"""Callable `export_account`: all the data that the product has about the caller."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.privacy import export


class Request(Input, frozen=True):
    """Which page: the first, or the one that the previous answer's `cursor` names."""

    cursor: Annotated[str, Meta(max_length=4000)] | None = None


@callable_function(Request)
def export_account(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{lines, cursor}`: JSON lines, and a cursor unless this is the last page."""
    lines, cursor = export.page(caller.uid, request.cursor)
    return {"lines": lines} if cursor is None else {"lines": lines, "cursor": cursor}
