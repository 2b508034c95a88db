"""Ids of events that a field of their data identifies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry import identity

AT = datetime(2026, 5, 13, 10, 59, 59, tzinfo=UTC)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by `timezones`


@pytest.mark.parametrize(
    ("fields", "value", "said"),
    [
        (("req_id",), {"req_id": 7}, "[7]"),
        (("req_id",), {"req_id": "7"}, '["7"]'),
        (("req_id",), {"req_id": 0}, "[0]"),
        (("m.id",), {"m": {"id": "x"}}, '["x"]'),
        (("boot", "seq"), {"boot": 1, "seq": 2}, "[1, 2]"),
    ],
)
def test_what_the_fields_say(fields: tuple[str, ...], value: Any, said: str) -> None:
    assert identity.said(fields, value) == said


@pytest.mark.parametrize(
    "value", [None, "text", 7, [7], {}, {"req_id": None}, {"req_id": ""}, {"req_id": {"a": 1}}]
)
def test_an_event_that_says_nothing_is_identified_by_its_content(value: Any) -> None:
    assert identity.said(("req_id",), value) is None
    assert identity.said(("req_id", "boot"), {"req_id": 7}) is None


@given(times, st.timedeltas(timedelta(), timedelta(hours=3)))
def test_a_copy_has_the_same_id_or_one_nearby(time: datetime, later: timedelta) -> None:
    first = identity.of_request("d", "n", "[7]", time)
    second = identity.of_request("d", "n", "[7]", time + later)
    assert len(first) == 32
    assert identity.request_in(first) == identity.request_in(second)
    if later < identity.WINDOW:
        assert second in {first, *identity.nearby(first)}
        assert first in {second, *identity.nearby(second)}
    if first == second:
        assert later < identity.WINDOW
    assert first not in identity.nearby(first)


def test_the_first_hour_of_all_has_one_before() -> None:
    first = identity.of_request("d", "n", "[7]", datetime(1970, 1, 1, tzinfo=UTC))
    before, after = identity.nearby(first)
    assert len({first, before, after}) == 3
    assert identity.nearby(after)[0] == first


def test_device_name_and_field_all_count() -> None:
    ids = {
        identity.request_in(identity.of_request(device, name, said, AT))
        for device in ("d", "dn")
        for name in ("n", "nn")
        for said in ("[7]", '["7"]', "[8]")
    }
    assert len(ids) == 12
