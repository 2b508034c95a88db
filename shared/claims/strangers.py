"""Claims at Particle by strangers: found without anybody asking, and ended.

Whoever knows a device's id can claim it at Particle while nobody owns it there, with an account or
a token of their own, and then controls it there. Particle documents no setting that forbids this,
so the product looks: when a device comes online, which it does right after a claim, when a device
that nobody owns publishes something, when its owner asks for the list of their devices or claims it
again, and by a schedule, which goes through all devices page by page.

What is found is put right under the device's reservation, so that it never meets a claim or release
of ours. What cannot be looked at now is left to the next occasion.
"""

import time
from collections.abc import Iterable

from google.cloud.firestore import SERVER_TIMESTAMP

from shared import connections, log, settings
from shared.claims import at_particle
from shared.customers import shadow
from shared.errors import DeviceNotReady, ProductError, TooManyAttempts
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.limits.rate import RateLimit
from shared.particle import PER_PAGE, Device, errors
from shared.registry.entry import Entry

PAGES = 20
"""Pages of the product's devices that a run of the schedule looks at, at most."""
READS = 500
"""Devices with an owner at Particle after which a run looks at no further page, since each costs a
read of the registry. Small fleets are seen as a whole every time, 100 000 devices in 17 hours."""
AT_ONCE = 5
"""Devices of one customer that are put right while they wait for their list."""

_HOLDER = "owner-at-particle"
"""The holder of the reservation under which a device is put right."""
_PUT_OFF = (ProductError, errors.ParticleError, *FAILURES)

# Particle allows 10 000 requests in 5 minutes from one address. What an instance does not look at
# because too much comes online at once, the schedule does.
_of_device = RateLimit(lambda: 4)
_of_instance = RateLimit(lambda: 60)


def end_for_owner(entry: Entry) -> None:
    """Make the device its owner's at Particle too, as its entry names them, who ask for it.

    Raises what `at_particle.put_right` does.
    """
    uid = entry.owner_uid
    if uid and not at_particle.mode().owns(uid, at_particle.in_product(entry.device_id)):
        at_particle.put_right(entry, f"put-right:{uid}")


def look(entry: Entry) -> None:
    """Ask Particle whose a device is that has given a sign of life."""
    if not settings.end_foreign_claims() or not _concerns(entry):
        return
    try:
        _of_device.acquire(entry.device_id)
        _of_instance.acquire("all")
        device = at_particle.in_product(entry.device_id)
    except (TooManyAttempts, DeviceNotReady):
        return
    except _PUT_OFF as failure:
        log.foreign_owner_left(entry.device_id, failure)
        return
    if device.owner is not None and not at_particle.agrees(device, entry):
        _end(device.id)


def end_listed(uid: str, devices: Iterable[Device]) -> None:
    """End what strangers have of a user's devices, as Particle has just listed them."""
    if not settings.end_foreign_claims():
        return
    others = [device for device in devices if _may_be_foreign(device, uid)]
    for device in others[:AT_ONCE]:
        _end(device.id)


def sweep(budget: float) -> None:
    """Look at the next pages of the product's devices, for `budget` seconds at most.

    Where the next run goes on is recorded in `health/ownersAtParticle`. Raises `ParticleError` when
    a page cannot be read, or when what was found has to wait for tokens: the next run begins with
    that page.
    """
    if not settings.end_foreign_claims():
        return
    deadline = time.monotonic() + budget
    state = paths.health("ownersAtParticle")
    page = (state.get().to_dict() or {}).get("page", 1)
    reads = 0
    for _ in range(PAGES):
        devices = connections.particle().devices(connections.tokens().server, page)
        owned = [device for device in devices if _may_be_foreign(device)]
        if not _end_foreign(owned, deadline):
            return
        reads += len(owned)
        last = len(devices) < PER_PAGE
        page = 1 if last else page + 1
        finished = {"finishedAt": SERVER_TIMESTAMP} if last else {}
        state.set({"page": page, **finished}, merge=True)
        if last or reads >= READS or time.monotonic() > deadline:
            return


def _end_foreign(owned: list[Device], deadline: float) -> bool:
    """End what strangers have of these devices; False when the time was over before the last one.

    Reads the registry's entry of each.
    """
    references = [paths.device(device.id) for device in owned]
    snapshots = paths.client().get_all(references) if references else ()
    entries = {snapshot.id: Entry(snapshot) for snapshot in snapshots}
    shadow.learn_names(
        uid
        for device in owned
        if (uid := entries[device.id].owner_uid) and device.owner != shadow.opaque_name(uid)
    )
    for device in owned:
        entry = entries[device.id]
        if _concerns(entry) and not at_particle.agrees(device, entry):
            if time.monotonic() > deadline:
                return False
            _end(device.id, may_wait=False)
    return True


def _may_be_foreign(device: Device, uid: str | None = None) -> bool:
    """Whether somebody owns the device at Particle, and not surely the maker or this user."""
    if device.owner is None or at_particle.is_own_account(device.owner):
        return False
    return uid is None or not shadow.customers_exist() or device.owner != shadow.opaque_name(uid)


def _end(device_id: str, *, may_wait: bool = True) -> None:
    """End a stranger's claim, if it is still one by what is read now.

    Only what has to wait for tokens is raised, and only if it may not wait.
    """
    try:
        entry = Entry.read(device_id)
        device = at_particle.in_product(device_id)
        if _concerns(entry) and device.owner and not at_particle.agrees(device, entry):
            at_particle.put_right(entry, _HOLDER)
    except errors.RateLimitedError as failure:
        log.foreign_owner_left(device_id, failure)
        if not may_wait:
            raise
    except _PUT_OFF as failure:
        log.foreign_owner_left(device_id, failure)


def _concerns(entry: Entry) -> bool:
    """Whether who owns the device at Particle is to be looked at.

    Not that of a device that is not registered, nor while a claim or a release of ours changes it.
    """
    return entry.exists and not entry.is_reserved and not entry.release_pending
