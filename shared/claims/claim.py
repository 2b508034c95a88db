"""Claiming: who shows the right setup code of a free device becomes its owner.

A claim takes two steps, because Particle is asked between them:

1. a reservation (`shared/registry/hold.py`), so that only one person claims at Particle,
2. the change of owner, which ends the reservation.

A failure between the two releases the reservation. A crash leaves one that expires, and that the
same customer may use again at once.
"""

from functools import partial

from shared import log, settings
from shared.audit import Operation
from shared.claims import at_particle, strangers
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
_NO_SERIAL = "-"
"""Stands for a text that cannot be a serial number; no normalised one has a hyphen."""

Found = tuple[Entry, paths.Snapshot]
"""What `ownership.look_up` finds."""


def claim(uid: str, label: Label, setup_code: str | None, name: str | None) -> Owned:
    """Make the user the device's owner, here and at Particle.

    Succeeds again for one who owns it already, and makes it theirs at Particle again if it is not.
    Raises `WrongSerialOrCode`, `UnknownSerial`, `TooManyAttempts`, `ClaimedByAnother`,
    `InProgress`, `DeviceNotReady`, `DeviceOffline`, `CustomerNotReady` and `ParticleError`; then
    nothing has changed, or the next try completes what was begun.
    """
    entry, mine = admitted(uid, label, setup_code)
    return _become_owner(uid, entry.device_id, name, found=(entry, mine))


def assign(uid: str, device_id: str, operation: Operation) -> Owned:
    """Make the user the owner of a device that nobody owns, because an operator says so.

    Raises `ClaimedByAnother`, `InProgress`, `DeviceNotReady`, `CustomerNotReady`, `ParticleError`.
    """
    return _become_owner(uid, device_id, None, operation=operation)


def admitted(uid: str, label: Label, setup_code: str | None) -> Found:
    """The device's entry for one who knows its code, and the device as the user has it.

    Raises `WrongSerialOrCode`, `TooManyAttempts`, and `UnknownSerial` where codes are not required.
    A missing device, a blocked one and a wrong code cost the same: for a serial number two reads, a
    commit and an HMAC, for an id one read less. Guesses at a device are counted together, by
    whatever it is presented.
    """
    device_id, presented = look_up(label)
    device_id = device_id or _NO_DEVICE
    attempt = attempts.admit(uid, presented, *ownership.documents(uid, device_id))
    found, mine = attempt.found
    entry = Entry(found)
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
    return entry, mine


def look_up(label: Label) -> tuple[str | None, str]:
    """The id of a label's device, if it may exist, and by what guesses at the label are counted."""
    device_id = label.device_id
    if device_id is None:
        named = paths.serial_number(label.serial_number or _NO_SERIAL).get()
        device_id = (named.to_dict() or {}).get("deviceId")
    return device_id, f"device:{device_id}" if device_id else f"serial:{label.serial_number}"


def refuse_unless_free(entry: Entry, operation: Operation | None = None) -> None:
    """Raise `ClaimedByAnother`, or `WrongSerialOrCode` for a device that is blocked.

    An operator may assign a blocked device.
    """
    if entry.blocked and not operation:
        raise WrongSerialOrCode
    if entry.owner_uid is not None:
        raise ClaimedByAnother


def _become_owner(
    uid: str,
    device_id: str,
    name: str | None,
    *,
    found: Found | None = None,
    operation: Operation | None = None,
) -> Owned:
    """Claim a device that nobody owns, here and at Particle; again for its owner.

    `found` is what has been read of the device just now.
    """
    reservation: Reservation | None = None
    for _ in range(ROUNDS):
        entry, mine = found or ownership.look_up(uid, device_id)
        found = None
        try:
            if entry.owner_uid == uid:
                strangers.end_for_owner(entry)
                return Owned.of(mine)
            if reservation and entry.owner_uid:
                # Our claim was too late here, and at Particle it was perhaps made after theirs.
                at_particle.put_right(entry, f"put-right:{uid}")
            refuse_unless_free(entry, operation)
            shadow.ensure(uid)
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
        ended = partial(log.foreign_owner_released, device.id)
        at_particle.mode().claim(uid, device, reservation, ended)
    return ownership.give(uid, reservation.entry, device, name, operation)
