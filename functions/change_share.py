"""Callable `change_share`: change what a guest may do, or until when."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta

from shared.api.callables import callable_function
from shared.api.requests import Caller, DeviceId, Input, Uid
from shared.errors import BadRequest
from shared.registry.share import Role
from shared.sharing import shares
from shared.times import iso


class Request(Input, frozen=True):
    """Whose share of which device, and what changes."""

    device_id: DeviceId
    uid: Uid
    role: Role | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    no_end: bool = False
    """The share ends no longer by itself. `null` for `expiresAt` would be its absence."""


@callable_function(Request)
def change_share(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{uid, role, expiresAt}`, as the share is then."""
    changed = shares.change(caller.uid, request.device_id, request.uid, _changes(request))
    return {
        "uid": changed.guest_uid,
        "role": changed.role,
        "expiresAt": changed.expires_at and iso(changed.expires_at),
    }


def _changes(request: Request) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if request.role:
        changes["role"] = request.role.value
    if request.expires_at:
        if request.no_end:
            raise BadRequest("Give either expiresAt or noEnd.", field="noEnd")
        if request.expires_at <= datetime.now(UTC):
            raise BadRequest("This time has passed.", field="expiresAt")
        changes["expiresAt"] = request.expires_at.astimezone(UTC)
    elif request.no_end:
        changes["expiresAt"] = None
    if not changes:
        raise BadRequest("Give what is to change: role, expiresAt or noEnd.", field="role")
    return changes
