"""The alerts of the campaign's devices: each ends as the readings say, and its log has no gap."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, WriteBatch

from benchmarks.world import Device
from shared.firestore import paths
from shared.telemetry.alerts.judgement import Clock, Subject, judge

_TOO_LARGE = 2**53


@dataclass(frozen=True)
class _Rule:
    """A value of an event that must not be above a limit."""

    event: str
    limit: float
    metric: str | None = None
    clear: float | None = None
    for_seconds: int = 0

    def observed(self, data: str) -> float | None:
        try:
            value = json.loads(data)
        except ValueError:
            return None
        if self.metric:
            value = value.get(self.metric) if isinstance(value, dict) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # A larger integer is stored as a text.
        return value if is_number and abs(value) < _TOO_LARGE else None

    def fires(self, values: Iterable[float]) -> bool | None:
        """Whether it fires after these values, or will; None where that depends on the history."""
        last = next(iter(values), None)
        if last is None or last > self.limit:
            return last is not None
        return None if self.clear is not None and last > self.clear else False


_RULES = {
    "above": _Rule("temperature", 0),
    "hysteresis": _Rule("temperature", 500, clear=-500),
    "lasting": _Rule("temperature", 0, for_seconds=3),
    "metric": _Rule("climate/in", 0, metric="in"),
}


def add(batch: WriteBatch, device: Device, claimed_at: datetime) -> None:
    """Add to a commit that a device has alerts, in its owner's present tenure."""
    if device.uid is None:
        return
    mine = paths.user_device(device.uid, device.id)
    batch.update(mine, {"alertsVersion": 1})
    for name, rule in _RULES.items():
        fields = {
            "name": name,
            "severity": "warning",
            "enabled": True,
            "disabledReason": None,
            "kind": "threshold",
            "event": rule.event,
            "metric": rule.metric,
            "op": "above",
            "value": rule.limit,
            "clear": rule.clear,
            "forSeconds": rule.for_seconds,
            "remindHours": None,
            "claimEpoch": device.epoch,
            "state": "normal",
            "since": claimed_at,
            "order": 0,
            "observed": None,
            "dueAt": None,
            "notifiedAt": None,
            "told": False,
            "today": {"day": "", "count": 0},
            "acknowledgedAt": None,
            "acknowledgedBy": None,
        }
        batch.set(mine.collection(paths.ALERTS).document(f"{name}{device.epoch}"), fields)


def audit(devices: Iterable[Device]) -> tuple[list[str], int]:
    """The problems, and how many entries the logs have. Pending alerts get the time to fire."""
    problems: list[str] = []
    entries = 0
    for device in devices:
        if device.uid is None:
            continue
        mine = paths.user_device(device.uid, device.id)
        readings = _readings(mine, device.epoch)
        firing = set()
        for name, rule in _RULES.items():
            alert_id = f"{name}{device.epoch}"
            reference = mine.collection(paths.ALERTS).document(alert_id)
            fields = reference.get().to_dict() or {}
            if fields["state"] == "pending":
                later = datetime.now(UTC) + timedelta(hours=1)
                subject = Subject(device.uid, device.id, device.epoch)
                judge(subject, [alert_id], fields["since"], Clock(later, lambda _: False))
                fields = reference.get().to_dict() or {}
            if not fields["enabled"]:
                problems.append(f"{device.id} {alert_id}: {fields['disabledReason']}")
                continue
            fires = fields["state"] == "firing"
            firing |= {alert_id} if fires else set()
            values = [
                value
                for event, data in readings
                if event == rule.event and (value := rule.observed(data)) is not None
            ]
            expected = rule.fires(values)
            if expected is not None and expected != fires:
                problems.append(
                    f"{device.id} {alert_id} is {fields['state']} after {values[:3][::-1]}"
                )
            log = _log(mine, alert_id)
            entries += len(log)
            problems += [f"{device.id} {alert_id}: {gap}" for gap in _gaps(log, fires=fires)]
        shown = set((mine.get(["firing"]).to_dict() or {}).get("firing", {}))
        if shown != firing:
            problems.append(f"{device.id}: `firing` has {shown}, and {firing} fire")
    return problems, entries


def _readings(mine: DocumentReference, epoch: int) -> list[tuple[str, str]]:
    """The events of a tenure, the newest first: name and data."""
    events = [(one.to_dict() or {}, one.id) for one in mine.collection(paths.EVENTS).stream()]
    own = [(e["publishedAt"], i, e) for e, i in events if e.get("claimEpoch") == epoch]
    return [(e["event"], e["data"]) for _, _, e in sorted(own, key=lambda one: one[:2])[::-1]]


def _log(mine: DocumentReference, alert_id: str) -> list[dict[str, Any]]:
    of_alert = FieldFilter("alertId", "==", alert_id)
    entries = {
        int(one.id.rpartition("-")[2]): one.to_dict() or {}
        for one in mine.collection(paths.ALERT_LOG).where(filter=of_alert).stream()
    }
    return [entries[version] for version in sorted(entries)]


def _gaps(log: Iterable[dict[str, Any]], *, fires: bool) -> Iterator[str]:
    was = False
    for entry in log:
        if (entry["from"] == "firing") != was:
            yield f"an entry begins with {entry['from']}"
        was = entry["to"] == "firing"
    if was != fires:
        yield "the log ends otherwise than the alert"
