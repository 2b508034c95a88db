"""An alert as its document has it: the rule, the state, and what was reported of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from shared import log
from shared.firestore import paths
from shared.telemetry.alerts.rule import Kind, Op, Rule, Silence, Threshold
from shared.telemetry.alerts.state import Heard, State, Status, ripens_at, silent_at

COOLDOWN = timedelta(minutes=5)
"""Between two notifications that an alert fires."""


class Severity(StrEnum):
    """How bad it is. Critical alerts are reported in quiet hours, and again until acknowledged."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Reported(NamedTuple):
    """What people were told of an alert."""

    at: datetime | None = None
    """When it was last reported that it fires."""
    fires: bool = False
    """Whether they were told that it fires, and not yet that it is over."""
    day: str = ""
    """The UTC day that `transitions` counts, as YYYY-MM-DD."""
    transitions: int = 0


class Alert(NamedTuple):
    """An alert of a device."""

    id: str
    name: str
    severity: Severity
    enabled: bool
    epoch: int
    """The tenure that it belongs to; in any other it means nothing."""
    rule: Rule
    status: Status
    remind_hours: int | None = None
    """How often it is reported again while it fires and nobody has acknowledged it."""
    acknowledged: bool = False
    reported: Reported = Reported()

    @classmethod
    def of(cls, alert_id: str, fields: Mapping[str, Any]) -> "Alert":
        """By the fields of its document."""
        return cls(
            id=alert_id,
            name=fields["name"],
            severity=Severity(fields["severity"]),
            enabled=fields["enabled"],
            epoch=fields["claimEpoch"],
            rule=_rule(fields),
            status=Status(
                State(fields["state"]), fields["since"], fields["order"], fields["observed"]
            ),
            remind_hours=fields["remindHours"],
            acknowledged=fields["acknowledgedAt"] is not None,
            reported=Reported(
                fields["notifiedAt"],
                fields["told"],
                fields["today"]["day"],
                fields["today"]["count"],
            ),
        )

    @property
    def due_at(self) -> datetime | None:
        """When it changes, or has to be reported, if nothing happens before.

        Of an alert for silence in its normal state the document alone knows it.
        """
        if not self.enabled:
            return None
        if self.status.state is State.PENDING and isinstance(self.rule, Threshold):
            return ripens_at(self.rule, self.status)
        if self.status.state is State.FIRING and self.reported.at:
            if not self.reported.fires:
                return self.reported.at + COOLDOWN
            if self.remind_hours and not self.acknowledged:
                return self.reported.at + timedelta(hours=self.remind_hours)
        return None

    def state_fields(self, heard: Heard | None = None) -> dict[str, Any]:
        """The fields of its document that its state decides.

        `heard` is the last that was heard of the device; needed for silence.
        """
        due_at = self.due_at
        if isinstance(self.rule, Silence) and self.enabled and self.status.state is State.NORMAL:
            due_at = heard and silent_at(self.rule, heard)
        return {
            "state": self.status.state.value,
            "since": self.status.since,
            "order": self.status.order,
            "observed": self.status.observed,
            "dueAt": due_at,
            "notifiedAt": self.reported.at,
            "told": self.reported.fires,
            "today": {"day": self.reported.day, "count": self.reported.transitions},
            **({} if self.status.state is State.FIRING else NOT_ACKNOWLEDGED),
        }


def readable(found: Iterable[paths.Snapshot]) -> list[Alert]:
    """The alerts in documents, of those that exist.

    One that was damaged by hand is logged, so that it harms neither the device's events nor its
    other alerts.
    """
    alerts = []
    for snapshot in found:
        if snapshot.exists:
            try:
                alerts.append(Alert.of(snapshot.id, snapshot.to_dict() or {}))
            except (KeyError, TypeError, ValueError):
                log.alert_damaged(snapshot.reference.parent.parent.id, snapshot.id)
    return alerts


NOT_ACKNOWLEDGED: dict[str, Any] = {"acknowledgedAt": None, "acknowledgedBy": None}
"""The fields of an alert that nobody has acknowledged."""


def rule_fields(rule: Rule) -> dict[str, Any]:
    """The fields of an alert's document that its rule decides."""
    if isinstance(rule, Silence):
        return {
            "kind": Kind.SILENCE.value,
            "event": rule.event,
            "silentSeconds": rule.silent_seconds,
        }
    return {
        "kind": Kind.THRESHOLD.value,
        "event": rule.event,
        "metric": rule.metric,
        "op": rule.op.value,
        "value": rule.value,
        "clear": rule.clear,
        "forSeconds": rule.for_seconds,
    }


def _rule(fields: Mapping[str, Any]) -> Rule:
    if fields["kind"] == Kind.SILENCE:
        return Silence(fields["event"], fields["silentSeconds"])
    return Threshold(
        fields["event"],
        fields["metric"],
        Op(fields["op"]),
        fields["value"],
        fields["clear"],
        fields["forSeconds"],
    )
