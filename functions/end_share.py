"""Callable `end_share`: take a guest's share away, or leave a device of another."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input, Uid
from shared.sharing import shares
from shared.times import iso


class Request(Input, frozen=True):
    """Which device, and whose share; without `uid` the caller's own."""

    device_id: DeviceId
    uid: Uid | None = None


@callable_function(Request)
def end_share(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{endedAt}`; also when it had ended before."""
    return {"endedAt": iso(shares.end(caller.uid, request.device_id, request.uid))}
