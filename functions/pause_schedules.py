"""Callable `pause_schedules`: let the schedules of a device, or of all devices, rest."""

from datetime import UTC, datetime
from typing import Annotated, Any

from google.api_core.exceptions import AlreadyExists
from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.errors import BadRequest, SignInRequired
from shared.schedules import plan
from shared.times import iso


class Request(Input, frozen=True):
    """Whose schedules rest until when."""

    device_id: DeviceId | None = None
    """Without it, those of all devices that the caller owns."""
    until: Annotated[datetime, Meta(tz=True)] | None = None
    """Without it, they rest no longer."""


@callable_function(Request)
def pause_schedules(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{pausedUntil}`: a time, or null."""
    until = request.until and request.until.astimezone(UTC)
    if until and until <= datetime.now(UTC):
        raise BadRequest("This time has passed.", field="until")
    if request.device_id:
        plan.pause_device(caller.uid, request.device_id, until)
    else:
        try:
            plan.pause_account(caller.uid, until)
        except AlreadyExists:
            raise SignInRequired("This account was deleted.") from None
    return {"pausedUntil": iso(until) if until else None}
