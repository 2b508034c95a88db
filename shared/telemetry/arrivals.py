"""Notices when the integration goes quiet: no event for longer than is usual for this fleet.

Each instance of `ingest` marks, with its first commit in a slot of five minutes, that events
arrived in that slot: in `health/arrivals-{day}`, which has a field for each slot. The days before
show what is usual: a silence is remarkable when it is much longer than those that overlapped the
same time of day then. So a fleet that sleeps at night is not reported each night, and one that
never sleeps is reported after a quarter of an hour.

A silence is usual when it happened twice: the longest one may have been an outage, which must not
hide the next outage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared import log
from shared.firestore import paths

SLOT = timedelta(minutes=5)
BACK = (1, 2, 3, 4, 5, 6, 7, 8, 14)
"""Days before today that show what is usual: the last eight, and the same weekday once more, so
that a weekly day of rest is among them twice."""
LONG = timedelta(days=8)
"""A silence of this length is always remarkable, whatever was usual."""
LEAST = 3
"""The shortest silence that can be remarkable, in slots."""
FACTOR = 1.5
"""A silence is remarkable when it is this many times longer than the longest usual one."""
KEPT_DAYS = 90
"""How long marks are kept, and so the longest silence that is reported."""

_MINUTE = timedelta(minutes=1)
_DAY_SLOTS = timedelta(days=1) // SLOT


@dataclass(frozen=True)
class Silence:
    """A period without events, in whole slots."""

    last: datetime
    """End of the last slot in which events arrived."""
    length: timedelta
    usual: timedelta | None
    """The second longest silence at this time of day in the days before; the longest if there is
    only one; None if the days before are not known."""

    @property
    def remarkable(self) -> bool:
        """Whether the operator should look into it."""
        if self.length >= LONG:
            return True
        if self.usual is None or self.length < LEAST * SLOT:
            return False
        return self.length > FACTOR * self.usual


def check(now: datetime) -> None:
    """Log the present silence if it is remarkable."""
    silent = present_silence(now)
    if silent and silent.remarkable:
        usual = silent.usual or timedelta()
        log.integration_quiet(silent.length // _MINUTE, usual // _MINUTE)


def slot_of(time: datetime) -> int:
    """The number of the slot that contains a time, counted from the epoch."""
    return int(time.timestamp() // SLOT.total_seconds())


def day_and_key(slot: int) -> tuple[str, str]:
    """The id of a slot's document in `health`, and the slot's key in its `slots`."""
    day, number = divmod(slot, _DAY_SLOTS)
    return f"arrivals-{_start(day * _DAY_SLOTS):%Y-%m-%d}", f"s{number}"


def present_silence(now: datetime) -> Silence | None:
    """The silence up to now; None when nothing has arrived in `KEPT_DAYS`.

    Reads 16 documents, and after a silence of weeks those of all days that are kept.
    """
    today = slot_of(now) // _DAY_SLOTS
    slots = _slots(range(today - max(BACK) - 1, today + 1))
    return silence(sorted(slots or _slots(range(today - KEPT_DAYS, today))), slot_of(now))


def _slots(days: Iterable[int]) -> list[int]:
    """The slots in which events arrived on these days; days, too, are counted from the epoch."""
    names = {day_and_key(day * _DAY_SLOTS)[0]: day for day in days}
    return [
        names[snapshot.id] * _DAY_SLOTS + int(key[1:])
        for snapshot in paths.client().get_all([paths.health(name) for name in names])
        for key in (snapshot.to_dict() or {}).get("slots", {})
    ]


def silence(slots: Sequence[int], now: int) -> Silence | None:
    """The silence between the last of `slots` and slot `now`, which is not over yet.

    `slots` are those in which events arrived, in ascending order.
    """
    if not slots:
        return None
    last = min(slots[-1], now)
    known = [days * _DAY_SLOTS for days in BACK if last - days * _DAY_SLOTS >= slots[0]]
    # A silence of several days overlaps several of them, and counts once.
    longest = {
        max((b - a - 1, a) for a, b in pairwise(slots) if a < now - back and b > last - back)
        for back in known
    }
    lengths = sorted((length for length, _ in longest), reverse=True)
    return Silence(
        last=_start(last + 1),
        length=max(now - last - 1, 0) * SLOT,
        usual=lengths[:2][-1] * SLOT if lengths else None,
    )


def _start(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)
