"""Ingest: what devices publish is stored once, below the customer whose tenure holds it."""

import base64
import json
import random
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument, ServiceUnavailable

from local.client import Account, Client
from shared import settings
from shared.firestore import deadline, paths
from shared.telemetry import ingest
from shared.telemetry.repair import latest, presence
from shared.telemetry.tenure import Tenures
from tests.functional.conftest import Label
from tests.support.functions import call, deliver, deliver_elsewhere
from tests.support.functions import client as ingest_app
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

RECORDED = sorted((Path(__file__).parents[1] / "events").glob("*.json"))


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def test_the_owner_sees_it_and_nobody_else(
    owned: Label, customer: Account, another: Account, client: Client
) -> None:
    at = datetime.now(UTC)
    assert deliver(message(owned.device_id, '{"t": 21.5}', at=at)) < 300
    path = f"users/{customer.uid}/devices/{owned.device_id}"
    (event,) = client.documents(f"{path}/events", customer).values()
    assert (event["event"], event["data"], event["value"]) == (
        "temperature",
        '{"t": 21.5}',
        {"t": 21.5},
    )
    published_at = datetime.fromisoformat(event["publishedAt"])
    assert published_at == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(event["expireAt"]) == published_at + timedelta(days=90)

    seen = client.read(path, customer)
    assert seen is not None
    assert seen["latest"]["temperature"]["value"] == {"t": 21.5}
    assert seen["lastSeenAt"] == round(published_at.timestamp() * 1000)
    with pytest.raises(Exception, match="403"):
        client.documents(f"{path}/events", another)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_messages_are_stored(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "event_retention_days", lambda: 36500)
    body = json.loads(file.read_text())
    sent = body["message"]
    before = set(dead_letters())
    assert deliver(body) < 300
    stored = [
        event
        for event in outside(sent["attributes"]["device_id"])
        if event["publishedAt"].isoformat()[:19] == sent["attributes"]["published_at"][:19]
        and event["event"] == sent["attributes"]["event"]
    ]
    data = base64.b64decode(sent["data"]).decode() if "data" in sent else None
    assert [event["data"] for event in stored] == [data]
    assert set(dead_letters()) == before


def test_a_copy_changes_nothing(owned: Label, customer: Account) -> None:
    body = message(owned.device_id, "1")
    for copy in (body, body, again(body)):
        assert deliver(copy) < 300
    written_at = paths.user_device(customer.uid, owned.device_id).get().update_time
    ingest.writer.cache_clear()  # another instance, which does not remember
    assert deliver(again(body)) < 300
    assert len(events(customer, owned)) == 1
    assert paths.user_device(customer.uid, owned.device_id).get().update_time == written_at


def test_copies_at_once_are_stored_once(owned: Label, customer: Account) -> None:
    body = message(owned.device_id, "1")
    with ThreadPoolExecutor(16) as pool:
        assert all(status < 300 for status in pool.map(deliver, [again(body) for _ in range(16)]))
    assert len(events(customer, owned)) == 1
    assert device(customer, owned)["latest"]["temperature"]["value"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_latest_is_the_newest_in_whatever_order(seed: int, owned: Label, customer: Account) -> None:
    start = datetime.now(UTC)
    bodies = [
        message(owned.device_id, str(n), name, at=start + timedelta(milliseconds=n))
        for name in ("temperature", "a.b/c`d\\e")
        for n in range(20)
    ]
    random.Random(seed).shuffle(bodies)
    with ThreadPoolExecutor(8) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies))
    latest = device(customer, owned)["latest"]
    assert {name: entry["value"] for name, entry in latest.items()} == {
        "temperature": 19,
        "a.b/c`d\\e": 19,
    }
    assert len(events(customer, owned)) == 40


def test_equal_times_end_at_the_greater_event_id(owned: Label, customer: Account) -> None:
    at = datetime.now(UTC)
    bodies = [message(owned.device_id, str(n), at=at) for n in range(8)]
    for body in bodies:
        deliver(body)
    collection = paths.user_device(customer.uid, owned.device_id).collection(paths.EVENTS)
    greatest = max(collection.stream(), key=lambda event: event.id)
    value = device(customer, owned)["latest"]["temperature"]["value"]
    assert value == greatest.get("value")


def test_a_process_that_crashed_before_its_repair(owned: Label, customer: Account) -> None:
    """The older event was committed last, and the repair of `latest` never ran."""
    start = datetime.now(UTC)
    older = message(owned.device_id, "1", at=start)
    deliver(older)
    shown = device(customer, owned)["latest"]["temperature"]
    assert shown["value"] == 1
    deliver(message(owned.device_id, "2", at=start + timedelta(seconds=1)))
    paths.user_device(customer.uid, owned.device_id).update({"latest.temperature": shown})
    ingest.writer.cache_clear()
    assert deliver(again(older)) < 300
    assert device(customer, owned)["latest"]["temperature"]["value"] == 2


def test_nobodys_device_and_an_unknown_one_keep_their_events(label: Label) -> None:
    for device_id in (label.device_id, "e" * 24):
        deliver(message(device_id, "1"))
        assert [event["value"] for event in outside(device_id)][-1:] == [1]


def test_the_first_event_after_a_claim_is_theirs_in_a_warm_instance(
    label: Label, customer: Account
) -> None:
    deliver(message(label.device_id, "1"))
    call("claim_device", label.claim, customer)
    deliver(message(label.device_id, "2"))
    assert [event["value"] for event in outside(label.device_id)] == [1]
    assert [event["value"] for event in events(customer, label)] == [2]


@pytest.mark.parametrize("same_instance", [True, False])
def test_what_was_stored_as_nobodys_while_it_was_claimed_is_stored_once(
    label: Label, customer: Account, *, same_instance: bool
) -> None:
    """The owner was looked up just before the claim, and the clocks differ."""
    body = message(label.device_id, "1")
    deliver(body)
    call("claim_device", label.claim, customer)
    published_at = outside(label.device_id)[0]["publishedAt"]
    paths.device(label.device_id).update({"claimedAt": published_at - timedelta(seconds=1)})
    if not same_instance:
        ingest.writer.cache_clear()
    for _ in range(2):
        assert deliver(again(body)) < 300
    assert outside(label.device_id) == []
    assert [event["value"] for event in events(customer, label)] == [1]
    assert device(customer, label)["latest"]["temperature"]["value"] == 1
    (found,) = rollups(customer, label).values()
    assert [cell["count"] for cell in found["metrics"]["value"].values()] == [1]


def test_what_was_published_before_the_claim_is_never_theirs(
    owned: Label, customer: Account
) -> None:
    deliver(message(owned.device_id, "1", at=datetime.now(UTC) - timedelta(hours=1)))
    assert events(customer, owned) == []
    assert [event["value"] for event in outside(owned.device_id)] == [1]
    assert device(customer, owned)["latest"] == {}


def test_a_warm_instance_finds_the_new_owner(
    owned: Label, customer: Account, another: Account
) -> None:
    deliver(message(owned.device_id, "1"))
    hand_over(owned, customer, another)
    deliver(message(owned.device_id, "2"))
    assert [event["value"] for event in events(customer, owned)] == [1]
    assert [event["value"] for event in events(another, owned)] == [2]


def test_a_late_event_of_an_earlier_owner_is_the_next_ones_never(
    owned: Label, customer: Account, another: Account
) -> None:
    late = message(owned.device_id, "1")
    deliver(message(owned.device_id, "0"))
    hand_over(owned, customer, another)
    deliver(late)
    assert events(another, owned) == []
    assert [event["value"] for event in outside(owned.device_id)] == [1]


def test_a_device_that_comes_back_to_the_same_customer(owned: Label, customer: Account) -> None:
    """A warm instance relies on the earlier tenure; the commit shows that there is a later one."""
    late = message(owned.device_id, "1")
    deliver(message(owned.device_id, "0"))
    hand_over(owned, customer, customer)
    deliver(late)
    assert [event["value"] for event in outside(owned.device_id)] == [1]
    assert [event["value"] for event in events(customer, owned)] == [0]
    assert device(customer, owned)["latest"].get("temperature", {}).get("value") != 1
    deliver(message(owned.device_id, "2"))
    assert [event["value"] for event in events(customer, owned)] == [0, 2]
    assert device(customer, owned)["latest"]["temperature"]["value"] == 2


def test_a_device_that_comes_back_while_latest_is_repaired(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the earlier tenure had is not shown in the later one."""
    repair = latest.repair
    handed_over: list[datetime] = []

    def too_late(*arguments: Any) -> None:
        if not handed_over:
            handed_over.append(hand_over(owned, customer, customer))
        repair(*arguments)

    monkeypatch.setattr(latest, "repair", too_late)
    start = datetime.now(UTC)
    deliver(message(owned.device_id, "0", at=start))
    deliver_elsewhere(message(owned.device_id, "2", at=start + timedelta(milliseconds=2)))
    assert deliver(message(owned.device_id, "1", at=start + timedelta(milliseconds=1))) < 300
    assert handed_over
    assert "temperature" not in device(customer, owned)["latest"]
    assert [event["value"] for event in events(customer, owned)] == [0, 1, 2]


def test_presence_follows_particles_own_events(owned: Label, customer: Account) -> None:
    start = datetime.now(UTC)
    later = start + timedelta(seconds=5)
    deliver(message(owned.device_id, "offline", "spark/status", at=later))
    deliver(message(owned.device_id, "online", "spark/status", at=start))
    seen = device(customer, owned)
    assert seen["status"] == "offline"
    assert seen["statusAt"] == later.replace(microsecond=later.microsecond // 1000 * 1000)


def test_thousands_of_names_do_not_end_the_record(owned: Label, customer: Account) -> None:
    for n in range(70):
        assert deliver(message(owned.device_id, str(n), f"name{n}")) < 300
    assert len(events(customer, owned)) == 70
    assert len(device(customer, owned)["latest"]) == 60  # and four for Particle's own


def test_a_long_value_is_cut_in_latest_alone(owned: Label, customer: Account) -> None:
    text = "ä" * 8000
    deliver(message(owned.device_id, text))
    latest = device(customer, owned)["latest"]["temperature"]
    assert (latest["value"], latest["truncated"]) == ("ä" * 512, True)
    assert events(customer, owned)[0]["value"] == text


def test_a_reserved_name_is_stored(owned: Label, customer: Account) -> None:
    deliver(message(owned.device_id, "1", "__name__"))
    assert [event["event"] for event in events(customer, owned)] == ["__name__"]


@pytest.mark.parametrize(
    ("attributes", "data", "reason"),
    [
        ({"device_id": "nonsense"}, "MQ==", "bad-device-id"),
        ({"device_id": None}, "MQ==", "bad-device-id"),
        ({"event": ""}, "MQ==", "no-event-name"),
        ({}, "%%%", "bad-base64"),
        ({"published_at": "2001-01-01T00:00:00Z"}, "MQ==", "too-old"),
        ({}, base64.b64encode(b"x" * 1_000_000).decode(), "too-large"),
    ],
)
def test_poison_is_kept_and_acknowledged(
    attributes: dict[str, Any], data: str, reason: str, owned: Label, customer: Account
) -> None:
    body = message(owned.device_id, None)
    body["message"]["attributes"] |= attributes
    body["message"]["data"] = data
    for _ in range(2):
        assert deliver(body) < 300
    letter = dead_letters()[body["message"]["messageId"]]
    assert letter["reason"] == reason
    assert letter["length"] > 0
    assert len(letter["message"]) <= 500_000
    assert letter["expireAt"] > letter["receivedAt"]
    assert events(customer, owned) == []
    deliver(message(owned.device_id, "1"))
    assert len(events(customer, owned)) == 1


@pytest.mark.parametrize("body", [b'"text"', b"[1]", b'{"message": 7}'])
def test_what_is_no_message_at_all_is_kept(body: bytes) -> None:
    before = set(dead_letters())
    assert deliver(body) < 300
    ((_, letter),) = [(k, v) for k, v in dead_letters().items() if k not in before]
    assert letter["reason"] == "no-device-id"
    assert letter["message"] in {body.decode(), "text"}


def test_a_raw_push_is_taken_as_well(owned: Label, customer: Account) -> None:
    """As a push subscription sends it, without Eventarc; the framework asks for data in it."""
    app = ingest_app("ingest")
    body = message(owned.device_id, "1")
    body["subscription"] = "projects/demo-particle/subscriptions/s"
    body["message"]["publishTime"] = body["message"]["publishTime"].replace("+00:00", "Z")
    assert app.post("/", json=body).status_code < 300
    assert [event["value"] for event in events(customer, owned)] == [1]
    del body["message"]["data"]
    assert app.post("/", json=body).status_code == 400
    assert deliver(body) < 300, "with Eventarc's headers it is taken"
    assert len(events(customer, owned)) == 2


def test_a_fault_of_firestore_is_not_acknowledged(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = message(owned.device_id, "1")
    with monkeypatch.context() as patch:
        patch.setattr(paths, "client", _unavailable)
        assert deliver(body) == 500
    assert deliver(body) < 300
    assert len(events(customer, owned)) == 1


def test_what_is_refused_when_it_is_put_right_is_no_poison(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event itself is stored; that its device's presence cannot be written is a fault."""
    body = message(owned.device_id, "online", "spark/status")

    def refuse(*_: object) -> None:
        raise InvalidArgument("no")  # type: ignore[no-untyped-call]

    before = set(dead_letters())
    with monkeypatch.context() as patch:
        patch.setattr(presence, "repair", refuse)
        assert deliver(body) == 500
    assert set(dead_letters()) == before
    assert len(events(customer, owned)) == 1


@pytest.fixture
def deadlines(stack: object, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that each request to Firestore was given."""
    given: list[float] = []
    api = paths.client()._firestore_api.inner
    for name in ("commit", "batch_get_documents", "run_query"):
        original = getattr(api, name)

        def noted(*args: Any, _original: Any = original, **kwargs: Any) -> Any:
            given.append(kwargs.get("timeout", 0.0))
            return _original(*args, **kwargs)

        monkeypatch.setattr(api, name, noted)
    return given


def test_nothing_is_waited_for_longer_than_the_function_has(
    owned: Label, customer: Account, another: Account, deadlines: list[float]
) -> None:
    """Neither on the usual way nor where something is put right."""
    start = datetime.now(UTC)
    late = message(owned.device_id, "9", at=start)
    since = hand_over(owned, customer, customer)
    deadlines.clear()
    bodies = [
        message(owned.device_id, "2", at=since + timedelta(seconds=2)),
        message(owned.device_id, "1", at=since + timedelta(seconds=1)),
        message(owned.device_id, "online", "spark/status", at=since),
    ]
    for body in bodies:
        deliver(body)
    ingest.writer.cache_clear()
    for body in [*(again(body) for body in bodies), late, message(owned.device_id, "%%%", "")]:
        assert deliver(body) < 300
    asked = len(deadlines)
    hand_over(owned, customer, another)
    del deadlines[asked:]
    assert deliver(late) < 300
    assert len(deadlines) > 20
    assert set(deadlines) == {deadline.EVENT.attempt}


def test_nothing_is_begun_when_no_time_is_left(
    owned: Label, customer: Account, deadlines: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = message(owned.device_id, "1")
    deadlines.clear()
    with monkeypatch.context() as patch:
        patch.setattr(settings, "INGEST_TIMEOUT", 0)
        assert deliver(body) == 500
    assert deadlines == []
    assert deliver(body) < 300
    assert len(events(customer, owned)) == 1


def _unavailable() -> None:
    raise ServiceUnavailable("down")  # type: ignore[no-untyped-call]


def test_the_ingest_needs_no_read_for_a_device_it_knows(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    deliver(message(owned.device_id, "1"))
    firestore_requests()
    deliver(message(owned.device_id, "2"))
    assert firestore_requests() == ["Commit"]


@pytest.mark.parametrize("instance", ["same", "another"])
def test_an_older_event_leaves_latest_alone(
    instance: str,
    owned: Label,
    customer: Account,
    firestore_requests: Callable[[], list[str]],
) -> None:
    """So a backlog that arrives out of order costs as little as one in order."""
    start = datetime.now(UTC)
    deliver(message(owned.device_id, "9", at=start + timedelta(seconds=9)))
    if instance == "another":
        ingest.writer.cache_clear()
        deliver(message(owned.device_id, "0", "other"))
    firestore_requests()
    for number in (3, 1, 2):
        deliver(message(owned.device_id, str(number), at=start + timedelta(seconds=number)))
    assert firestore_requests() == ["Commit"] * 3
    assert device(customer, owned)["latest"]["temperature"]["value"] == 9
    stored = {event["value"] for event in events(customer, owned) if event["event"] != "other"}
    assert stored == {9, 3, 1, 2}


def test_a_copy_that_another_instance_stored_needs_one_read(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    body = message(owned.device_id, "1")
    deliver(body)
    ingest.writer.cache_clear()
    deliver(message(owned.device_id, "2", "other"))
    firestore_requests()
    assert deliver(again(body)) < 300
    assert firestore_requests() == ["Commit", "BatchGetDocuments"]
    assert len(events(customer, owned)) == 2


def test_what_is_no_device_is_not_looked_up(firestore_requests: Callable[[], list[str]]) -> None:
    deliver(message("api", "1", f"test-{secrets.token_hex(4)}"))
    assert firestore_requests() == ["Commit"]


def test_no_commit_waits_for_a_device_that_is_looked_up(
    owned: Label, customer: Account, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(message(owned.device_id, "1"))
    looking, held = Event(), Event()
    look_up = Tenures.look_up

    def hold(*arguments: Any) -> Any:
        looking.set()
        assert held.wait(20)
        return look_up(*arguments)

    monkeypatch.setattr(Tenures, "look_up", hold)
    stranger = message("c" * 24, "1", f"test-{secrets.token_hex(4)}")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(deliver, stranger)
        assert looking.wait(20)
        assert deliver(message(owned.device_id, "2")) < 300
        held.set()
        assert waiting.result() < 300
    assert len(events(customer, owned)) == 2
