"""Callable `read_variable`: read a variable of the caller's device."""

from datetime import UTC, datetime
from typing import Any

from shared import commands, ownership, settings
from shared.callables import Caller, DeviceId, Input, Name, callable_function, iso


class Request(Input, frozen=True):
    """Which variable of which device."""

    device_id: DeviceId
    variable: Name


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def read_variable(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{value, readAt}`; the value is a number, a text or a boolean, as in the firmware."""
    ownership.require_owner(caller.uid, request.device_id)
    value = commands.read_variable(request.device_id, request.variable)
    return {"value": value, "readAt": iso(datetime.now(UTC))}
