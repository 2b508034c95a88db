"""Deleting an account: a tombstone first, then a job that can die and be run again at any point.

The tombstone, `deletedUsers/{uid}`, makes the tree unreadable at once (`firestore.rules`) and stops
whatever would write into it (`ownership.unless_deleted`). The job then goes, in this order, each
step repeatable: sign-in disabled, devices given back, what Particle has of the customer, the tree
and the records of tenures, and last the user in Auth. Until that is gone, nobody can say that the
deletion is done. `docs/security.md` lists what stays, and why.
"""

import contextlib
import time

from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP, FieldFilter

from shared import audit, connections, log
from shared.audit import Operation
from shared.claims import access, release
from shared.errors import NotYourDevice, ProductError
from shared.firestore import erase, paths
from shared.firestore.deadline import FAILURES
from shared.particle.errors import ParticleError
from shared.registry import hold

BUDGET = 40.0
"""Seconds that one run takes at most; the function that runs it has more."""

CONTINUED = (ProductError, ParticleError, FirebaseError, erase.NotFinishedError, *FAILURES)
"""What stops a run: another one goes on."""


def delete(uid: str, patience: float, operation: Operation | None = None) -> str:
    """Delete an account: `deleted`, or `scheduled` when erasing goes on in the background.

    Either way nothing can be read or done with it from now on. `patience` is in seconds. An
    operator's `operation` is recorded.
    """
    schedule(uid, operation)
    try:
        run(uid, patience)
    except CONTINUED as failure:
        # The tombstone's trigger runs the same job until it is done, and after a day the schedule.
        log.deletion_to_be_continued(uid, failure)
        return "scheduled"
    return "deleted"


def schedule(uid: str, operation: Operation | None = None) -> None:
    """Write the tombstone: from here on the account is deleted, whatever happens."""
    batch = paths.client().batch()
    batch.set(paths.deleted_user(uid), {"at": SERVER_TIMESTAMP, "erasedAt": None})
    if operation:
        audit.note(batch, operation, uid=uid)
    batch.commit()


def run(uid: str, budget: float = BUDGET) -> None:
    """Erase everything, or go on with it.

    Raises one of `CONTINUED` when another run has to follow. Two at once do not harm each other.
    """
    tombstone = paths.deleted_user(uid).get()
    fields = tombstone.to_dict() or {}
    if not tombstone.exists or fields.get("erasedAt"):
        return
    deadline = time.monotonic() + budget
    app = connections.firebase()
    # Deleted by an earlier run, or by somebody in the console.
    with contextlib.suppress(auth.UserNotFoundError):
        auth.update_user(uid, disabled=True, app=app)
    _give_devices_back(uid)
    if "forgottenAt" not in fields:
        access.mode().forget(uid)
        tombstone.reference.update({"forgottenAt": SERVER_TIMESTAMP})
    _erase(uid, deadline)
    with contextlib.suppress(auth.UserNotFoundError):
        auth.delete_user(uid, app=app)
    # What was being written while the rest was erased; nothing comes after it.
    _erase(uid, deadline)
    tombstone.reference.update({"erasedAt": SERVER_TIMESTAMP})
    log.account_deleted(uid)


def _give_devices_back(uid: str) -> None:
    owned = paths.devices().where(filter=FieldFilter("ownerUid", "==", uid))
    kept: list[Exception] = []
    for device in owned.select([]).stream():
        try:
            # The whole tree is erased below, history included.
            release.release(uid, device.id, keep_history=True)
        except NotYourDevice:
            continue  # given back by another run
        except CONTINUED as failure:
            kept.append(failure)  # the others are not to wait for it
    if kept:
        raise kept[0]
    for fields in (("awaitedBy", "awaitedUntil"), hold.FIELDS):
        begun = paths.devices().where(filter=FieldFilter(fields[0], "==", uid))
        for device in begun.select([]).stream():
            # Unless another has begun meanwhile: then this run fails, and the next one looks again.
            unchanged = paths.client().write_option(last_update_time=device.update_time)
            device.reference.update(dict.fromkeys(fields, DELETE_FIELD), option=unchanged)


def _erase(uid: str, deadline: float) -> None:
    for collection in erase.collections(uid):
        erase.erase(collection, deadline)
    paths.user(uid).delete()
    erase.erase(paths.tenures_of(uid), deadline)
