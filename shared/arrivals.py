"""Notices that the integration went quiet: no event for longer than is usual for this fleet.

Each instance of `ingest` marks, with its first commit in a slot of five minutes, that events came
in it: in `health/arrivals-{day}`, a field for each slot. What is usual is told by the days before:
a silence is remarkable when it is much longer than those that touched the same time of day then. So
a fleet that sleeps at night is not reported each night, and one that never does is after a quarter
of an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared import log, store

SLOT = timedelta(minutes=5)
DAYS = 8
"""Days before today that tell what is usual; a week and one, so that weekends are among them."""
LEAST = 3
"""Slots; a shorter silence is never remarkable."""
FACTOR = 1.5
"""Times the longest usual silence from which one is remarkable."""
KEPT_DAYS = 30

_MINUTE = timedelta(minutes=1)
_DAY_SLOTS = timedelta(days=1) // SLOT


@dataclass(frozen=True)
class Silence:
    """How long nothing has come, in whole slots."""

    last: datetime
    """End of the last slot in which events came."""
    length: timedelta
    usual: timedelta | None
    """The longest silence at this time of day in the days before; None when they are not known."""

    @property
    def remarkable(self) -> bool:
        """Whether somebody should look after it."""
        if self.usual is None or self.length < LEAST * SLOT:
            return False
        return self.length > FACTOR * self.usual


def check(now: datetime) -> None:
    """Log a silence that somebody should look after."""
    silent = present_silence(now)
    if silent and silent.remarkable and silent.usual is not None:
        log.integration_quiet(silent.length // _MINUTE, silent.usual // _MINUTE)


def slot_of(time: datetime) -> int:
    """The number of the slot that a time lies in, counted from the epoch."""
    return int(time.timestamp() // SLOT.total_seconds())


def day_and_key(slot: int) -> tuple[str, str]:
    """The document's id in `health`, and the key in its `slots`."""
    day, number = divmod(slot, _DAY_SLOTS)
    return f"arrivals-{_start(day * _DAY_SLOTS):%Y-%m-%d}", f"s{number}"


def present_silence(now: datetime) -> Silence | None:
    """The silence that lasts at this moment; None when nothing has ever come.

    Reads nine documents.
    """
    today = slot_of(now) // _DAY_SLOTS
    days = range(today - DAYS, today + 1)
    names = {day_and_key(day * _DAY_SLOTS)[0]: day for day in days}
    slots: list[int] = []
    for snapshot in store.client().get_all([store.health(name) for name in names]):
        marked = (snapshot.to_dict() or {}).get("slots", {})
        slots += [names[snapshot.id] * _DAY_SLOTS + int(key[1:]) for key in marked]
    return silence(sorted(slots), slot_of(now))


def silence(slots: Sequence[int], now: int) -> Silence | None:
    """The silence before slot `now`, which is still under way, after the last of `slots`.

    `slots` are those in which events came, in order.
    """
    if not slots:
        return None
    last = min(slots[-1], now)
    usual = [
        b - a - 1
        for back in range(_DAY_SLOTS, DAYS * _DAY_SLOTS + 1, _DAY_SLOTS)
        if last - back >= slots[0]
        for a, b in pairwise(slots)
        if a < now - back and b > last - back
    ]
    return Silence(
        last=_start(last + 1),
        length=max(now - last - 1, 0) * SLOT,
        usual=max(usual) * SLOT if usual else None,
    )


def _start(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)
