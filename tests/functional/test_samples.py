"""Many samples in one event: each is counted and shown at its own time, once, in its tenure."""

import json
import math
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument

from local.client import Account, Client
from shared.firestore import paths, raw
from shared.telemetry import ingest, rollup
from shared.telemetry.repair import latest
from tests.functional.conftest import Label
from tests.support.functions import deliver, deliver_elsewhere
from tests.support.telemetry import (
    again,
    device,
    events,
    hand_over,
    message,
    outside,
    rollups,
)

Rules = Callable[[object], None]
Taken = tuple[datetime, float]
RULES = {
    "events": {
        "log": {"samples": {"list": "r", "time": "ts", "unit": "ms"}},
        "series": {"samples": {"list": "v", "start": "t0", "step": "dt", "unit": "s"}},
    }
}
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture(autouse=True)
def _rules(telemetry_rules: Rules) -> None:
    telemetry_rules(RULES)


@pytest.fixture
def now(owned: Label) -> datetime:
    """The present; the owner has had the device for ten days."""
    time = datetime.now(UTC).replace(microsecond=0)
    paths.device(owned.device_id).update({"claimedAt": time - timedelta(days=10)})
    return time


def log(label: Label, at: datetime, taken: Iterable[Taken], name: str = "log") -> dict[str, Any]:
    """One event with these samples, each in milliseconds."""
    rows = [{"ts": round(time.timestamp() * 1000), "t": number} for time, number in taken]
    return message(label.device_id, json.dumps({"r": rows, "battery": 3.7}), name, at=at)


def series(label: Label, at: datetime, start: datetime, numbers: list[float]) -> dict[str, Any]:
    data = {"t0": int(start.timestamp()), "dt": 60, "v": numbers}
    return message(label.device_id, json.dumps(data), "series", at=at)


def every(start: datetime, step: timedelta, count: int) -> list[Taken]:
    return [(start + n * step, float(n)) for n in range(count)]


def where(time: datetime) -> tuple[str, int]:
    return rollup.day(time), rollup.bucket(time)


def counted(
    account: Account, label: Label, metric: str = "t", name: str = "log", epoch: int = 1
) -> dict[tuple[str, int], dict[str, float]]:
    """What all rollups of an event name say together, by day and bucket."""
    total: dict[tuple[str, int], dict[str, float]] = {}
    for one in rollups(account, label).values():
        if (one["event"], one["claimEpoch"]) != (name, epoch):
            continue
        assert set(one["metrics"]) <= {metric}
        for bucket, cell in one["metrics"].get(metric, {}).items():
            there = total.setdefault(
                (one["day"], int(bucket)),
                {"count": 0, "sum": 0, "min": math.inf, "max": -math.inf},
            )
            there["count"] += cell["count"]
            there["sum"] += cell["sum"]
            there["min"] = min(there["min"], cell["min"])
            there["max"] = max(there["max"], cell["max"])
    return total


def expected(taken: Iterable[Taken]) -> dict[tuple[str, int], dict[str, float]]:
    cells: dict[tuple[str, int], list[float]] = {}
    for time, number in taken:
        cells.setdefault(where(time), []).append(number)
    return {
        place: {
            "count": len(numbers),
            "sum": math.fsum(numbers),
            "min": min(numbers),
            "max": max(numbers),
        }
        for place, numbers in cells.items()
    }


def shown(account: Account, label: Label, name: str = "log") -> tuple[Any, datetime]:
    entry = device(account, label)["latest"][name]
    return entry["value"], entry["publishedAt"]


def test_each_sample_counts_at_its_own_time(
    owned: Label, customer: Account, client: Client, now: datetime
) -> None:
    taken = every(now - 60 * MINUTE, 5 * MINUTE, 12)
    assert deliver(log(owned, now, taken)) < 300
    assert counted(customer, owned) == expected(taken)
    (event,) = events(customer, owned)
    assert event["publishedAt"] == now
    assert len(event["value"]["r"]) == 12
    last = taken[-1][0]
    assert shown(customer, owned) == ({"ts": last.timestamp() * 1000, "t": 11}, last)
    assert device(customer, owned)["lastSeenAt"] == now.timestamp() * 1000
    path = f"users/{customer.uid}/devices/{owned.device_id}/rollups"
    assert len(client.documents(path, customer)) == len({day for day, _ in expected(taken)})


def test_a_series_with_a_start_and_a_step(owned: Label, customer: Account, now: datetime) -> None:
    start = now - 30 * MINUTE
    assert deliver(series(owned, now, start, [20.5, 21, 21.5])) < 300
    taken = [(start + n * MINUTE, number) for n, number in enumerate([20.5, 21, 21.5])]
    assert counted(customer, owned, "value", "series") == expected(taken)
    assert shown(customer, owned, "series") == (21.5, start + 2 * MINUTE)


def test_without_a_rule_or_without_the_list_it_is_one_measurement(
    owned: Label, customer: Account, now: datetime
) -> None:
    deliver(log(owned, now, every(now - MINUTE, SECOND, 2), "other"))
    deliver(message(owned.device_id, '{"battery": 3.5}', "log", at=now))
    assert counted(customer, owned, "battery", "other") == expected([(now, 3.7)])
    assert counted(customer, owned, "battery", "log") == expected([(now, 3.5)])
    assert shown(customer, owned) == ({"battery": 3.5}, now)


@pytest.mark.parametrize("seed", range(3))
def test_copies_in_any_order_count_once(
    seed: int, owned: Label, customer: Account, now: datetime
) -> None:
    chance = random.Random(seed)
    bodies, all_taken = [], []
    for n in range(12):
        published = now - timedelta(hours=12 - n)
        begin = published - timedelta(minutes=chance.randint(20, 3000))
        taken = every(begin, timedelta(seconds=chance.choice([1, 60, 300])), chance.randint(1, 15))
        taken = [(at, chance.randint(-999, 999) / 8) for at, _ in taken]
        bodies.append(log(owned, published, taken))
        all_taken += taken
    copies = [again(body) for body in bodies]
    for some in (bodies, copies):
        chance.shuffle(some)
        with ThreadPoolExecutor(6) as pool:
            assert all(status < 300 for status in pool.map(deliver, some))
        ingest.writer.cache_clear()  # another instance, which remembers nothing
    assert counted(customer, owned) == expected(all_taken)
    newest = max(at for at, _ in all_taken)
    assert shown(customer, owned)[1] == newest
    assert len(events(customer, owned)) == 12


def test_samples_of_several_days(owned: Label, customer: Account, now: datetime) -> None:
    taken = every(now - timedelta(days=3), timedelta(hours=2), 36)
    assert deliver(log(owned, now, taken)) < 300
    assert counted(customer, owned) == expected(taken)
    assert {key.count("@") for key in rollups(customer, owned)} == {2}


@pytest.mark.parametrize("instances", [1, 2])
def test_a_full_day_has_a_rollup_of_its_own(
    instances: int, owned: Label, customer: Account, now: datetime
) -> None:
    """288 samples of five minutes each: more than one commit adds to a document."""
    day = now.replace(hour=0, minute=0, second=0) - timedelta(days=2)
    night = every(day, 5 * MINUTE, 288)
    few = every(day + 6 * MINUTE, 60 * MINUTE, 5)
    for body in (log(owned, now - MINUTE, night), log(owned, now, few)):
        for _ in range(instances):
            assert deliver(again(body)) < 300
            if instances > 1:
                ingest.writer.cache_clear()
    assert counted(customer, owned) == expected([*night, *few])
    key = rollup.document_id("log", 1, day)
    (own,) = [id_ for id_ in rollups(customer, owned) if id_ != key]
    event = next(e for e in events(customer, owned) if e["publishedAt"] == now - MINUTE)
    assert own.startswith(f"{key}@")
    assert "spreadOn" not in event
    made = rollups(customer, owned)[own]
    assert made["expireAt"] == rollups(customer, owned)[key]["expireAt"]
    assert (made["day"], made["claimEpoch"], made["bucketSeconds"]) == (rollup.day(day), 1, 300)


def test_what_was_measured_before_the_claim_is_never_theirs(
    owned: Label, customer: Account, now: datetime
) -> None:
    """Neither counted nor shown: the former owner's device brings along what it had stored."""
    since = now - 30 * MINUTE
    paths.device(owned.device_id).update({"claimedAt": since})
    ingest.writer.cache_clear()
    taken = every(now - 60 * MINUTE, 5 * MINUTE, 12)
    deliver(log(owned, now - MINUTE, taken))
    assert counted(customer, owned) == expected([(at, n) for at, n in taken if at >= since])
    before = rollups(customer, owned), device(customer, owned)["latest"]
    deliver(log(owned, now, every(since - 10 * MINUTE, MINUTE, 9)))
    assert (rollups(customer, owned), device(customer, owned)["latest"]) == before
    assert len(events(customer, owned)) == 2


def test_clocks_that_are_wrong(owned: Label, customer: Account, now: datetime) -> None:
    good = [(now - MINUTE, 1.0), (now + 4 * MINUTE, 2.0)]
    bad = [
        (datetime(1970, 1, 1, tzinfo=UTC), 666.0),
        (now - timedelta(days=91), 666.0),
        (now + 6 * MINUTE, 666.0),
        (now + timedelta(days=4000), 666.0),
    ]
    assert deliver(log(owned, now, [*bad, *good])) < 300
    assert counted(customer, owned) == expected(good)
    assert shown(customer, owned)[1] == now + 4 * MINUTE
    assert deliver(log(owned, now + SECOND, bad)) < 300
    assert counted(customer, owned) == expected(good)
    assert shown(customer, owned)[1] == now + 4 * MINUTE


def test_no_more_than_500(owned: Label, customer: Account, now: datetime) -> None:
    start = now - timedelta(hours=20)
    assert deliver(series(owned, now, start, [1.0] * 700)) < 300
    cells = counted(customer, owned, "value", "series").values()
    assert sum(cell["count"] for cell in cells) == 500


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_sample_is_shown_in_whatever_order(
    seed: int, owned: Label, customer: Account, now: datetime
) -> None:
    """Old ones come late; some of the events are a measurement themselves, some have no sample."""
    chance = random.Random(seed)
    bodies, times = [], []
    for n in range(24):
        published = now - timedelta(minutes=30 - n)
        kind = chance.random()
        if kind < 0.3:
            body = message(owned.device_id, json.dumps({"battery": n}), "log", at=published)
            times.append(published)
        elif kind < 0.4:
            body = log(owned, published, [])
        else:
            # Its clock may be a few minutes ahead.
            last = published + timedelta(minutes=chance.choice([-300, -40, -1, 3, 4]))
            body = log(owned, published, [(last - MINUTE, 1.0), (last, 2.0)])
            times.append(last)
        bodies.append(body)
    chance.shuffle(bodies)
    for some in (bodies[:12], bodies[12:]):
        with ThreadPoolExecutor(6) as pool:
            assert all(status < 300 for status in pool.map(deliver, some))
        ingest.writer.cache_clear()
    assert shown(customer, owned)[1] == max(times)


def test_a_process_that_crashed_before_it_repaired_latest(
    owned: Label, customer: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = log(owned, now - MINUTE, [(now - MINUTE, 2.0)])
    older = log(owned, now, [(now - 9 * MINUTE, 1.0)])
    deliver(message(owned.device_id, "1", "other"))
    deliver_elsewhere(newer)

    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(latest, "repair", crash)
        assert deliver(older) == 500
    assert shown(customer, owned)[1] == now - 9 * MINUTE
    ingest.writer.cache_clear()
    assert deliver(again(older)) < 300
    assert shown(customer, owned)[1] == now - MINUTE


def test_an_event_moves_with_its_samples(owned: Label, customer: Account, now: datetime) -> None:
    """An instance that missed a release and a new claim counts a late event, which moves out.

    Least and greatest are found again among the samples of that time, whenever published, and
    events that are a measurement themselves.
    """
    bucket = rollup.bucket_start(now - timedelta(hours=2), rollup.bucket(now - timedelta(hours=2)))
    hour = timedelta(hours=1)
    stays = [
        log(owned, now - hour, [(bucket, 5.0), (bucket + MINUTE, 7.0), (bucket - hour, 1.0)]),
        log(owned, bucket + 2 * MINUTE, [(bucket + 2 * MINUTE, 6.0)]),
        message(owned.device_id, '{"t": 6.5}', "log", at=bucket + 3 * MINUTE),
        log(owned, now - MINUTE, [(bucket - hour, 2.0), (now - 2 * MINUTE, 3.0)]),
        log(owned, now - hour, every(bucket - timedelta(days=2), 5 * MINUTE, 250)),
    ]
    left = [(bucket, 5.0), (bucket + MINUTE, 7.0), (bucket - hour, 1.0), (bucket - hour, 2.0)]
    left += [(bucket + 2 * MINUTE, 6.0), (bucket + 3 * MINUTE, 6.5), (now - 2 * MINUTE, 3.0)]
    left += every(bucket - timedelta(days=2), 5 * MINUTE, 250)
    gone = [(bucket + 4 * MINUTE, 40.0), (bucket - hour, -40.0), (now - 3 * MINUTE, 3.0)]
    gone += every(bucket - timedelta(days=3), 5 * MINUTE, 250)
    late = log(owned, now, gone)
    for body in stays:
        assert deliver(body) < 300
    assert counted(customer, owned) == expected(left)
    hand_over(owned, customer, customer)
    assert deliver(late) < 300
    assert counted(customer, owned) == expected(left)
    assert [event["event"] for event in outside(owned.device_id)] == ["log"]
    assert "spreadOn" not in outside(owned.device_id)[0]
    assert len(events(customer, owned)) == len(stays)


def test_what_was_counted_by_a_rule_that_has_gone_can_be_taken_out(
    owned: Label,
    customer: Account,
    now: datetime,
    telemetry_rules: Rules,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = [(now - 50 * MINUTE, 5.0), (now - 51 * MINUTE, 6.0)]
    deliver(log(owned, now - 9 * MINUTE, kept))
    late = log(owned, now, [(now - 50 * MINUTE, 40.0), (now - 51 * MINUTE, -40.0)])
    hand_over(owned, customer, customer)

    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("shared.telemetry.repair.placement.put_in_place", crash)
        assert deliver(late) == 500
    assert counted(customer, owned) != expected(kept)
    telemetry_rules({})
    ingest.writer.cache_clear()
    assert deliver(again(late)) < 300
    assert counted(customer, owned) == expected(kept)


def test_an_event_is_counted_for_its_own_tenure(
    owned: Label, customer: Account, now: datetime
) -> None:
    """A stale instance counts it for the earlier one; only samples of the later one remain."""
    deliver(log(owned, now - MINUTE, [(now - 2 * MINUTE, 1.0)]))
    since = hand_over(owned, customer, customer)
    since = since.replace(microsecond=since.microsecond // 1000 * 1000)
    day = every(since - timedelta(days=3), 5 * MINUTE, 250)
    of_the_later = [(since + timedelta(milliseconds=n), 10.0 + n) for n in range(1, 4)]
    deliver(log(owned, since + timedelta(milliseconds=9), [*day, *of_the_later]))
    assert counted(customer, owned, epoch=1) == expected([(now - 2 * MINUTE, 1.0)])
    assert counted(customer, owned, epoch=2) == expected(of_the_later)
    assert {event["claimEpoch"] for event in events(customer, owned)} == {1, 2}
    assert shown(customer, owned)[1] == of_the_later[-1][0]


def test_one_that_firestore_refuses_is_stored_uncounted(
    owned: Label, customer: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = raw.commit

    def refuse(writes: Any, **kwargs: Any) -> Any:
        if any("/rollups/" in write.update.name for write in writes):
            raise InvalidArgument("full")  # type: ignore[no-untyped-call]
        return commit(writes, **kwargs)

    monkeypatch.setattr(raw, "commit", refuse)
    assert deliver(log(owned, now, every(now - 60 * MINUTE, MINUTE, 60))) < 300
    (event,) = events(customer, owned)
    assert (event["uncounted"], "spreadOn" in event) == (True, False)
    assert rollups(customer, owned) == {}
    assert shown(customer, owned)[1] == now - MINUTE


def test_it_takes_one_round_trip(
    owned: Label,
    customer: Account,
    now: datetime,
    firestore_requests: Callable[[], list[str]],
) -> None:
    deliver(log(owned, now - 2 * MINUTE, [(now - 2 * MINUTE, 1.0)]))
    firestore_requests()
    for n in (1, 0):
        published = now - n * MINUTE
        deliver(log(owned, published, every(published - 400 * MINUTE, MINUTE, 400)))
    assert firestore_requests() == ["Commit", "Commit"]


def test_many_at_once_keep_to_firestores_limits(
    owned: Label, customer: Account, now: datetime
) -> None:
    """Each fills 90 cells of the same day."""
    day = now.replace(hour=0, minute=0, second=0) - timedelta(days=2)
    taken = [[(at, number + n) for at, number in every(day, 15 * MINUTE, 90)] for n in range(20)]
    bodies = [log(owned, now - n * SECOND, some) for n, some in enumerate(taken)]
    with ThreadPoolExecutor(20) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies))
    assert counted(customer, owned) == expected(one for some in taken for one in some)
    assert len(rollups(customer, owned)) == 1
