"""Which silences are unusual, judged by the slots in which events arrived."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.arrivals import (
    BACK,
    LEAST,
    LONG,
    SLOT,
    Silence,
    day_and_key,
    silence,
    slot_of,
)

DAY = timedelta(days=1) // SLOT
TODAY = slot_of(datetime(2026, 5, 13, tzinfo=UTC))
DAYS = max(BACK) + 1
START = TODAY - DAYS * DAY


def after(slots: list[int], now: int) -> Silence:
    found = silence(slots, now)
    assert found is not None
    return found


def test_a_fleet_that_never_sleeps_is_missed_after_a_quarter_of_an_hour() -> None:
    slots = list(range(START, TODAY + 100))
    lengths = [after(slots, TODAY + 100 + n).remarkable for n in range(5)]
    assert lengths == [False, False, False, True, True]
    assert LEAST == 3


def test_a_fleet_that_sleeps_at_night_may_do_so_every_night() -> None:
    day = range(8 * 12, 20 * 12)  # from 8 to 20 o'clock
    slots = [START + d * DAY + n for d in range(DAYS) for n in day]
    night = [after(slots, now) for now in range(slots[-1] + 1, TODAY + 8 * 12 + 1)]
    assert len(night) > 140
    assert not any(silence.remarkable for silence in night)
    assert night[-1].usual == timedelta(hours=12)
    # Nothing arrives in the morning: reported when the silence is 1.5 times the usual night.
    assert after(slots, TODAY + 14 * 12 + 2).remarkable
    # In the middle of the day it is reported soon.
    slots += [TODAY + n for n in range(8 * 12, 12 * 12)]
    assert after(slots, TODAY + 12 * 12 + 3).remarkable


def test_a_day_of_rest_in_the_week_is_usual() -> None:
    rest = {TODAY - days * DAY + n for days in (7, 14) for n in range(DAY)}
    slots = [slot for slot in range(START, TODAY) if slot not in rest]
    assert not after(slots, TODAY + 200).remarkable


def test_an_outage_does_not_hide_the_next_one() -> None:
    """Not even one of more than a day, which touches each time of day."""
    for length in (DAY // 2, DAY + DAY // 2):
        out = range(TODAY - 5 * DAY, TODAY - 5 * DAY + length)
        slots = [slot for slot in range(START, TODAY) if slot not in out]
        assert after(slots, TODAY + 2).usual == timedelta(0)
        assert after(slots, TODAY + LEAST).remarkable


def test_a_silence_without_end_is_reported_again_and_again() -> None:
    slots = list(range(START, TODAY))
    lengths = [after(slots, TODAY + days * DAY) for days in range(1, 60)]
    assert all(silence.remarkable for silence in lengths)
    # As long as a single day is known from before it.
    assert after([TODAY], TODAY + LONG // SLOT + 1).remarkable


def test_nothing_is_remarkable_before_a_day_is_known() -> None:
    slots = list(range(TODAY, TODAY + 50))
    assert after(slots, TODAY + 150) == Silence(
        last=datetime.fromtimestamp((TODAY + 50) * 300, UTC), length=100 * SLOT, usual=None
    )
    assert not after(slots, TODAY + 150).remarkable
    assert silence([], TODAY) is None


@given(st.sets(st.integers(START, TODAY + 100), min_size=2), st.integers(0, DAY - 2))
def test_what_was_usual_twice_is_not_reported(slots: set[int], more: int) -> None:
    """The same silence at the same time on two days before is always usual."""
    last = max(slots)
    now = last + 1 + more
    silent = {slot for back in (DAY, 2 * DAY) for slot in range(last - back + 1, now - back)}
    known = sorted(slots - silent | {START, last - DAY, last - 2 * DAY})
    found = after([slot for slot in known if slot <= last], now)
    assert found.length == more * SLOT
    if last - 2 * DAY >= START:
        assert not found.remarkable


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds have to be naive
def test_each_slot_has_its_place(time: datetime) -> None:
    document, key = day_and_key(slot_of(time))
    assert document == f"arrivals-{time:%Y-%m-%d}"
    assert key == f"s{(time.hour * 60 + time.minute) // 5}"
