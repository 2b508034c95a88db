"""What `run_due` does every minute: whatever is due.

Shares expire, alerts change as time passes, schedules begin, and notifications wait no longer.

The rules refuse an expired share by its time, but only to whoever begins to listen: an open
listener goes on until the share is deleted. So a share is ended by a write, here. Calls look at the
time themselves. Several runs at once do no harm, since every ending depends on the share as it was
read.

`health/sweep` says when a run was completed and since when something is due that it did not get to.
`check_health` watches it, and alarms watch the log.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import log, settings
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.notifications import outbox
from shared.schedules import due as schedules_due
from shared.sharing import ending
from shared.telemetry.alerts import due as alerts_due

_NAME = "sweep"
_LATE = timedelta(seconds=settings.SWEEP_LATE)
_DUE_LATE = timedelta(seconds=settings.DUE_LATE)


@dataclass(frozen=True)
class Sweep:
    """The last completed run."""

    at: datetime | None
    """When; None if there was none yet."""
    oldest_due_at: datetime | None
    """Since when something was due that it did not get to; None if nothing was."""

    @classmethod
    def last(cls) -> "Sweep":
        """Read it; one document."""
        found = paths.health(_NAME).get().to_dict() or {}
        return cls(found.get("at"), found.get("oldestDueAt"))

    def is_late(self, now: datetime) -> bool:
        """Whether no run was completed for too long, or ever."""
        return self.at is None or now - self.at > _LATE

    def is_behind(self, now: datetime) -> bool:
        """Whether something has been due for too long, although runs are completed."""
        return self.oldest_due_at is not None and now - self.oldest_due_at > _DUE_LATE


def run() -> None:
    """End shares, see to alerts, begin schedules and wake notifications, then record the run.

    Begins nothing more after `settings.DUE_BUDGET` seconds. What is left, or fails, is left to the
    next run; when one part fails as a whole, this raises after the others.
    """
    end = time.monotonic() + settings.DUE_BUDGET
    failures: list[Exception] = []
    for part in (ending.end_expired, alerts_due.run, schedules_due.run, outbox.wake_due):
        try:
            part(end - time.monotonic())
        except FAILURES as failure:
            # The others do not wait for it. An index may still be missing, for example.
            failures.append(failure)
    if failures:
        raise failures[0]
    now = datetime.now(UTC)
    left = [
        *(one.get("expiresAt") for one in paths.expired_shares(now).limit(1).get()),
        *(one.get("dueAt") for one in paths.due_alerts(now).limit(1).get()),
        *(one.get("dueAt") for one in paths.due_schedules(now).limit(1).get()),
        *(one.get("dueAt") for one in paths.due_deliveries(now).limit(1).get()),
    ]
    oldest = min(left, default=None)
    paths.health(_NAME).set({"at": now, "oldestDueAt": oldest})


def check(now: datetime) -> None:
    """Log that runs are missing, or do not get to what is due."""
    last = Sweep.last()
    if last.is_late(now):
        log.sweep_late(round((now - last.at).total_seconds()) if last.at else None)
    elif last.oldest_due_at and last.is_behind(now):
        log.due_late(round((now - last.oldest_due_at).total_seconds()))
