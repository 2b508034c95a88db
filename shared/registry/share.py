"""A share: what a guest may do with a device that another customer owns.

`users/{guestUid}/shared/{deviceId}` is the authority: rules and callables look there, and it exists
exactly as long as the share. `users/{ownerUid}/devices/{deviceId}/shares/{guestUid}` is its mirror,
for the owner's eyes. Both are written and deleted in one commit. A share belongs to one tenure,
`claimEpoch`, of one owner.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from google.cloud.firestore import DocumentReference, Increment, WriteBatch, WriteOption

from shared.accounts import account
from shared.firestore import paths
from shared.registry.entry import Entry


class Role(enum.StrEnum):
    """What a guest may do; each role includes the ones before it."""

    VIEWER = "viewer"
    """Look: the device, its history, its variables."""
    CONTROLLER = "controller"
    """Call functions, too."""
    MANAGER = "manager"
    """Rename the device and share it with viewers and controllers, too."""

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that the other one may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Share:
    """A guest's share as it was read; a missing one gives no right to anything."""

    snapshot: paths.Snapshot

    @cached_property
    def _fields(self) -> dict[str, Any]:
        return self.snapshot.to_dict() or {}

    @property
    def exists(self) -> bool:
        """Whether there is such a share, which may have expired."""
        return bool(self.snapshot.exists)

    @property
    def reference(self) -> DocumentReference:
        """Its document."""
        return self.snapshot.reference

    @property
    def guest_uid(self) -> str:
        """Who has the share."""
        return str(self.reference.parent.parent.id)

    @property
    def device_id(self) -> str:
        """Which device is shared."""
        return str(self.snapshot.id)

    @property
    def owner_uid(self) -> str:
        """Whose device it is."""
        return str(self._fields["ownerUid"])

    @property
    def owner_name(self) -> str:
        """The owner's name when the guest accepted; "" for none."""
        return str(self._fields.get("ownerName", ""))

    @property
    def guest_name(self) -> str:
        """The guest's name when they accepted, or else a part of their address; "" for neither."""
        return str(self._fields.get("guestName", ""))

    @property
    def role(self) -> Role:
        """What the guest may do."""
        return Role(self._fields["role"])

    @property
    def expires_at(self) -> datetime | None:
        """When it ends; None when it has no end."""
        at: datetime | None = self._fields["expiresAt"]
        return at

    @property
    def since(self) -> datetime:
        """When it began."""
        at: datetime = self._fields["since"]
        return at

    @property
    def claim_epoch(self) -> int:
        """The owner's tenure that it belongs to."""
        return int(self._fields["claimEpoch"])

    @property
    def invitation_id(self) -> str:
        """The invitation by which it began."""
        return str(self._fields["invitationId"])

    def allows(self, role: Role, entry: Entry, now: datetime) -> bool:
        """Whether it gives its guest a role, now, by the registry's entry of the device."""
        return self.is_valid(entry, now) and self.role.includes(role)

    def is_valid(self, entry: Entry, now: datetime) -> bool:
        """Whether it is in force: of the present tenure of its owner, and not expired."""
        return (
            self.exists
            and entry.owner_uid == self.owner_uid
            and entry.claim_epoch == self.claim_epoch
            and (self.expires_at is None or self.expires_at > now)
        )

    def unchanged(self) -> WriteOption:
        """The precondition that it is still as it was read."""
        return paths.client().write_option(last_update_time=self.snapshot.update_time)

    def keep(self, batch: WriteBatch) -> None:
        """Let a commit fail unless the share is still as it was read.

        The write changes nothing, not even the update time, and wakes no listener.
        """
        batch.update(self.reference, {"claimEpoch": Increment(0)}, option=self.unchanged())

    def act(self, batch: WriteBatch, action: str, **noted: Any) -> None:
        """Add to a commit that the guest does something with the device.

        It is recorded in the owner's activity and in the guest's. The commit fails unless the share
        is still as it was read, and both accounts are there.
        """
        by = {"by": self.guest_uid, "byName": self.guest_name}
        account.note(batch, self.owner_uid, action, **by, **noted)
        account.note(batch, self.guest_uid, action, ownerUid=self.owner_uid, **noted)
        self.keep(batch)
        for uid in (self.owner_uid, self.guest_uid):
            account.unless_deleted(batch, uid)


def guest_name(name: str, email: str | None) -> str:
    """What records call a guest: their name, or else a part of their address.

    It is kept in the owner's activity, where a whole address would outlast the account.
    """
    return name or (hint(email) if email else "")


def hint(email: str) -> str:
    """A part of an address, by which whoever knows it recognises it."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain[:1]}…{domain[domain.rfind('.') :]}"
