"""Callable `accept_transfer`: become the owner of a device that its owner hands over."""

from typing import Annotated, Any

from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.claims import transfer
from shared.sharing.invitations import Guest
from shared.times import iso


class Request(Input, frozen=True):
    """What is in the link behind `#`."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def accept_transfer(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, name, serialNumber, claimedAt}`, as `claim_device` does."""
    owned = transfer.accept(Guest(caller.uid, caller.email), request.token)
    return {
        "deviceId": owned.device_id,
        "name": owned.name,
        "serialNumber": owned.serial_number,
        "claimedAt": iso(owned.claimed_at),
    }
