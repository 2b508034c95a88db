"""Times as they are stored and sent."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import times

BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 5, 13, 10, 55, tzinfo=UTC), "2026-05-13T10:55:00.000Z"),
        (datetime(2026, 5, 13, 10, 55, 1, 999_999, tzinfo=UTC), "2026-05-13T10:55:01.999Z"),
        (datetime(2026, 1, 1, 1, 30, tzinfo=BERLIN), "2025-12-31T23:30:00.000Z"),
    ],
)
def test_responses_have_utc_with_milliseconds(time: datetime, text: str) -> None:
    assert times.iso(time) == text


def test_milliseconds_are_those_since_the_epoch() -> None:
    assert times.milliseconds(datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)) == 1500
    assert times.milliseconds(datetime(1970, 1, 1, 2, 0, tzinfo=BERLIN)) == 0
    assert times.of_milliseconds(1500.0) == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@given(st.integers(0, 4_102_444_800_000))
def test_milliseconds_survive_the_way_there_and_back(number: int) -> None:
    assert times.milliseconds(times.of_milliseconds(number)) == number
