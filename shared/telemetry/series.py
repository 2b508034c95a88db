"""Samples: many measurements in one event, each of which has a time of its own.

A device that was out of reach publishes what it measured in one event. A spreading rule of the
product (`rules`) says where the samples are. The event stays one document; its samples are counted
in the rollups of their own days, and the newest of them is shown in `latest`.

The event's document keeps the rule by which it was read. So what was counted can be found out again
by the document alone, whatever has become of the rules.

A rollup takes at most `MAX_CELLS` cells of an event, because Firestore limits what one commit can
add to a document. When an event has more, those of its older days are in rollups of its own, which
nothing is ever added to.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from shared.telemetry import rollup
from shared.telemetry.message import CLOCK_TOLERANCE
from shared.telemetry.rules import Spreading, part
from shared.times import EPOCH, of_text, to_the_millisecond

MAX_SAMPLES = 500
"""Samples of an event, from the beginning of the list; the others are not counted."""
MAX_CELLS = 100
"""Cells of an event in the rollups that it shares: each takes five of 500 transforms."""
MAX_BYTES = 1_650_000
"""What an event counts takes up in a commit, at most. No device sends so much: of one that would,
the newest days are counted."""

RULE = "spread"
"""The field of an event's document with the rule by which it was read."""
DAYS = "spreadOn"
"""The field with the days in whose common rollups it is counted."""

_DAY_BYTES = 2_000
"""Bytes of a rollup's names and labels in a commit, at most."""
_CELL_BYTES = 100
"""Bytes of a cell in an event's own rollup, unless all numbers are very large integers; of these
the data of an event hold few."""

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_UNITS = {"s": 1.0, "ms": 0.001}


class Sample(NamedTuple):
    """One measurement."""

    at: datetime
    """In UTC, to the millisecond."""
    value: Any
    numbers: Mapping[str, rollup.Number]


class Day(NamedTuple):
    """What an event counts on a UTC day."""

    at: datetime
    """A time on that day."""
    cells: rollup.Cells


class Counted(NamedTuple):
    """What an event counts, by day."""

    common: dict[str, Day]
    """In the days' rollups."""
    own: dict[str, Day]
    """In rollups of its own."""
    bytes: int
    """What that takes up in a commit, at most."""


NOTHING = Counted({}, {}, 0)


def holds(rule: Spreading, value: Any) -> bool:
    """Whether a value has the list of which the rule speaks; else the event is one measurement."""
    return _rows(rule, value) is not None


def of_document(fields: Mapping[str, Any], value: Any) -> list[Sample] | None:
    """The samples in the document of an event; None for an event that is one measurement.

    `value` is what its data say: the one in the document has lost the order of its keys. Without
    those that are older than the event would be kept, or later than its publication.
    """
    if fields.get(RULE) is None:
        return None
    rule = msgspec.convert(fields[RULE], Spreading)
    published_at = fields["publishedAt"]
    oldest = fields["receivedAt"] - (fields["expireAt"] - published_at)
    newest = published_at + CLOCK_TOLERANCE
    return [s for s in _samples(rule, value) if oldest < s.at <= newest]


def newest(samples: Iterable[Sample], since: datetime) -> Sample | None:
    """The newest sample of a tenure; of several with the same time the last one."""
    found: Sample | None = None
    for sample in samples:
        if sample.at >= since and (found is None or sample.at >= found.at):
            found = sample
    return found


def metrics(samples: Iterable[Sample]) -> dict[str, rollup.Number]:
    """The metrics of samples, as many as an event may have, each with one of its numbers."""
    found: dict[str, rollup.Number] = {}
    for sample in samples:
        for metric, number in sample.numbers.items():
            if metric not in found and len(found) < rollup.MAX_METRICS:
                found[metric] = number
    return found


def counted(samples: Sequence[Sample], since: datetime, countable: Iterable[str]) -> Counted:
    """What samples count in a tenure, of these metrics."""
    wanted = set(countable)
    days: dict[str, Day] = {}
    for sample in samples:
        numbers = {m: n for m, n in sample.numbers.items() if m in wanted}
        if numbers and sample.at >= since:
            day = days.setdefault(rollup.day(sample.at), Day(sample.at, {}))
            rollup.count(day.cells, sample.at, numbers)
    common: dict[str, Day] = {}
    own: dict[str, Day] = {}
    room, total = MAX_CELLS, 0
    for name in sorted(days, reverse=True):
        cells = days[name].cells
        room -= len(cells)
        more = _bytes_in_common(cells) if room >= 0 else _bytes_of_own(cells)
        if total + more > MAX_BYTES:
            break
        total += more
        (common if room >= 0 else own)[name] = days[name]
    return Counted(common, own, total)


def _bytes_in_common(cells: rollup.Cells) -> int:
    return _DAY_BYTES + sum(map(rollup.bytes_of_transforms, (metric for metric, _ in cells)))


def _bytes_of_own(cells: rollup.Cells) -> int:
    names = sum(len(metric.encode()) + 10 for metric in {metric for metric, _ in cells})
    return _DAY_BYTES + names + _CELL_BYTES * len(cells)


def _samples(rule: Spreading, value: Any) -> Iterable[Sample]:
    rows = (_rows(rule, value) or [])[:MAX_SAMPLES]
    start = None if rule.start is None else _time(part(value, rule.start), rule.unit)
    step = _seconds(
        rule, rule.step if isinstance(rule.step, float | int) else _at(rule.step, value)
    )
    for number, row in enumerate(rows):
        if rule.time is not None:
            at = _time(_at(rule.time, row), rule.unit)
        else:
            later = None if step is None else number * step
            at = _later(
                start, later if rule.offset is None else _seconds(rule, _at(rule.offset, row))
            )
        if at is not None:
            yield Sample(to_the_millisecond(at), row, _numbers(rule, row))


def _rows(rule: Spreading, value: Any) -> list[Any] | None:
    """The samples as they are published, those of columns and of several lists as objects."""
    if isinstance(rule.lists, str):
        rows = part(value, rule.lists) if rule.lists else value
        if not isinstance(rows, list):
            return None
        return [_row(rule.columns, row) for row in rows] if rule.columns else rows
    lists = {path: found for path in rule.lists if isinstance(found := part(value, path), list)}
    if not lists:
        return None
    return [
        {path: item for path, item in zip(lists, row, strict=True) if item is not None}
        for row in zip_longest(*lists.values())
    ]


def _row(columns: Sequence[str], row: Any) -> Any:
    """A sample that is a list as an object. In a list Firestore cannot hold it but as JSON text."""
    if isinstance(row, str) and row.startswith("["):
        try:
            row = msgspec.json.decode(row)
        except msgspec.DecodeError:
            return row
    return dict(zip(columns, row, strict=False)) if isinstance(row, list) else row


def _numbers(rule: Spreading, row: Any) -> Mapping[str, rollup.Number]:
    if rule.fields is not None:
        return rollup.metrics({field: part(row, field) for field in rule.fields})
    found = rollup.metrics(row)
    for path in (rule.time, rule.offset):
        found.pop(path or "", None)
    return found


def _at(path: str | None, value: Any) -> Any:
    return None if path is None else part(value, path)


def _time(item: Any, unit: str) -> datetime | None:
    if unit == "iso":
        return of_text(item)
    number = _number(item)
    return None if number is None else _later(EPOCH, number * _UNITS[unit])


def _seconds(rule: Spreading, item: Any) -> float | None:
    number = _number(item)
    return None if number is None else number * _UNITS[rule.step_unit]


def _later(start: datetime | None, seconds: float | None) -> datetime | None:
    if start is None or seconds is None:
        return None
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _number(item: Any) -> float | None:
    """A number, also one that is written as text."""
    if isinstance(item, str) and _NUMBER.fullmatch(item):
        return float(item)
    if isinstance(item, bool) or not isinstance(item, int | float) or not math.isfinite(item):
        return None
    return float(item) if abs(item) < 1e18 else None  # noqa: PLR2004 - no time in any unit
