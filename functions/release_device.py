"""Callable `release_device`: the owner gives a device back."""

from typing import Any

from shared import settings
from shared.api.callables import Caller, DeviceId, Input, callable_function, iso
from shared.claims import release


class Request(Input, frozen=True):
    """Which device, and whether the owner keeps what it has published."""

    device_id: DeviceId
    keep_history: bool = False


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def release_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, releasedAt}`; also for a device that is offline."""
    released_at = release.release(caller.uid, request.device_id, keep_history=request.keep_history)
    return {"deviceId": request.device_id, "releasedAt": iso(released_at)}
