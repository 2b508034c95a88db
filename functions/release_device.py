"""Callable `release_device`: the owner gives a device up."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.claims import release
from shared.times import iso


class Request(Input, frozen=True):
    """Which device, and whether the owner keeps its history."""

    device_id: DeviceId
    keep_history: bool = False


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def release_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, releasedAt}`; works for an offline device too."""
    released_at = release.release(caller.uid, request.device_id, keep_history=request.keep_history)
    return {"deviceId": request.device_id, "releasedAt": iso(released_at)}
