"""Callable `list_devices`: the caller's devices."""

from typing import Any

from shared import settings
from shared.accounts.account import require_account
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.claims import claim_code, strangers
from shared.commands import reads
from shared.firestore import paths
from shared.registry.share import Share
from shared.sharing import shares
from shared.times import iso, of_milliseconds

_SHOWN = (
    "name",
    "serialNumber",
    "productId",
    "platformId",
    "firmwareVersion",
    "claimEpoch",
    "status",
)


class Request(Input, frozen=True):
    """Whether to ask Particle which devices are online."""

    refresh: bool = False


@callable_function(Request, secrets=settings.PARTICLE_SECRETS, changes=False)
def list_devices(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{devices: [{deviceId, name, serialNumber, …, status, statusAt}], shared: […]}`.

    `shared` are devices of others, each with `ownerUid`, `ownerName`, `role` and `expiresAt` too.

    With `refresh`, each also has `online`, as Particle believes at this moment, or null for a
    device that is not in the product at Particle; and the list includes devices that have presented
    their claim code in the meantime. What a stranger is then seen to own at Particle is ended.
    """
    require_account(caller.uid)
    if request.refresh:
        claim_code.confirm_awaited(caller.uid)
    found = list(paths.user(caller.uid).collection(paths.DEVICES).stream())
    devices = [_view(snapshot.id, snapshot.to_dict() or {}) for snapshot in found]
    if request.refresh:
        at_particle = reads.at_particle([device["deviceId"] for device in devices])
        for device in devices:
            listed = at_particle[device["deviceId"]]
            device["online"] = listed and listed.online
        strangers.end_listed(caller.uid, filter(None, at_particle.values()))
    guests = [_shared_view(share, fields) for share, fields in shares.of_guest(caller.uid)]
    return {"devices": _by_name(devices), "shared": _by_name(guests)}


def _by_name(devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(devices, key=lambda device: str(device["name"]).casefold())


def _shared_view(share: Share, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        **_view(share.device_id, fields),
        "ownerUid": share.owner_uid,
        "ownerName": share.owner_name,
        "role": share.role,
        "expiresAt": share.expires_at and iso(share.expires_at),
    }


def _view(device_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    last_seen = fields.get("lastSeenAt")
    return {
        "deviceId": device_id,
        **{name: fields.get(name) for name in _SHOWN},
        "claimedAt": iso(fields["claimedAt"]),
        "statusAt": iso(fields["statusAt"]),
        "lastSeenAt": iso(of_milliseconds(last_seen)) if last_seen else None,
    }
