"""Jobs that nobody runs any more: the platform gives a delivery up after a day of failures.

Any number of runs at once do a job no harm, so whatever is older than a few minutes is gone on
with, whether or not its own trigger still tries.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from google.cloud.firestore import FieldFilter

from shared import deletion, erasing, log, store

OLD = timedelta(minutes=10)
"""Age of a job that its own trigger should have done."""
BUDGET = 40.0
"""Seconds for all of them in one run."""
AT_ONCE = 50
"""Jobs of each kind that one run looks at."""


def go_on(now: datetime) -> None:
    """Run old jobs, each as far as it comes; one that fails keeps none of the others waiting."""
    deadline = time.monotonic() + BUDGET
    for name, job in _old(now - OLD):
        left = deadline - time.monotonic()
        if left <= 0:
            return
        try:
            job(left)
        except deletion.CONTINUED as failure:
            log.job_not_finished(name, failure)


def _old(before: datetime) -> list[tuple[str, Callable[[float], None]]]:
    """The jobs that began before a time: accounts to be deleted, and histories to be erased."""
    unerased = store.deleted_users().where(filter=FieldFilter("erasedAt", "==", None))
    tombstones = list(unerased.limit(AT_ONCE).stream())
    erasures = list(store.erasures().limit(AT_ONCE).stream())
    return [
        *((t.reference.path, partial(deletion.run, t.id)) for t in tombstones if _at(t) <= before),
        *((e.reference.path, partial(erasing.run, e.id)) for e in erasures if _at(e) <= before),
    ]


def _at(job: store.Snapshot) -> datetime:
    began: datetime = job.create_time
    return began
