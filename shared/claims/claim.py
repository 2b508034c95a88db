"""Claiming: who shows the right setup code of a free device becomes its owner.

A claim is in two steps, for Particle lies between them:

1. a reservation (`shared/registry/hold.py`), so that only one claims at Particle,
2. the change of owner, which ends the reservation.

What fails between the two takes the reservation back; what dies leaves one that ends by itself,
and that the same customer may use again at once.

With a claim code the device itself claims at Particle during its Wi-Fi set-up. Who asked for the
code, having shown the setup code, is written into the registry (`awaitedBy`, `awaitedUntil`), and
becomes the owner when Particle names their customer as the owner of that very device: `confirm`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import DELETE_FIELD

from shared import settings
from shared.audit import Operation
from shared.claims import access, at_particle, put_right
from shared.claims import label as setup_codes
from shared.errors import (
    ClaimedByAnother,
    InProgress,
    NotInThisMode,
    UnknownSerial,
    WrongSerialOrCode,
)
from shared.firestore import paths
from shared.limits import attempts
from shared.limits.attempts import Attempt
from shared.registry import hold, ownership
from shared.registry.hold import Reservation
from shared.registry.ownership import OVERTAKEN, RELEASE_PENDING, ROUNDS, Owned

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
    return _become_owner(uid, _admitted(uid, label, setup_code), name)


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
            _refuse_unless_free(registered)
        mode.prepare(uid)
        try:
            expires_at = _await(uid, entry)
        except OVERTAKEN:
            continue
        return ClaimCode(mode.claim_code(uid), expires_at)
    raise InProgress(retryAfter=5)


def _await(uid: str, entry: paths.Snapshot) -> datetime:
    """Free the device at Particle and note who awaits it; the time until which they do.

    Before the code is asked for: nobody shall hold one that is not awaited. Firestore's refusal
    when the entry has changed.
    """
    reservation = hold.reserve(uid, entry)
    try:
        access.mode().free(uid, at_particle.in_product(entry.id), reservation)
    except BaseException:
        reservation.take_back()
        raise
    expires_at = datetime.now(UTC) + CODE_LIFETIME
    batch = paths.client().batch()
    batch.update(
        entry.reference,
        {
            "awaitedBy": uid,
            "awaitedUntil": expires_at,
            RELEASE_PENDING: DELETE_FIELD,
            **reservation.without(),
        },
        option=paths.client().write_option(last_update_time=reservation.seen_at),
    )
    serial_number = entry.get("serialNumber")
    ownership.note(batch, uid, "claim-code-created", deviceId=entry.id, serialNumber=serial_number)
    try:
        batch.commit()
    except OVERTAKEN:
        reservation.take_back()
        raise
    return expires_at


def confirm(device_id: str) -> Owned | None:
    """Make the one who awaits the device its owner, if Particle says that it is theirs now.

    The setup code was shown when the claim code was made; an owner at Particle alone is no proof.
    Costs one read when nobody awaits the device. Raises `InProgress` while somebody else's claim
    is under way, who may be the owner at Particle in a moment, and `ParticleError`.
    """
    for _ in range(ROUNDS):
        entry = paths.device(device_id).get()
        registered = entry.to_dict() or {}
        if (
            not put_right.is_awaited(registered)
            or registered.get("ownerUid") is not None
            or registered.get("blocked")
        ):
            return None
        uid = registered["awaitedBy"]
        hold.refuse_while_held(registered, uid)
        device = at_particle.in_product(device_id)
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
    return _become_owner(uid, device_id, None, operation)


def _admitted(uid: str, label: Label, setup_code: str | None) -> str:
    """The device's id for one who knows its code; raises `WrongSerialOrCode`.

    A missing device, a blocked one and a wrong code cost the same: two reads, a commit and an HMAC.
    """
    presented = f"device:{label.device_id}" if label.device_id else f"serial:{label.serial_number}"
    serial = paths.serial_number(label.serial_number) if label.serial_number else None
    attempt = attempts.admit(uid, presented, serial)
    found = (attempt.found and attempt.found.to_dict()) or {}
    device_id: str = label.device_id or found.get("deviceId") or _NOBODY
    registered = paths.device(device_id).get().to_dict() or {}
    if not settings.require_setup_code():
        if not registered or registered.get("blocked"):
            raise UnknownSerial
        _take_back(attempt, uid, registered)
        return device_id
    known = setup_codes.matches(
        settings.setup_code_pepper(), device_id, setup_code or "", registered.get("setupCode", "")
    )
    if not known or registered.get("blocked"):
        raise WrongSerialOrCode
    _take_back(attempt, uid, registered)
    return device_id


def _take_back(attempt: Attempt, uid: str, registered: dict[str, Any]) -> None:
    """Except at another's device: a former owner must not ask every second whether it is free."""
    if registered.get("ownerUid") in {None, uid}:
        attempt.refund()


def _refuse_unless_free(registered: dict[str, Any], operation: Operation | None = None) -> None:
    if registered.get("blocked") and not operation:
        raise WrongSerialOrCode
    if registered.get("ownerUid") is not None:
        raise ClaimedByAnother


def _become_owner(
    uid: str, device_id: str, name: str | None, operation: Operation | None = None
) -> Owned:
    """Claim a device that nobody owns, here and at Particle; again for its owner."""
    reservation: Reservation | None = None
    for _ in range(ROUNDS):
        entry, mine = ownership.look_up(uid, device_id)
        registered = entry.to_dict() or {}
        if registered.get("ownerUid") == uid:
            return _owned(mine)
        if reservation and registered.get("ownerUid"):
            # Our claim came too late, and at Particle perhaps after theirs.
            put_right.put_right(entry, f"mending:{uid}")
        _refuse_unless_free(registered, operation)
        access.mode().prepare(uid)
        try:
            if not (reservation and reservation.seen_in(entry)):
                reservation = hold.reserve(uid, entry)
            return _claim_free(uid, reservation, name, operation)
        except OVERTAKEN:
            continue  # somebody was faster, or the operator imported anew: look again
    if reservation:
        reservation.take_back()
    raise InProgress(retryAfter=5)


def _claim_free(
    uid: str, reservation: Reservation, name: str | None, operation: Operation | None
) -> Owned:
    """Claim a reserved device; Firestore's refusal when its entry has changed."""
    entry = reservation.entry
    try:
        device = at_particle.in_product(entry.id)
        access.mode().claim(uid, device, reservation)
    except BaseException:
        reservation.take_back()
        raise
    return ownership.give(uid, entry, reservation.seen_at, device, name, operation)


def _owned(mine: paths.Snapshot) -> Owned:
    fields = mine.to_dict() or {}
    return Owned(mine.id, fields["name"], fields["serialNumber"], fields["claimedAt"])
