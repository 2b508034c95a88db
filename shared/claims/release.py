"""Releasing: the owner, or the operator for them, gives a device back.

The ownership ends here first, in one commit that fails when a call or another change began
meanwhile, and then at Particle: whoever becomes the owner here must not lose the device to a
release that is late. The commit reserves the device for the release (`shared/registry/hold.py`),
marks it (`releasePending`) and creates a job, `releases/{id}`. The shares and invitations of the
device end in the same commit. The job does what the request could not do at Particle, and erases
what the customer's tree holds of the device. With the last device,
the tokens of Particle end that the customer's apps have.

The job erases everything below the customer's device document that is older than the job; what is
younger belongs to a later tenure of the same customer and stays. That is exact, since both times
are Firestore's own and nothing can be stored below a device document that is gone.

The job can crash and be run again at any point. It ends with its own document.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from google.cloud.firestore import WriteBatch

from shared import log, settings
from shared.audit import Operation
from shared.claims import at_particle
from shared.commands import record
from shared.customers import app_tokens
from shared.errors import InProgress, NotYourDevice, ProductError
from shared.firestore import deadline, erase, paths
from shared.firestore.deadline import FAILURES
from shared.particle.errors import ParticleError
from shared.registry import ownership
from shared.registry.entry import RELEASE_PENDING, Entry
from shared.registry.ownership import OVERTAKEN, ROUNDS, Owned
from shared.sharing import ending


def release(
    uid: str, device_id: str, *, keep_history: bool, operation: Operation | None = None
) -> datetime:
    """End the user's ownership of a device, online or not; the time of it.

    What fails at Particle is left to the job. Raises `NotYourDevice`, and `InProgress` while a call
    is under way.
    """
    job = paths.releases().document()
    for number in range(ROUNDS):
        found, tokens = paths.read_all([paths.device(device_id), paths.app_tokens(uid)])
        entry = Entry(found)
        if entry.owner_uid != uid:
            # Firestore's client repeats a commit whose answer was lost: then it was ours.
            created_at: datetime | None = job.get().create_time if number else None
            if created_at:
                return created_at
            raise NotYourDevice
        entry.refuse_while_called()
        entry.refuse_while_reserved()
        try:
            released_at, reservation = ownership.end(
                uid,
                entry,
                job,
                keep_history=keep_history,
                also=partial(_end_with_tenure, entry),
                operation=operation,
            )
        except OVERTAKEN:
            continue  # a call, or another release: look again
        try:
            if app_tokens.are_out(tokens):
                # First: a token could claim the device again as soon as it is free.
                app_tokens.end_without_device(uid)
            at_particle.end_claim(reservation)
        except (ParticleError, InProgress, *FAILURES) as failure:
            reservation.release()
            log.release_to_be_continued(device_id, failure)
        else:
            reservation.release(RELEASE_PENDING)
        return released_at
    raise InProgress(retryAfter=5)


def hand_over(
    uid: str,
    entry: Entry,
    to: str,
    also: Callable[[WriteBatch], None],
    *,
    transfer_id: str | None = None,
    keep_history: bool = False,
    operation: Operation | None = None,
) -> Owned:
    """Make another the owner of the user's device, as its entry was read; a release and a claim.

    By an offer that the other has accepted, or by an operator. What fails at Particle is left to
    the job. Raises one of `OVERTAKEN`.
    """
    job = paths.releases().document()

    def end(batch: WriteBatch) -> None:
        record.cancel_waiting(batch, uid, entry.device_id)
        also(batch)

    owned, reservation = ownership.hand_over(
        uid,
        entry,
        to,
        job,
        end,
        transfer_id=transfer_id,
        keep_history=keep_history,
        operation=operation,
    )
    try:
        app_tokens.end_without_device(uid)
        device = at_particle.in_product(entry.device_id)
        at_particle.mode().claim(to, device, reservation, at_particle.nothing)
    except (ParticleError, ProductError, *FAILURES) as failure:
        reservation.release()
        log.release_to_be_continued(entry.device_id, failure)
    else:
        reservation.release(RELEASE_PENDING)
    return owned


def _end_with_tenure(entry: Entry, batch: WriteBatch) -> None:
    """Add to a commit what ends with the owner's tenure: calls that wait, shares, invitations."""
    record.cancel_waiting(batch, str(entry.owner_uid), entry.device_id)
    ending.end_all(batch, entry, "released")


def finish(job_id: str, budget: float = settings.JOB_BUDGET) -> None:
    """Do what is left of a release; after `budget` seconds erase no more.

    Raises `erase.NotFinishedError`, `InProgress`, `ParticleError` and what Firestore raises when
    another run has to follow.
    """
    end = time.monotonic() + budget
    job = paths.releases().document(job_id).get()
    fields = job.to_dict()
    if fields is None:
        return  # finished by an earlier run
    try:
        # Tokens that were minted while the request looked, or that it could not end.
        app_tokens.end_without_device(fields["uid"])
        entry = Entry.read(fields["deviceId"])
        if entry.release_pending:
            # Not within the budget: a claim that a slow Particle has ended is to be recorded so.
            at_particle.put_right(entry, job_id)
    finally:
        # An outage at Particle does not keep the history.
        with deadline.until(end, deadline.EVENT):
            _erase_rest(job)
            if not fields["keepHistory"]:
                _erase_history(job)
    job.reference.delete()


def _erase_history(job: paths.Snapshot) -> None:
    uid, device_id = job.get("uid"), job.get("deviceId")
    for collection in paths.user_device(uid, device_id).collections():
        erase.erase(collection, until=job.create_time)
    log.history_erased(uid, device_id)


def _erase_rest(job: paths.Snapshot) -> None:
    """Erase what means nothing after the tenure: alerts, schedules, and invitations.

    The commit leaves some invitations when there are too many.
    """
    device = paths.user_device(job.get("uid"), job.get("deviceId"))
    for name in (paths.ALERTS, paths.SCHEDULES, paths.INVITATIONS):
        erase.erase(device.collection(name), until=job.create_time)
