"""Erasing what a customer's tree holds of a device they gave back.

A job is a document in `erasures`, created in the commit that ended the tenure. Everything below the
customer's device document that is older than the job goes; what is younger belongs to a later
tenure of the same customer and stays. That is exact, for both times are Firestore's own: nothing
can be stored below a device document that is gone.

A job can die and be run again at any point. It ends with its own document.
"""

import time

from shared import log, store, trees

BUDGET = 40.0
"""Seconds that one run takes at most; the function that runs it has more."""


def run(job_id: str, budget: float | None = None) -> None:
    """Erase, or go on erasing. Raises `trees.NotFinishedError` when another run has to follow."""
    job = store.erasures().document(job_id).get()
    fields = job.to_dict()
    if fields is None:
        return  # finished by an earlier run
    deadline = time.monotonic() + (BUDGET if budget is None else budget)
    device = store.user_device(fields["uid"], fields["deviceId"])
    for collection in device.collections():
        trees.erase(collection, deadline, until=job.create_time)
    job.reference.delete()
    log.history_erased(fields["uid"], fields["deviceId"])
