"""Lets time pass for alerts: pending ones fire, devices fall silent, people are reminded.

A device that is silent while nothing arrives from anywhere is probably not at fault. So silence is
reported only if the canary says that the way from Particle to here is in order; otherwise the alert
waits, and fires with `suspect` when the way is broken for too long.
"""

import time
from datetime import UTC, datetime, timedelta
from functools import cached_property

from google.api_core.exceptions import FailedPrecondition, NotFound

from shared import log, settings
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.telemetry.alerts.judgement import FIELDS, Clock, NotYetError, Subject, heard, judge
from shared.telemetry.alerts.rule import Silence
from shared.telemetry.alerts.state import State, silent_at
from shared.telemetry.alerts.stored import readable
from shared.telemetry.canary import Health
from shared.telemetry.repair import OvertakenError

PAGE = 200
"""Alerts that are due, read at once."""
HELD = timedelta(minutes=5)
"""How long an alert for silence waits before it looks again whether the way is in order."""
MOST_HELD = timedelta(hours=2)
"""How long it waits at most."""


def run(budget: float) -> None:
    """Do what is due for `budget` seconds, first what became due first.

    An alert that cannot be judged is logged, left to the next run, and holds up no other.
    """
    end = time.monotonic() + budget
    due = _Due(datetime.now(UTC))
    query = paths.due_alerts(due.now).limit(PAGE)
    page = query.get() if budget > 0 else []
    while page:
        for snapshot in page:
            if time.monotonic() >= end:
                return
            try:
                due.act(snapshot)
            except (OvertakenError, *FAILURES) as failure:
                log.alert_not_judged(snapshot.reference.parent.parent.id, snapshot.id, failure)
        page = query.start_after(page[-1]).get() if len(page) == PAGE else []


class _Due:
    """One run."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._clock = Clock(now, self._is_doubtful)

    @cached_property
    def _way_is_healthy(self) -> bool:
        """Read once in a run, and only if a device is silent."""
        return not settings.health_check() or Health.last().is_good(self.now)

    def act(self, snapshot: paths.Snapshot) -> None:
        read = readable([snapshot])
        if not read:
            return
        [alert] = read
        device = snapshot.reference.parent.parent
        subject = Subject(device.parent.parent.id, device.id, alert.epoch)
        if isinstance(alert.rule, Silence) and alert.status.state is State.NORMAL:
            shown = device.get(FIELDS).to_dict() or {}
            if shown.get("claimEpoch") != alert.epoch:
                snapshot.reference.delete()  # of a tenure that is over
                return
            silent_from = silent_at(alert.rule, heard(subject, shown, alert))
            if silent_from > self.now:
                self._wait(snapshot, silent_from)
                return
        elif (device.get(["claimEpoch"]).to_dict() or {}).get("claimEpoch") != alert.epoch:
            snapshot.reference.delete()
            return
        try:
            judge(subject, [alert.id], alert.status.since, self._clock)
        except NotYetError:
            log.silence_held(device.id, alert.id)
            self._wait(snapshot, self.now + HELD)

    def _is_doubtful(self, silent_from: datetime) -> bool:
        if self._way_is_healthy:
            return False
        if self.now < silent_from + MOST_HELD:
            raise NotYetError
        return True

    def _wait(self, snapshot: paths.Snapshot, until: datetime) -> None:
        """Look again later. It is no change of the alert's state, so no instance has to know it."""
        unchanged = paths.client().write_option(last_update_time=snapshot.update_time)
        try:
            snapshot.reference.update({"dueAt": until}, option=unchanged)
        except (FailedPrecondition, NotFound):
            return  # something has changed it, and said itself when it is due
