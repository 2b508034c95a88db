"""Schedules keep the local time, whatever the clocks do, and follow the sun."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schedules.timetable import Kind, Timetable

VIENNA = ZoneInfo("Europe/Vienna")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "after", "expected"),
    [
        ("Europe/Vienna", "06:00", "2026-01-10T12:00", "2026-01-11T05:00"),
        ("Europe/Vienna", "06:00", "2026-07-10T12:00", "2026-07-11T04:00"),
        # Equal is not after.
        ("Europe/Vienna", "06:00", "2026-01-10T05:00", "2026-01-11T05:00"),
        # The clocks jump from 02:00 to 03:00: half past two is three o'clock.
        ("Europe/Vienna", "02:30", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Vienna", "02:00", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Vienna", "03:00", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Vienna", "02:30", "2026-03-29T01:00", "2026-03-30T00:30"),
        # They show half past two twice: the first one, and once only.
        ("Europe/Vienna", "02:30", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("Europe/Vienna", "02:30", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("America/New_York", "02:30", "2026-03-07T12:00", "2026-03-08T07:00"),
        ("America/New_York", "01:30", "2026-10-31T12:00", "2026-11-01T05:30"),
        # Lord Howe's clocks jump by half an hour.
        ("Australia/Lord_Howe", "02:15", "2026-10-03T12:00", "2026-10-03T15:30"),
        # Midnight does not exist on the day of the change.
        ("Asia/Beirut", "00:00", "2026-03-28T12:00", "2026-03-28T22:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "06:00", "2011-12-29T17:00", "2011-12-30T16:00"),
        ("Asia/Kathmandu", "06:00", "2026-01-01T00:00", "2026-01-01T00:15"),
    ],
)
def test_a_local_time(zone: str, local: str, after: str, expected: str) -> None:
    timetable = Timetable(Kind.TIME, ZoneInfo(zone), local=time.fromisoformat(local))
    assert timetable.next_after(utc(after)) == utc(expected)


def test_days_are_local() -> None:
    """Monday at half past midnight in Vienna is Sunday in UTC."""
    monday = Timetable(Kind.TIME, VIENNA, days=frozenset({1}), local=time(0, 30))
    assert monday.next_after(utc("2026-01-10T00:00")) == utc("2026-01-11T23:30")
    assert monday.next_after(utc("2026-01-11T23:30")) == utc("2026-01-18T23:30")


def test_once() -> None:
    at = utc("2026-05-01T10:00")
    once = Timetable(Kind.ONCE, VIENNA, at=at)
    assert once.next_after(at - timedelta(seconds=1)) == at
    assert once.next_after(at) is None


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        # Sunrise and sunset in Vienna by the almanac, in UTC.
        (Kind.SUNRISE, "2026-06-21T00:00", "2026-06-21T02:54"),
        (Kind.SUNSET, "2026-06-21T12:00", "2026-06-21T18:59"),
        (Kind.SUNRISE, "2026-12-21T00:00", "2026-12-21T06:43"),
        (Kind.SUNSET, "2026-12-21T12:00", "2026-12-21T15:02"),
    ],
)
def test_the_sun(kind: Kind, day: str, expected: str) -> None:
    place = (48.21, 16.37)
    found = Timetable(kind, VIENNA, place=place).next_after(utc(day))
    assert found is not None
    assert abs(found - utc(expected)) < timedelta(minutes=2)
    later = Timetable(kind, VIENNA, place=place, offset=timedelta(minutes=30))
    assert later.next_after(utc(day)) == found + timedelta(minutes=30)


def test_where_the_sun_does_not_rise() -> None:
    """Tromsø has no sunrise from late November to mid-January."""
    tromso = Timetable(Kind.SUNRISE, ZoneInfo("Europe/Oslo"), place=(69.65, 18.96))
    found = tromso.next_after(utc("2026-12-01T12:00"))
    assert found is not None
    assert utc("2027-01-10T00:00") < found < utc("2027-01-20T00:00")


ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


@given(
    st.sampled_from(ZONES),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.integers(1_577_836_800, 1_893_456_000),
)
def test_once_a_local_day_and_always_later(zone: str, local: time, start: int) -> None:
    """So a call is neither made twice a day nor left out, in any zone."""
    timetable = Timetable(Kind.TIME, ZoneInfo(zone), local=local)
    at = datetime.fromtimestamp(start, UTC)
    days = []
    for _ in range(8):
        found = timetable.next_after(at)
        assert found is not None
        assert found > at
        at = found
        days.append(found.astimezone(ZoneInfo(zone)))
    dates = [one.date() for one in days]
    assert [b - a for a, b in pairwise(dates)] == [timedelta(days=1)] * 7
    shown = [one.time() for one in days]
    assert sum(one != local for one in shown) <= 1, "only where the clocks skip it"
