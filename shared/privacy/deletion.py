"""Deleting an account: a tombstone first, then a job that can crash and be run again at any point.

The tombstone, `deletedUsers/{uid}`, makes the tree unreadable at once (`firestore.rules`) and stops
whatever would write into it (`account.unless_deleted`). The job then does the following in this
order, each step repeatable: it disables the sign-in, ends the shares that others gave the customer,
gives the devices back, ends what Particle has of the customer, erases the tree and the records of
tenures, and last deletes the user in Auth. As long as that user exists, the deletion is not
reported as done. `docs/security.md` lists what stays, and why.
"""

import contextlib
import time

from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError
from google.cloud.firestore import SERVER_TIMESTAMP, FieldFilter

from shared import audit, connections, log, settings
from shared.audit import Operation
from shared.claims import release
from shared.customers import app_tokens, shadow
from shared.errors import NotYourDevice, ProductError
from shared.firestore import deadline, erase, paths
from shared.firestore.deadline import FAILURES
from shared.particle.errors import ParticleError
from shared.registry.entry import AWAITED, RESERVATION, Entry, without
from shared.sharing import ending

CONTINUED = (ProductError, ParticleError, FirebaseError, erase.NotFinishedError, *FAILURES)
"""What stops a run, so that another one has to continue."""


def delete(uid: str, patience: float, operation: Operation | None = None) -> str:
    """Delete an account: `deleted`, or `scheduled` when erasing continues in the background.

    Either way nothing can be read or done with it from now on. `patience` is how many seconds of
    erasing the caller waits for. An operator's `operation` is recorded.
    """
    schedule(uid, operation)
    try:
        run(uid, patience)
    except CONTINUED as failure:
        # The tombstone's trigger runs the same job until it is done; after a day the schedule does.
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


def run(uid: str, budget: float = settings.JOB_BUDGET) -> None:
    """Erase everything, or what earlier runs have left; begin nothing more after `budget` seconds.

    Raises one of `CONTINUED` when another run has to follow. Two runs at the same time do not harm
    each other. A person may wait for the run, but it asks Firestore with a job's patience.
    """
    with deadline.until(time.monotonic() + budget, deadline.EVENT):
        _run(uid)


def _run(uid: str) -> None:
    tombstone = paths.deleted_user(uid).get()
    fields = tombstone.to_dict() or {}
    if not tombstone.exists or fields.get("erasedAt"):
        return
    app = connections.firebase()
    # Deleted by an earlier run, or by somebody in the console.
    with contextlib.suppress(auth.UserNotFoundError):
        auth.update_user(uid, disabled=True, app=app)
    ending.end_of_guest(uid)
    _give_devices_back(uid)
    if "forgottenAt" not in fields:
        _forget_customer(uid)
        tombstone.reference.update({"forgottenAt": SERVER_TIMESTAMP})
    _erase(uid)
    with contextlib.suppress(auth.UserNotFoundError):
        auth.delete_user(uid, app=app)
    # What was being written while the rest was erased; nothing is written after it.
    _erase(uid)
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
            kept.append(failure)  # the other devices do not wait for it
    if kept:
        raise kept[0]
    for fields in (AWAITED, RESERVATION):
        begun = paths.devices().where(filter=FieldFilter(fields[0], "==", uid))
        for device in begun.select([]).stream():
            # If another has begun meanwhile, this run fails, and the next one looks again.
            Entry(device).update(without(fields))


def _forget_customer(uid: str) -> None:
    """End what Particle has of the customer: tokens of apps and, where asked for, the customer."""
    name = shadow.known_name(uid) if shadow.customers_exist() else None
    gone = name is not None and shadow.remove(name)
    app_tokens.forget(uid, customer_gone=gone)


def _erase(uid: str) -> None:
    for collection in erase.collections(uid):
        erase.erase(collection)
    batch = paths.client().batch()
    batch.delete(paths.user(uid))
    batch.delete(paths.customer(uid))
    batch.commit()
    erase.erase(paths.tenures_of(uid))
    erase.erase(paths.schedule_runs_of(uid))
    for whose in ("uid", "ownerUid"):
        erase.erase(paths.deliveries().where(filter=FieldFilter(whose, "==", uid)))
