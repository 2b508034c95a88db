"""Callable `rename_device`: the owner's own name for a device."""

from typing import Any

from google.api_core.exceptions import NotFound

from shared.api.callables import Caller, DeviceId, DeviceName, Input, callable_function
from shared.errors import NotYourDevice
from shared.firestore import paths
from shared.registry import ownership


class Request(Input, frozen=True):
    """Which device, and its new name."""

    device_id: DeviceId
    name: DeviceName


@callable_function(Request)
def rename_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name}`. The name is the owner's alone and does not go to Particle."""
    batch = paths.client().batch()
    # The document exists only while they own the device.
    batch.update(paths.user_device(caller.uid, request.device_id), {"name": request.name})
    ownership.note(
        batch, caller.uid, "device-renamed", deviceId=request.device_id, name=request.name
    )
    try:
        batch.commit()
    except NotFound:
        raise NotYourDevice from None
    return {"deviceId": request.device_id, "name": request.name}
