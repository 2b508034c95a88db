"""Webhook ingest: who may send, that an event is stored once, and what is never stored."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable
from werkzeug.test import TestResponse

from local.client import Account
from local.stack import Stack
from local.waiting import wait_until
from shared import connections, settings
from shared.api.webhooks import HEADER
from shared.firestore import paths
from shared.telemetry import ingest, webhook
from tests.functional.conftest import Label
from tests.support.functions import client, deliver
from tests.support.simulator import Simulator
from tests.support.telemetry import dead_letters, device, events, message, outside

SECRET = "a-secret-of-thirty-two-characters"
OLD = "the-one-before-it-that-still-holds"


@pytest.fixture(autouse=True)
def _secrets(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WEBHOOK_SECRET", f"{SECRET}\n{OLD}\n")
    settings.webhook_secrets.cache_clear()
    ingest.writer.cache_clear()
    for letter in paths.client().collection(paths.DEAD_LETTERS).stream():
        letter.reference.delete()
    yield
    settings.webhook_secrets.cache_clear()


def event(device_id: str, data: str | None = '{"t":21.5}', /, **more: Any) -> dict[str, Any]:
    """What Particle's default body says."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    said = {"event": "temperature", "data": data, "published_at": at, "coreid": device_id}
    return {**said, **more}


def send(body: bytes | dict[str, Any], headers: dict[str, str] | None = None) -> TestResponse:
    content = body if isinstance(body, bytes) else urlencode(body).encode()
    kind = "application/x-www-form-urlencoded"
    headers = {HEADER: SECRET} if headers is None else headers
    return client("ingest_webhook").post("/", data=content, headers=headers, content_type=kind)


def accepted(body: bytes | dict[str, Any]) -> None:
    """An answer without a body: Particle would publish it to devices."""
    answer = send(body)
    assert (answer.status_code, answer.data) == (204, b"")


def test_an_event_that_comes_both_ways_is_one(owned: Label, customer: Account) -> None:
    said = event(owned.device_id)
    accepted(said)
    at = datetime.fromisoformat(said["published_at"])
    assert deliver(message(owned.device_id, said["data"], at=at)) < 300
    accepted(said)
    accepted(json.dumps(said | {"data": json.loads(said["data"])}).replace(": 21", ":21").encode())
    (stored,) = events(customer, owned)
    assert (stored["event"], stored["value"], stored["data"]) == (
        "temperature",
        {"t": 21.5},
        '{"t":21.5}',
    )
    assert device(customer, owned)["latest"]["temperature"]["value"] == {"t": 21.5}


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"any:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({HEADER: OLD}, 204),
        (basic(SECRET), 204),
        ({}, 401),
        ({HEADER: ""}, 401),
        ({HEADER: SECRET[:-1]}, 401),
        ({HEADER: f"{SECRET} {OLD}"}, 401),
        ({HEADER: f"{SECRET}\xe9"}, 401),
        (basic(""), 401),
        ({"Authorization": "Basic ?"}, 401),
        ({"Authorization": f"Bearer {SECRET}"}, 401),
    ],
)
def test_who_may_send(
    headers: dict[str, str], status: int, owned: Label, customer: Account
) -> None:
    answer = send(event(owned.device_id), headers)
    assert (answer.status_code, answer.data) == (status, b"")
    assert len(events(customer, owned)) == (status == 204)
    assert not dead_letters(), "whoever has no secret writes nothing"


@pytest.mark.parametrize("value", ["", "   ", "short", f"{SECRET} short"])
def test_without_a_good_secret_nobody_may(
    value: str, owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", value)
    settings.webhook_secrets.cache_clear()
    for headers in ({HEADER: value.strip()}, {}):
        assert send(event(owned.device_id), headers).status_code == 500
    assert not events(customer, owned)


def test_what_is_forged_or_broken_is_kept_apart(
    owned: Label, customer: Account, another: Account
) -> None:
    """Each answer is 204: for another, Particle would send twice more and slow down everybody."""
    other = "e00fce68ffffffffffffffff"
    as_another = json.dumps({"PARTICLE_DEVICE_ID": owned.device_id, "t": 1})
    inside = {"message": message(owned.device_id, "1")["message"]}
    forged: dict[str, bytes | dict[str, Any]] = {
        "reserved-keys": event(other, as_another),
        "contradictory": event(other, device_id=owned.device_id),
        "bad-body": b'{"data":"x"' + json.dumps(inside).encode(),
        "no-time": event(owned.device_id, published_at=""),
        "too-large": b"data=" + b"x" * webhook.MAX_BYTES,
        # The whole of a message of Pub/Sub, for the operator who replays it.
        "no-device-id": json.dumps(inside).encode(),
    }
    for body in forged.values():
        accepted(body)
    kept = dead_letters()
    assert {letter["reason"] for letter in kept.values()} == set(forged)
    for letter in kept.values():
        deliver(letter["message"].encode())
    assert not events(customer, owned)
    assert not outside(other)


def test_a_device_that_is_not_the_products(owned: Label, customer: Account) -> None:
    accepted(event("e00fce68eeeeeeeeeeeeeeee"))
    assert not events(customer, owned)
    assert not dead_letters()


def test_a_test_of_the_integration(stack: Stack) -> None:
    accepted(event("api", "test-event"))
    assert not dead_letters()


def test_what_firestore_does_not_take_comes_again(
    owned: Label, customer: Account, commits: Callable[..., None], impatient: None
) -> None:
    said = event(owned.device_id)
    commits(ServiceUnavailable)
    answer = send(said)
    assert (answer.status_code, answer.data) == (503, b"")
    accepted(said)
    assert len(events(customer, owned)) == 1


@pytest.fixture
def hook(stack: Stack) -> Iterator[Callable[..., None]]:
    """Makes a webhook at the simulated Particle, which calls the function over HTTP."""
    product = settings.particle()
    url = f"{product.api_url}/v1/products/{product.product}/integrations"
    headers = {"Authorization": f"Bearer {connections.tokens().server.token()}"}
    secret = stack.environment["WEBHOOK_SECRET"]
    made = []

    def make(**config: Any) -> None:
        body = {
            "integration_type": "Webhook",
            "event": "temperature",
            "url": f"{stack.functions_url}/ingest_webhook",
            "headers": {HEADER: secret},
            **config,
        }
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        made.append(answer.json()["id"])

    yield make
    for one in made:
        requests.delete(f"{url}/{one}", headers=headers, timeout=30).raise_for_status()


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"form": {"fw_version": "{{{PRODUCT_VERSION}}}", "device_id": "{{{PARTICLE_DEVICE_ID}}}"}},
        {"json": {"e": "{{{PARTICLE_EVENT_BASE64}}}"}, "noDefaults": True},
        {"json": {"fw_version": "{{{PRODUCT_VERSION}}}"}},
    ],
    ids=["defaults", "form", "base64", "json"],
)
def test_a_webhook_of_particle(
    config: dict[str, Any],
    hook: Callable[..., None],
    owned: Label,
    customer: Account,
    simulator: Simulator,
) -> None:
    hook(**config)
    simulator.publish(owned.device_id, "temperature", 'heiß & "50 %"')
    wait_until("The event", lambda: bool(events(customer, owned)), 30, lambda: None)
    (stored,) = events(customer, owned)
    assert stored["data"] == 'heiß & "50 %"'
