"""Who owns a device: the registry, `devices/{deviceId}`, decides.

`ownerUid`, `claimedAt` and `claimEpoch` there, and the existence of `users/{uid}/devices/{id}`,
change in one commit: `give` makes an owner of someone who has the device at Particle already, and
`end` ends an ownership before the claim at Particle is ended. Both have the update time of the
registry's entry as their precondition. So of two changes at the same time one wins, and a call of
a function that begins meanwhile (it writes `underWay` into the entry) stops them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, WriteBatch

from shared import audit, log, settings
from shared.accounts import account
from shared.audit import Operation
from shared.firestore import paths
from shared.particle import Device
from shared.registry import access, hold
from shared.registry.entry import AWAITED, BEGUN, RELEASE_PENDING, Entry, without
from shared.registry.hold import Expiry, Reservation
from shared.registry.share import Role, Share
from shared.telemetry import firmware

ROUNDS = 5
"""How often a change looks again when the registry changed under it."""

OVERTAKEN = (FailedPrecondition, Aborted, NotFound, AlreadyExists)
"""What `give` and `end` raise when the registry's entry has changed since it was read."""


@dataclass(frozen=True)
class Owned:
    """A device as its owner knows it."""

    device_id: str
    name: str
    serial_number: str
    claimed_at: datetime

    @classmethod
    def of(cls, mine: paths.Snapshot) -> "Owned":
        """By the owner's own document of it."""
        fields = mine.to_dict() or {}
        return cls(mine.id, fields["name"], fields["serialNumber"], fields["claimedAt"])


def owner_of(device_id: str) -> str | None:
    """The uid of the device's owner; None when nobody owns it or it does not exist."""
    return Entry.read(device_id, ["ownerUid"]).owner_uid


def documents(uid: str, device_id: str) -> list[DocumentReference]:
    """The registry's entry of a device, and the device as the user has it."""
    return [paths.device(device_id), paths.user_device(uid, device_id)]


def look_up(uid: str, device_id: str) -> tuple[Entry, paths.Snapshot]:
    """The registry's entry and the user's own device document, in one round trip."""
    entry, mine = paths.read_all(documents(uid, device_id))
    return Entry(entry), mine


def give(
    uid: str, entry: Entry, device: Device, name: str | None, operation: Operation | None = None
) -> Owned:
    """Make a user the owner of a device that nobody owns, as its entry was read.

    A deleted account never becomes one. An operator's `operation` is recorded. Raises one of
    `OVERTAKEN`.
    """
    epoch = entry.claim_epoch + 1
    # Not the name at Particle: a former owner may have given it, who can still change it there.
    name = name or entry.serial_number
    batch = paths.client().batch()
    batch.update(
        entry.reference,
        {
            "ownerUid": uid,
            # The database's own time, in both documents: the tenure begins with this commit, and
            # no event can come between its beginning and the commit.
            "claimedAt": SERVER_TIMESTAMP,
            "claimEpoch": epoch,
            "underWay": {},
            "waitingUntil": 0,
            "shares": 0,
            **without(BEGUN),
        },
        option=entry.unchanged(),
    )
    batch.set(
        paths.user_device(uid, entry.device_id),
        {
            "name": name,
            "serialNumber": entry.serial_number,
            "productId": device.product_id,
            "platformId": device.platform_id,
            **firmware.fields(device.firmware_version, datetime.now(UTC)),
            "claimedAt": SERVER_TIMESTAMP,
            "claimEpoch": epoch,
            "status": "online" if device.online else "offline",
            "statusAt": SERVER_TIMESTAMP,
            "latest": {},
        },
    )
    account.note(
        batch,
        uid,
        "device-claimed",
        deviceId=entry.device_id,
        serialNumber=entry.serial_number,
    )
    if operation:
        audit.note(batch, operation, device_id=entry.device_id, uid=uid)
    account.unless_deleted(batch, uid)
    claimed_at = batch.commit()[0].transform_results[0].timestamp_value
    log.device_claimed(uid, entry.device_id, epoch)
    return Owned(entry.device_id, name, entry.serial_number, claimed_at)


def end(
    uid: str,
    entry: Entry,
    job: DocumentReference,
    *,
    keep_history: bool,
    also: Callable[[WriteBatch], None] | None = None,
    operation: Operation | None = None,
) -> tuple[datetime, Reservation]:
    """End the user's ownership of a device, as its entry was read; the time of it.

    `job`, a new document, is the job that does the rest (`shared/claims/release.py`): it ends the
    claim at Particle, under the reservation that is returned too, and erases what the owner's tree
    holds of the device, unless they keep it. `also` adds to the commit. An operator's `operation`
    is recorded. Raises one of `OVERTAKEN`.
    """
    expiry = Expiry.after(settings.RESERVATION)
    changes: dict[str, Any] = {
        "ownerUid": None,
        "claimedAt": None,
        "underWay": {},
        "shares": 0,
        RELEASE_PENDING: True,
        **hold.reservation(job.id, expiry),
    }
    batch = paths.client().batch()
    batch.update(entry.reference, changes, option=entry.unchanged())
    batch.delete(paths.user_device(uid, entry.device_id))
    if also:
        also(batch)
    batch.create(job, {"uid": uid, "deviceId": entry.device_id, "keepHistory": keep_history})
    account.note(
        batch,
        uid,
        "device-released",
        deviceId=entry.device_id,
        serialNumber=entry.serial_number,
        keepHistory=keep_history,
        by="operator" if operation else "customer",
    )
    if operation:
        audit.note(batch, operation, device_id=entry.device_id, uid=uid)
    ended_at = batch.commit()[0].update_time
    log.device_released(uid, entry.device_id)
    return ended_at, Reservation(entry.after(changes, ended_at), job.id, expiry)


def hand_over(
    uid: str,
    entry: Entry,
    to: str,
    job: DocumentReference,
    also: Callable[[WriteBatch], None],
    *,
    transfer_id: str | None = None,
    keep_history: bool = False,
    operation: Operation | None = None,
) -> tuple[Owned, Reservation]:
    """End the user's ownership of a device and make another its owner, in one commit.

    As `end` and `give` together, with the entry as it was read. What the device is, the new owner's
    document has from the former one's; of what it did, nothing. `transfer_id` is the offer that the
    new owner has accepted. For an operator's `operation`, who is recorded, the two are strangers:
    neither learns of the other. Raises one of `OVERTAKEN`.
    """
    expiry = Expiry.after(settings.RESERVATION)
    epoch = entry.claim_epoch + 1
    former = paths.user_device(uid, entry.device_id).get().to_dict() or {}
    changes: dict[str, Any] = {
        "ownerUid": to,
        "claimEpoch": epoch,
        "underWay": {},
        "waitingUntil": 0,
        "shares": 0,
        **without(AWAITED),
        RELEASE_PENDING: True,
        **hold.reservation(job.id, expiry),
    }
    batch = paths.client().batch()
    batch.update(
        entry.reference, {**changes, "claimedAt": SERVER_TIMESTAMP}, option=entry.unchanged()
    )
    batch.delete(paths.user_device(uid, entry.device_id))
    batch.set(
        paths.user_device(to, entry.device_id),
        {
            **{name: former[name] for name in _OF_THE_DEVICE if name in former},
            "name": entry.serial_number,
            "serialNumber": entry.serial_number,
            "claimedAt": SERVER_TIMESTAMP,
            "claimEpoch": epoch,
            "statusAt": SERVER_TIMESTAMP,
            "latest": {},
            **({"transferId": transfer_id} if transfer_id else {}),
        },
    )
    also(batch)
    batch.create(job, {"uid": uid, "deviceId": entry.device_id, "keepHistory": keep_history})
    noted = {"deviceId": entry.device_id, "serialNumber": entry.serial_number}
    if operation:
        by = {"keepHistory": keep_history, "by": "operator"}
        account.note(batch, uid, "device-released", **noted, **by)
        account.note(batch, to, "device-claimed", **noted)
        audit.note(
            batch, replace(operation, action="device-released"), device_id=entry.device_id, uid=uid
        )
        audit.note(batch, operation, device_id=entry.device_id, uid=to)
    else:
        account.note(batch, uid, "device-transferred", toUid=to, **noted)
        account.note(batch, to, "device-claimed", fromUid=uid, **noted)
    for one in (uid, to):
        account.unless_deleted(batch, one)
    result = batch.commit()[0]
    log.device_transferred(uid, to, entry.device_id, epoch)
    claimed_at = result.transform_results[0].timestamp_value
    owned = Owned(entry.device_id, entry.serial_number, entry.serial_number, claimed_at)
    return owned, Reservation(entry.after(changes, result.update_time), job.id, expiry)


_OF_THE_DEVICE = ("productId", "platformId", "status", firmware.VERSION, firmware.ORDER)
"""What the owner's document says of the device itself, whoever has it."""


def rename(uid: str, device_id: str, name: str) -> None:
    """Give a device its owner's own name; by the owner, or by a guest who manages it.

    Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    reference = paths.user_device(uid, device_id)
    batch = paths.client().batch()
    # The document exists only while they own the device.
    batch.update(reference, {"name": name})
    noted = _renamed(reference, name)
    account.note(batch, uid, "device-renamed", deviceId=device_id, **noted)
    try:
        batch.commit()
    except NotFound:
        access.as_guest(uid, device_id, Role.MANAGER, partial(_rename_as_guest, name))


def _rename_as_guest(name: str, share: Share) -> None:
    reference = paths.user_device(share.owner_uid, share.device_id)
    batch = paths.client().batch()
    batch.update(reference, {"name": name})
    share.act(batch, "device-renamed", deviceId=share.device_id, **_renamed(reference, name))
    batch.commit()


def _renamed(device: DocumentReference, name: str) -> dict[str, str]:
    """What an activity says of a new name: that, and the one which the device has as yet."""
    former = (device.get(["name"]).to_dict() or {}).get("name")
    return {"name": name, **({"formerName": former} if former else {})}
