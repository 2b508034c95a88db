"""Claiming: who shows the right setup code of a free device becomes its owner.

A claim takes two steps, because Particle is asked between them:

1. a reservation (`shared/registry/hold.py`), so that only one person claims at Particle,
2. the change of owner, which ends the reservation.

A failure between the two releases the reservation. A crash leaves one that expires, and that the
same customer may use again at once.
"""

from shared import settings
from shared.audit import Operation
from shared.claims import at_particle
from shared.claims.label import Label, matches
from shared.customers import shadow
from shared.errors import ClaimedByAnother, InProgress, UnknownSerial, WrongSerialOrCode
from shared.firestore import paths
from shared.limits import attempts
from shared.registry import hold, ownership
from shared.registry.entry import Entry
from shared.registry.hold import Reservation
from shared.registry.ownership import OVERTAKEN, ROUNDS, Owned

_NO_DEVICE = "0" * 24
"""Stands for the device of a serial number that does not exist."""


def claim(uid: str, label: Label, setup_code: str | None, name: str | None) -> Owned:
    """Make the user the device's owner, here and at Particle.

    Succeeds again for one who owns it already. Raises `WrongSerialOrCode`, `UnknownSerial`,
    `TooManyAttempts`, `ClaimedByAnother`, `InProgress`, `DeviceNotReady`, `CustomerNotReady` and
    `ParticleError`; then nothing has changed, or the next try completes what was begun.
    """
    return _become_owner(uid, admitted(uid, label, setup_code), name)


def assign(uid: str, device_id: str, operation: Operation) -> Owned:
    """Make the user the owner of a device that nobody owns, because an operator says so.

    Raises `ClaimedByAnother`, `InProgress`, `DeviceNotReady`, `CustomerNotReady`, `ParticleError`.
    """
    return _become_owner(uid, device_id, None, operation)


def admitted(uid: str, label: Label, setup_code: str | None) -> str:
    """The device's id for one who knows its code.

    Raises `WrongSerialOrCode`, `TooManyAttempts`, and `UnknownSerial` where codes are not required.
    A missing device, a blocked one and a wrong code cost the same: two reads, a commit and an HMAC.
    """
    presented = f"device:{label.device_id}" if label.device_id else f"serial:{label.serial_number}"
    serial = paths.serial_number(label.serial_number) if label.serial_number else None
    attempt = attempts.admit(uid, presented, serial)
    found = (attempt.found and attempt.found.to_dict()) or {}
    device_id: str = label.device_id or found.get("deviceId") or _NO_DEVICE
    entry = Entry.read(device_id)
    if not settings.require_setup_code():
        if not entry.exists or entry.blocked:
            raise UnknownSerial
    else:
        pepper = settings.setup_code_pepper()
        known = matches(pepper, device_id, setup_code or "", entry.setup_code)
        if not known or entry.blocked:
            raise WrongSerialOrCode
    # At another's device the attempt counts: a former owner must not ask every second whether the
    # device is free.
    if entry.owner_uid in {None, uid}:
        attempt.refund()
    return device_id


def refuse_unless_free(entry: Entry, operation: Operation | None = None) -> None:
    """Raise `ClaimedByAnother`, or `WrongSerialOrCode` for a device that is blocked.

    An operator may assign a blocked device.
    """
    if entry.blocked and not operation:
        raise WrongSerialOrCode
    if entry.owner_uid is not None:
        raise ClaimedByAnother


def _become_owner(
    uid: str, device_id: str, name: str | None, operation: Operation | None = None
) -> Owned:
    """Claim a device that nobody owns, here and at Particle; again for its owner."""
    reservation: Reservation | None = None
    for _ in range(ROUNDS):
        entry, mine = ownership.look_up(uid, device_id)
        if entry.owner_uid == uid:
            return _owned(mine)
        if reservation and entry.owner_uid:
            # Our claim was too late here, and at Particle it was perhaps made after theirs.
            at_particle.put_right(entry, f"put-right:{uid}")
        refuse_unless_free(entry, operation)
        shadow.ensure(uid)
        try:
            still = reservation and reservation.seen_in(entry)
            reservation = still or hold.reserve(uid, entry)
            return _claim_free(uid, reservation, name, operation)
        except OVERTAKEN:
            continue  # somebody was faster, or the operator imported anew: look again
    if reservation:
        reservation.release()
    raise InProgress(retryAfter=5)


def _claim_free(
    uid: str, reservation: Reservation, name: str | None, operation: Operation | None
) -> Owned:
    """Claim a reserved device. Raises one of `OVERTAKEN` when its entry has changed."""
    with reservation.released_on_failure():
        device = at_particle.in_product(reservation.entry.device_id)
        at_particle.mode().claim(uid, device, reservation)
    return ownership.give(uid, reservation.entry, device, name, operation)


def _owned(mine: paths.Snapshot) -> Owned:
    fields = mine.to_dict() or {}
    return Owned(mine.id, fields["name"], fields["serialNumber"], fields["claimedAt"])
