"""Particle made to agree with the registry about whose a device is."""

from datetime import UTC, datetime
from typing import Any

from shared.claims import access, at_particle
from shared.firestore import paths
from shared.registry import hold
from shared.registry.ownership import RELEASE_PENDING


def put_right(entry: paths.Snapshot, holder: str) -> None:
    """Make the device's owner at Particle what its entry in the registry, as it was read, says.

    `holder` is whose reservation protects it meanwhile. Raises `InProgress` while another has the
    device's, Firestore's refusal when the entry has changed, `DeviceNotReady`, `CustomerNotReady`
    and `ParticleError`.
    """
    uid = (entry.to_dict() or {}).get("ownerUid")
    if uid:
        access.mode().prepare(uid)
    reservation = hold.reserve(holder, entry)
    try:
        if uid:
            access.mode().claim(uid, at_particle.in_product(entry.id), reservation)
        else:
            at_particle.end_claim(reservation)
    except BaseException:
        reservation.take_back()
        raise
    reservation.take_back(RELEASE_PENDING)


def is_awaited(registered: dict[str, Any]) -> bool:
    """Whether a claim code for the device is out."""
    return "awaitedBy" in registered and registered["awaitedUntil"] > datetime.now(UTC)
