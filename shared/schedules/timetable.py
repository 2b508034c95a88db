"""When a schedule is due: local times that keep their hour when the clocks change, and the sun.

A local time that the clocks skip is the first moment after the gap; one that they show twice is the
first of the two. A day without the sunrise or sunset (beyond the polar circles) is left out, and so
is one whose sunset comes after midnight.
"""

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS_AHEAD = 400
"""How far ahead an occurrence is looked for: the sun may be away for half a year."""
_SECOND = timedelta(seconds=1)


class Kind(enum.StrEnum):
    """What decides when it is due."""

    TIME = "time"
    SUNRISE = "sunrise"
    SUNSET = "sunset"
    ONCE = "once"


@dataclass(frozen=True)
class Timetable:
    """When a schedule is due."""

    kind: Kind
    zone: ZoneInfo
    at: datetime | None = None
    """Of one that is due once."""
    days: frozenset[int] = frozenset(range(1, 8))
    """ISO days of the week, 1 for Monday, by the local date."""
    local: time | None = None
    """The time of the day, by the clocks there."""
    place: tuple[float, float] | None = None
    """Latitude and longitude in degrees, for the sun."""
    offset: timedelta = timedelta(0)
    """Before (negative) or after the sunrise or sunset."""

    def next_after(self, now: datetime) -> datetime | None:
        """The next time that is later than `now`, in UTC; None if there is none."""
        if self.kind is Kind.ONCE:
            return self.at if self.at and self.at > now else None
        # An offset may lead from yesterday's sunset into today.
        day = now.astimezone(self.zone).date() - timedelta(days=1)
        for _ in range(_DAYS_AHEAD):
            found = self._on(day) if day.isoweekday() in self.days else None
            if found and found > now:
                return found
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> datetime | None:
        if self.kind is Kind.TIME:
            found = _instant(datetime.combine(day, self.local or time()), self.zone)
            # Where the clocks skip a whole day, there is no such time on it.
            return found if found.astimezone(self.zone).date() == day else None
        sun = _sun(self.kind, day, self.place or (0.0, 0.0), self.zone)
        return sun and sun + self.offset


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which clocks there show a local time first, or next after it."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    # The clocks skip it: the change lies between its two readings.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    before = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _sun(kind: Kind, day: date, place: tuple[float, float], zone: ZoneInfo) -> datetime | None:
    """The sunrise or sunset of a local date in UTC, to the second; None on a day without."""
    # Only here: the import takes 20 ms.
    from astral import Observer  # noqa: PLC0415
    from astral.sun import sunrise, sunset  # noqa: PLC0415

    find = sunrise if kind is Kind.SUNRISE else sunset
    try:
        found: datetime = find(Observer(*place), date=day, tzinfo=zone)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(microsecond=0) if found.date() == day else None
