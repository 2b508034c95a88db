"""Samples in an event: which there are, when they were taken, and what of them is counted."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import settings
from shared.firestore import raw
from shared.telemetry import batch, rollup, series
from shared.telemetry.message import Event
from shared.telemetry.pending import PendingEvent, latest_of
from shared.telemetry.rules import Spreading
from shared.telemetry.series import MAX_CELLS, MAX_SAMPLES, Sample
from shared.telemetry.tenure import Tenure

AT = datetime(2026, 5, 13, 10, tzinfo=UTC)
T0 = int(AT.timestamp())
MINUTE = timedelta(minutes=1)
LONG_AGO = AT - timedelta(days=400)


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "event_retention_by_prefix", lambda: ())
    monkeypatch.setattr(settings, "event_retention_days", lambda: 90)
    monkeypatch.setattr(settings, "rollup_retention_days", lambda: 400)


def document(rule: Spreading, value: Any, at: datetime = AT, days: int = 90) -> dict[str, Any]:
    return {
        "event": "log",
        "value": value,
        "data": json.dumps(value),
        "publishedAt": at,
        "receivedAt": at + timedelta(seconds=2),
        "expireAt": at + timedelta(days=days),
        series.RULE: msgspec.to_builtins(rule),
    }


def samples(rule: Spreading, value: Any, **more: Any) -> list[Sample]:
    found = series.of_document(document(rule, value, **more), value)
    assert found is not None
    return found


def times(rule: Spreading, value: Any) -> list[float]:
    """Minutes from `AT`."""
    return [(sample.at - AT) / MINUTE for sample in samples(rule, value)]


def iso(minutes: float) -> str:
    return (AT + minutes * MINUTE).isoformat()


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Spreading("r", time="ts"), {"r": [{"ts": iso(-2)}, {"ts": iso(-1)}]}),
        (Spreading("", time="ts"), [{"ts": iso(-2)[:-6]}, {"ts": iso(-1)[:-6] + "Z"}]),
        (Spreading("a.b", time="m.ts"), {"a": {"b": [{"m": {"ts": iso(m)}} for m in (-2, -1)]}}),
        (Spreading("r", time="ts", unit="s"), {"r": [{"ts": T0 - 120}, {"ts": str(T0 - 60)}]}),
        (
            Spreading("r", time="ts", unit="ms"),
            {"r": [{"ts": 1000 * T0 - 120_000}, {"ts": 1e3 * T0 - 6e4}]},
        ),
        (Spreading("v", start="t0", step="dt", unit="s"), {"t0": T0 - 120, "dt": 60, "v": [1, 2]}),
        (Spreading("v", start="t0", step=60, unit="s"), {"t0": T0 - 120, "v": [1, 2]}),
        (
            Spreading("v", start="t0", step="dt", unit="ms", step_unit="ms"),
            {"t0": 1000 * (T0 - 120), "dt": 60_000, "v": [{"t": 1}, {"t": 2}]},
        ),
        (Spreading("v", start="t0", step=-60), {"t0": iso(-1), "v": [2, 1]}),
        (
            Spreading("r", start="t0", offset="dt", unit="s"),
            {"t0": T0 - 120, "r": [{"dt": 0, "t": 1}, {"dt": 60, "t": 2}]},
        ),
        (
            Spreading(["a", "b"], start="t0", step=60, unit="s"),
            {"t0": T0 - 120, "a": [1, 2], "b": [3]},
        ),
        (Spreading(["ts", "t"], time="ts", unit="s"), {"ts": [T0 - 120, T0 - 60], "t": [1, 2]}),
        (
            Spreading("r", columns=["ts", "t"], time="ts", unit="s"),
            {"r": [[T0 - 120, 1], [T0 - 60, 2]]},
        ),
        # As Firestore holds a list in a list.
        (
            Spreading("", columns=["ts", "t"], time="ts", unit="s"),
            [f"[{T0 - 120}, 1]", f"[{T0 - 60},2]"],
        ),
    ],
)
def test_each_sample_has_its_own_time(rule: Spreading, value: Any) -> None:
    assert sorted(times(rule, value)) == [-2, -1]


def test_numbers_are_those_of_the_sample_without_its_time() -> None:
    value = {"n": 9, "r": [{"ts": T0, "t": 1.5, "on": True, "unit": "C"}, {"ts": T0, "h": 4}]}
    found = samples(Spreading("r", time="ts", unit="s"), value)
    assert [sample.numbers for sample in found] == [{"t": 1.5}, {"h": 4}]
    found = samples(Spreading("r", time="ts", unit="s", fields=["h", "ts", "unit"]), value)
    assert [sample.numbers for sample in found] == [{"ts": T0}, {"h": 4, "ts": T0}]
    nested = {"r": [{"ts": T0, "air": {"t": 1, "h": 2}}]}
    (sample,) = samples(Spreading("r", time="ts", unit="s", fields=["air.t"]), nested)
    assert sample.numbers == {"air.t": 1}
    plain = {"t0": T0, "v": [7, None, "x", 8.5]}
    found = samples(Spreading("v", start="t0", step=-1, unit="s"), plain)
    assert [dict(sample.numbers) for sample in found] == [{"value": 7}, {}, {}, {"value": 8.5}]
    columns = Spreading("", columns=["ts", "t", "h"], time="ts", unit="s")
    assert samples(columns, [[T0, 1, 2, 3], [T0, 4]])[0].value == {"ts": T0, "t": 1, "h": 2}
    side = Spreading(["t", "h"], start="t0", step=-60, unit="s")
    found = samples(side, {"t0": T0, "t": [1, 2, 3], "h": [4], "x": [5]})
    assert [sample.value for sample in found] == [{"t": 1, "h": 4}, {"t": 2}, {"t": 3}]


@pytest.mark.parametrize(
    "bad", [None, "yesterday", {}, [], True, "", "NaN", 1e300, -1, "0001-01-01T00:00:00Z"]
)
@pytest.mark.parametrize("unit", ["iso", "s", "ms"])
def test_a_sample_without_a_time_is_not_counted(bad: Any, unit: str) -> None:
    good = iso(0) if unit == "iso" else T0 * (1000 if unit == "ms" else 1)
    value = {"r": [{"ts": bad, "t": 1}, {"ts": good, "t": 2}, {"t": 3}, 4, None]}
    rule = Spreading("r", time="ts", unit=unit)  # type: ignore[arg-type] # one of the three
    assert [sample.numbers for sample in samples(rule, value)] == [{"t": 2}]


@pytest.mark.parametrize("value", [{}, {"t0": "x"}, {"t0": T0}, {"t0": T0, "dt": "x"}])
def test_without_a_start_or_a_step_there_are_no_samples(value: dict[str, Any]) -> None:
    rule = Spreading("v", start="t0", step="dt", unit="s")
    assert samples(rule, {**value, "v": [1, 2]}) == []


@pytest.mark.parametrize("value", [None, 7, "text", {"r": {}}, {"r": "[1]"}, {"x": [1]}, [1]])
def test_without_the_list_it_is_one_measurement(value: Any) -> None:
    assert not series.holds(Spreading("r", time="ts"), value)
    assert not series.holds(Spreading(["r", "q"], time="ts"), value)
    assert series.of_document({}, value) is None


def test_what_is_older_than_an_event_is_kept_or_in_the_future_is_left_out() -> None:
    received = 2 / 60
    kept = 90 * 24 * 60.0
    minutes = [received - kept, received - kept + 0.001, -1.0, 0.0, 5.0, 5.001, 6e8]
    value = {"r": [{"ts": iso(minute)} for minute in minutes]}
    assert times(Spreading("r", time="ts"), value) == pytest.approx(
        [0.001 - kept + received, -1, 0, 5]
    )


def test_a_tenure_begins_with_its_own_samples() -> None:
    rule = Spreading("v", start="t0", step=60, unit="s", fields=None)
    found = samples(rule, {"t0": T0 - 600, "v": [{"t": n} for n in range(10)]})
    since = AT - 4 * MINUTE
    common, own, _ = series.counted(found, since, ["t"])
    (day,) = common.values()
    assert sum(cell.count for cell in day.cells.values()) == 4
    assert own == {}
    assert series.counted(found, AT, ["t"]) == series.NOTHING
    assert series.counted(found, since, ["other"]) == series.NOTHING
    newest = series.newest(found, since)
    assert newest is not None
    assert newest.value == {"t": 9}
    assert series.newest(found, AT) is None


def test_the_newest_sample_is_shown_and_of_equal_ones_the_last() -> None:
    rows = [{"ts": iso(m), "n": n} for n, m in enumerate([-3, -1, -2, -1, -9])]
    shown = latest_of(document(Spreading("r", time="ts"), {"r": rows}), "0" * 32, LONG_AGO)
    assert shown is not None
    assert (shown.reading.value, shown.at) == (rows[3], AT - MINUTE)
    assert json.loads(shown.data or "") == rows[3]
    assert latest_of(document(Spreading("r", time="ts"), {"r": []}), "0" * 32, LONG_AGO) is None


def test_500_samples_of_an_event_at_most() -> None:
    rule = Spreading("", start="t0", step=1, unit="s")
    value = {"t0": T0 - 3600, "v": list(range(2000))}
    found = samples(msgspec.structs.replace(rule, lists="v"), value)
    assert [sample.value for sample in found] == list(range(MAX_SAMPLES))


def test_32_metrics_of_an_event_at_most() -> None:
    value = {"t0": T0 - 60, "v": [{f"m{n}{k}": 1 for k in range(20)} for n in range(9)]}
    found = samples(Spreading("v", start="t0", step=1, unit="s"), value)
    assert list(series.metrics(found)) == [f"m{n}{k}" for n in (0, 1) for k in range(20)][:32]


def test_what_is_too_much_for_a_common_rollup_has_its_own() -> None:
    """From a night that is full to a day with a few."""
    rule = Spreading("v", start="t0", step=300, unit="s")
    value = {"t0": T0 - 6 * 3600 - 300 * 287, "v": [{"t": n} for n in range(288)]}
    common, own, _ = series.counted(samples(rule, value), LONG_AGO, ["t"])
    assert {day: len(found.cells) for day, found in common.items()} == {"2026-05-13": 49}
    assert {day: len(found.cells) for day, found in own.items()} == {"2026-05-12": 239}
    value = {"t0": T0 - 300 * 99, "v": [{"t": n} for n in range(100)]}
    common, own, _ = series.counted(samples(rule, value), LONG_AGO, ["t"])
    assert (len(common["2026-05-13"].cells), own) == (MAX_CELLS, {})


@given(
    st.lists(st.tuples(st.integers(-130_000, 6), st.integers(-3, 3)), max_size=60),
    st.integers(-130_000, 1),
)
def test_every_sample_of_the_tenure_is_counted_once(
    taken: list[tuple[int, int]], since: int
) -> None:
    rows = [{"ts": iso(minute), "t": number} for minute, number in taken]
    found = samples(Spreading("", time="ts"), rows)
    begin = AT + since * MINUTE
    common, own, _ = series.counted(found, begin, ["t"])
    assert not common.keys() & own.keys()
    days = {**common, **own}
    # 90 days; the event is received two seconds after it was published.
    expected = [n for m, n in taken if max(since, 1 - 129_600) <= m <= 5]
    cells = [cell for day in days.values() for cell in day.cells.values()]
    assert sum(cell.count for cell in cells) == len(expected)
    assert sum(cell.sum for cell in cells) == sum(expected)
    for name, day in days.items():
        assert rollup.day(day.at) == name


ONE = -1
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEF"


def full(kind: str) -> tuple[Spreading, Any]:
    """As much as the data of an event can hold, in the least space."""
    if kind == "objects":
        rows = [dict.fromkeys(LETTERS, ONE) for _ in range(289)]
        return Spreading("v", start="t0", step=30, unit="s"), {"t0": T0 - 15_000, "v": rows}
    names: list[str] = list(LETTERS)
    step, count, number = 600, 500, ONE
    if kind == "large numbers":
        count, number = 118, 2**53 - 1
    elif kind == "many days":
        step = 86_400 // 5
    elif kind == "long names of many days":
        names = [f"{'ü' * 62}{letter}" for letter in LETTERS]
        step = 86_400 // 5
    elif kind == "a year and more":
        step = 86_400
    lists = {name: [number] * count for name in names}
    value = {"t0": T0 - count * step, **lists}
    return Spreading(names, start="t0", step=step, unit="s"), value


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        ("objects", 1),
        ("large numbers", 2),
        ("few days", 5),
        ("many days", 85),
        ("long names of many days", 60),
        ("a year and more", 290),
    ],
)
@pytest.mark.parametrize("name", ["log", "`" * 256])
def test_any_event_fits_into_one_commit(
    kind: str, days: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, value = full(kind)
    monkeypatch.setattr(settings, "event_retention_days", lambda: 1000)
    documents = f"projects/{'p' * 30}/databases/(default)/documents"
    monkeypatch.setattr(raw, "_documents", lambda: documents)
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert 45_000 < len(data.encode()) <= 65_536
    event = Event("0" * 32, "d" * 24, name, data, None, value, None, AT, spreading=rule)
    pending = PendingEvent(event, AT)
    pending.place = Tenure("u" * 128, 1, LONG_AGO - timedelta(days=1000))
    ((found,),) = batch.in_batches([pending])
    writes = batch.Batch([found]).writes
    assert sum(write.ByteSize() for write in writes) < batch.MAX_BYTES
    for write in writes:
        assert write.ByteSize() < 2**20
        assert len(write.update_transforms) <= 500
    assert days <= len(writes) - 2 <= 501
