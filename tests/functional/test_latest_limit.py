"""`latest` has at most 64 names, however many instances of `ingest` fill it at the same time."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account
from shared import settings
from shared.firestore import deadline, paths
from shared.telemetry import ingest
from shared.telemetry.message import event_in, read
from shared.telemetry.repair import latest
from shared.telemetry.system_events import NAMES
from shared.telemetry.tenure import MAX_LATEST, ROOM
from shared.telemetry.writer import EventWriter
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.telemetry import again, device, events, hand_over, message

INSTANCES = 6
MILLISECOND = timedelta(milliseconds=1)
WARM = "warm"
"""A name that every instance has seen, so that all of them know the device."""


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture
def instances(owned: Label) -> list[EventWriter]:
    """Instances that learnt of the device when its `latest` was empty."""
    made = [EventWriter() for _ in range(INSTANCES)]
    at = datetime.now(UTC)
    for writer in made:
        writer._tenures.look_up({owned.device_id})
    write(made[0], message(owned.device_id, "0", WARM, at=at))
    return made


def write(writer: EventWriter, body: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        writer.write(event_in(read(body), now), now)


def named(label: Label, numbers: range, at: datetime) -> list[dict[str, Any]]:
    """An event of a name of its own for each number, each a millisecond later."""
    return [
        message(label.device_id, str(n), f"name{n:03}", at=at + timedelta(milliseconds=n))
        for n in numbers
    ]


def names(account: Account, label: Label) -> set[str]:
    return set(device(account, label)["latest"]) - NAMES


def test_six_instances_and_400_names(
    owned: Label, customer: Account, instances: list[EventWriter]
) -> None:
    chance = random.Random(1)
    work = [
        (writer, body)
        for body in named(owned, range(400), datetime.now(UTC))
        for writer in [chance.choice(instances)]
    ]
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda one: write(*one), work))
    kept = names(customer, owned)
    assert len(kept) == ROOM
    assert WARM in kept, "what was there first keeps its place"
    assert len(events(customer, owned)) == 401

    for status in ("online", "offline"):
        write(instances[0], message(owned.device_id, status, "spark/status"))
    later = datetime.now(UTC) + timedelta(seconds=1)
    known = [int(name[4:]) for name in kept - {WARM}]
    for number in [*known, *range(0, 400, 10)]:
        (body,) = named(owned, range(number, number + 1), later)
        write(chance.choice(instances), body)
    seen = device(customer, owned)
    assert names(customer, owned) == kept
    assert len(seen["latest"]) <= MAX_LATEST
    assert min(seen["latest"][f"name{n:03}"]["publishedAt"] for n in known) >= later - MILLISECOND


def test_the_names_that_were_used_first_stay(
    owned: Label, customer: Account, instances: list[EventWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three instances fill it with names of their own; the last ones were published first."""
    start = datetime.now(UTC)
    first = {WARM, *(f"name{n:03}" for n in range(ROOM - 1))}
    with monkeypatch.context() as patch:
        patch.setattr(latest, "keep_to_limit", lambda *_: None)
        for number in (2, 1, 0):
            for body in named(owned, range(number * ROOM, (number + 1) * ROOM), start):
                write(instances[number], body)
    assert len(names(customer, owned)) == 3 * ROOM
    write(instances[3], message(owned.device_id, "1", "another", at=start + timedelta(seconds=1)))
    assert names(customer, owned) == first
    for writer in (instances[2], EventWriter()):  # one does not know that its names had to go
        for body in named(owned, range(2 * ROOM, 2 * ROOM + 3), start + timedelta(seconds=1)):
            write(writer, body)
            assert names(customer, owned) == first


def test_meanwhile_each_instance_adds_its_room_at_most(
    owned: Label,
    customer: Account,
    instances: list[EventWriter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even if no repair were ever made. How many more depends on what each learns meanwhile."""
    monkeypatch.setattr(latest, "keep_to_limit", lambda *_: None)
    bodies = named(owned, range(400), datetime.now(UTC))
    work = [
        (writer, body)
        for pair in zip(bodies, reversed(bodies), strict=True)
        for writer, body in zip(instances[:2], pair, strict=True)
    ]
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda one: write(*one), work))
    assert ROOM <= len(names(customer, owned)) <= 2 * ROOM


def test_a_process_that_crashed_before_it_took_names_out(
    owned: Label, customer: Account, instances: list[EventWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = named(owned, range(ROOM + 1), datetime.now(UTC))
    for body in bodies[:-2]:
        write(instances[0], body)
    for body in bodies[-2:]:
        with monkeypatch.context() as patch:
            patch.setattr(latest, "keep_to_limit", _crash)
            with pytest.raises(RuntimeError):
                write(instances[1], body)
    assert len(names(customer, owned)) == ROOM + 2
    write(EventWriter(), again(bodies[-1]))
    assert names(customer, owned) == {WARM, *(f"name{n:03}" for n in range(ROOM - 1))}


def _crash(*_: object) -> None:
    raise RuntimeError("killed")


def test_a_device_that_comes_back_while_names_are_taken_out(
    owned: Label, customer: Account, instances: list[EventWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `latest` begins anew, and each name may have a place again."""
    refuse = latest._refuse
    handed_over: list[datetime] = []

    def too_late(*arguments: Any) -> bool:
        if not handed_over:
            handed_over.append(hand_over(owned, customer, customer))
        return refuse(*arguments)

    monkeypatch.setattr(latest, "_refuse", too_late)
    for number, writer in enumerate(instances[:2]):
        bodies = named(owned, range(number * ROOM, (number + 1) * ROOM), datetime.now(UTC))
        for body in bodies:
            write(writer, body)
    (since,) = handed_over
    last = 2 * ROOM - 1
    write(EventWriter(), named(owned, range(last, last + 1), since + timedelta(seconds=1))[0])
    assert f"name{last:03}" in names(customer, owned)


def test_what_an_older_version_left_is_put_right(owned: Label, customer: Account) -> None:
    at = datetime.now(UTC)
    entry = {"value": 1, "publishedAt": at, "order": 1}
    there = {f"old{n:03}": entry for n in range(192)}
    order = dict.fromkeys(there, 1)
    paths.user_device(customer.uid, owned.device_id).update({"latest": there, "latestOrder": order})
    for name in ("old000", "old191", "new"):
        assert deliver(message(owned.device_id, "2", name)) < 300
    assert names(customer, owned) == {f"old{n:03}" for n in range(ROOM)}


def test_a_new_name_needs_no_round_trip_of_its_own(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    deliver(message(owned.device_id, "1"))
    firestore_requests()
    for name in ("second", "third", "second"):
        deliver(message(owned.device_id, "1", name))
    assert firestore_requests() == ["Commit"] * 3
    assert names(customer, owned) == {"temperature", "second", "third"}


def test_a_name_without_a_place_needs_none_either(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    for body in named(owned, range(ROOM), datetime.now(UTC)):
        deliver(body)
    ingest.writer.cache_clear()
    deliver(message(owned.device_id, "1", "one more"))
    firestore_requests()
    deliver(message(owned.device_id, "2", "one more"))
    assert firestore_requests() == ["Commit"]
    assert len(names(customer, owned)) == ROOM
