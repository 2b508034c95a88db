"""Who owns a device: the registry, `devices/{deviceId}`, decides.

`ownerUid`, `claimedAt` and `claimEpoch` there, and the existence of `users/{uid}/devices/{id}`,
change in one commit, which carries the registry entry's update time as its precondition: of two
changes at once, one wins. A claim is in two steps, for Particle lies between them:

1. a reservation (`reservedBy`, `reservedUntil`), so that only one claims at Particle,
2. the change of owner, which ends the reservation.

What fails between the two takes the reservation back; what dies leaves one that ends by itself
after `RESERVATION`, and that the same customer may use again at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import Aborted, FailedPrecondition, GoogleAPICallError, NotFound
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP

from shared import access, cloud, log, settings, setup_codes, store
from shared.errors import (
    ClaimedByAnother,
    DeviceNotReady,
    InProgress,
    NotYourDevice,
    WrongSerialOrCode,
)
from shared.particle import Device, errors

RESERVATION = timedelta(seconds=60)
"""Longer than a claim's calls to Particle take, as long as a function may run."""
ROUNDS = 5
"""Times that a claim looks again when the registry changed under it."""

_NOBODY = "0" * 24
"""Stands for the device of a serial number that does not exist."""


@dataclass(frozen=True)
class Owned:
    """A device as its owner knows it."""

    device_id: str
    name: str
    serial_number: str
    claimed_at: datetime


def require_owner(uid: str, device_id: str) -> None:
    """Raise `NotYourDevice` unless the user owns the device; one read."""
    entry = store.device(device_id).get(field_paths=["ownerUid"])
    if not entry.exists or entry.get("ownerUid") != uid:
        raise NotYourDevice


def device_of_serial(serial_number: str) -> str:
    """The id of the device with a normalised serial number, or one that no device has.

    A missing serial is not told apart here, so that it costs a prober as much time as a wrong
    code: the registry is asked and a code is compared all the same.
    """
    return (store.serial_number(serial_number).get().to_dict() or {}).get("deviceId") or _NOBODY


def claim(uid: str, device_id: str, setup_code: str, name: str | None) -> Owned:
    """Make the user the device's owner, here and at Particle.

    Again for one who owns it already. Raises `WrongSerialOrCode`, `ClaimedByAnother`,
    `InProgress`, `DeviceNotReady`, `CustomerNotReady` and `ParticleError`; then nothing has
    changed, or the next try ends what was begun.
    """
    for _ in range(ROUNDS):
        entry, mine = _look_up(uid, device_id)
        registered = _check_code(entry, device_id, setup_code)
        owner = registered.get("ownerUid")
        if owner == uid:
            return _owned(mine)
        if owner is not None:
            raise ClaimedByAnother
        if _reserved_by_another(registered, uid):
            raise InProgress(retryAfter=5)
        access.mode().prepare(uid)
        try:
            return _claim_free(uid, entry, registered, name)
        except (FailedPrecondition, Aborted, NotFound):
            continue  # somebody was faster, or the operator imported anew: look again
    raise InProgress(retryAfter=5)


def _look_up(uid: str, device_id: str) -> tuple[store.Snapshot, store.Snapshot]:
    """The registry entry and the user's own device document, in one round trip."""
    references = [store.device(device_id), store.user_device(uid, device_id)]
    found = {s.reference.path: s for s in store.client().get_all(references)}
    entry, mine = (found[reference.path] for reference in references)
    return entry, mine


def _check_code(entry: store.Snapshot, device_id: str, setup_code: str) -> dict[str, Any]:
    """The registry entry's fields for one who knows the code of a device that is not blocked."""
    registered = entry.to_dict() or {}
    known = setup_codes.matches(
        settings.setup_code_pepper(), device_id, setup_code, registered.get("setupCode", "")
    )
    if not known or registered.get("blocked"):
        raise WrongSerialOrCode
    return registered


def _reserved_by_another(registered: dict[str, Any], uid: str) -> bool:
    until = registered.get("reservedUntil")
    return bool(
        registered.get("reservedBy") not in {None, uid} and until and until > datetime.now(UTC)
    )


def _claim_free(
    uid: str, entry: store.Snapshot, registered: dict[str, Any], name: str | None
) -> Owned:
    """Claim a device that nobody owns; Firestore's refusal when its entry has changed."""
    device_id = entry.id
    reserved = entry.reference.update(
        {"reservedBy": uid, "reservedUntil": datetime.now(UTC) + RESERVATION},
        option=store.client().write_option(last_update_time=entry.update_time),
    )
    try:
        device = _in_product(device_id)
        access.mode().claim(uid, device_id)
    except BaseException:
        _take_back(entry, reserved.update_time)
        raise
    return _become_owner(uid, entry, reserved.update_time, registered, device, name)


def _in_product(device_id: str) -> Device:
    try:
        return cloud.particle().device(cloud.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        log.device_not_in_product(device_id)
        raise DeviceNotReady from None


def _take_back(entry: store.Snapshot, reserved_at: Any) -> None:
    try:
        entry.reference.update(
            {"reservedBy": DELETE_FIELD, "reservedUntil": DELETE_FIELD},
            option=store.client().write_option(last_update_time=reserved_at),
        )
    except GoogleAPICallError as failure:
        # It ends by itself; the failure that brought us here is the one to report.
        log.reservation_left(entry.id, failure)


def _become_owner(
    uid: str,
    entry: store.Snapshot,
    reserved_at: Any,
    registered: dict[str, Any],
    device: Device,
    name: str | None,
) -> Owned:
    claimed_at = datetime.now(UTC)
    epoch = registered.get("claimEpoch", 0) + 1
    serial_number = registered["serialNumber"]
    owned = Owned(entry.id, name or device.name or serial_number, serial_number, claimed_at)
    batch = store.client().batch()
    batch.update(
        entry.reference,
        {
            "ownerUid": uid,
            "claimedAt": claimed_at,
            "claimEpoch": epoch,
            "underWay": {},
            "reservedBy": DELETE_FIELD,
            "reservedUntil": DELETE_FIELD,
        },
        option=store.client().write_option(last_update_time=reserved_at),
    )
    batch.set(
        store.user_device(uid, entry.id),
        {
            "name": owned.name,
            "serialNumber": serial_number,
            "productId": device.product_id,
            "platformId": device.platform_id,
            "firmwareVersion": device.firmware_version,
            "claimedAt": claimed_at,
            "claimEpoch": epoch,
            "status": "online" if device.online else "offline",
            "statusAt": claimed_at,
            "latest": {},
        },
    )
    batch.create(
        store.activity(uid).document(),
        {
            "action": "device-claimed",
            "deviceId": entry.id,
            "serialNumber": serial_number,
            "at": SERVER_TIMESTAMP,
        },
    )
    batch.commit()
    log.device_claimed(uid, entry.id, epoch)
    return owned


def _owned(mine: store.Snapshot) -> Owned:
    fields = mine.to_dict() or {}
    return Owned(mine.id, fields["name"], fields["serialNumber"], fields["claimedAt"])
