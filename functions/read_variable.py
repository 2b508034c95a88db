"""Callable `read_variable`: read a variable of the caller's device."""

from typing import Annotated, Any

from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input, Name
from shared.commands import reads
from shared.times import iso


class Request(Input, frozen=True):
    """Which variable of which device, and how old an answer may be, in seconds."""

    device_id: DeviceId
    variable: Name
    max_age: Annotated[float, Meta(ge=0, le=60)] = 0


@callable_function(Request, secrets=settings.PARTICLE_SECRETS, changes=False)
def read_variable(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{value, readAt}`; the value is a number, a text or a boolean, as in the firmware."""
    reading = reads.read_variable(caller.uid, request.device_id, request.variable, request.max_age)
    return {"value": reading.value, "readAt": iso(reading.read_at)}
