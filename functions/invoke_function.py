"""Callable `invoke_function`: call a function of the caller's device."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input, Name
from shared.commands import invoke
from shared.commands.record import Call, Wait
from shared.errors import BadRequest


class Request(Input, frozen=True):
    """Which function of which device, its argument, and what happens while it is offline."""

    device_id: DeviceId
    function: Name
    argument: Annotated[str, Meta(max_length=1024)] = ""
    request_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    when_offline: Literal["fail", "queue"] = "fail"
    expires_in: Annotated[int, Meta(ge=1, le=settings.COMMAND_LONGEST_WAIT)] | None = None
    """Seconds that the call may wait for its device."""
    coalesce: bool | None = None


@callable_function(Request, secrets=settings.PARTICLE_SECRETS, confirms=True)
def invoke_function(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{commandId, status, returnValue}`.

    `returnValue` is the 32-bit integer that the firmware returned. Requests with the same
    `requestId` call the device once only, and each gets the first one's answer. With
    `whenOffline: "queue"` a call to an offline device is sent when it is back (`status: "queued"`).
    """
    command = invoke.invoke(
        caller.uid,
        Call(request.device_id, request.function, request.argument),
        request_id=request.request_id,
        wait=_wait(request),
        confirm=caller.confirm,
    )
    return {
        "commandId": command.command_id,
        "status": command.status,
        "returnValue": command.return_value,
    }


def _wait(request: Request) -> Wait | None:
    if request.when_offline == "queue":
        expires_in = timedelta(seconds=request.expires_in or settings.COMMAND_WAIT)
        return Wait(datetime.now(UTC) + expires_in, coalesce=bool(request.coalesce))
    for field in ("expires_in", "coalesce"):
        if getattr(request, field) is not None:
            name = "expiresIn" if field == "expires_in" else field
            raise BadRequest('Only with whenOffline: "queue".', field=name)
    return None
