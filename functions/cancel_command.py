"""Callable `cancel_command`: cancel a call that is waiting for its device."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.commands import invoke


class Request(Input, frozen=True):
    """Which call, by the id that `invoke_function` answered."""

    command_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


@callable_function(Request)
def cancel_command(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{commandId, status}`: `cancelled`, or, if it is too late, the status it has now."""
    command = invoke.cancel(caller.uid, request.command_id)
    return {"commandId": command.command_id, "status": command.status}
