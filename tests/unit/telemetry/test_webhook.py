"""What webhooks send, and what becomes of it: every body is read or refused."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.telemetry import rules, webhook
from shared.telemetry.message import Event, UnstorableError, event_in, read

DEVICE = "e00fce68a1b2c3d4e5f60718"
AT = "2026-03-04T09:15:00.123Z"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"
DEFAULTS = {"event": "hp/telemetry", "data": '{"t":21.4}', "published_at": AT, "coreid": DEVICE}


def event(content_type: str, body: bytes) -> Event:
    return event_in(read(webhook.delivery(content_type, body)), datetime.now(UTC))


def by_pubsub(data: bytes, name: str = "hp/telemetry") -> Event:
    """The same event as Pub/Sub delivers it."""
    attributes = {"device_id": DEVICE, "event": name, "published_at": AT}
    message = {"attributes": attributes, "data": base64.b64encode(data).decode()}
    return event_in(read({"message": message}), datetime.now(UTC))


def form(**more: Any) -> bytes:
    return urlencode({**DEFAULTS, **more}).encode()


def text(**more: Any) -> bytes:
    return json.dumps({**DEFAULTS, **more}).encode()


def refused(content_type: str, body: bytes) -> str:
    with pytest.raises(UnstorableError) as failure:
        event(content_type, body)
    return failure.value.reason


PUBLISHED = [
    b'{"t":21.4}',
    b'{ "t" : 21.40, "u": "\\u00e9" }',
    "heiß & 50 % = a+b; 日本 😀".encode(),
    b"21.40",
    b'"quoted"',
    b"\xff\x00\xfe",
    b"",
    b"true",
    b"null",
]


@pytest.mark.parametrize("data", PUBLISHED)
def test_a_form_is_the_same_event_as_by_pubsub(data: bytes) -> None:
    assert event(FORM, form(data=data)) == by_pubsub(data)


@pytest.mark.parametrize("data", [data for data in PUBLISHED if data[:1] != b"\xff"])
def test_json_with_a_text_is_the_same_event(data: bytes) -> None:
    assert event(JSON, text(data=data.decode())) == by_pubsub(data)


@pytest.mark.parametrize(
    "data", [b'{"t":21.4}', b'{ "t" : 21.40, "u": "\\u00e9" }', b"21.40", b"true", b"[1, 2]"]
)
def test_json_with_the_published_json_in_it_is_the_same_event(data: bytes) -> None:
    body = text(data="HERE").replace(b'"HERE"', data)
    assert event(JSON, body) == by_pubsub(data)


@pytest.mark.parametrize("body", [text(data=None), urlencode({**DEFAULTS, "data": ""}).encode()])
def test_no_data(body: bytes) -> None:
    assert event(JSON if body[:1] == b"{" else FORM, body) == by_pubsub(b"")
    without = {name: value for name, value in DEFAULTS.items() if name != "data"}
    assert event(JSON, json.dumps(without).encode()) == by_pubsub(b"")


@pytest.mark.parametrize("names", [("name", "data"), ("event", "value"), ("name", "value")])
def test_the_whole_event_as_base64(names: tuple[str, str]) -> None:
    name, data = names
    whole = {name: "hp/telemetry", data: '{"t":21.4}', "published_at": AT, "coreid": DEVICE}
    encoded = base64.b64encode(json.dumps(whole | {"id": "1", "version": 7}).encode()).decode()
    found = event(JSON, json.dumps({"e": encoded}).encode())
    assert found.id == by_pubsub(b'{"t":21.4}').id
    assert found.firmware == 7


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream"])
def test_the_body_says_what_it_is_where_the_content_type_does_not(content_type: str) -> None:
    assert event(content_type, text()) == event(content_type, form()) == event(FORM, form())


def test_what_else_hooks_send_is_of_no_matter() -> None:
    more = {"userid": "", "public": False, "ttl": 60, "productID": 1234, "name": "ingest"}
    assert event(JSON, text(**more)) == event(FORM, form(**more)) == event(FORM, form())
    assert event(FORM, form(fw_version=3, version=10)).firmware == 3


def test_a_test_of_the_integration_is_no_device() -> None:
    assert event(FORM, form(coreid="api", data="test-event")).device_id == "api"
    assert event(FORM, form(coreid="particle-internal")).device_id == "particle-internal"


@pytest.mark.parametrize("key", ["PARTICLE_DEVICE_ID", "SPARK_CORE_ID", "PRODUCT_ID"])
def test_data_that_templates_would_take_for_particles_own_are_refused(key: str) -> None:
    data = json.dumps({"t": 1, key: "e00fce68ffffffffffffffff"})
    assert refused(FORM, form(data=data)) == "reserved-keys"
    assert refused(JSON, text(data=data)) == "reserved-keys"
    assert refused(JSON, text(data=json.loads(data))) == "reserved-keys"
    assert event(JSON, text(data={"below": {key: 1}})).value == {"below": {key: 1}}


OTHER = "e00fce68ffffffffffffffff"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, form(device_id=OTHER)),
        (JSON, text(device_id=OTHER)),
        # What a device can publish where the maker's template is a text without escapes.
        (JSON, text(data="HERE").replace(b"HERE", f'x","coreid":"{OTHER}'.encode())),
        (FORM, form(data="HERE").replace(b"HERE", f"x&coreid={OTHER}".encode())),
        (JSON, text(data="HERE").replace(b"HERE", b'x","event":"spark/status')),
    ],
)
def test_nothing_may_be_said_twice_and_differently(content_type: str, body: bytes) -> None:
    assert refused(content_type, body) == "contradictory"


def test_the_same_said_twice_is_fine() -> None:
    assert event(FORM, form(device_id=DEVICE)) == event(FORM, form())


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"{",
        b"[]",
        b'{"event":"a"} and more',
        b'{"event":"a",}',
        b'{"event":"a" "data":"b"}',
        b'{7:"a"}',
        b'{"event":"a","data":hello}',
        b"\xff\xfe{",
        b'{"data":' + b"[" * 100_000,
        b"&".join(b"a=1" for _ in range(1000)),
    ],
)
@pytest.mark.parametrize("content_type", [FORM, JSON])
def test_what_cannot_be_read(content_type: str, body: bytes) -> None:
    assert refused(content_type, body) == "bad-body"


def test_limits_and_what_is_missing() -> None:
    assert refused(FORM, form(data="x" * webhook.MAX_BYTES)) == "too-large"
    assert event(FORM, form(data="%" * 16_384)).data == "%" * 16_384
    assert refused(FORM, form(published_at="")) == "no-time"
    assert refused(FORM, form(coreid="me")) == "bad-device-id"
    assert refused(FORM, urlencode({"event": "x"}).encode()) == "no-device-id"
    assert refused(FORM, b"") == "no-device-id"
    assert refused(JSON, json.dumps({"e": "!"}).encode()) == "bad-base64"


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    def write(content: Any) -> None:
        file = tmp_path / "telemetry.json"
        file.write_text(json.dumps(content))
        monkeypatch.setattr(rules, "FILE", file)
        rules.all_rules.cache_clear()

    yield write
    monkeypatch.undo()
    rules.all_rules.cache_clear()


def test_the_makers_own_names(mapping: Callable[[Any], None]) -> None:
    own = {"deviceId": "dev", "event": "what", "data": "payload", "publishedAt": "when"}
    mapping({"webhook": own})
    body = {"dev": DEVICE, "what": "hp/telemetry", "payload": '{"t":21.4}', "when": AT}
    for content_type, written in (
        (FORM, urlencode(body).encode()),
        (JSON, json.dumps(body).encode()),
    ):
        assert event(content_type, written) == by_pubsub(b'{"t":21.4}')
    # Particle's own names then say nothing: who maps one has a reason.
    assert refused(FORM, form()) == "no-device-id"
