"""Claim codes: the device itself claims at Particle, during its Wi-Fi set-up.

Who asked for the code, having shown the setup code, is recorded in the registry (`awaitedBy`,
`awaitedUntil`). They become the owner when Particle names their customer as the owner of that very
device. An owner at Particle alone proves nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from google.cloud.firestore import FieldFilter

from shared import connections, log
from shared.accounts import account
from shared.claims import at_particle
from shared.claims.claim import admitted, refuse_unless_free
from shared.claims.label import Label
from shared.customers import shadow
from shared.errors import DeviceNotReady, InProgress, NotInThisMode
from shared.firestore import paths
from shared.registry import hold, ownership
from shared.registry.entry import RELEASE_PENDING, Entry, without
from shared.registry.ownership import OVERTAKEN, ROUNDS, Owned

LIFETIME = timedelta(hours=1)
"""How long Particle accepts a claim code (docs.particle.io, "Device claiming")."""


@dataclass(frozen=True)
class ClaimCode:
    """What a device presents to Particle to be claimed."""

    code: str
    expires_at: datetime


def create(uid: str, label: Label, setup_code: str | None) -> ClaimCode:
    """A code with which the device claims itself for the user; raises like `claim.claim`.

    Also for one's own device, which may have to be set up on another network. Raises
    `NotInThisMode`.
    """
    if not shadow.customers_exist():
        raise NotInThisMode
    entry, _ = admitted(uid, label, setup_code)
    for _ in range(ROUNDS):
        if entry.owner_uid != uid:
            refuse_unless_free(entry)
        shadow.ensure(uid)
        try:
            expires_at = _await(uid, entry)
        except OVERTAKEN:
            entry = Entry.read(entry.device_id)
            continue
        # With the customer's token, so that the claim is theirs.
        credentials = connections.tokens().customer(shadow.customer_name(uid))
        return ClaimCode(connections.particle().create_claim_code(credentials), expires_at)
    raise InProgress(retryAfter=5)


def confirm(device_id: str) -> Owned | None:
    """Make the one who awaits the device its owner, if Particle says that it is theirs now.

    Costs one read when nobody awaits the device. Raises `InProgress` while somebody else's claim
    is under way, who may be the owner at Particle in a moment, `DeviceNotReady` and
    `ParticleError`.
    """
    for _ in range(ROUNDS):
        entry = Entry.read(device_id)
        uid = entry.awaited_by
        if uid is None or not entry.is_awaited or entry.owner_uid is not None or entry.blocked:
            return None
        entry.refuse_while_reserved(uid)
        device = at_particle.in_product(device_id)
        if not at_particle.mode().owns(uid, device):
            return None
        try:
            return ownership.give(uid, entry, device, None)
        except OVERTAKEN:
            continue
    return None


def confirm_awaited(uid: str) -> None:
    """Give the user the devices that have presented their claim codes. Raises `ParticleError`."""
    if not shadow.customers_exist():
        return
    awaited = paths.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
    for snapshot in awaited.select([]).stream():
        try:
            confirm(snapshot.id)
        except (DeviceNotReady, InProgress):
            continue


def _await(uid: str, entry: Entry) -> datetime:
    """Free the device at Particle and record who awaits it; the time until which they do.

    That is before the code is asked for: nobody is to have the code of a device that is not
    awaited. Raises one of `OVERTAKEN` when the entry has changed.
    """
    reservation = hold.reserve(uid, entry)
    with reservation.released_on_failure():
        device = at_particle.in_product(entry.device_id)
        ended = partial(log.foreign_owner_released, device.id)
        at_particle.mode().free(uid, device, reservation, ended)
    expires_at = datetime.now(UTC) + LIFETIME
    batch = paths.client().batch()
    batch.update(
        entry.reference,
        {
            "awaitedBy": uid,
            "awaitedUntil": expires_at,
            **without([RELEASE_PENDING]),
            **reservation.ended(),
        },
        option=reservation.entry.unchanged(),
    )
    account.note(
        batch,
        uid,
        "claim-code-created",
        deviceId=entry.device_id,
        serialNumber=entry.serial_number,
    )
    try:
        batch.commit()
    except OVERTAKEN:
        reservation.release()
        raise
    return expires_at
