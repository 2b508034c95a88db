"""Callable `cancel_invitation`: let the link of an invitation work no longer."""

from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input
from shared.sharing import invitations


class Request(Input, frozen=True):
    """Which invitation to which device."""

    device_id: DeviceId
    invitation_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


@callable_function(Request)
def cancel_invitation(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{}`; also when it was used or cancelled before."""
    invitations.cancel(caller.uid, request.device_id, request.invitation_id)
    return {}
