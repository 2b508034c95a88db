"""Who may use whose device, as the authority says: the guests' own documents of their shares."""

from collections.abc import Iterable
from typing import Any

from admin.support import named
from admin.support.resolve import addresses
from shared.firestore import paths
from shared.registry.share import Share


def of_device(device_id: str) -> list[dict[str, Any]]:
    """The guests of a device, longest first."""
    return _rows(Share(snapshot) for snapshot in paths.shares_of_device(device_id).stream())


def given_by(uid: str) -> list[dict[str, Any]]:
    """The guests of all devices of a customer, longest first."""
    return _rows(Share(snapshot) for snapshot in paths.shares_of_owner(uid).stream())


def had_by(uid: str) -> list[dict[str, Any]]:
    """The devices of others that a customer may use, longest first."""
    shared = paths.user(uid).collection(paths.SHARED)
    return _rows(Share(snapshot) for snapshot in shared.stream())


def _rows(found: Iterable[Share]) -> list[dict[str, Any]]:
    shares = sorted(found, key=lambda share: share.since)
    serials = named.serial_numbers(share.device_id for share in shares)
    known = addresses(uid for share in shares for uid in (share.guest_uid, share.owner_uid))
    return [
        {
            "deviceId": share.device_id,
            "serialNumber": serials.get(share.device_id),
            "guestUid": share.guest_uid,
            "guestEmail": known.get(share.guest_uid),
            "ownerUid": share.owner_uid,
            "ownerEmail": known.get(share.owner_uid),
            "role": share.role.value,
            "since": share.since,
            "until": share.expires_at,
        }
        for share in shares
    ]
