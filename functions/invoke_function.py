"""Callable `invoke_function`: call a function of the caller's device."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared import commands, settings
from shared.callables import Caller, DeviceId, Input, Name, callable_function


class Request(Input, frozen=True):
    """Which function of which device, and its argument."""

    device_id: DeviceId
    function: Name
    argument: Annotated[str, Meta(max_length=1024)] = ""
    request_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    when_offline: Literal["fail"] = "fail"


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def invoke_function(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{commandId, status, returnValue}`.

    `returnValue` is the 32-bit integer that the firmware returned. With the same `requestId` the
    device is called once only, and every request gets the first one's answer.
    """
    command = commands.invoke(
        caller.uid, request.device_id, request.function, request.argument, request.request_id
    )
    return {
        "commandId": command.command_id,
        "status": command.status,
        "returnValue": command.return_value,
    }
