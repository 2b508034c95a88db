"""What is counted of an event, and in which bucket."""

import json
import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.telemetry import rollup
from shared.telemetry import value as values

times = st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - aware by `timezones`
integers = st.integers(-(2**63), 2**63 - 1)
dyadic = st.integers(-(2**40), 2**40).map(lambda n: n / 1024)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, {"value": 7}),
        (-0.5, {"value": -0.5}),
        (2**63 - 1, {"value": 2**63 - 1}),
        (True, {}),
        ("7", {}),
        (None, {}),
        ([1, 2], {}),
        (math.nan, {}),
        (-math.inf, {}),
        (1.1e300, {}),
        ({"t": 1.5, "on": True, "unit": "C", "in": [{"x": 1}, 2], "n": None}, {"t": 1.5}),
        (
            {"loc": {"lck": 1, "lat": 47.3}, "req_id": 17},
            {"loc.lck": 1, "loc.lat": 47.3, "req_id": 17},
        ),
        ({"a": {"b": {"c": 1, "d": {"e": 2}}, "f": 3}}, {"a.b.c": 1, "a.f": 3}),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1}),
        ({"a": {"b": 2}, "a.b": 1}, {"a.b": 2}),
        ({"a.b": "text", "a": {"b": 2}}, {"a.b": 2}),
        ({"a": {"b.c": 1, "b": {"c": 2}}}, {"a.b.c": 1}),
        ({"__a": {"b__": 1, "c": 2}}, {"__a.c": 2}),
        ({"a": {"n": math.nan, "i": math.inf, "b": True, "t": "7"}}, {}),
        ({"k" * 64: {"k" * 63: 1, "k" * 64: 2}}, {"k" * 64 + "." + "k" * 63: 1}),
        ({"é" * 64: 1, "é" * 65: 2}, {"é" * 64: 1}),
        ({"k" * 129: 1, "k" * 128: 2}, {"k" * 128: 2}),
    ],
)
def test_numbers_are_metrics_by_their_path(value: Any, expected: dict[str, float]) -> None:
    assert rollup.metrics(value) == expected


def test_an_event_has_32_metrics_at_most() -> None:
    assert list(rollup.metrics({f"m{n}": n for n in range(300)})) == [f"m{n}" for n in range(32)]


def test_metrics_are_in_the_order_of_the_data() -> None:
    data = '{"z": 1, "a": {"z": 2, "b": {"c": 3}, "a": 4}, "b": 5}'
    assert list(rollup.metrics(values.read(data).value)) == ["z", "a.z", "a.b.c", "a.a", "b"]
    many = {"z": {f"m{n}": n for n in range(20)}, "a": {f"m{n}": n for n in range(20)}}
    found = list(rollup.metrics(values.read(json.dumps(many)).value))
    assert found == [f"z.m{n}" for n in range(20)] + [f"a.m{n}" for n in range(12)]


@given(
    st.recursive(
        st.floats() | integers | st.booleans() | st.text(),
        lambda inner: st.dictionaries(st.text(min_size=1), inner) | st.lists(inner, max_size=2),
        max_leaves=20,
    )
)
def test_nothing_that_spoils_a_sum_is_counted(value: Any) -> None:
    for number in rollup.metrics(value).values():
        assert math.isfinite(number)
        assert isinstance(number, int) or abs(number) <= rollup.MAX_FLOAT


@given(times)
def test_a_time_is_in_its_bucket(time: datetime) -> None:
    number = rollup.bucket(time)
    assert 0 <= number < 288
    start = rollup.bucket_start(time, number)
    assert start <= time < start + rollup.BUCKET
    assert rollup.day(start) == rollup.day(time)


@pytest.mark.parametrize(
    ("time", "day", "number"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), "2026-12-31", 287),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-01-01", 0),
        (datetime(2028, 2, 29, 0, 5, tzinfo=UTC), "2028-02-29", 1),
    ],
)
def test_days_end_at_midnight_utc(time: datetime, day: str, number: int) -> None:
    assert (rollup.day(time), rollup.bucket(time)) == (day, number)


def test_24_hours_lie_in_two_documents_and_30_days_in_31() -> None:
    end = datetime(2026, 5, 13, 10, 55, tzinfo=UTC)
    for span, documents in ((timedelta(hours=24), 2), (timedelta(days=30), 31)):
        steps = int(span / rollup.BUCKET)
        ids = {rollup.document_id("t", 1, end - n * rollup.BUCKET) for n in range(steps + 1)}
        assert len(ids) == documents


@given(st.text(min_size=1, max_size=40), st.integers(1, 99), times)
def test_an_id_can_be_read_back_and_is_a_valid_one(name: str, epoch: int, time: datetime) -> None:
    key = rollup.document_id(name, epoch, time)
    event, claim, day = key.split("@")
    assert (unquote(event), int(claim), day) == (name, epoch, rollup.day(time))
    assert "/" not in key
    assert key not in {".", ".."}
    assert not key.endswith("__"), "reserved by Firestore"


def test_an_id_is_as_javascript_would_write_it() -> None:
    time = datetime(2026, 5, 13, tzinfo=UTC)
    # encodeURIComponent("spark/status a.b~ä'(!)*@%")
    expected = "spark%2Fstatus%20a.b~%C3%A4'(!)*%40%25@3@2026-05-13"
    assert rollup.document_id("spark/status a.b~ä'(!)*@%", 3, time) == expected


def counted(numbers: list[float]) -> rollup.Cell:
    cells: rollup.Cells = {}
    for number in numbers:
        rollup.count(cells, datetime(2026, 5, 13, tzinfo=UTC), {"value": number})
    (cell,) = cells.values()
    return cell


@given(st.lists(integers, min_size=1, max_size=60))
def test_sums_of_integers_are_exact_and_fit(numbers: list[int]) -> None:
    cell = counted(list(numbers))
    assert cell.sum + cell.sum_high * 2**32 == sum(numbers)
    assert (cell.count, cell.min, cell.max) == (len(numbers), min(numbers), max(numbers))
    assert abs(cell.sum) < 2**50, "a million more of them stay below 2^63"
    assert abs(cell.sum_high) < 2**50


@given(st.lists(integers | st.integers(-(2**30), 2**30).map(lambda n: n / 1024), min_size=1))
@example([2**42 + 1, 1 / 1024] * 3)
def test_sums_of_large_integers_and_small_fractions_are_exact(numbers: list[float]) -> None:
    cell = counted(numbers)
    assert Fraction(cell.sum) + cell.sum_high * 2**32 == sum(map(Fraction, numbers))


@given(st.lists(dyadic | st.integers(-(2**30), 2**30), min_size=1, max_size=60))
def test_sums_of_multiples_of_1_1024_are_exact(numbers: list[float]) -> None:
    assert counted(numbers).sum == math.fsum(numbers)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_other_sums_are_near(numbers: list[float]) -> None:
    size = math.fsum(map(abs, numbers))
    assert counted(numbers).sum == pytest.approx(math.fsum(numbers), rel=1e-9, abs=1e-9 * size)


@given(st.dictionaries(st.text(min_size=1, max_size=20), integers, min_size=32, max_size=64))
def test_one_event_stays_below_firestores_500_transforms(value: dict[str, int]) -> None:
    cells: rollup.Cells = {}
    rollup.count(cells, datetime(2026, 5, 13, tzinfo=UTC), rollup.metrics(value))
    assert len(list(rollup.transforms(cells))) <= 32 * 5
