"""Who may do something with a device: its owner, and a guest whose role includes it.

An owner's request needs no look at shares: its own commit, or the look at the registry that it
makes anyway, says that the device is theirs. Only when that fails may the caller be a guest.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound

from shared.errors import InProgress, NotYourDevice, RoleTooLow
from shared.firestore import paths
from shared.registry.entry import Entry
from shared.registry.share import Role, Share

ROUNDS = 5
"""How often a guest's request looks again when their share, or the owner, changed under it."""

T = TypeVar("T")


def require_reader(uid: str, device_id: str) -> None:
    """Raise `NotYourDevice` unless the user owns the device, or has a share of it.

    One round trip for the owner, two for a guest. Neither account may have been deleted.
    """
    references = [paths.device(device_id), paths.deleted_user(uid)]
    found, tombstone = paths.read_all(references, ["ownerUid", "claimEpoch"])
    entry = Entry(found)
    if tombstone.exists or entry.owner_uid is None:
        raise NotYourDevice
    if entry.owner_uid == uid:
        return
    references = [paths.shared_device(uid, device_id), paths.deleted_user(entry.owner_uid)]
    pointer, tombstone = paths.read_all(references)
    if tombstone.exists or not Share(pointer).is_valid(entry, datetime.now(UTC)):
        raise NotYourDevice


def find_share(uid: str, device_id: str) -> Share | None:
    """A guest's share of a device; None unless it is in force. One round trip."""
    references = [
        paths.device(device_id),
        paths.shared_device(uid, device_id),
        paths.deleted_user(uid),
    ]
    found, pointer, tombstone = paths.read_all(references)
    share = Share(pointer)
    if tombstone.exists or not share.is_valid(Entry(found), datetime.now(UTC)):
        return None
    return share


def require_share(uid: str, device_id: str, role: Role) -> Share:
    """A guest's share of a device, if it gives them the role. One round trip.

    Raises `RoleTooLow`, and `NotYourDevice` for one who has none that is in force.
    """
    share = find_share(uid, device_id)
    if share is None:
        raise NotYourDevice
    if not share.role.includes(role):
        raise RoleTooLow
    return share


def as_guest(uid: str, device_id: str, role: Role, act: Callable[[Share], T]) -> T:
    """Do something with the device as a guest with a role.

    `act` makes a commit with `Share.act`, and is repeated with the share as it is then when that
    has changed meanwhile. Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    for _ in range(ROUNDS):
        share = require_share(uid, device_id, role)
        try:
            return act(share)
        except AlreadyExists:
            raise NotYourDevice from None  # an account was deleted just now
        except (FailedPrecondition, NotFound, Aborted):
            continue
    raise InProgress(retryAfter=5)
