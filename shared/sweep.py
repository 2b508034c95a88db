"""What the five-minute schedule does: settle what was begun and left by a call, a queue or a job.

Jobs are left over because the platform gives up a delivery after a day of failures. Several runs of
a job at once do no harm, so every job that is older than a few minutes is continued here, whether
or not its own trigger still tries.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from google.cloud.firestore import FieldFilter

from shared import log, settings
from shared.claims import release
from shared.commands import queue, record
from shared.firestore import paths
from shared.privacy import deletion

AT_ONCE = 50
"""Jobs of each kind that one run looks at."""


def run() -> None:
    """Settle calls, have waiting ones sent to devices that are online, and continue old jobs."""
    now = datetime.now(UTC)
    settled = record.settle_overdue(now)
    if settled:
        log.commands_settled(settled)
    queue.send_where_online(now)
    _continue_jobs(now - timedelta(seconds=settings.JOB_OVERDUE))


def _continue_jobs(before: datetime) -> None:
    """Run jobs of before a time, each as far as it gets; a failed one does not stop the others."""
    deadline = time.monotonic() + settings.SWEEP_BUDGET
    for name, job in _jobs(before):
        left = deadline - time.monotonic()
        if left <= 0:
            return
        try:
            job(left)
        except deletion.CONTINUED as failure:
            log.job_not_finished(name, failure)


def _jobs(before: datetime) -> list[tuple[str, Callable[[float], None]]]:
    """The jobs that began before a time: accounts to be deleted, and releases to be finished."""
    unerased = paths.deleted_users().where(filter=FieldFilter("erasedAt", "==", None))
    kinds = ((unerased, deletion.run), (paths.releases(), release.finish))
    return [
        (job.reference.path, partial(finish, job.id))
        for jobs, finish in kinds
        for job in jobs.limit(AT_ONCE).stream()
        if _created_at(job) <= before
    ]


def _created_at(job: paths.Snapshot) -> datetime:
    created_at: datetime = job.create_time
    return created_at
