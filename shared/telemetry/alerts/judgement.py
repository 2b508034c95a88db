"""Judges alerts: applies the stored events to them, and writes the transitions.

It reads the alerts and the device's document as of one moment, then the events; and it writes under
the condition that the device's document has not changed since. Every event, and every change of an
alert's rule or state, changes that document. So a judgement misses nothing that was committed
before its own commit. What is committed later gets the new `alertsVersion`, and is looked at with
that (`watch`).

The entry in the log, which people are told of, is written in the same commit.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, DocumentReference, Increment, WriteBatch

from shared.firestore import paths
from shared.firestore.raw import path
from shared.telemetry import series
from shared.telemetry import value as values
from shared.telemetry.alerts import notice
from shared.telemetry.alerts.notice import Notice
from shared.telemetry.alerts.rule import Silence, Threshold
from shared.telemetry.alerts.state import (
    Heard,
    Reading,
    State,
    Status,
    all_steps,
    fall_silent,
    last_order,
    listen,
    ripen,
    silent_at,
    time_of,
)
from shared.telemetry.alerts.stored import Alert, readable
from shared.telemetry.batch import ALERTS_VERSION as VERSION
from shared.telemetry.batch import LATE
from shared.telemetry.message import order_of
from shared.telemetry.repair import OvertakenError, newest_first
from shared.times import EPOCH, of_milliseconds

FIRING = "firing"
"""The field of a device's document that names the alerts that fire, each with its severity."""
FIELDS = ("claimEpoch", VERSION, "lastSeenAt", "latest")
"""What a judgement reads of a device's document."""

ROUNDS = 20
"""How often a judgement is tried while other commits change the device's document."""
LOOK_BACK = timedelta(minutes=10)
"""How far before an event a judgement reads: for events whose process crashed."""
MOST_EVENTS = 2_000
"""Events of one name that a judgement reads, the newest ones; an alert may be pending for a day."""
MOST_STEPS = 20
"""Transitions in one entry of the log, the last ones."""
LOG_KEPT = timedelta(days=400)
"""How long an entry of the log is kept."""


class Subject(NamedTuple):
    """A device in a tenure."""

    uid: str
    device_id: str
    epoch: int

    @property
    def device(self) -> DocumentReference:
        """The owner's document of it."""
        return paths.user_device(self.uid, self.device_id)

    def alert(self, alert_id: str) -> DocumentReference:
        """One of its alerts."""
        reference: DocumentReference = self.device.collection(paths.ALERTS).document(alert_id)
        return reference


class _Change(NamedTuple):
    alert: Alert
    """As it was."""
    made: Sequence[Status]
    """The transitions; none when only time has passed while it fires."""
    notice: Notice
    suspect: bool = False
    """Whether the device may be silent because the way from Particle to here is broken."""


class Clock(NamedTuple):
    """Lets a judgement take into account that time has passed."""

    now: datetime
    is_doubtful: Callable[[datetime], bool]
    """Whether a device may be silent since a time because the way from it to here is broken.

    Raises `NotYetError` if that has to be looked at again."""


class NotYetError(Exception):
    """Whether a device is silent cannot be said yet."""


def judge(
    subject: Subject, alert_ids: Iterable[str], at: datetime, clock: Clock | None = None
) -> None:
    """Apply what is stored to alerts of a device; of events those from shortly before `at`.

    Without a `clock`, nothing fires because time has passed. Raises `OvertakenError`, and
    `NotYetError` as the clock does.
    """
    wanted = [subject.alert(alert_id) for alert_id in alert_ids]
    for _ in range(ROUNDS):
        shown, *documents = paths.read_all([subject.device, *wanted])
        device = shown.to_dict() or {}
        if device.get("claimEpoch") != subject.epoch:
            return  # the device has left the customer
        alerts = readable(documents)
        alerts = [one for one in alerts if one.enabled and one.epoch == subject.epoch]
        readings = _readings(subject, alerts, at)
        changes = [
            change
            for alert in alerts
            if (change := _change(subject, alert, device, readings, clock)) is not None
        ]
        if not changes:
            return
        try:
            _write(subject, shown, changes, device)
        except (Aborted, AlreadyExists, FailedPrecondition):
            continue
        except NotFound:
            return  # the device has left the customer
        return
    raise OvertakenError("alerts are overtaken faster than they can be judged")


def touch(uid: str, device_id: str) -> None:
    """Change a device's document, so that a judgement which is under way looks again.

    For an event whose commit has not changed it: the instance did not know yet that the device has
    alerts.
    """
    with contextlib.suppress(NotFound):  # the device has left the customer
        paths.user_device(uid, device_id).update({LATE: Increment(1)})


def heard(subject: Subject, device: Mapping[str, Any], alert: Alert) -> Heard:
    """The last that was heard of a device, as an alert for silence listens.

    When nothing was heard at all, that is what the alert was made with.
    """
    event = alert.rule.event
    begun = Heard(alert.status.since, alert.status.order)
    if event is None:
        seen = device.get("lastSeenAt")
        if seen is None:
            return begun
        at = of_milliseconds(seen)
        return Heard(at, last_order(at))
    found = device.get("latest", {}).get(event)
    if found:
        return Heard(found["publishedAt"], found["order"])
    # There are more names than `latest` has room for, or the event was never published.
    newest = newest_first(subject.device, event, EPOCH).limit(1).get()
    if not newest or newest[0].get("claimEpoch") != subject.epoch:
        return begun
    at = newest[0].get("publishedAt")
    return Heard(at, order_of(at, newest[0].id))


def _change(
    subject: Subject,
    alert: Alert,
    device: Mapping[str, Any],
    readings: Mapping[str, Sequence[Reading]],
    clock: Clock | None,
) -> _Change | None:
    now = clock.now if clock else datetime.now(UTC)
    made: list[Status] = []
    suspect = False
    if isinstance(alert.rule, Threshold):
        made = all_steps(alert.rule, alert.status, readings[alert.rule.event])
        last = made[-1] if made else alert.status
        if clock and (ripe := ripen(alert.rule, last, now)) != last:
            made.append(ripe)
    else:
        last_heard = heard(subject, device, alert)
        status = listen(alert.status, last_heard)
        if clock and status is alert.status:
            status = fall_silent(alert.rule, status, last_heard, now)
            if status is not alert.status:
                suspect = clock.is_doubtful(silent_at(alert.rule, last_heard))
        if status is not alert.status:
            made = [status]
    if made:
        return _Change(alert, made, notice.of_transitions(alert, made, now), suspect)
    passed = notice.of_time(alert, now) if clock else None
    return _Change(alert, [], passed) if passed else None


def _readings(
    subject: Subject, alerts: Sequence[Alert], at: datetime
) -> dict[str, Sequence[Reading]]:
    """The readings that may matter for alerts, by the names of their events, in order."""
    since: dict[str, datetime] = {}
    for alert in alerts:
        if isinstance(alert.rule, Threshold):
            name, begin = alert.rule.event, _since(alert, at)
            since[name] = min(begin, since.get(name, begin))
    return {name: _stored(subject, name, begin) for name, begin in since.items()}


def _since(alert: Alert, at: datetime) -> datetime:
    if alert.status.state is State.PENDING:
        return min(alert.status.since, at)
    return max(time_of(alert.status.order), at - LOOK_BACK)


def _stored(subject: Subject, name: str, since: datetime) -> list[Reading]:
    found: list[Reading] = []
    for snapshot in newest_first(subject.device, name, since).limit(MOST_EVENTS).stream():
        fields = snapshot.to_dict() or {}
        if fields.get("claimEpoch") == subject.epoch:
            value = values.read_again(fields).value
            found += readings_of(
                value, fields["publishedAt"], snapshot.id, series.of_document(fields, value)
            )
    return sorted(found, key=lambda reading: reading.order)


def readings_of(
    value: Any, at: datetime, event_id: str, samples: Sequence[series.Sample] | None
) -> list[Reading]:
    """What rules see in an event: its value, or its samples, each at its own time."""
    if samples is None:
        return [Reading(value, at, order_of(at, event_id))]
    return [Reading(one.value, one.at, order_of(one.at, event_id)) for one in samples]


def _write(
    subject: Subject, shown: paths.Snapshot, changes: Sequence[_Change], device: Mapping[str, Any]
) -> None:
    batch = paths.client().batch()
    version = device.get(VERSION, 0)
    fields: dict[str, Any] = {VERSION: Increment(1)}
    for change in changes:
        alert, severity = _write_alert(batch, subject, change, device)
        fields[path(FIRING, alert.id)] = severity
        involved = {change.alert.status.state, alert.status.state, *(s.state for s in change.made)}
        if State.FIRING in involved:
            log = subject.device.collection(paths.ALERT_LOG).document(f"{alert.id}-{version}")
            batch.create(log, _entry(subject, change, alert))
    unchanged = paths.client().write_option(last_update_time=shown.update_time)
    batch.update(subject.device, fields, option=unchanged)
    batch.commit()


def _write_alert(
    batch: WriteBatch, subject: Subject, change: _Change, device: Mapping[str, Any]
) -> tuple[Alert, Any]:
    """Add the alert's state to the commit; the alert as it is then, and its entry in `firing`."""
    last = change.made[-1] if change.made else change.alert.status
    alert = change.alert._replace(
        status=last,
        acknowledged=change.alert.acknowledged and not change.made,
        reported=change.notice.reported,
    )
    fields: dict[str, Any] = {}
    if change.notice.flapping:
        alert = alert._replace(enabled=False, status=last._replace(state=State.NORMAL))
        fields = {"enabled": False, "disabledReason": "flapping"}
    known = heard(subject, device, alert) if isinstance(alert.rule, Silence) else None
    batch.update(subject.alert(alert.id), {**alert.state_fields(known), **fields})
    fires = alert.status.state is State.FIRING
    return alert, alert.severity.value if fires else DELETE_FIELD


def _entry(subject: Subject, change: _Change, alert: Alert) -> dict[str, Any]:
    now = datetime.now(UTC)
    entry = {
        "alertId": alert.id,
        "name": alert.name,
        "severity": alert.severity.value,
        "from": change.alert.status.state.value,
        "to": alert.status.state.value,
        "steps": [
            {"state": one.state.value, "at": one.since, "value": one.observed}
            for one in change.made[-MOST_STEPS:]
        ],
        "notify": change.notice.notify,
        "claimEpoch": subject.epoch,
        "at": now,
        "expireAt": now + LOG_KEPT,
    }
    if not change.made:
        entry["reminder"] = change.alert.reported.fires
    if change.suspect:
        entry["suspect"] = True
    if change.notice.flapping:
        entry["disabledReason"] = "flapping"
    return entry
