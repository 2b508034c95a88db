"""The alerts of a device, as its owner and its managers make them.

Saving depends on no version of the device's document: each event changes that, and a rule has to be
saved under any load. It raises `alertsVersion`, so that every instance of `ingest` uses the new
rule from its next commit on.
"""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from google.cloud.firestore import DELETE_FIELD, DocumentReference, Increment, WriteBatch

from shared.errors import NotFiring, TooMany, UnknownAlert
from shared.firestore import paths
from shared.firestore.raw import path
from shared.registry.share import Role
from shared.sharing.host import Host, as_host
from shared.telemetry.alerts.judgement import FIELDS, FIRING, Subject, heard, judge
from shared.telemetry.alerts.rule import Rule, Silence, Threshold
from shared.telemetry.alerts.state import State, Status, first_order
from shared.telemetry.alerts.stored import Alert, Severity, rule_fields
from shared.telemetry.batch import ALERTS_VERSION as VERSION
from shared.telemetry.repair import OvertakenError

MAX_ALERTS = 20
"""Alerts of a device."""


class Wanted(NamedTuple):
    """An alert as it is to be."""

    name: str
    severity: Severity
    enabled: bool
    rule: Rule
    remind_hours: int | None


class _Saved(NamedTuple):
    reference: DocumentReference
    subject: Subject
    newest: datetime | None
    """When the newest event that its rule is about was published, if there is any."""


def save(uid: str, device_id: str, alert_id: str | None, wanted: Wanted) -> tuple[str, State]:
    """Make an alert, or replace the rule of one; its id and state.

    It begins with the newest reading, so it fires now if that one breaks the rule. Raises
    `NotYourDevice`, `RoleTooLow`, `UnknownAlert`, `TooMany` and `InProgress`.
    """
    saved = as_host(uid, device_id, partial(_save, alert_id, wanted))
    if wanted.enabled and saved.newest and isinstance(wanted.rule, Threshold):
        # When events overtake it, they are themselves judged by the new rule.
        with suppress(OvertakenError):
            judge(saved.subject, [saved.reference.id], saved.newest)
    found = saved.reference.get(["state"]).to_dict() or {}
    return saved.reference.id, State(found.get("state", State.NORMAL))


def delete(uid: str, device_id: str, alert_id: str) -> None:
    """Delete an alert; one that does not exist is no failure. Its log stays until it expires.

    Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    as_host(uid, device_id, partial(_delete, alert_id))


def acknowledge(uid: str, device_id: str, alert_id: str) -> datetime:
    """Say that somebody sees to an alert that fires, so that nobody is reminded; when that was.

    Repeated, it answers the same. Controllers may do it, too. Raises `NotYourDevice`, `RoleTooLow`,
    `UnknownAlert`, `NotFiring` and `InProgress`.
    """
    return as_host(uid, device_id, partial(_acknowledge, alert_id), at_least=Role.CONTROLLER)


def _subject(host: Host) -> Subject:
    return Subject(host.owner_uid, host.entry.device_id, host.entry.claim_epoch)


def _save(alert_id: str | None, wanted: Wanted, host: Host) -> _Saved:
    subject = _subject(host)
    alerts = subject.device.collection(paths.ALERTS)
    reference = alerts.document(alert_id) if alert_id else alerts.document()
    now = datetime.now(UTC)
    device = subject.device.get(FIELDS).to_dict() or {}
    newest = device.get("latest", {}).get(wanted.rule.event or "")
    if newest and isinstance(wanted.rule, Threshold):
        status = Status(State.NORMAL, newest["publishedAt"], newest["order"] - 1)
    else:
        status = Status(State.NORMAL, now, first_order(now))
    alert = Alert(
        id=reference.id,
        name=wanted.name,
        severity=wanted.severity,
        enabled=wanted.enabled,
        epoch=subject.epoch,
        rule=wanted.rule,
        status=status,
    )
    known = heard(subject, device, alert) if isinstance(wanted.rule, Silence) else None
    fields = {
        "name": wanted.name,
        "severity": wanted.severity.value,
        "enabled": wanted.enabled,
        "disabledReason": None,
        "claimEpoch": subject.epoch,
        "updatedAt": now,
        "remindHours": wanted.remind_hours,
        **rule_fields(wanted.rule),
        **alert.state_fields(known),
    }
    batch = paths.client().batch()
    made = {"createdBy": host.uid, "createdAt": now}
    if alert_id:
        found = reference.get(["claimEpoch", *made]).to_dict() or {}
        if found.get("claimEpoch") != subject.epoch:
            raise UnknownAlert
        # The whole document: a rule of the other kind leaves no field behind.
        batch.update(reference, {"claimEpoch": Increment(0)})
        batch.set(reference, {**fields, **{name: found[name] for name in made}})
    else:
        if _count(subject) >= MAX_ALERTS:
            raise TooMany(limit=MAX_ALERTS)
        batch.create(reference, {**fields, **made})
    _change(batch, subject, reference.id)
    host.act(batch, "alert-saved", alertId=reference.id, alertName=wanted.name)
    batch.commit()
    if not alert_id and _count(subject) > MAX_ALERTS:
        # Others were made at the same moment.
        _delete(reference.id, host)
        raise TooMany(limit=MAX_ALERTS)
    return _Saved(reference, subject, newest and newest["publishedAt"])


def _count(subject: Subject) -> int:
    return len(subject.device.collection(paths.ALERTS).select([]).limit(MAX_ALERTS + 1).get())


def _delete(alert_id: str, host: Host) -> None:
    subject = _subject(host)
    reference = subject.alert(alert_id)
    batch = paths.client().batch()
    batch.delete(reference)
    _change(batch, subject, alert_id)
    host.act(batch, "alert-deleted", alertId=alert_id)
    batch.commit()


def _acknowledge(alert_id: str, host: Host) -> datetime:
    subject = _subject(host)
    found = subject.alert(alert_id).get()
    fields: dict[str, Any] = found.to_dict() or {}
    if fields.get("claimEpoch") != subject.epoch:
        raise UnknownAlert
    if fields["state"] != State.FIRING:
        raise NotFiring
    if known := fields["acknowledgedAt"]:
        at: datetime = known
        return at
    now = datetime.now(UTC)
    alert = Alert.of(alert_id, fields)._replace(acknowledged=True)
    batch = paths.client().batch()
    batch.update(
        found.reference,
        {"acknowledgedAt": now, "acknowledgedBy": host.uid, "dueAt": alert.due_at},
        option=paths.client().write_option(last_update_time=found.update_time),
    )
    batch.update(subject.device, {VERSION: Increment(1)})
    host.act(batch, "alert-acknowledged", alertId=alert_id, alertName=alert.name)
    batch.commit()
    return now


def _change(batch: WriteBatch, subject: Subject, alert_id: str) -> None:
    """Add to a commit that the device's alerts change, and that this one does not fire."""
    batch.update(subject.device, {VERSION: Increment(1), path(FIRING, alert_id): DELETE_FIELD})
