"""The states of an alert, and what a reading or the passing of time makes of them.

With a threshold:

- normal → pending: a reading breaks the rule, and the rule asks for that to last `for_seconds`.
- normal → firing: a reading breaks the rule, and the rule asks for no more.
- pending → firing: nothing has contradicted for `for_seconds`, by the time of publishing.
- pending → normal: a reading does not break the rule.
- firing → normal: a reading does not break the rule, and is beyond `clear` if there is one.

With silence:

- normal → firing: nothing was heard for `silent_seconds`.
- firing → normal: something was heard again.
"""

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.telemetry.alerts.rule import LONGEST_TEXT, Comparable, Rule, Silence, Threshold
from shared.times import milliseconds, of_milliseconds

ON_THEIR_WAY = timedelta(seconds=60)
"""How much longer a pending alert waits than its rule says, for readings that contradict it."""


class State(enum.StrEnum):
    """What is known of an alert."""

    NORMAL = "normal"
    PENDING = "pending"
    """The rule is broken, but not for long enough yet."""
    FIRING = "firing"


class Status(NamedTuple):
    """The state of an alert, and what began it."""

    state: State
    since: datetime
    """When the reading that began the state was published; when a silent device was last heard."""
    order: int
    """The order of the event that made the last transition. Events before it never count."""
    observed: Comparable | None = None
    """The value of that reading."""


class Reading(NamedTuple):
    """A value at a time, as a rule looks at it."""

    value: Any
    at: datetime
    order: int


class Heard(NamedTuple):
    """The last that was heard of a device."""

    at: datetime
    order: int
    """That of the event; of a moment, the greatest of its millisecond."""


def first_order(at: datetime) -> int:
    """The least order that an event of this time can have (`message.order_of`)."""
    return milliseconds(at) << 21


def last_order(at: datetime) -> int:
    """The greatest one."""
    return first_order(at) | ((1 << 21) - 1)


def time_of(order: int) -> datetime:
    """When an event of that order was published, in whole milliseconds."""
    return of_milliseconds(order >> 21)


def steps(rule: Threshold, status: Status, reading: Reading) -> Iterable[Status]:
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


def all_steps(rule: Threshold, status: Status, readings: Iterable[Reading]) -> list[Status]:
    """The transitions that readings make, one after the other; they are in ascending order."""
    made: list[Status] = []
    for reading in readings:
        made += steps(rule, made[-1] if made else status, reading)
    return made


def ripens_at(rule: Threshold, status: Status) -> datetime:
    """When a pending alert fires if no reading arrives at all."""
    return status.since + timedelta(seconds=rule.for_seconds) + ON_THEIR_WAY


def ripen(rule: Threshold, status: Status, now: datetime) -> Status:
    """The status when no reading has arrived until then."""
    if status.state is not State.PENDING or now < ripens_at(rule, status):
        return status
    order = max(first_order(status.since + timedelta(seconds=rule.for_seconds)), status.order)
    return status._replace(state=State.FIRING, order=order)


def silent_at(rule: Silence, heard: Heard) -> datetime:
    """When the device counts as silent unless it is heard before."""
    return heard.at + timedelta(seconds=rule.silent_seconds)


def listen(status: Status, heard: Heard) -> Status:
    """The status of a silent device when something was heard."""
    if status.state is State.FIRING and heard.order > status.order:
        return Status(State.NORMAL, heard.at, heard.order)
    return status


def fall_silent(rule: Silence, status: Status, heard: Heard, now: datetime) -> Status:
    """The status at a time when this was the last that was heard."""
    if status.state is State.NORMAL and now >= silent_at(rule, heard):
        return Status(State.FIRING, heard.at, heard.order)
    return status


def may_change(rule: Rule, status: Status, readings: Iterable[Reading]) -> bool:
    """Whether readings of an event that the rule is about change the status."""
    if isinstance(rule, Silence):
        return status.state is State.FIRING and any(r.order > status.order for r in readings)
    return any(True for reading in readings for _ in steps(rule, status, reading))
