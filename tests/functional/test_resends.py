"""A device that publishes again after a lost acknowledgement: one event, by a field of its data."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from local.client import Account
from shared import settings
from shared.firestore import deadline, paths
from shared.telemetry import ingest
from shared.telemetry.message import event_in, read
from shared.telemetry.writer import EventWriter, Outcome
from tests.functional.conftest import Label
from tests.support.functions import call, deliver
from tests.support.telemetry import again, device, events, hand_over, message, outside, rollups

Rules = Callable[[object], None]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture
def border(owned: Label) -> datetime:
    """A full hour that the owner had the device for hours before and after."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 4 * HOUR
    paths.device(owned.device_id).update({"claimedAt": hour - 5 * HOUR})
    return hour


def sent(
    label: Label, at: datetime, req_id: object = 7, name: str = "reading", **more: Any
) -> dict[str, Any]:
    data = {"req_id": req_id, "t": 21.5, **more}
    return message(label.device_id, json.dumps(data), name, at=at)


def write(writer: EventWriter, body: dict[str, Any]) -> Outcome:
    now = datetime.now(UTC)
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        return writer.write(event_in(read(body), now), now)


def counted(account: Account, label: Label) -> int:
    total: int = sum(
        cell["count"]
        for rollup in rollups(account, label).values()
        for cell in rollup["metrics"]["t"].values()
    )
    return total


def test_without_a_rule_another_time_is_another_event(
    owned: Label, customer: Account, border: datetime
) -> None:
    for seconds in (0, 5):
        assert deliver(sent(owned, border + timedelta(seconds=seconds))) < 300
    assert len(events(customer, owned)) == 2


@pytest.mark.parametrize("same_instance", [True, False])
def test_a_resend_is_the_same_event(
    owned: Label,
    customer: Account,
    border: datetime,
    telemetry_rules: Rules,
    *,
    same_instance: bool,
) -> None:
    telemetry_rules({"identity": "req_id"})
    at = border + timedelta(minutes=10)
    deliver(sent(owned, at, t=1))
    before = device(customer, owned)
    if not same_instance:
        ingest.writer.cache_clear()
    # Another time and, as some firmware does it, another count of attempts.
    assert deliver(sent(owned, at + timedelta(seconds=20), t=1, attempt=2)) < 300
    assert deliver(sent(owned, at - timedelta(seconds=20), t=1, attempt=0)) < 300
    (event,) = events(customer, owned)
    assert event["publishedAt"] == at
    assert counted(customer, owned) == 1
    assert device(customer, owned) == before
    deliver(sent(owned, at + timedelta(seconds=20), req_id=8))
    assert len(events(customer, owned)) == 2


@pytest.mark.parametrize(
    ("first", "second", "stored"),
    [
        (timedelta(milliseconds=-1), timedelta(), 1),
        (timedelta(seconds=-30), timedelta(seconds=30), 1),
        (timedelta(minutes=-59), timedelta(seconds=59), 1),
        (timedelta(minutes=-1), HOUR - timedelta(minutes=1, milliseconds=1), 1),
        (timedelta(minutes=-1), HOUR - timedelta(minutes=1), 2),
        (timedelta(), HOUR - timedelta(milliseconds=1), 1),
        (timedelta(), HOUR, 2),
        (timedelta(minutes=-59), timedelta(minutes=59), 2),
        (timedelta(), 2 * HOUR, 2),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_less_than_an_hour_apart_is_one_event_also_across_the_full_hour(
    owned: Label,
    customer: Account,
    border: datetime,
    telemetry_rules: Rules,
    first: timedelta,
    second: timedelta,
    stored: int,
    *,
    reverse: bool,
) -> None:
    telemetry_rules({"identity": "req_id"})
    bodies = [sent(owned, border + first), sent(owned, border + second)]
    for body in reversed(bodies) if reverse else bodies:
        ingest.writer.cache_clear()  # each by another instance
        assert deliver(body) < 300
    assert len(events(customer, owned)) == stored == counted(customer, owned)
    for body in bodies:
        assert deliver(again(body)) < 300
    assert len(events(customer, owned)) == stored == counted(customer, owned)


@pytest.mark.parametrize("seed", range(4))
def test_many_at_once_at_the_full_hour_are_one(
    seed: int, owned: Label, customer: Account, border: datetime, telemetry_rules: Rules
) -> None:
    telemetry_rules({"identity": "req_id"})
    chance = random.Random(seed)
    writers = [EventWriter() for _ in range(4)]
    bodies = [
        sent(owned, border + timedelta(seconds=chance.uniform(-60, 60)), req_id=req_id)
        for req_id in range(5)
        for _ in range(12)
    ]
    chance.shuffle(bodies)
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda b: write(chance.choice(writers), b), bodies))
    assert outcomes.count(Outcome.STORED) == 5
    assert sorted(event["value"]["req_id"] for event in events(customer, owned)) == list(range(5))
    assert counted(customer, owned) == 5


@pytest.mark.parametrize("order", list(permutations([0, 50, 100])))
def test_what_counts_is_the_distance_to_what_is_stored(
    order: tuple[int, ...],
    owned: Label,
    customer: Account,
    border: datetime,
    telemetry_rules: Rules,
) -> None:
    telemetry_rules({"identity": "req_id"})
    expected: list[int] = []
    for minute in order:
        if all(abs(minute - other) >= 60 for other in expected):
            expected.append(minute)
        write(EventWriter(), sent(owned, border + timedelta(minutes=minute)))
    found = [(e["publishedAt"] - border) // timedelta(minutes=1) for e in events(customer, owned)]
    assert found == sorted(expected)


def test_a_rule_is_for_a_name_and_a_field_that_is_there(
    owned: Label, customer: Account, border: datetime, telemetry_rules: Rules
) -> None:
    telemetry_rules(
        {
            "identity": "req_id",
            "events": {"alarm": {"identity": None}, "log": {"identity": ["boot", "m.seq"]}},
        }
    )

    def stored(name: str, *data: dict[str, Any]) -> int:
        for second, one in enumerate(data):
            at = border + timedelta(seconds=second)
            deliver(message(owned.device_id, json.dumps(one), name, at=at))
        return sum(event["event"] == name for event in events(customer, owned))

    assert stored("reading", {"req_id": 1}, {"req_id": 1}) == 1
    assert stored("other", {"req_id": 1}, {"req_id": "1"}) == 2
    assert stored("none", {"req_id": None}, {"x": 1}, {"req_id": {}}, {"req_id": ""}) == 4
    assert stored("alarm", {"req_id": 1}, {"req_id": 1}) == 2
    log = [{"boot": b, "m": {"seq": s}} for b, s in ((1, 1), (1, 2), (2, 1), (1, 1), (2, 1))]
    assert stored("log", *log) == 3
    assert stored("log ", {"req_id": 1, "x": 1}, {"req_id": 1, "x": 2}) == 1


def test_it_takes_no_read(
    owned: Label,
    customer: Account,
    border: datetime,
    telemetry_rules: Rules,
    firestore_requests: Callable[[], list[str]],
) -> None:
    telemetry_rules({"identity": "req_id"})
    deliver(sent(owned, border - timedelta(seconds=9), req_id=1))
    firestore_requests()
    deliver(sent(owned, border - timedelta(seconds=1), req_id=2))
    assert firestore_requests() == ["Commit"]
    deliver(sent(owned, border + timedelta(seconds=1), req_id=2))
    assert firestore_requests() == ["Commit", "BatchGetDocuments"]


def test_the_same_number_two_hours_later_takes_no_read_either(
    owned: Label,
    customer: Account,
    border: datetime,
    telemetry_rules: Rules,
    firestore_requests: Callable[[], list[str]],
) -> None:
    """As of a device that counts from 1 after each restart."""
    telemetry_rules({"identity": "req_id"})
    deliver(sent(owned, border))
    firestore_requests()
    deliver(sent(owned, border + 2 * HOUR))
    assert firestore_requests() == ["Commit"]
    assert len(events(customer, owned)) == 2


def test_nobodys_device(label: Label, telemetry_rules: Rules) -> None:
    telemetry_rules({"identity": "req_id"})
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    for seconds in (-2, 2, 3):
        ingest.writer.cache_clear()
        assert deliver(sent(label, hour + timedelta(seconds=seconds))) < 300
    assert len(outside(label.device_id)) == 1


@pytest.mark.parametrize("seconds", [-1, 1])
def test_a_resend_after_the_device_was_given_back(
    seconds: int, owned: Label, customer: Account, border: datetime, telemetry_rules: Rules
) -> None:
    """Its first copy is the former owner's; it is stored nowhere else."""
    telemetry_rules({"identity": "req_id"})
    deliver(sent(owned, border))
    call("release_device", {"deviceId": owned.device_id, "keepHistory": True}, customer)
    ingest.writer.cache_clear()
    for _ in range(2):
        assert deliver(sent(owned, border + timedelta(seconds=seconds))) < 300
    assert len(events(customer, owned)) == 1
    assert outside(owned.device_id) == []
    for at in (border + HOUR, border + HOUR + timedelta(seconds=5)):
        assert deliver(sent(owned, at)) < 300
    assert len(outside(owned.device_id)) == 1, "an hour later it is another event, and is kept"


def test_a_process_that_crashed_before_it_repaired_latest(
    owned: Label, customer: Account, border: datetime, telemetry_rules: Rules
) -> None:
    telemetry_rules({"identity": "req_id"})
    older = sent(owned, border - timedelta(seconds=1), t=1)
    deliver(older)
    shown = device(customer, owned)["latest"]["reading"]
    deliver(sent(owned, border + timedelta(minutes=2), req_id=8, t=2))
    paths.user_device(customer.uid, owned.device_id).update({"latest.reading": shown})
    ingest.writer.cache_clear()
    assert deliver(sent(owned, border + timedelta(seconds=1), t=1)) < 300
    assert device(customer, owned)["latest"]["reading"]["value"]["t"] == 2


@pytest.mark.parametrize("same_instance", [True, False])
def test_a_resend_after_a_change_of_owner_is_at_most_one_event_of_each(
    owned: Label,
    customer: Account,
    another: Account,
    telemetry_rules: Rules,
    *,
    same_instance: bool,
) -> None:
    """An instance that does not know of the first copy takes it for the new owner's."""
    telemetry_rules({"identity": "req_id"})
    deliver(sent(owned, datetime.now(UTC)))
    since = hand_over(owned, customer, another)
    for milliseconds in (2, 4):
        if not same_instance:
            ingest.writer.cache_clear()
        assert deliver(sent(owned, since + timedelta(milliseconds=milliseconds))) < 300
    assert len(events(customer, owned)) == 1
    assert len(events(another, owned)) == (0 if same_instance else 1)
    assert outside(owned.device_id) == []
