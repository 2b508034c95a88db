"""Customers' webhooks: signed, repeated, rotated, and never to an internal address."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook, WebhookVerificationError

from local.client import Account
from shared import settings
from shared.firestore import paths
from shared.notifications import by_webhook, webhooks
from shared.notifications.outbox import Outcome
from shared.telemetry import ingest
from tests.functional.conftest import Label
from tests.functional.test_alerts import WARM
from tests.functional.test_notifications import fan_out, send
from tests.support.functions import call, outcome
from tests.support.functions import deliver as publish_message
from tests.support.telemetry import message


@dataclass
class Receiver:
    """A customer's own server."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    """Of its answers."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((dict(self.headers), body))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://localhost:{server.server_port}/alerts"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _fresh_process(clean_stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture
def saved(customer: Account, receiver: Receiver) -> dict[str, Any]:
    """A webhook of the customer's: its id and secret."""
    made: dict[str, Any] = call("save_webhook", {"url": receiver.url}, customer)
    return made


@pytest.fixture
def fired(owned: Label, customer: Account) -> Callable[[], str]:
    """Lets an alert fire; the delivery to the webhook."""

    def fire() -> str:
        call("save_notifications", {"email": False}, customer)
        call("save_alert", {"deviceId": owned.device_id, **WARM}, customer)
        assert publish_message(message(owned.device_id, "9", at=datetime.now(UTC))) < 300
        log = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERT_LOG)
        entry = max(log.stream(), key=lambda one: one.get("at"))
        [delivery] = fan_out(entry.reference.path)
        return delivery

    return fire


def webhook(account: Account, saved: dict[str, Any]) -> dict[str, Any]:
    reference = paths.user(account.uid).collection(paths.WEBHOOKS).document(saved["webhookId"])
    return reference.get().to_dict() or {}


def due(delivery: str) -> None:
    paths.delivery(delivery).update({"dueAt": datetime.now(UTC)})


def test_a_receiver_verifies_what_it_gets(
    owned: Label,
    customer: Account,
    receiver: Receiver,
    saved: dict[str, Any],
    fired: Callable[[], str],
) -> None:
    delivery = fired()
    receiver.status = 500
    assert send(delivery)["status"] == Outcome.WAITING
    receiver.status = 204
    due(delivery)
    assert send(delivery)["status"] == Outcome.SENT
    (first, _), (headers, body) = receiver.got
    assert first["webhook-id"] == headers["webhook-id"] == delivery
    said = Webhook(saved["secret"]).verify(body, headers)
    assert said["type"] == "alert.fired"
    assert said["data"]["deviceId"] == owned.device_id
    assert said["data"]["steps"][0]["value"] == 9
    with pytest.raises(WebhookVerificationError):
        Webhook(saved["secret"]).verify(body.replace(b"fired", b"fined"), headers)
    stored = webhook(customer, saved)
    assert (stored["lastStatus"], stored["failingSince"]) == (204, None)
    everything = json.dumps(stored, default=str)
    assert saved["secret"].removeprefix("whsec_") not in everything


def test_both_secrets_sign_for_a_day_after_a_rotation(
    customer: Account, receiver: Receiver, saved: dict[str, Any]
) -> None:
    request = {"url": receiver.url, "webhookId": saved["webhookId"]}
    assert call("save_webhook", request, customer)["secret"] is None
    new = call("save_webhook", {**request, "rotate": True}, customer)["secret"]
    assert new != saved["secret"]
    test = {"webhookId": saved["webhookId"]}
    assert call("test_webhook", test, customer) == {"status": 204}
    headers, body = receiver.got.pop()
    for secret in (saved["secret"], new):
        assert Webhook(secret).verify(body, headers)["type"] == "test"
    reference = paths.user(customer.uid).collection(paths.WEBHOOKS).document(saved["webhookId"])
    reference.update({"previousUntil": datetime.now(UTC)})
    call("test_webhook", test, customer)
    headers, body = receiver.got.pop()
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(saved["secret"]).verify(body, headers)


def test_one_that_is_gone_or_fails_for_days_is_switched_off(
    customer: Account, receiver: Receiver, saved: dict[str, Any], fired: Callable[[], str]
) -> None:
    delivery = fired()
    receiver.status = 503
    assert send(delivery)["lastError"] == "the receiver replied 503"
    long_ago = datetime.now(UTC) - timedelta(days=5, minutes=1)
    reference = paths.user(customer.uid).collection(paths.WEBHOOKS).document(saved["webhookId"])
    reference.update({"failingSince": long_ago})
    due(delivery)
    assert send(delivery)["status"] == Outcome.WAITING
    assert webhook(customer, saved)["disabledReason"] == "failing"
    due(delivery)
    assert send(delivery)["status"] == Outcome.FAILED
    call("save_webhook", {"url": receiver.url, "webhookId": saved["webhookId"]}, customer)
    receiver.status = 410
    paths.delivery(delivery).update({"status": "waiting"})
    due(delivery)
    assert send(delivery)["status"] == Outcome.FAILED
    off = webhook(customer, saved)
    assert (off["enabled"], off["disabledReason"]) == (False, "gone")


def test_no_redirect_and_no_proxy(
    customer: Account,
    receiver: Receiver,
    saved: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = {"webhookId": saved["webhookId"]}
    receiver.status = 302
    receiver.headers = {"Location": receiver.url}
    stored = paths.user(customer.uid).collection(paths.WEBHOOKS).document(saved["webhookId"]).get()
    with monkeypatch.context() as environment:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            environment.setenv(name, "http://127.0.0.1:1")
        assert by_webhook.post(customer.uid, stored, {}, "m") == 302
    assert len(receiver.got) == 1
    assert call("delete_webhook", test, customer) == {}
    assert call("delete_webhook", test, customer) == {}
    assert outcome("test_webhook", test, customer)[0] == "unknown-webhook"


INTERNAL = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - one of the addresses to be refused
    "224.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "fe80::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
)


@pytest.fixture
def public(stack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the cloud: no receiver on this machine."""
    monkeypatch.setattr(settings, "only_public_webhooks", lambda: True)


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("address", INTERNAL)
def test_a_name_that_leads_inside_is_never_connected_to(
    address: str, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it led to when it was saved."""
    saved = call("save_webhook", {"url": "https://hooks.example.com/alerts"}, customer)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", lambda *_, **__: found)
    connected: list[Any] = []
    monkeypatch.setattr("urllib3.util.connection.create_connection", connected.append)
    stored = paths.user(customer.uid).collection(paths.WEBHOOKS).document(saved["webhookId"]).get()
    with pytest.raises(requests.RequestException):
        by_webhook.post(customer.uid, stored, {}, "m")
    assert not connected


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:x/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "https:///alerts",
    ],
)
def test_addresses_that_are_none(url: str, customer: Account) -> None:
    reason, error = outcome("save_webhook", {"url": url}, customer)
    assert (reason, error.details["field"]) == ("bad-request", "url")


@pytest.mark.usefixtures("public")
def test_a_good_address_without_its_fragment_and_no_more_than_five(customer: Account) -> None:
    assert webhooks.checked("https://hooks.example.com#x") == "https://hooks.example.com/"
    assert webhooks.checked("https://h.example.com:8443/a?b") == "https://h.example.com:8443/a?b"
    for _ in range(webhooks.MAX_WEBHOOKS):
        call("save_webhook", {"url": "https://hooks.example.com/"}, customer)
    assert outcome("save_webhook", {"url": "https://hooks.example.com/"}, customer)[0] == (
        "too-many"
    )
