"""Looks at each stored event whether it changes an alert of its device; if so, judges the alert.

The look costs nothing: the alerts are remembered, and the event's own commit returns the device's
`alertsVersion`, which counts every change of an alert's rule or state. When the version is the
remembered one, so were the rules and states at the moment of the commit. Otherwise they are loaded.

A judgement is rare, and reads. It applies the stored events to the stored alerts, in the order of
publishing, and writes under the condition that the device's document has not changed meanwhile.
Every event, and every change of a rule, changes that document. So a judgement misses nothing that
was committed before it, and whatever is committed later is looked at with the new version.

A process may crash between an event's commit and the judgement. The message is then delivered
again, and the copy is looked at, too.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, Increment

from shared import log
from shared.cache import Cache
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.firestore.raw import path
from shared.telemetry import value as values
from shared.telemetry.alert import (
    Alert,
    Reading,
    State,
    Status,
    all_steps,
    ripen,
    status_fields,
    steps,
    time_of,
)
from shared.telemetry.batch import ALERTS_VERSION as VERSION
from shared.telemetry.message import Event, order_of
from shared.telemetry.repair import OvertakenError, newest_first
from shared.telemetry.tenure import Tenure

FIRING = "firing"
"""The field of a device's document that names the alerts that fire, each with its severity."""

ROUNDS = 20
"""How often a judgement is tried while other commits change the device's document."""
TOO_LATE = timedelta(hours=24)
"""An event that is older when it arrives changes no alert."""
LOOK_BACK = timedelta(minutes=10)
"""How far before an event a judgement reads: for events whose process crashed."""
LOG_KEPT = timedelta(days=400)
"""How long the record of a transition is kept."""
PAGE = 200
"""Alerts that are due, read at once."""
MAX_KNOWN = 5_000
"""Devices whose alerts an instance remembers."""


class Subject(NamedTuple):
    """A device in a tenure."""

    uid: str
    device_id: str
    epoch: int

    @property
    def device(self) -> Any:
        """The owner's document of it."""
        return paths.user_device(self.uid, self.device_id)


class _Known(NamedTuple):
    version: int
    alerts: Sequence[Alert]


_known: Cache[Subject, _Known] = Cache(MAX_KNOWN)


def consider(event: Event, tenure: Tenure, version: int | None) -> None:
    """Judge the alerts that a stored event may change.

    `version` is that of the device's alerts at the event's commit, or later; None when that is not
    known. Raises `OvertakenError`.
    """
    subject = Subject(tenure.uid, event.device_id, tenure.epoch)
    if version is None:
        shown = subject.device.get([VERSION]).to_dict() or {}
        version = shown.get(VERSION, 0)
    if not version or datetime.now(UTC) - event.published_at > TOO_LATE:
        return  # the device has never had an alert, or it is too late
    known = _known.get(subject)
    if known is None or known.version != version:
        known = _Known(version, list(_stored(subject)))
        _known.put(subject, known)
    reading = Reading(event.value, event.published_at, event.order)
    for alert in known.alerts:
        if alert.rule.event == event.name and any(steps(alert.rule, alert.status, reading)):
            judge(subject, event.name, event.published_at)
            return


def judge(subject: Subject, name: str, at: datetime, *, now: datetime | None = None) -> None:
    """Apply the events of a name, from shortly before `at`, to the device's alerts.

    With `now`, a pending alert that is due fires. Raises `OvertakenError`.
    """
    for _ in range(ROUNDS):
        shown = subject.device.get(["claimEpoch", VERSION])
        fields = shown.to_dict() or {}
        if fields.get("claimEpoch") != subject.epoch:
            return  # the device has left the customer
        alerts = [alert for alert in _stored(subject) if alert.rule.event == name]
        if not alerts:
            return
        since = min(_from(alert, at) for alert in alerts)
        readings = _readings(subject, name, since)
        changes = [(a, made) for a in alerts if (made := _transitions(a, readings, now))]
        if not changes:
            return
        try:
            _write(subject, shown, fields.get(VERSION, 0), changes)
        except (Aborted, AlreadyExists, FailedPrecondition):
            continue
        except NotFound:
            return  # the device has left the customer
        return
    raise OvertakenError(f"alerts of {name!r} are overtaken faster than they can be judged")


def fire_due(budget: float) -> None:
    """Let pending alerts fire that are due, for `budget` seconds.

    One that cannot be judged is logged, left to the next run, and holds up no other.
    """
    end, now = time.monotonic() + budget, datetime.now(UTC)
    query = paths.due_alerts(now).limit(PAGE)
    page = query.get() if budget > 0 else []
    while page:
        for snapshot in page:
            if time.monotonic() >= end:
                return
            try:
                _fire(snapshot, now)
            except (OvertakenError, *FAILURES) as failure:
                log.alert_not_judged(snapshot.reference.parent.parent.id, snapshot.id, failure)
        page = query.start_after(page[-1]).get() if len(page) == PAGE else []


def _fire(snapshot: paths.Snapshot, now: datetime) -> None:
    device = snapshot.reference.parent.parent
    alert = Alert.stored(snapshot.id, snapshot.to_dict() or {})
    if (device.get(["claimEpoch"]).to_dict() or {}).get("claimEpoch") != alert.epoch:
        snapshot.reference.delete()  # of a tenure that is over
        return
    subject = Subject(device.parent.parent.id, device.id, alert.epoch)
    judge(subject, alert.rule.event, alert.status.since, now=now)


def _stored(subject: Subject) -> Iterable[Alert]:
    """The device's alerts of this tenure that are switched on."""
    for snapshot in subject.device.collection(paths.ALERTS).stream():
        alert = Alert.stored(snapshot.id, snapshot.to_dict() or {})
        if alert.enabled and alert.epoch == subject.epoch:
            yield alert


def _from(alert: Alert, at: datetime) -> datetime:
    """From when on the events may matter for an alert."""
    if alert.status.state is State.PENDING:
        return min(alert.status.since, at)
    return max(time_of(alert.status.order), at - LOOK_BACK)


def _readings(subject: Subject, name: str, since: datetime) -> list[Reading]:
    found = []
    for snapshot in newest_first(subject.device, name, since).stream():
        fields = snapshot.to_dict() or {}
        if fields.get("claimEpoch") == subject.epoch:
            at = fields["publishedAt"]
            value = values.read_again(fields).value
            found.append(Reading(value, at, order_of(at, snapshot.id)))
    return sorted(found, key=lambda reading: reading.order)


def _transitions(alert: Alert, readings: Iterable[Reading], now: datetime | None) -> list[Status]:
    made = all_steps(alert, readings)
    last = made[-1] if made else alert.status
    ripe = ripen(alert.rule, last, now) if now else last
    return made if ripe == last else [*made, ripe]


def _write(
    subject: Subject,
    shown: paths.Snapshot,
    version: int,
    changes: Sequence[tuple[Alert, Sequence[Status]]],
) -> None:
    batch = paths.client().batch()
    device: dict[str, Any] = {VERSION: Increment(1)}
    alerts = subject.device.collection(paths.ALERTS)
    log_entries = subject.device.collection(paths.ALERT_LOG)
    now = datetime.now(UTC)
    for alert, made in changes:
        last = made[-1]
        batch.update(alerts.document(alert.id), status_fields(alert.rule, last))
        fires = last.state is State.FIRING
        device[path(FIRING, alert.id)] = alert.severity if fires else DELETE_FIELD
        if State.FIRING in {alert.status.state, *(one.state for one in made)}:
            entry = {
                "alertId": alert.id,
                "name": alert.name,
                "severity": alert.severity,
                "from": alert.status.state.value,
                "to": last.state.value,
                "steps": [
                    {"state": s.state.value, "at": time_of(s.order), "value": s.observed}
                    for s in made[-20:]
                ],
                "claimEpoch": subject.epoch,
                "at": now,
                "expireAt": now + LOG_KEPT,
            }
            batch.create(log_entries.document(f"{alert.id}-{version}"), entry)
    unchanged = paths.client().write_option(last_update_time=shown.update_time)
    batch.update(subject.device, device, option=unchanged)
    batch.commit()
