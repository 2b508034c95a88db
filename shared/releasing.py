"""Releasing: the owner, or the operator for them, gives a device back.

First at Particle, then here, both repeatable: what fails at Particle leaves the owner the owner,
and the next try goes the whole way again. The commit here fails when a command began meanwhile.
"""

from datetime import datetime

from google.cloud.firestore import DocumentReference, FieldFilter

from shared import cloud, log, ownership, store
from shared.errors import InProgress, NotYourDevice
from shared.operations import Operation
from shared.ownership import OVERTAKEN, ROUNDS
from shared.particle import errors


def release(
    uid: str, device_id: str, *, keep_history: bool, operation: Operation | None = None
) -> datetime:
    """End the user's ownership of a device, online or not; the time of it.

    Raises `NotYourDevice`, `InProgress` while a command is under way, and `ParticleError`.
    """
    for _ in range(ROUNDS):
        entry = store.device(device_id).get()
        registered = entry.to_dict() or {}
        if registered.get("ownerUid") != uid:
            raise NotYourDevice
        ownership.refuse_while_under_way(registered)
        release_at_particle(device_id)
        queued = _queued(uid, device_id)
        try:
            return ownership.take(
                entry, keep_history=keep_history, queued=queued, operation=operation
            )
        except OVERTAKEN:
            continue  # a command, or another release: look again
    raise InProgress(retryAfter=5)


def release_at_particle(device_id: str) -> None:
    """End any claim of the device at Particle; also of one that the product does not have."""
    try:
        cloud.particle().release_device(cloud.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        # Taken out of the product by the operator: no customer of it can own the device there.
        log.device_not_in_product(device_id)


def _queued(uid: str, device_id: str) -> list[DocumentReference]:
    """The user's commands that still wait for the device."""
    waiting = (
        store.user(uid)
        .collection(store.COMMANDS)
        .where(filter=FieldFilter("deviceId", "==", device_id))
        .where(filter=FieldFilter("status", "==", "queued"))
        .select([])
    )
    return [snapshot.reference for snapshot in waiting.stream()]
