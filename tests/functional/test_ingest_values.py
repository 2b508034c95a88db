"""Ingest: whatever a device publishes is stored, and one odd part costs nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from local.client import Account, Client
from shared.firestore import paths
from shared.telemetry import ingest, rollup
from shared.telemetry import value as values
from shared.telemetry.repair import placement
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.published import Published, published
from tests.support.telemetry import (
    again,
    dead_letters,
    device,
    events,
    hand_over,
    message,
    outside,
    rollups,
)

MATRIX = "a list directly in a list"


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def metrics(account: Account, label: Label, name: str = "temperature") -> dict[str, Any]:
    """The sum of each metric of an event name."""
    return {
        metric: sum(cell["sum"] for cell in cells.values())
        for one in rollups(account, label).values()
        if one["event"] == name
        for metric, cells in one["metrics"].items()
        if cells
    }


@pytest.mark.parametrize(
    ("data", "value", "why", "counted"),
    [
        ("12e5", "12e5", [], {}),
        ("00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E", [], {}),
        ("8931440301234567890", "8931440301234567890", [], {}),
        ("25.5\0", 25.5, [], {"value": 25.5}),
        ("\ufeff25.5\r\n", 25.5, [], {"value": 25.5}),
        ("1e+3", 1000.0, [], {"value": 1000}),
        (
            '{"t": 21.5, "m": [[1, 2], [3, 4]]}',
            {"t": 21.5, "m": ["[1, 2]", "[3, 4]"]},
            [MATRIX, MATRIX],
            {"t": 21.5},
        ),
        (
            '{"t": 21.5, "id": 18446744073709551616, "n": 9007199254740993}',
            {"t": 21.5, "id": "18446744073709551616", "n": "9007199254740993"},
            ["an integer beyond 2^53"] * 2,
            {"t": 21.5},
        ),
        (
            '{"t": nan, "h": 40, "p": -inf}',
            {"t": None, "h": 40, "p": None},
            ["not a number"] * 2,
            {"h": 40},
        ),
        (
            '{"t": 1, "h": 40, "t": 2}',
            {"t": 2, "h": 40},
            ["the same key twice"],
            {"t": 2, "h": 40},
        ),
        (
            '{"t": 21.5, "in": {"__name__": 7, "": [[1]]}}',
            {"t": 21.5, "in": '{"__name__": 7, "": [[1]]}'},
            ["a key of the form __x__"],
            {"t": 21.5},
        ),
        (
            '{"__name__": 7, "t": 21.5}',
            '{"__name__": 7, "t": 21.5}',
            ["a key of the form __x__"],
            {},
        ),
        (
            '{"loc": {"lck": 1, "lat": 47.27, "src": ["gnss"]}, "req_id": 17}',
            {"loc": {"lck": 1, "lat": 47.27, "src": ["gnss"]}, "req_id": 17},
            [],
            {"loc.lck": 1, "loc.lat": 47.27, "req_id": 17},
        ),
        (
            r'{"t": 21.5, "s": "\ud800"}',
            {"t": 21.5, "s": r'"\ud800"'},
            ["half of a surrogate pair"],
            {"t": 21.5},
        ),
    ],
)
def test_the_rest_is_stored_shown_and_counted(
    data: str,
    value: Any,
    why: list[str],
    counted: dict[str, float],
    owned: Label,
    customer: Account,
) -> None:
    assert deliver(message(owned.device_id, data)) < 300
    (event,) = events(customer, owned)
    assert (event["data"], event["value"]) == (data, value)
    assert "valueError" not in event
    assert [note["why"] for note in event.get("valueNotes", [])] == why
    shown = device(customer, owned)["latest"]["temperature"]
    assert shown["value"] == value
    assert shown.get("valueNotes") == event.get("valueNotes")
    assert metrics(customer, owned) == counted


@pytest.mark.parametrize("data", ["nan", "-Infinity", "1.#QNAN", "INF\0"])
def test_what_is_no_number_has_no_value(data: str, owned: Label, customer: Account) -> None:
    assert deliver(message(owned.device_id, data)) < 300
    (event,) = events(customer, owned)
    assert (event["data"], event["value"], event["valueError"]) == (data, None, "not a number")
    shown = device(customer, owned)["latest"]["temperature"]
    assert (shown["value"], shown["valueError"]) == (None, "not a number")
    assert rollups(customer, owned) == {}


def test_an_app_reads_exactly_what_was_published(
    owned: Label, customer: Account, client: Client
) -> None:
    """Firestore's REST API writes integers as texts; a number in JavaScript is a double."""
    deliver(message(owned.device_id, '{"a": 9007199254740991, "b": 9007199254740993}'))
    path = f"users/{customer.uid}/devices/{owned.device_id}/events"
    (event,) = client.documents(path, customer).values()
    assert event["value"] == {"a": 2**53 - 1, "b": "9007199254740993"}


@pytest.mark.parametrize(
    "data",
    [
        '{"a":' * 18 + "1" + "}" * 18,
        '{"a":' * 25 + "1" + "}" * 25,
        '{"a":' * 3000 + "1" + "}" * 3000,
        "[" * 3000 + "]" * 3000,
        '{"t": 1, "' + "k" * 1494 + '": 2}',
        '{"' + "a" * 700 + '": {"' + "b" * 800 + '": 1, "t": 2}, "t": 3}',
        json.dumps({"é" * 100: {"`" * 400: 1}}, ensure_ascii=False),
        '{"a\\u0000b": 1, "b": "\\u0000"}',
        "a\0b",
        "[" + "0," * 32_000 + "0]",
        json.dumps([{"k": n} for n in range(6000)]),
        '{"' + '": [[NaN]], "'.join(f"k{n}" for n in range(3000)) + '": 1}',
        "[" * 60_000,
    ],
    ids=range(13),
)
def test_whatever_is_published_is_stored(data: str, owned: Label, customer: Account) -> None:
    before = set(dead_letters())
    assert deliver(message(owned.device_id, data)) < 300
    assert deliver(message(owned.device_id, "1", "next")) < 300
    assert set(dead_letters()) == before
    stored = {event["event"]: event for event in events(customer, owned)}
    assert stored["temperature"]["data"] == data
    assert "uncounted" not in stored["temperature"]
    assert set(device(customer, owned)["latest"]) == {"temperature", "next"}


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(published)
def test_any_json_is_stored_and_counted_again_as_it_was(
    owned: Label, customer: Account, data: Published
) -> None:
    """A repair counts what was counted at ingest, although a stored map has no order."""
    before = set(dead_letters())
    body = message(owned.device_id, data.text)
    assert deliver(body) < 300
    assert set(dead_letters()) == before
    reading = values.read(data.text)
    stored = events(customer, owned)[-1]
    assert stored["data"] == data.text
    assert stored["value"] == reading.value
    assert stored.get("valueNotes", []) == list(reading.notes)
    counted = placement._counted(stored, lambda: stored["publishedAt"]).common
    assert {
        metric: cell.sum + 2**32 * cell.sum_high
        for day in counted.values()
        for (metric, _), cell in day.cells.items()
    } == rollup.metrics(reading.value)
    shown = device(customer, owned)["latest"]["temperature"]
    if "truncated" not in shown:
        assert shown["value"] == reading.value


def test_an_event_moves_with_its_first_32_numbers(owned: Label, customer: Account) -> None:
    """An event that is counted under an outdated tenure leaves with all that was counted of it."""
    start = datetime.now(UTC)
    parts = {f"z{n}": n for n in range(20)} | {"in": {f"a{n}": n for n in range(20)}}
    late = message(owned.device_id, json.dumps(parts), at=start)
    deliver(message(owned.device_id, '{"z0": 5}', at=start + timedelta(milliseconds=1)))
    hand_over(owned, customer, customer)
    assert deliver(late) < 300
    assert len(outside(owned.device_id)) == 1
    assert metrics(customer, owned) == {"z0": 5}


ODD_KEYS = ["a\\", "\\", "`", "a`\\", "a.b\\", "\\\\", "ä\\", "0\\"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_event_with_an_odd_key_moves_with_its_numbers(
    key: str, owned: Label, customer: Account
) -> None:
    """A key that ends with a backslash is the end of no field path."""
    start = datetime.now(UTC)
    late = message(owned.device_id, json.dumps({key: 1, "other": 2}), at=start)
    early = message(owned.device_id, json.dumps({key: 5}), at=start + timedelta(milliseconds=1))
    deliver(early)
    hand_over(owned, customer, customer)
    assert deliver(late) < 300
    assert len(outside(owned.device_id)) == 1
    assert metrics(customer, owned) == {key: 5}


def test_latest_is_repaired_as_it_was_written(owned: Label, customer: Account) -> None:
    """Long, with an odd part, and with keys in an order that the store does not keep."""
    data = json.dumps({"z": 1, "a": [[1]], "log": "x" * 2000, "b": 2})
    start = datetime.now(UTC)
    older = message(owned.device_id, "1", at=start)
    newer = message(owned.device_id, data, at=start + timedelta(milliseconds=5))
    deliver(older)
    deliver(newer)
    written = device(customer, owned)["latest"]["temperature"]
    assert written["truncated"] is True
    assert written["value"] == {"z": 1, "a": ["[1]"], "b": 2, "log": written["value"]["log"]}
    assert written["valueNotes"] == [{"path": "a.0", "why": MATRIX}]
    reference = paths.user_device(customer.uid, owned.device_id)
    reference.update({"latest.temperature.value": "outdated", "latest.temperature.order": 1})
    ingest.writer.cache_clear()
    assert deliver(again(older)) < 300
    assert device(customer, owned)["latest"]["temperature"] == written


def test_bytes_and_long_data_are_marked_in_latest(owned: Label, customer: Account) -> None:
    body = message(owned.device_id, None, "bytes")
    body["message"]["data"] = base64.b64encode(b"\xff\x00" * 600).decode()
    deliver(body)
    deliver(message(owned.device_id, "x" * 70_000, "long"))
    latest = device(customer, owned)["latest"]
    assert (latest["bytes"]["value"], latest["bytes"]["valueError"]) == (None, "not UTF-8")
    assert latest["long"]["value"] == "x" * 1024
    assert (latest["long"]["valueError"], latest["long"]["truncated"]) == ("too long", True)


@pytest.mark.parametrize(
    ("name", "field"),
    [("spark/flash/status", "firmwareUpdate"), ("spark/device/last_reset", "lastReset")],
)
def test_a_system_event_without_data_has_no_status(
    name: str, field: str, owned: Label, customer: Account
) -> None:
    deliver(message(owned.device_id, None, name))
    seen = device(customer, owned)
    assert {key: said for key, said in seen[field].items() if key != "at"} in (
        {"status": None, "file": None},
        {"reason": None, "detail": None},
    )


def test_a_status_with_a_trailing_nul_is_one(owned: Label, customer: Account) -> None:
    at = datetime.now(UTC) + timedelta(seconds=30)
    deliver(message(owned.device_id, "offline\0", "spark/status", at=at))
    assert device(customer, owned)["status"] == "offline"
