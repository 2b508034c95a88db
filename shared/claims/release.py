"""Releasing: the owner, or the operator for them, gives a device back.

First here, in one commit that fails when a command or another change began meanwhile, then at
Particle: whoever is let in by the registry must not lose the device to a release of long ago. The
commit reserves the device for the release (`shared/registry/hold.py`), marks it
(`releasePending`) and creates a job, `releases/{id}`. What the request itself cannot do at Particle
or dies over, the job does; and it erases what the customer's tree holds of the device.

Everything below the customer's device document that is older than the job goes; what is younger
belongs to a later tenure of the same customer and stays. That is exact, for both times are
Firestore's own: nothing can be stored below a device document that is gone.

The job can die and be run again at any point. It ends with its own document.
"""

import time
from datetime import datetime
from functools import partial

from shared import log
from shared.audit import Operation
from shared.claims import at_particle, put_right
from shared.commands import record
from shared.errors import InProgress, NotYourDevice
from shared.firestore import erase, paths
from shared.particle.errors import ParticleError
from shared.registry import hold, ownership
from shared.registry.ownership import OVERTAKEN, RELEASE_PENDING, ROUNDS

BUDGET = 40.0
"""Seconds that one run of the job takes at most; the function that runs it has more."""


def release(
    uid: str, device_id: str, *, keep_history: bool, operation: Operation | None = None
) -> datetime:
    """End the user's ownership of a device, online or not; the time of it.

    Whatever Particle does: what fails there is left to the job. Raises `NotYourDevice`, and
    `InProgress` while a command is under way.
    """
    job = paths.releases().document()
    for number in range(ROUNDS):
        entry = paths.device(device_id).get()
        registered = entry.to_dict() or {}
        if registered.get("ownerUid") != uid:
            # Firestore's client repeats a commit whose answer was lost: it was ours, then.
            created_at: datetime | None = job.get().create_time if number else None
            if created_at:
                return created_at
            raise NotYourDevice
        ownership.refuse_while_under_way(registered)
        hold.refuse_while_held(registered, None)
        # Calls that wait for the device are cancelled in the same commit.
        cancel_waiting = partial(record.cancel_waiting, uid=uid, device_id=device_id)
        try:
            released_at, reservation = ownership.take(
                entry, job, keep_history=keep_history, also=cancel_waiting, operation=operation
            )
        except OVERTAKEN:
            continue  # a command, or another release: look again
        try:
            at_particle.end_claim(reservation)
        except ParticleError as failure:
            reservation.take_back()
            log.release_to_be_continued(device_id, failure)
        else:
            reservation.take_back(RELEASE_PENDING)
        return released_at
    raise InProgress(retryAfter=5)


def finish(job_id: str, budget: float | None = None) -> None:
    """Do what is left of a release, or go on with it.

    Raises `trees.NotFinishedError`, `InProgress`, `ParticleError` and what Firestore raises when
    another run has to follow.
    """
    deadline = time.monotonic() + (BUDGET if budget is None else budget)
    job = paths.releases().document(job_id).get()
    fields = job.to_dict()
    if fields is None:
        return  # finished by an earlier run
    try:
        entry = paths.device(fields["deviceId"]).get()
        if (entry.to_dict() or {}).get(RELEASE_PENDING):
            put_right.put_right(entry, job_id)
    finally:
        # An outage at Particle does not keep the history.
        if not fields["keepHistory"]:
            _erase_history(job, deadline)
    job.reference.delete()


def _erase_history(job: paths.Snapshot, deadline: float) -> None:
    uid, device_id = job.get("uid"), job.get("deviceId")
    for collection in paths.user_device(uid, device_id).collections():
        erase.erase(collection, deadline, until=job.create_time)
    log.history_erased(uid, device_id)
