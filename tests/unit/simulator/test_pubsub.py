"""What is published to Pub/Sub; delivery to a real emulator is part of the functional tests."""

from typing import Any

import pytest
from google.api_core.exceptions import NotFound

from simulator.world.events import Event
from simulator.world.pubsub import PubSub, attributes
from tests.unit.simulator.world import PRODUCT, World, until

INTEGRATIONS = f"{PRODUCT}/integrations"


def event(**more: Any) -> Event:
    fields = {
        "name": "test2data",
        "data": '{"a":24}',
        "published_at": "2016-10-15T16:43:22.672Z",
        "source": "1e0032123447343149111039",
        "device_id": "1e0032123447343149111039",
        "product_id": 1319,
        "account": "5ad7788bdef33c046763d31c",
        "version": 3,
    }
    return Event(**{**fields, **more})


def test_attributes_are_the_three() -> None:
    assert attributes(event()) == {
        "device_id": "1e0032123447343149111039",
        "event": "test2data",
        "published_at": "2016-10-15T16:43:22.672Z",
    }


def test_firmware_attribute_is_an_option() -> None:
    assert attributes(event(), firmware=True)["fw_version"] == "3"


def test_api_is_the_device_of_a_test_event() -> None:
    assert attributes(event(source="api", device_id=None))["device_id"] == "api"


def test_failed_publication_is_logged_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    async def refuse(_self: PubSub, topic: str, published: Event) -> str:
        seen.append((topic, published.name))
        raise NotFound("Resource not found (resource=no-topic).")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(PubSub, "publish", refuse)
    form = {
        "integration_type": "GoogleCloudPubSub",
        "event": "",
        "topic": "projects/p/topics/no-topic",
    }
    token = world.server_token()
    made = world.call("POST", INTEGRATIONS, token, data=form).json()
    world.publish(world.device()["id"], "temperature", "1")
    until(lambda: len(seen) == 3)
    assert set(seen) == {("projects/p/topics/no-topic", "temperature")}
    path = f"{INTEGRATIONS}/{made['id']}"
    logs = world.call("GET", path, token).json()["integration"]["logs"]
    assert "no-topic" in logs[0]["message"]
