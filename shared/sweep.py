"""What the five-minute schedule does: settle what was left over, and look for what no event says.

What a call, a queue or a job has begun may be left over. No event says that a sign-in was ended in
Firebase's console, or that a stranger has claimed a device at Particle.

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
from shared.claims import release, strangers
from shared.commands import queue, record
from shared.customers import app_tokens
from shared.firestore import paths
from shared.privacy import deletion

AT_ONCE = 50
"""Jobs of each kind that one run looks at."""


def run() -> None:
    """Settle calls, have waiting ones sent to devices that are online, and continue old jobs.

    And end tokens whose sign-in has ended, and claims of strangers at Particle.
    """
    now = datetime.now(UTC)
    settled = record.settle_overdue(now)
    if settled:
        log.commands_settled(settled)
    queue.send_where_online(now)
    _continue_jobs(now - timedelta(seconds=settings.JOB_OVERDUE))
    # Not before: whoever was disabled is to lose their tokens soon, and Particle may be slow.
    for name, task in (
        ("ending tokens of ended sign-ins", partial(app_tokens.end_where_sign_in_ended, now)),
        ("owners at Particle", partial(strangers.sweep, settings.SWEEP_BUDGET)),
    ):
        try:
            task()
        except deletion.CONTINUED as failure:
            log.job_not_finished(name, failure)


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
    """The jobs to continue: endings of tokens, and what began before a time.

    That are accounts to be deleted, and releases to be finished. Tokens are to end soon.
    """
    unerased = paths.deleted_users().where(filter=FieldFilter("erasedAt", "==", None))
    kinds = ((unerased, deletion.run), (paths.releases(), release.finish))
    return [
        *(
            (job.reference.path, partial(_end_tokens, job.id))
            for job in paths.token_endings().limit(AT_ONCE).stream()
        ),
        *(
            (job.reference.path, partial(finish, job.id))
            for jobs, finish in kinds
            for job in jobs.limit(AT_ONCE).stream()
            if _created_at(job) <= before
        ),
    ]


def _end_tokens(uid: str, _budget: float) -> None:
    app_tokens.finish(uid)


def _created_at(job: paths.Snapshot) -> datetime:
    created_at: datetime = job.create_time
    return created_at
