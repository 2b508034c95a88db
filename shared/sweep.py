"""Jobs that nobody runs any more: the platform gives a delivery up after a day of failures.

Any number of runs at once do a job no harm, so whatever is older than a few minutes is gone on
with, whether or not its own trigger still tries.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from google.cloud.firestore import FieldFilter

from shared import log
from shared.claims import release
from shared.firestore import paths
from shared.privacy import deletion

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
    """The jobs that began before a time: accounts to be deleted, and releases to be finished."""
    unerased = paths.deleted_users().where(filter=FieldFilter("erasedAt", "==", None))
    kinds = ((unerased, deletion.run), (paths.releases(), release.finish))
    return [
        (job.reference.path, partial(run, job.id))
        for jobs, run in kinds
        for job in jobs.limit(AT_ONCE).stream()
        if _at(job) <= before
    ]


def _at(job: paths.Snapshot) -> datetime:
    began: datetime = job.create_time
    return began
