"""Callable `offer_transfer`: offer a device to somebody for good."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Email, Input
from shared.claims import transfer
from shared.times import iso


class Request(Input, frozen=True):
    """Which device, and for whom."""

    device_id: DeviceId
    email: Email | None = None
    """Only this address, verified, can accept. Without it: whoever has the link."""


@callable_function(Request)
def offer_transfer(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{transferId, link, expiresAt}`. An earlier offer of the device ends."""
    email = request.email and request.email.lower()
    offer = transfer.offer(caller.uid, caller.email, request.device_id, email)
    return {
        "transferId": offer.id,
        "link": offer.link,
        "expiresAt": iso(offer.expires_at),
    }
