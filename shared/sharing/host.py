"""Who acts for a device: its owner, or a guest, usually one who manages it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Increment, WriteBatch

from shared.accounts import account
from shared.errors import InProgress, NotYourDevice, RoleTooLow
from shared.firestore import paths
from shared.registry.entry import Entry
from shared.registry.ownership import OVERTAKEN, ROUNDS
from shared.registry.share import Role, Share

T = TypeVar("T")


@dataclass(frozen=True)
class Host:
    """Who acts for a device, as it was read: its owner, or a guest whose role permits it."""

    uid: str
    entry: Entry
    share: Share | None
    """Of a guest; None for the owner."""

    @property
    def owner_uid(self) -> str:
        """Whose device it is."""
        return self.share.owner_uid if self.share else self.uid

    def require_above(self, role: str) -> None:
        """Raise `RoleTooLow` unless they may give this role, and take it away.

        The owner may; a manager only roles below their own.
        """
        if self.share and role not in {Role.VIEWER, Role.CONTROLLER}:
            raise RoleTooLow

    def act(self, batch: WriteBatch, action: str, **noted: Any) -> None:
        """Add to a commit that they do something: it is recorded, and fails if they may not."""
        noted = {"deviceId": self.entry.device_id, **noted}
        if self.share:
            self.share.act(batch, action, **noted)
            return
        # The document exists only while they own the device.
        device = paths.user_device(self.uid, self.entry.device_id)
        batch.update(device, {"claimEpoch": Increment(0)})
        account.note(batch, self.uid, action, **noted)
        account.unless_deleted(batch, self.uid)


def as_host(
    uid: str, device_id: str, act: Callable[[Host], T], *, at_least: Role = Role.MANAGER
) -> T:
    """Do something that the owner of a device may do, and guests of `at_least` this role.

    `act` makes a commit with `Host.act`, and is repeated with what is then found when something
    has changed meanwhile. Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    for _ in range(ROUNDS):
        host = _host(uid, device_id, at_least)
        try:
            return act(host)
        except AlreadyExists:
            raise NotYourDevice from None  # an account was deleted just now
        except OVERTAKEN:
            continue
    raise InProgress(retryAfter=5)


def _host(uid: str, device_id: str, at_least: Role) -> Host:
    references = [
        paths.device(device_id),
        paths.shared_device(uid, device_id),
        paths.deleted_user(uid),
    ]
    found, pointer, tombstone = paths.read_all(references)
    entry, share = Entry(found), Share(pointer)
    if tombstone.exists:
        raise NotYourDevice
    if entry.owner_uid == uid:
        return Host(uid, entry, None)
    if not share.is_valid(entry, datetime.now(UTC)):
        raise NotYourDevice
    if not share.role.includes(at_least):
        raise RoleTooLow
    return Host(uid, entry, share)
