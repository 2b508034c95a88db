"""Claiming: who shows the right setup code of a free device becomes its owner.

A claim is in two steps, for Particle lies between them:

1. a reservation (`reservedBy`, `reservedUntil`), so that only one claims at Particle,
2. the change of owner, which ends the reservation.

What fails between the two takes the reservation back; what dies leaves one that ends by itself
after `RESERVATION`, and that the same customer may use again at once.

With a claim code the device itself claims at Particle during its Wi-Fi set-up. Who asked for the
code, having shown the setup code, is written into the registry (`awaitedBy`, `awaitedUntil`), and
becomes the owner when Particle names their customer as the owner of that very device: `confirm`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import DELETE_FIELD

from shared import access, attempts, cloud, log, ownership, settings, setup_codes, store
from shared.errors import (
    ClaimedByAnother,
    DeviceNotReady,
    InProgress,
    NotInThisMode,
    UnknownSerial,
    WrongSerialOrCode,
)
from shared.operations import Operation
from shared.ownership import OVERTAKEN, ROUNDS, Owned
from shared.particle import Device, errors

RESERVATION = timedelta(seconds=60)
"""Longer than a claim's calls to Particle take, as long as a function may run."""
CODE_LIFETIME = timedelta(hours=1)
"""How long Particle accepts a claim code (docs.particle.io, "Device claiming")."""

_NOBODY = "0" * 24
"""Stands for the device of a serial number that does not exist."""


@dataclass(frozen=True)
class Label:
    """What somebody says is printed on a device: one of the two, normalised."""

    serial_number: str | None = None
    device_id: str | None = None

    @classmethod
    def of_serial(cls, typed: str) -> "Label":
        """As typed by a person: what can be no serial number is like a missing one."""
        try:
            return cls(serial_number=setup_codes.normalise_serial(typed))
        except ValueError:
            return cls()


@dataclass(frozen=True)
class ClaimCode:
    """What a device presents to Particle to be claimed."""

    code: str
    expires_at: datetime


def claim(uid: str, label: Label, setup_code: str | None, name: str | None) -> Owned:
    """Make the user the device's owner, here and at Particle.

    Again for one who owns it already. Raises `WrongSerialOrCode`, `TooManyAttempts`,
    `ClaimedByAnother`, `InProgress`, `DeviceNotReady`, `CustomerNotReady` and `ParticleError`;
    then nothing has changed, or the next try ends what was begun.
    """
    device_id = _admitted(uid, label, setup_code)
    for _ in range(ROUNDS):
        entry, mine = ownership.look_up(uid, device_id)
        registered = entry.to_dict() or {}
        if registered.get("ownerUid") == uid:
            return _owned(mine)
        _refuse_unless_free(registered, uid)
        access.mode().prepare(uid)
        try:
            return _claim_free(uid, entry, name)
        except OVERTAKEN:
            continue  # somebody was faster, or the operator imported anew: look again
    raise InProgress(retryAfter=5)


def create_claim_code(uid: str, label: Label, setup_code: str | None) -> ClaimCode:
    """A code with which the device claims itself for the user; raises like `claim`.

    Also for one's own device, which may have to be set up on another network. Raises
    `NotInThisMode`.
    """
    mode = access.mode()
    if not mode.has_customers:
        raise NotInThisMode
    device_id = _admitted(uid, label, setup_code)
    for _ in range(ROUNDS):
        entry, _ = ownership.look_up(uid, device_id)
        registered = entry.to_dict() or {}
        if registered.get("ownerUid") != uid:
            _refuse_unless_free(registered, uid)
        mode.prepare(uid)
        device = in_product(device_id)
        mode.free(uid, device)
        # Before the code is asked for: nobody shall hold one that is not awaited.
        expires_at = datetime.now(UTC) + CODE_LIFETIME
        batch = store.client().batch()
        batch.update(
            entry.reference,
            {"awaitedBy": uid, "awaitedUntil": expires_at},
            option=store.client().write_option(last_update_time=entry.update_time),
        )
        serial_number = registered["serialNumber"]
        ownership.note(
            batch, uid, "claim-code-created", deviceId=device_id, serialNumber=serial_number
        )
        try:
            batch.commit()
        except OVERTAKEN:
            continue
        return ClaimCode(mode.claim_code(uid), expires_at)
    raise InProgress(retryAfter=5)


def confirm(device_id: str) -> Owned | None:
    """Make the one who awaits the device its owner, if Particle says that it is theirs now.

    The setup code was shown when the claim code was made; an owner at Particle alone is no proof.
    Costs one read when nobody awaits the device. Raises `ParticleError`.
    """
    for _ in range(ROUNDS):
        entry = store.device(device_id).get()
        registered = entry.to_dict() or {}
        uid = registered.get("awaitedBy")
        if (
            uid is None
            or registered.get("ownerUid") is not None
            or registered.get("blocked")
            or registered["awaitedUntil"] <= datetime.now(UTC)
        ):
            return None
        device = in_product(device_id)
        if not access.mode().owns(uid, device):
            return None
        try:
            return ownership.give(uid, entry, entry.update_time, device, None)
        except OVERTAKEN:
            continue
    return None


def assign(uid: str, device_id: str, operation: Operation) -> Owned:
    """Make the user the owner of a device that nobody owns, on an operator's word.

    Raises `ClaimedByAnother`, `InProgress`, `DeviceNotReady`, `CustomerNotReady`, `ParticleError`.
    """
    for _ in range(ROUNDS):
        entry, _mine = ownership.look_up(uid, device_id)
        _refuse_unless_free({**(entry.to_dict() or {}), "blocked": False}, uid)
        access.mode().prepare(uid)
        try:
            return _claim_free(uid, entry, None, operation)
        except OVERTAKEN:
            continue
    raise InProgress(retryAfter=5)


def in_product(device_id: str) -> Device:
    """The device at Particle; raises `DeviceNotReady` when the product does not have it."""
    try:
        return cloud.particle().device(cloud.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        log.device_not_in_product(device_id)
        raise DeviceNotReady from None


def _admitted(uid: str, label: Label, setup_code: str | None) -> str:
    """The device's id for one who knows its code; raises `WrongSerialOrCode`.

    A missing device, a blocked one and a wrong code cost the same: two reads, a commit and an HMAC.
    """
    presented = f"device:{label.device_id}" if label.device_id else f"serial:{label.serial_number}"
    serial = store.serial_number(label.serial_number) if label.serial_number else None
    attempt = attempts.admit(uid, presented, serial)
    found = (attempt.found and attempt.found.to_dict()) or {}
    device_id: str = label.device_id or found.get("deviceId") or _NOBODY
    registered = store.device(device_id).get().to_dict() or {}
    if not settings.require_setup_code():
        if not registered or registered.get("blocked"):
            raise UnknownSerial
        attempt.take_back()
        return device_id
    known = setup_codes.matches(
        settings.setup_code_pepper(), device_id, setup_code or "", registered.get("setupCode", "")
    )
    if not known or registered.get("blocked"):
        raise WrongSerialOrCode
    attempt.take_back()
    return device_id


def _refuse_unless_free(registered: dict[str, Any], uid: str) -> None:
    if registered.get("blocked"):
        raise WrongSerialOrCode
    if registered.get("ownerUid") is not None:
        raise ClaimedByAnother
    until = registered.get("reservedUntil")
    by_another = registered.get("reservedBy") not in {None, uid}
    if by_another and until and until > datetime.now(UTC):
        raise InProgress(retryAfter=5)


def _claim_free(
    uid: str, entry: store.Snapshot, name: str | None, operation: Operation | None = None
) -> Owned:
    """Claim a device that nobody owns; Firestore's refusal when its entry has changed."""
    reserved_at = _reserve(uid, entry)
    try:
        device = in_product(entry.id)
        access.mode().claim(uid, device)
    except BaseException:
        _take_back(entry, reserved_at)
        raise
    return ownership.give(uid, entry, reserved_at, device, name, operation)


def _reserve(uid: str, entry: store.Snapshot) -> Any:
    """Keep others away; the update time of the entry, by which it can be seen to be unchanged.

    A reservation of the same customer's that lasts long enough is shared: two taps on one button
    would otherwise take it from each other, again and again.
    """
    registered = entry.to_dict() or {}
    now = datetime.now(UTC)
    if registered.get("reservedBy") == uid and registered["reservedUntil"] > now + RESERVATION / 2:
        return entry.update_time
    reserved = entry.reference.update(
        {"reservedBy": uid, "reservedUntil": now + RESERVATION},
        option=store.client().write_option(last_update_time=entry.update_time),
    )
    return reserved.update_time


def _take_back(entry: store.Snapshot, reserved_at: Any) -> None:
    try:
        entry.reference.update(
            {"reservedBy": DELETE_FIELD, "reservedUntil": DELETE_FIELD},
            option=store.client().write_option(last_update_time=reserved_at),
        )
    except GoogleAPICallError as failure:
        # It ends by itself; the failure that brought us here is the one to report.
        log.reservation_left(entry.id, failure)


def _owned(mine: store.Snapshot) -> Owned:
    fields = mine.to_dict() or {}
    return Owned(mine.id, fields["name"], fields["serialNumber"], fields["claimedAt"])
