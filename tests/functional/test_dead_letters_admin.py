"""Messages that ingest never acknowledged, in the platform's own dead-letter subscription."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from admin.letters import undelivered
from local.client import Account
from local.stack import Stack
from shared import connections
from shared.telemetry import ingest
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.telemetry import dead_letters, events, message

Kill = Callable[[dict[str, Any]], str]


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    ingest.writer.cache_clear()
    return CommandLine(capsys)


@pytest.fixture
def kill(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kill]:
    """Puts a message where Pub/Sub puts those that nobody acknowledged; gives its id there."""
    monkeypatch.setattr(undelivered, "_WAIT", 1.0)
    with PublisherClient() as publisher, SubscriberClient() as subscriber:
        topic = publisher.topic_path(stack.project_id, undelivered.SUBSCRIPTION)
        path = subscriber.subscription_path(stack.project_id, undelivered.SUBSCRIPTION)
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=path, topic=topic)

        def publish(body: dict[str, Any]) -> str:
            attributes = body["message"]["attributes"] | {
                "CloudPubSubDeadLetterSourceTopicPublishTime": body["message"]["publishTime"]
            }
            found = publisher.publish(topic, json.dumps(7).encode(), **attributes).result()
            return str(found)

        yield publish
        subscriber.delete_subscription(subscription=path)
        publisher.delete_topic(topic=topic)


def listed(admin: CommandLine) -> dict[str, dict[str, Any]]:
    """The platform's letters by id."""
    reason = undelivered.REASON
    return {x["id"]: x for x in admin.document("dead-letters", "list", "--reason", reason)}


def test_listing_them_loses_none(kill: Kill, owned: Label, admin: CommandLine) -> None:
    ids = {kill(message(owned.device_id, None, f"event-{n}")) for n in range(3)}
    for _ in range(3):
        found = listed(admin)
        assert set(found) == ids
    assert {one["deviceId"] for one in found.values()} == {owned.device_id}
    assert {one["event"] for one in found.values()} == {"event-0", "event-1", "event-2"}
    shown = admin.said("dead-letters", "list")
    assert all(letter in shown for letter in ids)
    assert "never-acknowledged 3" in shown


def test_replaying_them_stores_each_once(
    kill: Kill, owned: Label, customer: Account, admin: CommandLine
) -> None:
    one, other = (kill(message(owned.device_id, None, f"event-{n}")) for n in range(2))
    assert admin.document("dead-letters", "replay", one) == {
        "stored": 1,
        "copies": 0,
        "deadLetters": [],
    }
    assert set(listed(admin)) == {other}
    assert [event["value"] for event in events(customer, owned)] == [7]
    rest = ("--reason", undelivered.REASON)
    assert admin.document("dead-letters", "replay", *rest)["stored"] == 1
    assert listed(admin) == {}
    assert len(events(customer, owned)) == 2


def test_one_that_cannot_be_stored_now_stays(
    kill: Kill, owned: Label, admin: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = kill(message(owned.device_id, None))

    def fail(_delivered: object, **_: object) -> None:
        raise ServiceUnavailable("Firestore is away")  # type: ignore[no-untyped-call]

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "ingest", fail)
        ran = admin.run("dead-letters", "replay", letter)
    assert (ran.status, "come again: ServiceUnavailable 1" in ran.err) == (1, True)
    assert "is away" not in ran.err, "no raw answer of Firestore"
    assert set(listed(admin)) == {letter}
    assert admin.document("dead-letters", "replay", letter)["stored"] == 1


def test_poison_among_them_goes_where_poison_is_kept(
    kill: Kill, owned: Label, admin: CommandLine
) -> None:
    letter = kill(message("nonsense", None))
    found = admin.document("dead-letters", "replay", letter, status=1)
    assert found["deadLetters"] == [{"reason": "bad-device-id", "letters": 1}]
    assert listed(admin) == {}
    assert dead_letters()[letter]["reason"] == "bad-device-id"


def test_dropped_ones_are_gone(kill: Kill, owned: Label, admin: CommandLine) -> None:
    one, other = (kill(message(owned.device_id, None, f"event-{n}")) for n in range(2))
    assert admin.document("dead-letters", "drop", one, "--yes") == {"dropped": 1}
    assert set(listed(admin)) == {other}
    rest = ("dead-letters", "drop", "--reason", undelivered.REASON)
    assert "Delete 1 dead letters permanently" in admin.run(*rest).err, "nobody can be asked"
    assert admin.document(*rest, "--yes") == {"dropped": 1}
    assert listed(admin) == {}
    assert admin.document("audit", "list")[0]["action"] == "dead-letters-dropped"


def test_an_id_that_is_nowhere(kill: Kill, admin: CommandLine) -> None:
    ran = admin.run("dead-letters", "drop", "no-such-letter")
    assert (ran.status, "There is no dead letter no-such-letter" in ran.err) == (2, True)
