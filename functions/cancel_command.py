"""Callable `cancel_command`: cancel a call that waits for its device."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.commands import record


class Request(Input, frozen=True):
    """Which call, by the id that `invoke_function` answered."""

    command_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    device_id: DeviceId | None = None
    """Needed for a call of another customer's device."""


@callable_function(Request, confirms=True)
def cancel_command(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{commandId, status}`: `cancelled`, or what became of the call if it is too late."""
    caller.confirm()
    status = record.cancel(caller.uid, request.command_id, request.device_id)
    return {"commandId": request.command_id, "status": status}
