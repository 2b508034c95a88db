"""Callable `accept_invitation`: get the share that an invitation offers."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.sharing import invitations
from shared.sharing.invitations import Guest
from shared.times import iso


class Request(Input, frozen=True):
    """What is in the link behind `#`."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]


@callable_function(Request)
def accept_invitation(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{deviceId, ownerUid, role, expiresAt}`; again for one who has accepted it."""
    share = invitations.accept(Guest(caller.uid, caller.email), request.token)
    return {
        "deviceId": share.device_id,
        "ownerUid": share.owner_uid,
        "role": share.role,
        "expiresAt": share.expires_at and iso(share.expires_at),
    }
