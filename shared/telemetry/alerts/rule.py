"""What an alert watches for: a value beyond a threshold, or a device that falls silent."""

import enum
from dataclasses import dataclass
from typing import Any

Comparable = bool | int | float | str

LONGEST_TEXT = 200
"""Characters of a text that a rule compares with, and of one that an alert keeps."""


class Kind(enum.StrEnum):
    """Which of the two rules an alert has."""

    THRESHOLD = "threshold"
    SILENCE = "silence"


class Op(enum.StrEnum):
    """When a value breaks a rule."""

    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Threshold:
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
        return found if _type(found) and _type(found) == _type(self.value) else None

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


@dataclass(frozen=True)
class Silence:
    """How long nothing may be heard of a device."""

    event: str | None
    """The event that has to arrive; None for any sign of life."""
    silent_seconds: int


Rule = Threshold | Silence


def _at(value: Any, metric: str) -> Any:
    """A value in an object, by its keys joined with `.`; a key may have a `.` of its own."""
    if not isinstance(value, dict):
        return None
    if metric in value:
        return value[metric]
    dot = metric.find(".")
    while dot >= 0:
        found = _at(value.get(metric[:dot]), metric[dot + 1 :])
        if found is not None:
            return found
        dot = metric.find(".", dot + 1)
    return None


def _type(value: Any) -> str:
    """What a value can be compared as; "" for what cannot be compared."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else ""
