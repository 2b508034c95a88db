"""Callable `share_device`: invite somebody to a device."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Email, Input
from shared.errors import BadRequest
from shared.registry.share import Role
from shared.sharing import invitations
from shared.sharing.invitations import Terms
from shared.times import iso

_WEEK = 7 * 24 * 3600
_LONGEST = 30 * 24 * 3600


class Request(Input, frozen=True):
    """Which device, what the guest may do and until when, and whose the invitation is."""

    device_id: DeviceId
    role: Role
    email: Email | None = None
    """Only this address, verified, can accept; it gets a mail. Without it: whoever has the link."""
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    """When the share ends; without it, it has no end."""
    valid_for: Annotated[int, Meta(ge=60, le=_LONGEST)] = _WEEK
    """Seconds for which the link works."""


@callable_function(Request, secrets=settings.MAIL_SECRETS)
def share_device(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{invitationId, link, mailed, expiresAt}`.

    The link works once, until `expiresAt`. It is `/join#…` where the app's address is not set.
    """
    now = datetime.now(UTC)
    if request.expires_at and request.expires_at <= now:
        raise BadRequest("This time has passed.", field="expiresAt")
    until = now + timedelta(seconds=request.valid_for)
    ends = request.expires_at and request.expires_at.astimezone(UTC)
    terms = Terms(
        request.role, min(until, ends or until), request.email and request.email.lower(), ends
    )
    invitation = invitations.create(caller.uid, caller.email, request.device_id, terms)
    return {
        "invitationId": invitation.id,
        "link": invitation.link,
        "mailed": invitation.mailed,
        "expiresAt": iso(invitation.expires_at),
    }
