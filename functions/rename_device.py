"""Callable `rename_device`: change the owner's name for a device."""

from typing import Any

from google.api_core.exceptions import NotFound

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, DeviceName, Input
from shared.errors import NotYourDevice
from shared.firestore import paths
from shared.registry import ownership


class Request(Input, frozen=True):
    """Which device, and its new name."""

    device_id: DeviceId
    name: DeviceName


@callable_function(Request)
def rename_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name}`. The name is for the owner alone and is not sent to Particle."""
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
