"""Deleting an account: a tombstone first, then a job that can die and be run again at any point.

The tombstone, `deletedUsers/{uid}`, makes the tree unreadable at once (`firestore.rules`) and stops
whatever would write into it (`ownership.unless_deleted`). The job then goes, in this order, each
step repeatable: sign-in disabled, devices given back, what Particle has of the customer, the tree,
and last the user in Auth. Until that is gone, nobody can say that the deletion is done.
"""

import contextlib
import time

from firebase_admin import auth
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP, FieldFilter

from shared import access, cloud, log, releasing, store, trees

BUDGET = 40.0
"""Seconds that one run takes at most; the function that runs it has 60."""


def schedule(uid: str) -> None:
    """Write the tombstone: from here on the account is deleted, whatever happens."""
    store.deleted_user(uid).set({"at": SERVER_TIMESTAMP})


def run(uid: str, budget: float = BUDGET) -> None:
    """Erase everything, or go on with it.

    Raises `trees.NotFinishedError`, `InProgress` (a command is under way), `ParticleError` and what
    Firestore and Auth raise: another run has to follow.
    """
    tombstone = store.deleted_user(uid).get()
    if not tombstone.exists or "erasedAt" in (tombstone.to_dict() or {}):
        return
    deadline = time.monotonic() + budget
    app = cloud.firebase()
    # Deleted by an earlier run, or by somebody in the console.
    with contextlib.suppress(auth.UserNotFoundError):
        auth.update_user(uid, disabled=True, app=app)
    _give_devices_back(uid)
    access.mode().forget(uid)
    _erase(uid, deadline)
    with contextlib.suppress(auth.UserNotFoundError):
        auth.delete_user(uid, app=app)
    # What was being written while the rest was erased; nothing comes after it.
    _erase(uid, deadline)
    tombstone.reference.update({"erasedAt": SERVER_TIMESTAMP})
    log.account_deleted(uid)


def _give_devices_back(uid: str) -> None:
    owned = store.devices().where(filter=FieldFilter("ownerUid", "==", uid))
    for device in owned.select([]).stream():
        # The whole tree is erased below, history included.
        releasing.release(uid, device.id, keep_history=True)
    awaited = store.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
    for device in awaited.select([]).stream():
        device.reference.update({"awaitedBy": DELETE_FIELD, "awaitedUntil": DELETE_FIELD})


def _erase(uid: str, deadline: float) -> None:
    for collection in trees.collections(uid):
        trees.erase(collection, deadline)
    store.user(uid).delete()
