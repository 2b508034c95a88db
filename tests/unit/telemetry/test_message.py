"""Reading what Pub/Sub delivers: everything that can be an event is one, the rest has a reason."""

import base64
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.message import (
    CLOCK_TOLERANCE,
    MAX_DATA_BYTES,
    Event,
    UnstorableError,
    event_in,
    read,
)

DEVICE = "1e0032123447343149111039"
NOW = datetime(2026, 5, 13, 10, 55, 3, tzinfo=UTC)


def delivered(data: str | None = "25.34", **attributes: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "attributes": {
            "device_id": DEVICE,
            "event": "temperature",
            "published_at": "2026-05-13T10:55:02.520Z",
            **attributes,
        },
        "messageId": "1",
        "publishTime": "2026-05-13T10:55:02.9Z",
    }
    if data is not None:
        message["data"] = base64.b64encode(data.encode()).decode()
    return {"message": message}


def parsed(body: Any) -> Event:
    return event_in(read(body), NOW)


def reason(body: Any) -> str:
    with pytest.raises(UnstorableError) as caught:
        parsed(body)
    return caught.value.reason


def test_an_event_has_the_devices_time_name_and_value() -> None:
    event = parsed(delivered())
    assert (event.device_id, event.name, event.data) == (DEVICE, "temperature", "25.34")
    assert event.value == pytest.approx(25.34)
    assert event.published_at == datetime(2026, 5, 13, 10, 55, 2, 520_000, tzinfo=UTC)


def test_data_are_kept_as_published_beside_what_was_read_from_them() -> None:
    data = '\ufeff{"t": 21.5, "m": [[1]]}\0'
    event = parsed(delivered(data))
    assert (event.data, event.value, event.value_error) == (data, {"t": 21.5, "m": ["[1]"]}, None)
    assert event.value_notes == ({"path": "m.0", "why": "a list directly in a list"},)
    assert parsed(delivered("nan")).value_error == "not a number"


@pytest.mark.parametrize("data", [None, ""])
def test_no_data_is_no_error(data: str | None) -> None:
    event = parsed(delivered(data))
    assert (event.data, event.value, event.value_error) == (None, None, None)


def test_bytes_that_are_no_text_are_kept_as_base64() -> None:
    body = delivered()
    body["message"]["data"] = base64.b64encode(b"\xff\x00").decode()
    event = parsed(body)
    assert (event.data, event.encoding, event.value_error) == ("/wA=", "base64", "not UTF-8")


def test_the_test_of_an_integration_for_all_events_has_a_name() -> None:
    assert parsed(delivered(device_id="api", event="")).name == "test"
    assert parsed(delivered(device_id="api", event="spark/")).name == "spark/"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"device_id": "1e00"}, "bad-device-id"),
        ({"device_id": "../users/x"}, "bad-device-id"),
        ({"device_id": ""}, "no-device-id"),
        ({"event": ""}, "no-event-name"),
        ({"event": 7}, "no-event-name"),
        ({"event": "e" * 257}, "bad-event-name"),
        ({"event": "\ud800"}, "bad-event-name"),
    ],
)
def test_what_can_never_be_stored_has_a_reason(change: dict[str, Any], expected: str) -> None:
    assert reason(delivered(**change)) == expected


@pytest.mark.parametrize("data", ["%%%", "MjUu=zQ", 7, {}, "é"])
def test_wrong_base64_has_a_reason(data: Any) -> None:
    body = delivered()
    body["message"]["data"] = data
    assert reason(body) == "bad-base64"


def test_long_data_are_kept_once() -> None:
    event = parsed(delivered("[" + "1," * 40_000 + "1]"))
    assert (event.value, event.value_error) == (None, "too long")
    assert event.data == "[" + "1," * 40_000 + "1]"


@pytest.mark.parametrize("raw", [b"x" * (MAX_DATA_BYTES + 1), b"\xff" * 700_000])
def test_data_larger_than_a_document_have_a_reason(raw: bytes) -> None:
    body = delivered()
    body["message"]["data"] = base64.b64encode(raw).decode()
    assert reason(body) == "too-large"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2016-12-31T23:59:60.25Z", datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2025-12-31T23:59:59.999Z", datetime(2025, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2026-01-01T00:30:00+01:00", datetime(2025, 12, 31, 23, 30, tzinfo=UTC)),
    ],
)
def test_leap_seconds_and_years_ends(text: str, time: datetime) -> None:
    assert parsed(delivered(published_at=text)).published_at == time


def test_no_time_of_a_message_is_too_great() -> None:
    body = delivered(published_at="9999-12-31T23:59:59Z")
    body["message"]["publishTime"] = "9999-12-31T23:59:59Z"
    assert parsed(body).published_at == NOW + 2 * CLOCK_TOLERANCE


@pytest.mark.parametrize(
    "body", [None, [], "no JSON", b"\xff", {"message": 1}, {}, {"message": {}}]
)
def test_anything_else_has_a_reason(body: Any) -> None:
    assert reason(body) == "no-device-id"


def test_upper_case_device_ids_are_the_same_device() -> None:
    assert parsed(delivered(device_id=DEVICE.upper())) == parsed(delivered())


@pytest.mark.parametrize("published_at", ["yesterday", "", None, "0001-01-01T00:00:00+23:59"])
def test_without_a_time_the_messages_own_counts(published_at: Any) -> None:
    event = parsed(delivered(published_at=published_at))
    assert event.published_at == datetime(2026, 5, 13, 10, 55, 2, 900_000, tzinfo=UTC)


def test_without_any_time_it_is_no_event() -> None:
    """With this moment's time a second replay would be another event."""
    body = delivered(published_at="yesterday")
    for time in (None, "today"):
        body["message"]["publishTime"] = time
        with pytest.raises(UnstorableError, match="no-time"):
            event_in(read(body), NOW)


def test_a_clock_far_ahead_is_set_back_and_the_id_stays() -> None:
    ahead = delivered(published_at="2031-01-01T00:00:00.000Z")
    again = delivered(published_at="2031-01-01T00:00:00.000Z")
    again["message"] |= {"messageId": "2", "publishTime": "2026-05-13T10:59:00Z"}
    event = parsed(ahead)
    assert event.published_at == datetime(2026, 5, 13, 11, 0, 2, 900_000, tzinfo=UTC)
    assert parsed(again).id == event.id


@pytest.mark.parametrize(
    ("raw", "event_id"),
    [
        (b"25.34", "4da33f3dc4c4394531ff5b23078b2684"),
        (b"12e5", "c77f64e2e7c652464382c574f8fe3801"),
        (b"nan", "c9a09af763e63eb6f18f3d7ac0ec261f"),
        (b"25.5\x00", "dfcf9b4c3ac280c340811ce55052a4ca"),
        (b'\xef\xbb\xbf{"t": 1}', "011c71c677c5764295f4e5a077739b77"),
        (b'{"b": 1, "a": [[2]]}', "70b5e36841e56871d206a05b868d48c5"),
        (b"9007199254740993", "22128e1a0107cb859ebd322863f51087"),
        (b"\xff\x00", "1007aa9c30a27e5683dd323068c8e0eb"),
        (b"", "f30588a1da4a21ee9e36e1acdef680f0"),
    ],
)
def test_an_id_never_changes(raw: bytes, event_id: str) -> None:
    """It is of what was published, however that is read: a copy finds the event stored long ago."""
    body = delivered()
    body["message"]["data"] = base64.b64encode(raw).decode()
    assert parsed(body).id == event_id


GOOD = datetime(2026, 5, 13, 10, 55, 2, 520_000, tzinfo=UTC)
SENT = datetime(2026, 5, 13, 10, 55, 2, 900_000, tzinfo=UTC)
UNSET = ["1970-01-01T00:00:00Z", "1970-01-01T00:00:17.5Z", "1980-01-06T00:00:00Z", "2000-01-01"]
"""What clocks show that were never set."""


@pytest.mark.parametrize("sent", [*UNSET, "0001-01-01T00:00:00Z", None, "", "today", 0])
def test_a_good_time_counts_whatever_the_messages_own_is(sent: Any) -> None:
    body = delivered()
    body["message"]["publishTime"] = sent
    assert parsed(body).published_at == GOOD
    assert parsed(body).id == parsed(delivered()).id


@pytest.mark.parametrize("sent", ["2026-05-13T10:56:00Z", "2031-01-01T00:00:00Z", "9999-12-31"])
def test_a_message_from_the_future_changes_no_good_time(sent: str) -> None:
    body = delivered()
    body["message"]["publishTime"] = sent
    assert parsed(body).published_at == GOOD


@pytest.mark.parametrize("own", [*UNSET, "0001-01-01T00:00:00Z", "nonsense"])
def test_the_messages_good_time_counts_for_an_event_whose_clock_was_never_set(own: str) -> None:
    assert parsed(delivered(published_at=own)).published_at == SENT
    earlier = delivered(published_at=own)
    earlier["message"]["publishTime"] = "2026-05-13T09:55:02.9Z"
    assert parsed(earlier).published_at == SENT - timedelta(hours=1)
    assert parsed(earlier).id != parsed(delivered(published_at=own)).id, "it is another reading"


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        *product([*UNSET, None], UNSET),
        (UNSET[0], None),
    ],
)
def test_without_any_good_time_the_arrival_counts_and_the_id_stays(
    own: str | None, sent: str | None
) -> None:
    body = delivered(published_at=own)
    body["message"]["publishTime"] = sent
    assert parsed(body).published_at == NOW
    assert event_in(read(body), NOW + timedelta(days=1)).id == parsed(body).id


def test_a_time_that_a_clock_can_have_shown_is_believed() -> None:
    """However old it is: such an event is refused as too old."""
    old = parsed(delivered(published_at="2001-01-01T00:00:00Z"))
    assert old.published_at == datetime(2001, 1, 1, tzinfo=UTC)


def test_a_message_from_the_future_without_an_event_time_keeps_its_id() -> None:
    body = delivered(published_at=None)
    body["message"]["publishTime"] = "2031-01-01T00:00:00Z"
    assert parsed(body).published_at == NOW + CLOCK_TOLERANCE
    assert event_in(read(body), NOW + timedelta(days=1)).id == parsed(body).id


@given(
    st.lists(
        st.tuples(
            st.sampled_from([DEVICE, "f" * 24]),
            st.sampled_from(["t", "temperature", "te"]),
            st.integers(0, 3).map(lambda s: f"2026-05-13T10:55:0{s}.520Z"),
            st.sampled_from(["1", "11", "", "e", "mperature"]),
        ),
        min_size=2,
        max_size=2,
    )
)
def test_ids_are_equal_exactly_for_copies(two: list[tuple[str, str, str, str]]) -> None:
    first, second = (
        parsed(delivered(data, device_id=device, event=name, published_at=at))
        for device, name, at, data in two
    )
    assert (first.id == second.id) == (two[0] == two[1])


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - made aware below
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=900)),
)
def test_order_sorts_by_time(time: datetime, later: timedelta) -> None:
    def at(moment: datetime) -> Event:
        text = moment.replace(tzinfo=UTC).isoformat()
        body = delivered(published_at=text)
        body["message"]["publishTime"] = text
        return parsed(body)

    first, second = at(time), at(time + later)
    assert (first.order < second.order) == (
        (first.published_at, first.id[:6]) < (second.published_at, second.id[:6])
    )
    assert 0 <= first.order < 2**63


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.binary(), st.lists))
def test_garbage_is_an_event_or_has_a_reason(garbage: Any) -> None:
    for body in (garbage, {"message": garbage}, delivered(event=garbage, device_id=garbage)):
        try:
            parsed(body)
        except UnstorableError as failure:
            assert failure.reason
