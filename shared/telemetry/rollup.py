"""Numeric history for charts: which numbers of an event are counted, where, and how.

There is one document for each event name, tenure and UTC day, so that a chart of 24 hours reads two
documents and one of 30 days reads 31. `docs/ingest.md` describes them for clients.

Counting never reads: each number is a few increments, a minimum and a maximum in the commit that
creates its event. Numbers that would spoil a sum silently are not counted: an infinity makes the
sum infinite, and Firestore's integers stop at 64 bits instead of failing.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared import settings
from shared.firestore import raw
from shared.telemetry import retention
from shared.telemetry.odd_json import is_reserved

BUCKET = timedelta(minutes=5)
MAX_METRICS = 32
"""Metrics of one event, and of one event name as far as an instance knows."""
MAX_LEVELS = 3
"""How many keys lead to a metric, at most."""
MAX_METRIC_BYTES = 128
"""Length of a metric's key; 32 metrics in all buckets of a day stay below a document's 1 MiB."""
PLAIN = "value"
"""The metric of an event whose data are a single number."""
MAX_FLOAT = 1e300
"""The largest magnitude that is counted: the sum of a hundred million such numbers is finite."""

_HIGH = 2**32
"""Integers of this magnitude and above are summed in two parts, so that a sum has bits left for
fractions: a double has 53, and the lower parts of a thousand integers take 42 of them."""
TRANSFORMS = 5
"""Transforms that count one number, at most."""
_TRANSFORM_BYTES = 64
"""Bytes of one of these transforms without the metric's name, each character of which takes up to
four bytes."""
_UNRESERVED = "!'()*-._~"
"""What JavaScript's `encodeURIComponent` does not encode, apart from letters and digits."""

Number = int | float


def metrics(value: Any) -> dict[str, Number]:
    """The numbers in an event's value: a single number, or those of an object by their path.

    A path is the keys that lead to the number, joined with `.`. Where two paths are the same
    because a key has a `.` of its own, the first number counts.
    """
    if not isinstance(value, dict):
        return {PLAIN: value} if _counts(value) else {}
    found: dict[str, Number] = {}
    _collect(value, "", 1, found)
    return found


def _collect(part: Mapping[str, Any], prefix: str, level: int, found: dict[str, Number]) -> None:
    for key, item in part.items():
        if len(found) == MAX_METRICS:
            return
        if _counts(item):
            path = prefix + key
            if path not in found and _can_be_metric(path):
                found[path] = item
        elif level < MAX_LEVELS and isinstance(item, dict):
            _collect(item, f"{prefix}{key}.", level + 1, found)


def _can_be_metric(path: str) -> bool:
    # A character has at most four bytes: most paths need not be encoded.
    short = 4 * len(path) <= MAX_METRIC_BYTES or len(path.encode()) <= MAX_METRIC_BYTES
    return short and not is_reserved(path)


def _counts(item: Any) -> bool:
    kind = type(item)
    return kind is int or (kind is float and -MAX_FLOAT <= item <= MAX_FLOAT)


def document_id(event: str, epoch: int, time: datetime) -> str:
    """The id of the rollup for an event name in a tenure, on the UTC day of that time.

    `encodeURIComponent(event) + "@" + claimEpoch + "@" + day`: ids of one event sort by day.
    """
    return f"{quote(event, safe=_UNRESERVED)}@{epoch}@{day(time)}"


def own_id(event: str, epoch: int, time: datetime, event_id: str) -> str:
    """The id of the rollup of a single event on that day; it sorts after the day's."""
    return f"{document_id(event, epoch, time)}@{event_id}"


def day(time: datetime) -> str:
    """The UTC day of a time, such as `2026-05-13`."""
    return time.astimezone(UTC).date().isoformat()


def bucket(time: datetime) -> int:
    """The number of the time's bucket in its day, from 0 at midnight UTC to 287."""
    return (time.astimezone(UTC) - bucket_start(time, 0)) // BUCKET


def bucket_start(time: datetime, number: int) -> datetime:
    """When a bucket begins, on the UTC day of that time."""
    midnight = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + number * BUCKET


@dataclass
class Cell:
    """The numbers of one metric in one bucket."""

    count: int = 0
    sum: Number = 0
    sum_high: int = 0
    """Multiples of 2^32 in the integers that are too large to be summed in one part."""
    min: Number = math.inf
    max: Number = -math.inf

    def add(self, number: Number) -> None:
        """Count a number."""
        self.count += 1
        if isinstance(number, int) and abs(number) >= _HIGH:
            high, low = divmod(number, _HIGH)
            self.sum_high += high
            self.sum += low
        else:
            self.sum += number
        self.min = min(self.min, number)
        self.max = max(self.max, number)

    def merge(self, other: "Cell") -> None:
        """Count the numbers of another cell."""
        self.count += other.count
        self.sum += other.sum
        self.sum_high += other.sum_high
        self.min = min(self.min, other.min)
        self.max = max(self.max, other.max)

    def fields(self) -> dict[str, Number]:
        """The cell as it is stored."""
        fields = {"count": self.count, "sum": self.sum, "min": self.min, "max": self.max}
        return fields | ({"sumHigh": self.sum_high} if self.sum_high else {})


Cells = dict[tuple[str, int], Cell]
"""The cells of a day, by metric and bucket."""


def count(cells: Cells, time: datetime, numbers: Mapping[str, Number]) -> None:
    """Add an event's metrics to a day's cells."""
    number_of_bucket = bucket(time)
    for metric, number in numbers.items():
        cells.setdefault((metric, number_of_bucket), Cell()).add(number)


def merge(cells: Cells, others: Cells) -> None:
    """Add other cells of the same day, which stay as they are."""
    for key, other in others.items():
        cells.setdefault(key, Cell()).merge(other)


def stored(cells: Cells) -> dict[str, dict[str, dict[str, Number]]]:
    """The cells as they are stored: by metric, then by bucket."""
    found: dict[str, dict[str, dict[str, Number]]] = {}
    for (metric, number), cell in cells.items():
        found.setdefault(metric, {})[str(number)] = cell.fields()
    return found


def transforms(cells: Cells) -> Iterable[raw.Transform]:
    """The transforms that add these cells to the stored ones."""
    for (metric, number), cell in cells.items():
        prefix = raw.path("metrics", metric, str(number))
        yield f"{prefix}.count", "increment", cell.count
        yield f"{prefix}.sum", "increment", cell.sum
        yield f"{prefix}.min", "minimum", cell.min
        yield f"{prefix}.max", "maximum", cell.max
        if cell.sum_high:
            yield f"{prefix}.sumHigh", "increment", cell.sum_high


def bytes_of_transforms(metric: str) -> int:
    """What counting a number of this metric takes up in a commit, at most."""
    return TRANSFORMS * (4 * len(metric) + _TRANSFORM_BYTES)


def labels(event: str, epoch: int, time: datetime) -> dict[str, Any]:
    """The fields that say what is counted in the rollup, on the UTC day of that time."""
    return {
        "event": event,
        "claimEpoch": epoch,
        "day": day(time),
        "bucketSeconds": int(BUCKET.total_seconds()),
        "expireAt": expires(event, time),
    }


def expires(event: str, time: datetime) -> datetime:
    """When Firestore's TTL may delete the rollup of that day.

    Never before the events that it counts: a late copy has to find what was counted before.
    """
    kept = max(settings.rollup_retention_days(), retention.days(event))
    return bucket_start(time, 0) + timedelta(days=kept + 1)
