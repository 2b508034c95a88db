"""Callable `rename_device`: change the owner's name for a device."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, DeviceName, Input
from shared.registry import ownership


class Request(Input, frozen=True):
    """Which device, and its new name."""

    device_id: DeviceId
    name: DeviceName


@callable_function(Request, confirms=True)
def rename_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name}`. The name is the owner's alone and does not go to Particle."""
    caller.confirm()
    ownership.rename(caller.uid, request.device_id, request.name)
    return {"deviceId": request.device_id, "name": request.name}
