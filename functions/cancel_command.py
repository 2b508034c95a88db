"""Callable `cancel_command`: a call that waits for its device shall not be made."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import Caller, Input, callable_function
from shared.commands import invoke


class Request(Input, frozen=True):
    """Which call, by the id that `invoke_function` answered."""

    command_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


@callable_function(Request)
def cancel_command(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{commandId, status}`: `cancelled`, or what has become of it if it came too late."""
    command = invoke.cancel(caller.uid, request.command_id)
    return {"commandId": command.command_id, "status": command.status}
