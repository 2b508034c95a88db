"""Begins the runs that are due: each occurrence once, and none that is late.

One commit moves a schedule on to its next time and creates the run, under the condition that the
schedule is as it was read. So of two runs of this sweep one begins it. An occurrence that is late
by more than `LATE` is missed: nobody expects the heating at nine that was to come at six.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound

from shared import log
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.schedules.plan import PAUSED, timetable_of
from shared.schedules.timetable import Kind

PAGE = 200
"""Schedules that are due, read at once."""
LATE = timedelta(minutes=10)
"""An occurrence that is not begun by then is missed."""
KEPT = timedelta(days=2)
"""How long a run's document is kept if nothing deletes it."""


def run(budget: float) -> None:
    """Begin what is due for `budget` seconds, first what became due first.

    A schedule that fails is logged, left to the next run, and holds up no other.
    """
    end, now = time.monotonic() + budget, datetime.now(UTC)
    _wake(end, now)
    query = paths.due_schedules(now).limit(PAGE)
    page = query.get() if time.monotonic() < end else []
    while page:
        for schedule in page:
            if time.monotonic() >= end:
                return
            try:
                _begin(schedule, now)
            except (KeyError, TypeError, ValueError, *FAILURES) as failure:
                # Also one that was damaged by hand.
                device = schedule.reference.parent.parent
                log.schedule_not_begun(device.id, schedule.id, failure)
        page = query.start_after(page[-1]).get() if len(page) == PAGE else []


def _begin(schedule: paths.Snapshot, now: datetime) -> None:
    fields = schedule.to_dict() or {}
    device = schedule.reference.parent.parent
    uid = device.parent.parent.id
    shown, account = paths.read_all([device, paths.schedule_preferences(uid)])
    known = shown.to_dict() or {}
    if known.get("claimEpoch") != fields["claimEpoch"]:
        schedule.reference.delete()  # of a tenure that is over
        return
    due_at: datetime = fields["dueAt"]
    rests = [known.get(PAUSED), (account.to_dict() or {}).get(PAUSED)]
    outcome = "started"
    if any(until and due_at < until for until in rests):
        outcome = "paused"
    elif now - due_at > LATE:
        outcome = "missed"
    once = fields["kind"] == Kind.ONCE
    changes: dict[str, Any] = {
        "dueAt": None if once else timetable_of(fields).next_after(now),
        "last": {"dueAt": due_at, "outcome": outcome, "commandId": None, "reason": None, "at": now},
    }
    if once:
        changes["enabled"] = False
    batch = paths.client().batch()
    unchanged = paths.client().write_option(last_update_time=schedule.update_time)
    batch.update(schedule.reference, changes, option=unchanged)
    if outcome == "started":
        occurrence = round(due_at.timestamp() * 1000)
        run_id = f"{schedule.id}-{occurrence}"
        batch.create(
            paths.schedule_run(run_id),
            {
                "uid": uid,
                "deviceId": device.id,
                "scheduleId": schedule.id,
                "claimEpoch": fields["claimEpoch"],
                "dueAt": due_at,
                "attempt": 1,
                "retryAt": now,
                "expireAt": now + KEPT,
            },
        )
    try:
        batch.commit()
    except (Aborted, AlreadyExists, FailedPrecondition, NotFound):
        return  # another run of this sweep was quicker, or somebody has changed it
    if outcome == "missed":
        log.schedule_missed(device.id, schedule.id, round((now - due_at).total_seconds()))


def _wake(end: float, now: datetime) -> None:
    """Have runs tried again that wait, or whose process crashed: each change triggers one."""
    for one in paths.due_runs(now).limit(PAGE).stream():
        if time.monotonic() >= end:
            return
        unchanged = paths.client().write_option(last_update_time=one.update_time)
        try:
            one.reference.update({"wokenAt": now}, option=unchanged)
        except (Aborted, FailedPrecondition, NotFound):
            continue  # it goes on by itself
