"""The alerts of a device, as its owner and its managers make them.

Saving depends on no version of the device's document: each event changes that, and a rule has to be
saved under any load. It raises `alertsVersion`, so that every instance of `ingest` uses the new
rule from its next commit on.
"""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from google.cloud.firestore import DELETE_FIELD, DocumentReference, Increment

from shared.errors import TooMany, UnknownAlert
from shared.firestore import paths
from shared.firestore.raw import path
from shared.sharing.host import Host, as_host
from shared.telemetry.alert import (
    Rule,
    Severity,
    State,
    Status,
    order_at,
    rule_fields,
    status_fields,
)
from shared.telemetry.alerting import FIRING, Subject, judge
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


def save(uid: str, device_id: str, alert_id: str | None, wanted: Wanted) -> tuple[str, State]:
    """Make an alert, or change one; its id and state.

    It begins with the newest reading, so it fires now if that one breaks the rule. Raises
    `NotYourDevice`, `RoleTooLow`, `UnknownAlert`, `TooMany` and `InProgress`.
    """
    reference, subject, since = as_host(uid, device_id, partial(_save, alert_id, wanted))
    if wanted.enabled and since:
        # When events overtake it, they are themselves judged by the new rule.
        with suppress(OvertakenError):
            judge(subject, wanted.rule.event, since)
    found = reference.get(["state"]).to_dict() or {}
    return reference.id, State(found.get("state", State.NORMAL))


def _save(
    alert_id: str | None, wanted: Wanted, host: Host
) -> tuple[DocumentReference, Subject, datetime | None]:
    subject = Subject(host.owner_uid, host.entry.device_id, host.entry.claim_epoch)
    alerts = subject.device.collection(paths.ALERTS)
    reference = alerts.document(alert_id) if alert_id else alerts.document()
    now = datetime.now(UTC)
    shown = (subject.device.get(["latest"]).to_dict() or {}).get("latest", {})
    newest = shown.get(wanted.rule.event)
    order = newest["order"] - 1 if newest else order_at(now)
    status = Status(State.NORMAL, newest["publishedAt"] if newest else now, order, None)
    fields = {
        "name": wanted.name,
        "severity": wanted.severity.value,
        "enabled": wanted.enabled,
        "kind": "threshold",
        "claimEpoch": subject.epoch,
        "updatedAt": now,
        **rule_fields(wanted.rule),
        **status_fields(wanted.rule, status),
    }
    batch = paths.client().batch()
    if alert_id:
        if reference.get(["claimEpoch"]).to_dict() != {"claimEpoch": subject.epoch}:
            raise UnknownAlert
        batch.update(reference, fields)
    else:
        if len(alerts.select([]).limit(MAX_ALERTS).get()) >= MAX_ALERTS:
            raise TooMany(limit=MAX_ALERTS)
        batch.create(reference, {**fields, "createdBy": host.uid, "createdAt": now})
    changed = {VERSION: Increment(1), path(FIRING, reference.id): DELETE_FIELD}
    batch.update(subject.device, changed)
    host.act(batch, "alert-saved", alertId=reference.id, name=wanted.name)
    batch.commit()
    return reference, subject, newest and newest["publishedAt"]


def delete(uid: str, device_id: str, alert_id: str) -> None:
    """Delete an alert; one that does not exist is no failure. Its log stays until it expires.

    Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    as_host(uid, device_id, partial(_delete, alert_id))


def _delete(alert_id: str, host: Host) -> None:
    device = paths.user_device(host.owner_uid, host.entry.device_id)
    batch = paths.client().batch()
    batch.delete(device.collection(paths.ALERTS).document(alert_id))
    batch.update(device, {VERSION: Increment(1), path(FIRING, alert_id): DELETE_FIELD})
    host.act(batch, "alert-deleted", alertId=alert_id)
    batch.commit()
