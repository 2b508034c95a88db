"""Callable `cancel_transfer`: withdraw the offer of a device."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.claims import transfer


class Request(Input, frozen=True):
    """Which device."""

    device_id: DeviceId


@callable_function(Request)
def cancel_transfer(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{}`; also when there is no offer."""
    transfer.cancel(caller.uid, request.device_id)
    return {}
