"""Who owns a device: the registry, `devices/{deviceId}`, decides.

`ownerUid`, `claimedAt` and `claimEpoch` there, and the existence of `users/{uid}/devices/{id}`,
change in one commit: `give` makes an owner, who has the device at Particle already, and `take` ends
an ownership, before the claim at Particle is ended. Both carry the update time of
the registry's entry as their precondition, so that of two changes at once one wins, and so that a
command that begins meanwhile (it writes `underWay` into the entry) stops them.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP, DocumentReference, WriteBatch

from shared import audit, log
from shared.audit import Operation
from shared.errors import InProgress, NotYourDevice, SignInRequired
from shared.firestore import paths
from shared.particle import Device
from shared.registry import hold
from shared.registry.hold import Reservation

ROUNDS = 5
"""Times that a change looks again when the registry changed under it."""

RELEASE_PENDING = "releasePending"
"""In the registry's entry of a device that nobody owns: its claim at Particle is to be ended."""

_BEGUN = (*hold.FIELDS, "awaitedBy", "awaitedUntil", RELEASE_PENDING)
"""What is over once somebody owns the device."""

OVERTAKEN = (FailedPrecondition, Aborted, NotFound, AlreadyExists)
"""What `give` and `take` raise when the registry's entry has changed since it was read."""


@dataclass(frozen=True)
class Owned:
    """A device as its owner knows it."""

    device_id: str
    name: str
    serial_number: str
    claimed_at: datetime


def owner_of(device_id: str) -> str | None:
    """The uid of the device's owner; None for nobody's and for one that does not exist."""
    entry = paths.device(device_id).get(field_paths=["ownerUid"]).to_dict() or {}
    uid: str | None = entry.get("ownerUid")
    return uid


def require_owner(uid: str, device_id: str) -> None:
    """Raise `NotYourDevice` unless the user owns the device and is not deleted; one round trip."""
    references = [paths.device(device_id), paths.deleted_user(uid)]
    snapshots = paths.client().get_all(references, ["ownerUid"])
    found = {snapshot.reference.path: snapshot for snapshot in snapshots}
    entry, tombstone = (found[reference.path] for reference in references)
    if tombstone.exists or (entry.to_dict() or {}).get("ownerUid") != uid:
        raise NotYourDevice


def require_account(uid: str) -> None:
    """Raise `SignInRequired` for a deleted account, whose ID token lives on; one read."""
    if paths.deleted_user(uid).get([]).exists:
        raise SignInRequired("This account was deleted.")


def look_up(uid: str, device_id: str) -> tuple[paths.Snapshot, paths.Snapshot]:
    """The registry entry and the user's own device document, in one round trip."""
    references = [paths.device(device_id), paths.user_device(uid, device_id)]
    found = {s.reference.path: s for s in paths.client().get_all(references)}
    entry, mine = (found[reference.path] for reference in references)
    return entry, mine


def refuse_while_under_way(registered: dict[str, Any]) -> None:
    """Raise `InProgress` while a command may still be running on the device."""
    left = max((registered.get("underWay") or {}).values(), default=0) / 1000 - time.time()
    if left > 0:
        raise InProgress(retryAfter=math.ceil(left))


def give(
    uid: str,
    entry: paths.Snapshot,
    seen_at: Any,
    device: Device,
    name: str | None,
    operation: Operation | None = None,
) -> Owned:
    """Make a user the owner of a device that nobody owns, as its entry was at `seen_at`.

    Never for a deleted account. An operator's `operation` is recorded. Raises one of `OVERTAKEN`.
    """
    registered = entry.to_dict() or {}
    epoch = registered.get("claimEpoch", 0) + 1
    serial_number = registered["serialNumber"]
    # Not Particle's name of it: that may be a former owner's, who can still change it there.
    name = name or serial_number
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
            **dict.fromkeys(_BEGUN, DELETE_FIELD),
        },
        option=paths.client().write_option(last_update_time=seen_at),
    )
    batch.set(
        paths.user_device(uid, entry.id),
        {
            "name": name,
            "serialNumber": serial_number,
            "productId": device.product_id,
            "platformId": device.platform_id,
            "firmwareVersion": device.firmware_version,
            "claimedAt": SERVER_TIMESTAMP,
            "claimEpoch": epoch,
            "status": "online" if device.online else "offline",
            "statusAt": SERVER_TIMESTAMP,
            "latest": {},
        },
    )
    note(batch, uid, "device-claimed", deviceId=entry.id, serialNumber=serial_number)
    if operation:
        audit.note(batch, operation, device_id=entry.id, uid=uid)
    unless_deleted(batch, uid)
    claimed_at = batch.commit()[0].transform_results[0].timestamp_value
    log.device_claimed(uid, entry.id, epoch)
    return Owned(entry.id, name, serial_number, claimed_at)


def take(
    entry: paths.Snapshot,
    job: DocumentReference,
    *,
    keep_history: bool,
    also: Callable[[WriteBatch], None] | None = None,
    operation: Operation | None = None,
) -> tuple[datetime, Reservation]:
    """End the ownership of a device, as its entry was read; the time of it.

    The claim at Particle is still to be ended, under the reservation that is given too, and what
    the owner's tree holds of the device to be erased, unless it is to be kept for them: `job`, a
    new document, is the job that sees to it (`shared/claims/release.py`). `also` adds to the
    commit. An operator's `operation` is recorded. Raises one of `OVERTAKEN`.
    """
    registered = entry.to_dict() or {}
    uid, serial_number = registered["ownerUid"], registered["serialNumber"]
    until = datetime.now(UTC) + hold.LASTS
    batch = paths.client().batch()
    batch.update(
        entry.reference,
        {
            "ownerUid": None,
            "claimedAt": None,
            "underWay": {},
            RELEASE_PENDING: True,
            "reservedBy": job.id,
            "reservedUntil": until,
            "reservationShares": 1,
        },
        option=paths.client().write_option(last_update_time=entry.update_time),
    )
    batch.delete(paths.user_device(uid, entry.id))
    if also:
        also(batch)
    batch.create(job, {"uid": uid, "deviceId": entry.id, "keepHistory": keep_history})
    note(
        batch,
        uid,
        "device-released",
        deviceId=entry.id,
        serialNumber=serial_number,
        keepHistory=keep_history,
        by="operator" if operation else "customer",
    )
    if operation:
        audit.note(batch, operation, device_id=entry.id, uid=uid)
    changed = batch.commit()[0]
    log.device_released(uid, entry.id)
    return changed.update_time, Reservation(entry, job.id, until, changed.update_time)


def note(batch: WriteBatch, uid: str, action: str, **fields: Any) -> None:
    """Add to a customer's activity, in the same commit as what it tells of."""
    batch.create(
        paths.activity(uid).document(), {"action": action, **fields, "at": SERVER_TIMESTAMP}
    )


def unless_deleted(batch: WriteBatch, uid: str) -> None:
    """Let the commit fail when the account was deleted.

    Deletes the tombstone on the condition that there is none: Firestore's batches know no plain
    check of a document that they do not write.
    """
    absent = paths.client().write_option(exists=False)
    batch.delete(paths.deleted_user(uid), option=absent)
