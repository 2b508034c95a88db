"""The main job, end to end: the real emulators, the real functions emulator, a customer's client.

What a visitor does from signing up to controlling their device, and what another customer who
tries the same with that device is told. Live updates are those of Firestore's own client library
with the customer's ID token, so the rules apply.
"""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
import requests
from google.api_core.exceptions import PermissionDenied
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.pubsub_v1 import PublisherClient

from local.client import Account, CallableError, Client
from local.stack import Stack
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label, token_at_particle
from tests.support.simulator import Simulator
from tests.support.tokens import signed_in_as

pytestmark = pytest.mark.live_triggers

PATIENCE = 60
"""Seconds that an event may take through Pub/Sub and a cold function on a busy machine."""


class _IdToken(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
    grpc.StreamStreamClientInterceptor,  # type: ignore[misc]
):
    """Sends every request as the customer whose token it is."""

    def __init__(self, account: Account) -> None:
        self._header = ("authorization", f"Bearer {account.id_token}")

    def _send(self, call: Any, details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or []), self._header]
        return call(details._replace(metadata=metadata), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_stream = _send


@contextmanager
def _firestore_of(account: Account, stack: Stack) -> Iterator[firestore.Client]:
    with grpc.insecure_channel(stack.firestore_host) as plain:
        channel = grpc.intercept_channel(plain, _IdToken(account))
        client = firestore.Client(project=stack.project_id)
        transport = FirestoreGrpcTransport(channel=channel)
        client._firestore_api_internal = FirestoreClient(transport=transport)
        yield client


@contextmanager
def _watching(reference: Any) -> Iterator[Callable[[Callable[[Any], bool]], Any]]:
    """Waits for live updates: `until(condition)` gives the first document that satisfies it."""
    updates: queue.Queue[Any] = queue.Queue()
    watch = reference.on_snapshot(lambda snapshots, _changes, _at: updates.put(snapshots))

    def until(condition: Callable[[Any], bool]) -> Any:
        while True:
            for snapshot in updates.get(timeout=PATIENCE):
                if snapshot.exists and condition(snapshot):
                    return snapshot.to_dict()

    try:
        yield until
    finally:
        watch.unsubscribe()


def _reason(client: Client, function: str, data: dict[str, Any], account: Account) -> str | None:
    with pytest.raises(CallableError) as refused:
        client.call(function, data, account)
    return refused.value.reason


def _particle(stack: Stack, token: str, method: str, path: str, **form: str) -> requests.Response:
    return requests.request(
        method,
        stack.simulator_url + path,
        data=form,
        headers={"Authorization": f"Bearer {token}"},
        timeout=40,
    )


def test_the_main_job(
    stack: Stack, client: Client, simulator: Simulator, label: Label, another: Account
) -> None:
    # 1. A visitor signs up; their client creates their profile, the trigger makes the customer.
    visitor = client.sign_up("jo@example.com")
    with _firestore_of(visitor, stack) as firestore_client:
        profile = firestore_client.collection("users").document(visitor.uid)
        profile.set({"displayName": "Jo", "timeZone": "Europe/Berlin", "locale": "de"})
        with _watching(profile) as until:
            ready = until(
                lambda user: (user.to_dict().get("particle") or {}).get("status") == "ready"
            )
        assert ready["displayName"] == "Jo"
        identity = shadow.customer_name(visitor.uid)
        assert [c["username"] for c in simulator.customers()].count(identity) == 1

        # 2. They sign in, and claim the device by what is printed on it.
        account = client.sign_in("jo@example.com", "correct-horse")
        claimed = client.call("claim_device", {**label.claim, "name": "Kitchen"}, account)
        assert claimed["deviceId"] == label.device_id
        assert simulator.device(label.device_id)["owner"] == identity

        # 3. They get a token for the Particle API.
        token = client.call("mint_token", {}, account)
        assert token["customerId"] == identity
        own = _particle(stack, token["accessToken"], "GET", "/v1/devices").json()
        assert [device["id"] for device in own] == [label.device_id]

        # 4. The device publishes; they see it live.
        device = profile.collection("devices").document(label.device_id)
        with _watching(device) as until:
            simulator.publish(label.device_id, "temperature", "25.34")
            seen = until(lambda device: "temperature" in device.get("latest"))
        assert seen["latest"]["temperature"]["value"] == pytest.approx(25.34)
        assert seen["name"] == "Kitchen"
        (event,) = [e for e in device.collection("events").get() if e.get("event") == "temperature"]
        assert event.get("data") == "25.34"

        # 5. They call a function, read a variable, and the device has done what they asked.
        ids = {"deviceId": label.device_id}
        with _watching(device) as until:
            called = client.call(
                "invoke_function", {**ids, "function": "set_target", "argument": "23.5"}, account
            )
            assert called["status"] == "succeeded"
            assert (
                client.call("read_variable", {**ids, "variable": "target"}, account)["value"]
                == 23.5
            )
            # What the device itself says of it arrives as an event.
            until(
                lambda d: (
                    (d.get("latest").get("state") or {}).get("value", {}).get("target") == 23.5
                )
            )
        command = profile.collection("commands").document(called["commandId"]).get()
        assert command.get("status") == "succeeded"

    # 6. Another customer can do none of this to that device: by no callable,
    set_target = {**ids, "function": "set_target", "argument": "5"}
    assert _reason(client, "claim_device", label.claim, another) == "claimed-by-another"
    assert _reason(client, "invoke_function", set_target, another) == "not-your-device"
    assert _reason(client, "read_variable", {**ids, "variable": "target"}, another) == (
        "not-your-device"
    )
    # not through Firestore,
    for path in ("", f"/devices/{label.device_id}", f"/commands/{called['commandId']}"):
        with pytest.raises(requests.HTTPError, match="403"):
            client.read(f"users/{visitor.uid}{path}", another)
    for path in (f"devices/{label.device_id}/events", "commands", "activity"):
        with pytest.raises(requests.HTTPError, match="403"):
            client.documents(f"users/{visitor.uid}/{path}", another)
    with (
        _firestore_of(another, stack) as theirs,
        pytest.raises(PermissionDenied),
    ):
        theirs.collection("users").document(visitor.uid).get()
    # and not with their own token at Particle.
    assert _reason(client, "mint_token", {}, another) == "no-device"
    foreign = token_at_particle(another)
    for method, path in (
        ("GET", f"/v1/devices/{label.device_id}"),
        ("GET", f"/v1/devices/{label.device_id}/target"),
        ("POST", f"/v1/devices/{label.device_id}/set_target"),
        ("POST", "/v1/devices"),
        ("DELETE", f"/v1/devices/{label.device_id}"),
    ):
        assert _particle(stack, foreign, method, path, id=label.device_id).status_code == 403
    assert simulator.device(label.device_id)["state"]["target"] == 23.5
    assert simulator.device(label.device_id)["owner"] == identity


def test_every_recorded_form_comes_through_pubsub(
    stack: Stack, client: Client, simulator: Simulator, label: Label
) -> None:
    """Data of each kind, published to the real Pub/Sub emulator as Particle's integration does."""
    account = client.sign_up()
    client.call("claim_device", label.claim, account)
    publisher = PublisherClient()
    topic = publisher.topic_path(stack.project_id, "particle-events")
    expected = {"number": b"25.34", "object": b'{"a":24}', "text": b"{'t': 1}", "nothing": b""}
    with _firestore_of(account, stack) as firestore_client:
        device = firestore_client.document(f"users/{account.uid}/devices/{label.device_id}")
        with _watching(device) as until:
            for name, data in expected.items():
                publisher.publish(
                    topic,
                    data,
                    device_id=label.device_id,
                    event=name,
                    published_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                    something="new",
                ).result(PATIENCE)
            seen = until(lambda d: expected.keys() <= d.get("latest").keys())
    values = {name: entry["value"] for name, entry in seen["latest"].items()}
    assert values == {"number": 25.34, "object": {"a": 24}, "text": "{'t': 1}", "nothing": None}


@pytest.mark.parametrize("uid", ["jörg", "\U0001f468\u200d\U0001f469 שלום", "50%2F"])
def test_a_profile_written_whole_by_anybody(
    uid: str, stack: Stack, client: Client, simulator: Simulator
) -> None:
    """Before the server's part and after it; and the uid is whatever the maker lets it be."""
    account = signed_in_as(client, uid)
    whole = {"displayName": "Jo", "timeZone": "Europe/Berlin", "locale": "de"}
    known = {found.id for found in paths.client().collection("users").list_documents()}
    with _firestore_of(account, stack) as firestore_client:
        profile = firestore_client.collection("users").document(uid)
        with _watching(profile) as until:
            profile.set(whole)
            ready = until(
                lambda user: (user.to_dict().get("particle") or {}).get("status") == "ready"
            )
            profile.set({**whole, "displayName": "Joanna"})
            again = until(
                lambda user: user.get("displayName") == "Joanna" and "particle" in user.to_dict()
            )
    assert again == {**ready, "displayName": "Joanna"}
    made = {found.id for found in paths.client().collection("users").list_documents()}
    assert made - known == {uid}, "no stray profile"
    names = [customer["username"] for customer in simulator.customers()]
    assert names.count(shadow.opaque_name(uid)) == 1
