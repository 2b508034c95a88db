"""Rollups: each event counted once, for the tenure that holds it, and no sum spoiled."""

import json
import math
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account, Client
from shared.firestore import paths
from shared.telemetry import ingest, rollup
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.telemetry import again, events, hand_over, message, outside, rollups


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def cells(account: Account, label: Label, name: str, metric: str = "value") -> dict[str, Any]:
    """All buckets of a metric, by day and bucket."""
    return {
        f"{one['day']}/{bucket}": cell
        for one in rollups(account, label).values()
        if one["event"] == name
        for bucket, cell in one["metrics"].get(metric, {}).items()
    }


def where(at: datetime) -> str:
    return f"{rollup.day(at)}/{rollup.bucket(at)}"


def publish_all(bodies: list[dict[str, Any]], threads: int = 16) -> None:
    with ThreadPoolExecutor(threads) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies))


def test_an_app_reads_a_chart_by_its_id(owned: Label, customer: Account, client: Client) -> None:
    at = datetime.now(UTC)
    deliver(message(owned.device_id, '{"t": 21.5, "unit": "C", "n": 3}', "climate", at=at))
    key = rollup.document_id("climate", 1, at)
    path = f"users/{customer.uid}/devices/{owned.device_id}/rollups"
    (found,) = client.documents(path, customer).values()
    assert key in rollups(customer, owned)
    bucket = str(rollup.bucket(at))
    assert found["metrics"] == {
        "t": {bucket: {"count": 1, "sum": 21.5, "min": 21.5, "max": 21.5}},
        "n": {bucket: {"count": 1, "sum": 3, "min": 3, "max": 3}},
    }
    assert (found["event"], found["claimEpoch"], found["bucketSeconds"]) == ("climate", 1, 300)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(found["expireAt"]) == midnight + timedelta(days=401)


@pytest.mark.parametrize("seed", range(2))
def test_copies_in_any_order_count_once(seed: int, owned: Label, customer: Account) -> None:
    chance = random.Random(seed)
    start = datetime.now(UTC)
    numbers = [
        chance.choice([chance.randint(-9, 9), chance.randint(0, 999) / 1024]) for _ in range(60)
    ]
    bodies = [
        message(owned.device_id, json.dumps(number), at=start + timedelta(milliseconds=n))
        for n, number in enumerate(numbers)
    ]
    bodies += [again(body) for body in bodies]
    chance.shuffle(bodies)
    publish_all(bodies[:60])
    ingest.writer.cache_clear()  # another instance, which remembers nothing
    publish_all(bodies[60:])
    total = cells(customer, owned, "temperature").values()
    assert sum(cell["count"] for cell in total) == len(numbers)
    assert sum(cell["sum"] for cell in total) == math.fsum(numbers)
    assert min(cell["min"] for cell in total) == min(numbers)
    assert max(cell["max"] for cell in total) == max(numbers)


def test_large_integers_are_exact(owned: Label, customer: Account) -> None:
    start = datetime.now(UTC)
    numbers = [2**53 - 1, 2**53 - 1, 1 - 2**53, 2**40 + 1, 7]
    for n, number in enumerate(numbers):
        deliver(message(owned.device_id, str(number), at=start + timedelta(milliseconds=n)))
    found = list(cells(customer, owned, "temperature").values())
    assert sum(cell["sum"] + cell.get("sumHigh", 0) * 2**32 for cell in found) == sum(numbers)
    assert max(cell["max"] for cell in found) == 2**53 - 1
    assert min(cell["min"] for cell in found) == 1 - 2**53


def test_a_nan_and_hundreds_of_metrics_harm_nothing(owned: Label, customer: Account) -> None:
    for data in ('{"a": NaN}', "NaN", '{"a": 1e999}', '{"a": 1e301, "b": 2}'):
        assert deliver(message(owned.device_id, data, "odd")) < 300
    (found,) = rollups(customer, owned).values()
    assert list(found["metrics"]) == ["b"]
    data = json.dumps({f"m{n}": n for n in range(400)})
    assert deliver(message(owned.device_id, data, "many")) < 300
    other = json.dumps({f"other{n}": n for n in range(400)})
    assert deliver(message(owned.device_id, other, "many")) < 300
    assert len(events(customer, owned)) == 6
    many = next(one for one in rollups(customer, owned).values() if one["event"] == "many")
    assert len(many["metrics"]) == 32


def test_an_event_moves_with_its_numbers(owned: Label, customer: Account) -> None:
    """An instance that missed a release and a new claim counts a late event, which moves out."""
    start = datetime.now(UTC)
    numbers = [5, 40, 7]
    bodies = [
        message(owned.device_id, str(number), at=start + timedelta(milliseconds=n))
        for n, number in enumerate(numbers)
    ]
    late = bodies.pop(1)
    publish_all(bodies)
    hand_over(owned, customer, customer)
    assert deliver(late) < 300
    cell = cells(customer, owned, "temperature")[where(start)]
    assert cell == {"count": 2, "sum": 12, "min": 5, "max": 7}
    assert [event["value"] for event in outside(owned.device_id)] == [40]


def test_an_event_is_counted_for_its_own_tenure(owned: Label, customer: Account) -> None:
    deliver(message(owned.device_id, "1"))
    since = hand_over(owned, customer, customer)
    deliver(message(owned.device_id, "2", at=since + timedelta(milliseconds=5)))
    counted = {
        one["claimEpoch"]: cell["sum"]
        for one in rollups(customer, owned).values()
        for cell in one["metrics"].get("value", {}).values()
    }
    assert counted == {1: 1, 2: 2}
    assert {event["value"]: event["claimEpoch"] for event in events(customer, owned)} == {
        1: 1,
        2: 2,
    }


@pytest.mark.parametrize("back_to_the_same", [True, False])
def test_a_process_that_crashed_before_it_moved_an_event_out(
    owned: Label,
    customer: Account,
    another: Account,
    *,
    back_to_the_same: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was stored under an outdated tenure; the next delivery puts it right."""
    late = message(owned.device_id, "40", at=datetime.now(UTC))
    deliver(message(owned.device_id, "5"))
    hand_over(owned, customer, customer)
    with monkeypatch.context() as patch:
        patch.setattr("shared.telemetry.repair.placement.put_in_place", _crash)
        assert deliver(late) == 500
    assert len(events(customer, owned)) == 2
    if not back_to_the_same:
        hand_over(owned, customer, another)
    ingest.writer.cache_clear()
    assert deliver(again(late)) < 300
    assert [event["value"] for event in events(customer, owned)] == [5]
    assert [event["value"] for event in outside(owned.device_id)] == [40]
    (cell,) = cells(customer, owned, "temperature").values()
    assert cell == {"count": 1, "sum": 5, "min": 5, "max": 5}


def _crash(*_: object) -> None:
    raise RuntimeError("killed")


def test_the_copy_of_a_former_owners_event_is_no_second_event(
    owned: Label, customer: Account, another: Account
) -> None:
    body = message(owned.device_id, "1")
    deliver(body)
    hand_over(owned, customer, another)
    ingest.writer.cache_clear()
    assert deliver(again(body)) < 300
    assert [event["value"] for event in events(customer, owned)] == [1]
    assert outside(owned.device_id) == []
    paths.device(owned.device_id).update({"ownerUid": None, "claimedAt": None})
    ingest.writer.cache_clear()
    assert deliver(again(body)) < 300
    assert outside(owned.device_id) == []


def test_a_full_rollup_does_not_end_the_record(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firestore refuses a document above 1 MiB, which its emulator does not: one key is refused."""
    monkeypatch.setattr(rollup, "PLAIN", "__full__")
    assert deliver(message(owned.device_id, "1")) < 300
    (event,) = events(customer, owned)
    assert (event["value"], event["uncounted"]) == (1, True)
    assert rollups(customer, owned) == {}
