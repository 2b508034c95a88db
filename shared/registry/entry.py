"""A device's entry in the registry, `devices/{deviceId}`, as it was read.

It decides who owns the device. Whoever changes it passes `unchanged`, so that of two changes at
the same time one wins.

    serialNumber, setupCode, blocked, importedAt      from the operator's import
    ownerUid, claimedAt, claimEpoch                   the ownership (`registry/ownership.py`)
    reservedBy, reservedUntil, reservationShares      who may change the owner (`registry/hold.py`)
    underWay                                          calls that keep the owner (`registry/hold.py`)
    waitingUntil, sendingUntil                        calls that wait (`registry/hold.py`)
    awaitedBy, awaitedUntil                           a claim code is out (`claims/claim_code.py`)
    releasePending                                    a claim at Particle is to be ended
    shares                                            how many guests there are (`sharing/`)
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.cloud.firestore import DELETE_FIELD, DocumentReference, WriteOption

from shared import times
from shared.errors import InProgress
from shared.firestore import paths

RELEASE_PENDING = "releasePending"
"""Of a device that nobody owns: its claim at Particle is to be ended."""
RESERVATION = ("reservedBy", "reservedUntil", "reservationShares")
AWAITED = ("awaitedBy", "awaitedUntil")

BEGUN = (*RESERVATION, *AWAITED, RELEASE_PENDING)
"""The fields that are deleted when somebody becomes the owner."""


def without(fields: Iterable[str]) -> dict[str, Any]:
    """The update that deletes some fields."""
    return dict.fromkeys(fields, DELETE_FIELD)


@dataclass(frozen=True)
class Entry:
    """A device's entry as it was read; a missing one has no fields, and nobody owns it."""

    snapshot: paths.Snapshot
    written: Mapping[str, Any] = field(default_factory=dict)
    """The fields that this process has written since."""
    written_at: Any = None
    """Firestore's time of that write; None for none."""

    @classmethod
    def read(cls, device_id: str, fields: Iterable[str] | None = None) -> "Entry":
        """Read the entry, or some of its fields; one round trip."""
        return cls(paths.device(device_id).get(fields))

    @cached_property
    def _fields(self) -> Mapping[str, Any]:
        fields = {**(self.snapshot.to_dict() or {}), **self.written}
        return {name: value for name, value in fields.items() if value is not DELETE_FIELD}

    @property
    def exists(self) -> bool:
        """Whether the device is registered."""
        return bool(self.snapshot.exists)

    @property
    def device_id(self) -> str:
        """The device's id at Particle."""
        return str(self.snapshot.id)

    @property
    def reference(self) -> DocumentReference:
        """The entry's document."""
        return self.snapshot.reference

    @property
    def updated_at(self) -> Any:
        """Firestore's time of its last change."""
        return self.written_at or self.snapshot.update_time

    @property
    def serial_number(self) -> str:
        """What the operator's import registered; "" for none."""
        return str(self._fields.get("serialNumber", ""))

    @property
    def setup_code(self) -> str:
        """The digest of the setup code; "" for none."""
        return str(self._fields.get("setupCode", ""))

    @property
    def blocked(self) -> bool:
        """Whether the operator has withdrawn the device from claiming."""
        return bool(self._fields.get("blocked"))

    @property
    def owner_uid(self) -> str | None:
        """The owner; None when nobody owns the device."""
        uid: str | None = self._fields.get("ownerUid")
        return uid

    @property
    def claim_epoch(self) -> int:
        """How often the device has been claimed."""
        return int(self._fields.get("claimEpoch", 0))

    @property
    def claimed_at(self) -> datetime | None:
        """When the present owner's tenure began."""
        at: datetime | None = self._fields.get("claimedAt")
        return at

    @property
    def reserved_by(self) -> str | None:
        """The holder of the reservation, which may have ended."""
        holder: str | None = self._fields.get("reservedBy")
        return holder

    @property
    def reserved_until(self) -> datetime | None:
        """When the reservation ends; None for none."""
        until: datetime | None = self._fields.get("reservedUntil")
        return until

    @property
    def reservation_shares(self) -> int:
        """How many requests of the holder share the reservation."""
        return int(self._fields.get("reservationShares", 1))

    @property
    def awaited_by(self) -> str | None:
        """Who was given a claim code for the device."""
        uid: str | None = self._fields.get("awaitedBy")
        return uid

    @property
    def awaited_until(self) -> datetime | None:
        """When that claim code expires."""
        until: datetime | None = self._fields.get("awaitedUntil")
        return until

    @property
    def imported_at(self) -> datetime | None:
        """When the operator's import last wrote the entry."""
        at: datetime | None = self._fields.get("importedAt")
        return at

    @property
    def release_pending(self) -> bool:
        """Whether a claim at Particle is still to be ended."""
        return bool(self._fields.get(RELEASE_PENDING))

    @property
    def shares(self) -> int:
        """How many guests the device is shared with."""
        return int(self._fields.get("shares", 0))

    @property
    def sending_until(self) -> int:
        """When the lease of the run that sends queued calls ends, in milliseconds; 0 for none."""
        return int(self._fields.get("sendingUntil", 0))

    @property
    def is_awaited(self) -> bool:
        """Whether a claim code for the device is out."""
        return self.awaited_by is not None and self._fields["awaitedUntil"] > datetime.now(UTC)

    @property
    def is_reserved(self) -> bool:
        """Whether a reservation is in force."""
        return self.reserved_until is not None and self.reserved_until > datetime.now(UTC)

    def refuse_while_called(self) -> None:
        """Raise `InProgress` while a call may still be running on the device."""
        until = max((self._fields.get("underWay") or {}).values(), default=0)
        left = (until - times.milliseconds(datetime.now(UTC))) / 1000
        if left > 0:
            raise InProgress(retryAfter=math.ceil(left))

    def refuse_while_reserved(self, holder: str | None = None) -> None:
        """Raise `InProgress` while anybody but the holder has the reservation."""
        if self.is_reserved and self.reserved_by != holder:
            raise InProgress(retryAfter=5)

    def unchanged(self) -> WriteOption:
        """The precondition that the entry is still as it was read, or as this process left it."""
        return paths.client().write_option(last_update_time=self.updated_at)

    def after(self, written: Mapping[str, Any], at: Any) -> "Entry":
        """The entry after a write of this process, which Firestore made at this time."""
        return replace(self, written={**self.written, **written}, written_at=at)

    def update(self, changes: Mapping[str, Any]) -> "Entry":
        """Write some fields; the entry as it is then. Raises `FailedPrecondition` if it changed."""
        result = self.reference.update(dict(changes), option=self.unchanged())
        return self.after(changes, result.update_time)
