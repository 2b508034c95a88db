"""An alert: its rule, its state, and what a reading makes of that. It reads and writes nothing.

Transitions:

- normal → pending: a reading breaks the rule, and the rule asks for that to last `for_seconds`.
- normal → firing: a reading breaks the rule, and the rule asks for no more.
- pending → firing: nothing has contradicted for `for_seconds`, by the time of publishing.
- pending → normal: a reading does not break the rule.
- firing → normal: a reading does not break the rule, and is beyond `clear` if there is one.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from shared.times import milliseconds

Comparable = bool | int | float | str

LONGEST_TEXT = 200
"""Characters of a text that a rule compares with, and of one that an alert keeps."""


class Op(enum.StrEnum):
    """When a value breaks a rule."""

    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    DIFFERS = "differs"


class Severity(enum.StrEnum):
    """How bad it is; only people distinguish them."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(enum.StrEnum):
    """What is known of an alert."""

    NORMAL = "normal"
    PENDING = "pending"
    """The rule is broken, but not for long enough yet."""
    FIRING = "firing"


@dataclass(frozen=True)
class Rule:
    """Which value of which event is compared with what."""

    event: str
    metric: str | None
    """The path of a value in an object, its keys joined with `.`; None for the whole value."""
    op: Op
    value: Comparable
    clear: float | None = None
    """With `above` and `below`: a firing alert ends only where a value has come this far."""
    for_seconds: int = 0
    """How long the rule has to be broken."""

    def observed(self, value: Any) -> Comparable | None:
        """The value that the rule is about, in that of an event; None if it has none."""
        found = value if self.metric is None else _at(value, self.metric)
        return found if _kind(found) and _kind(found) == _kind(self.value) else None

    def is_broken(self, observed: Any) -> bool:
        """Whether a value breaks the rule."""
        if self.op is Op.EQUALS:
            return bool(observed == self.value)
        if self.op is Op.DIFFERS:
            return bool(observed != self.value)
        return bool(observed > self.value if self.op is Op.ABOVE else observed < self.value)

    def is_over(self, observed: Any) -> bool:
        """Whether a value ends a firing alert."""
        if self.clear is None or self.op not in {Op.ABOVE, Op.BELOW}:
            return not self.is_broken(observed)
        return bool(observed <= self.clear if self.op is Op.ABOVE else observed >= self.clear)


class Status(NamedTuple):
    """The state of an alert, and the reading that began it."""

    state: State
    since: datetime
    """When that reading was published."""
    order: int
    """The order of the event that made the last transition. Events before it never count."""
    observed: Comparable | None


class Reading(NamedTuple):
    """An event's value, as a rule looks at it."""

    value: Any
    at: datetime
    order: int


class Alert(NamedTuple):
    """An alert as it is stored."""

    id: str
    name: str
    severity: str
    enabled: bool
    epoch: int
    """The tenure that it belongs to."""
    rule: Rule
    status: Status

    @classmethod
    def stored(cls, alert_id: str, fields: Mapping[str, Any]) -> "Alert":
        """By the fields of its document."""
        rule = Rule(
            **{name: fields[name] for name in ("event", "metric", "value", "clear")},
            op=Op(fields["op"]),
            for_seconds=fields["forSeconds"],
        )
        status = Status(
            State(fields["state"]),
            **{name: fields[name] for name in ("since", "order", "observed")},
        )
        return cls(
            alert_id,
            fields["name"],
            fields["severity"],
            fields["enabled"],
            fields["claimEpoch"],
            rule,
            status,
        )


def rule_fields(rule: Rule) -> dict[str, Any]:
    """The fields of an alert's document that its rule decides."""
    return {
        "event": rule.event,
        "metric": rule.metric,
        "op": rule.op.value,
        "value": rule.value,
        "clear": rule.clear,
        "forSeconds": rule.for_seconds,
    }


def order_at(at: datetime) -> int:
    """The least order of an event that was published then."""
    return milliseconds(at) << 21


def time_of(order: int) -> datetime:
    """When an event of that order was published, in whole milliseconds."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=order >> 21)


def status_fields(rule: Rule, status: Status) -> dict[str, Any]:
    """The fields of an alert's document that its state decides."""
    pending = status.state is State.PENDING
    return {
        "state": status.state.value,
        "since": status.since,
        "order": status.order,
        "observed": status.observed,
        "dueAt": due_at(rule, status) if pending else None,
    }


ON_THEIR_WAY = timedelta(seconds=60)
"""How much longer a pending alert waits than its rule says, for readings that contradict it."""


def due_at(rule: Rule, status: Status) -> datetime:
    """When a pending alert fires if no reading arrives at all."""
    return status.since + timedelta(seconds=rule.for_seconds) + ON_THEIR_WAY


def ripen(rule: Rule, status: Status, now: datetime) -> Status:
    """The status when no reading has arrived until then."""
    if status.state is not State.PENDING or now < due_at(rule, status):
        return status
    order = max(order_at(status.since + timedelta(seconds=rule.for_seconds)), status.order)
    return status._replace(state=State.FIRING, order=order)


def steps(rule: Rule, status: Status, reading: Reading) -> Iterable[Status]:
    """The transitions that a reading makes: none, one, or two."""
    if reading.order <= status.order:
        return
    observed = rule.observed(reading.value)
    if observed is None:
        return
    kept = observed[:LONGEST_TEXT] if isinstance(observed, str) else observed
    if status.state is State.PENDING:
        if reading.at >= status.since + timedelta(seconds=rule.for_seconds):
            status = status._replace(state=State.FIRING, order=reading.order)
            yield status
        elif not rule.is_broken(observed):
            yield Status(State.NORMAL, reading.at, reading.order, kept)
            return
    if status.state is State.FIRING and rule.is_over(observed):
        yield Status(State.NORMAL, reading.at, reading.order, kept)
    elif status.state is State.NORMAL and rule.is_broken(observed):
        state = State.PENDING if rule.for_seconds else State.FIRING
        yield Status(state, reading.at, reading.order, kept)


def all_steps(alert: Alert, readings: Iterable[Reading]) -> list[Status]:
    """The transitions that readings make, one after the other; they are in ascending order."""
    made: list[Status] = []
    for reading in readings:
        for status in steps(alert.rule, alert.status, reading):
            alert = alert._replace(status=status)
            made.append(status)
    return made


def _at(value: Any, metric: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    if metric in value:
        return value[metric]
    key, _, rest = metric.partition(".")
    return _at(value.get(key), rest) if rest else None


def _kind(value: Any) -> str:
    """What a value can be compared as; "" for what cannot be compared."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else ""
