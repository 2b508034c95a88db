"""Whatever anybody sends: a 4xx with a reason, and in the log no error and no token.

Alarms count errors, so nobody outside may cause one.
"""

import base64
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from local.client import Account
from tests.functional.conftest import Label
from tests.support.functions import CALLABLES, client
from tests.support.tokens import claims, unsigned

OK = 200
SERVER_FAULT = 500
JSON_TYPE = "application/json"

Check = Callable[[Any], dict[str, Any]]


@pytest.fixture
def check(
    stack: object,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Check]:
    """What the answer says; nothing bad may be in it or in the log."""
    monkeypatch.setattr("shared.limits.rate.RateLimit.acquire", lambda *_: None)
    caplog.set_level(logging.DEBUG)
    seen = ""

    def of(answer: Any) -> dict[str, Any]:
        nonlocal seen
        body: dict[str, Any] = answer.get_json()
        assert answer.status_code < SERVER_FAULT, body
        if answer.status_code != OK:
            assert body["error"]["details"]["reason"] not in {"internal", None}
            assert body["error"]["details"]["errorId"]
        captured = capfd.readouterr()
        seen += captured.out + captured.err
        assert '"severity": "ERROR"' not in seen
        assert '"severity": "CRITICAL"' not in seen
        assert not [r for r in caplog.records if r.levelno >= logging.ERROR]
        return body

    yield of
    seen += "".join(record.getMessage() for record in caplog.records)
    assert "eyJ" not in seen, "the beginning of every token"


BASE: dict[str, Any] = {
    "acknowledge_alert": {"deviceId": "f" * 24, "alertId": "a"},
    "delete_webhook": {"webhookId": "a"},
    "test_webhook": {"webhookId": "a"},
    "save_webhook": {
        "webhookId": "a",
        "url": "https://example.com/alerts",
        "types": ["alert.fired"],
        "enabled": True,
        "rotate": False,
    },
    "delete_schedule": {"deviceId": "f" * 24, "scheduleId": "a"},
    "pause_schedules": {"deviceId": "f" * 24, "until": "2999-01-01T00:00:00Z"},
    "save_schedule": {
        "deviceId": "f" * 24,
        "scheduleId": "a",
        "name": "Evening",
        "function": "set_target",
        "argument": "18",
        "kind": "sunset",
        "timeZone": "Europe/Vienna",
        "enabled": True,
        "days": [1, 7],
        "latitude": 48.2,
        "longitude": 16,
        "offsetMinutes": -30,
        "whenOffline": "queue",
        "expiresIn": 60,
        "time": None,
        "at": None,
    },
    "save_notifications": {
        "email": True,
        "push": True,
        "devices": {"f" * 24: True},
        "quietHours": {"from": "22:00", "to": "07:00", "timeZone": "UTC"},
        "noQuietHours": False,
    },
    "delete_alert": {"deviceId": "f" * 24, "alertId": "a"},
    "save_alert": {
        "deviceId": "f" * 24,
        "alertId": "a",
        "name": "Frost",
        "kind": "threshold",
        "severity": "critical",
        "enabled": True,
        "event": "temperature",
        "metric": "t",
        "op": "below",
        "value": 2.5,
        "clear": 4,
        "forSeconds": 60,
        "silentSeconds": None,
        "remindHours": 4,
    },
    "accept_invitation": {"token": "x" * 22},
    "accept_transfer": {"token": "x" * 22},
    "cancel_invitation": {"deviceId": "f" * 24, "invitationId": "0" * 32},
    "cancel_transfer": {"deviceId": "f" * 24},
    "change_share": {
        "deviceId": "f" * 24,
        "uid": "somebody",
        "role": "viewer",
        "expiresAt": "2999-01-01T00:00:00Z",
        "noEnd": False,
    },
    "end_share": {"deviceId": "f" * 24, "uid": "somebody"},
    "offer_transfer": {"deviceId": "f" * 24, "email": "jo@example.com"},
    "share_device": {
        "deviceId": "f" * 24,
        "role": "viewer",
        "email": "jo@example.com",
        "expiresAt": "2999-01-01T00:00:00Z",
        "validFor": 3600,
    },
    "cancel_command": {"commandId": "0" * 32, "deviceId": "f" * 24},
    "claim_device": {"serialNumber": "JUNK-1", "setupCode": "XXXX", "name": "Jo"},
    "create_claim_code": {"serialNumber": "JUNK-1", "setupCode": "XXXX"},
    "delete_account": {},
    "export_account": {"cursor": None},
    "invoke_function": {
        "deviceId": "f" * 24,
        "function": "set_target",
        "argument": "1",
        "requestId": "r",
        "whenOffline": "queue",
        "expiresIn": 60,
        "coalesce": True,
    },
    "list_devices": {"refresh": False},
    "mint_token": {},
    "read_variable": {"deviceId": "f" * 24, "variable": "target", "maxAge": 1},
    "release_device": {"deviceId": "f" * 24, "keepHistory": True},
    "rename_device": {"deviceId": "f" * 24, "name": "Jo"},
    "revoke_tokens": {},
}
"""A request of the right shape, which does nothing much."""


def wrapped(value: str, kind: str = "Int64Value", more: str = "") -> str:
    return f'{{"@type": "type.googleapis.com/google.protobuf.{kind}", "value": {value}{more}}}'


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{name}": {value}' for name, value in pairs) + "}"


ATOMS = [
    "null",
    "true",
    "0",
    "-0.0",
    "3600.0",
    "1e3",
    "1e999",
    "-1e999",
    "1e-999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9223372036854775808",
    "-9223372036854775809",
    "1" * 400,
    "1" * 5000,
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"a\\udfffb"',
    '"\\ud83d\\ude00"',
    '"\\u200b\\ufeff"',
    '"\\u202etxt"',
    '".."',
    '"__x__"',
    '"a/b"',
    '"' + "x" * 2000 + '"',
    "{}",
    "[]",
    "[" * 7 + "]" * 7,
    "[" * 900 + "]" * 900,
    "[" * 12_000 + "]" * 12_000,
    '{"a":' * 900 + "1" + "}" * 900,
    '{"\\ud800": 1}',
    '{"a": {"b": {"\\udc00": [1]}}}',
    '{"a": 1, "a": 2}',
    wrapped('"3600"'),
    wrapped('"3600"', "UInt64Value"),
    wrapped('"-1"', "UInt64Value"),
    wrapped('"99999999999999999999"'),
    wrapped('"1e3"'),
    wrapped("3600"),
    wrapped("null"),
    wrapped("{}"),
    wrapped('"1"', "Int32Value"),
    wrapped('"1"', "Timestamp"),
    wrapped('"1"', more=', "x": 1'),
    '{"@type": null}',
    '{"@type": {"@type": []}}',
]
NAMES = ["deviceId", "name", "cursor", "app", "uid", "@type", "", "__proto__", "$where", "\\ud800"]
atoms = st.sampled_from(ATOMS)
texts = st.text(max_size=20).map(json.dumps)
junk = st.recursive(
    atoms | texts | st.integers().map(str) | st.floats().map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=3).map(_object)
    ),
    max_leaves=6,
)


def send(function: str, body: str | bytes, account: Account, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {account.id_token}", "Content-Type": JSON_TYPE, **headers}
    return client(function).post("/", data=body, headers=sent)


quick = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("function", CALLABLES)
def test_one_field_of_a_good_request(function: str, customer: Account, check: Check) -> None:
    base = {name: json.dumps(value) for name, value in BASE[function].items()}

    @quick
    @given(st.sampled_from([*base, *NAMES]), junk)
    def try_one(field: str, value: str) -> None:
        body = _object(list({**base, field: value}.items()))
        check(send(function, f'{{"data": {body}}}', customer))

    try_one()


@pytest.mark.parametrize("function", CALLABLES)
def test_each_kind_of_junk_in_each_field(function: str, customer: Account, check: Check) -> None:
    base = {name: json.dumps(value) for name, value in BASE[function].items()}
    for field in base:
        for value in ATOMS:
            body = _object(list({**base, field: value}.items()))
            answer = check(send(function, f'{{"data": {body}}}', customer))
            if "\\ud800" in value or "NaN" in value or "Infinity" in value:
                assert answer["error"]["details"]["reason"] == "bad-request", value


@pytest.mark.parametrize("function", CALLABLES)
def test_data_that_is_no_request(function: str, customer: Account, check: Check) -> None:
    for data in ATOMS:
        answer = check(send(function, f'{{"data": {data}}}', customer))
        if data not in {"null", "{}"}:
            assert answer["error"]["details"]["reason"] == "bad-request", data


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"7",
        b'"data"',
        b"{",
        b'{"data": {}',
        b'{"data": {}}}',
        b'{"data": {}, "data": {}, "x": 1}',
        b'{"Data": {}}',
        b'{"\\ud800": {}}',
        b"data=x",
        b"[" * 30_000,
        b'{"data":' * 4_000,
        b'{"data": NaN}',
        b"x" * 40_000,
        '{"data": {}}'.encode("utf-16") + b"x",
    ],
)
def test_a_body_that_is_no_call(body: bytes, customer: Account, check: Check) -> None:
    answer = check(send("list_devices", body, customer))
    assert answer["error"]["details"]["reason"] == "bad-request"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        ";",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-seq",
        "application/cloudevents+json",
        "\xff",
    ],
)
def test_another_content_type(content_type: str, customer: Account, check: Check) -> None:
    for body in ('{"data": {}}', "a=b", "--x\r\n\r\n--x--"):
        headers = {"Content-Type": content_type}
        answer = check(send("list_devices", body, customer, **headers))
        assert answer["error"]["details"]["reason"] == "bad-request"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/json ; x",
    ],
)
def test_forms_of_the_right_one(content_type: str, customer: Account, check: Check) -> None:
    answer = check(send("list_devices", '{"data": {}}', customer, **{"Content-Type": content_type}))
    assert answer == {"result": {"devices": [], "shared": []}}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_another_method(method: str, check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    """What the framework lets through at all."""
    answer = client("list_devices").open("/", method=method, json={"data": {}})
    assert OK < answer.status_code < SERVER_FAULT
    assert "ERROR" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Firebase-AppCheck": "x"},
        {"X-Firebase-AppCheck": "a.b.c"},
        {"Firebase-Instance-ID-Token": "x" * 5000},
        {"traceparent": "00-\xff-0"},
        {"X-Cloud-Trace-Context": "//;;"},
        {"Origin": "null"},
        {"Origin": "https://[::"},
        {"Accept": "\xff"},
        {"Content-Encoding": "gzip"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Cookie": "a=\x01; b"},
        {"Forwarded": "for=;;"},
    ],
)
def test_any_other_header(headers: dict[str, str], customer: Account, check: Check) -> None:
    assert check(send("list_devices", '{"data": {}}', customer, **headers))["result"]


def _segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _authorizations(token: str) -> Iterator[str]:
    head, payload, _ = token.split(".")
    yield from ("", "Bearer", "Bearer ", "Basic YTpi", "bearer " + token, token, "Token " + token)
    yield f"Bearer {token},Bearer {token}"
    yield f"Bearer {token}, Bearer {token}"
    yield f"Bearer Bearer {token}"
    yield f"Bearer {token} {token}"
    yield f"Bearer {token}.{token}"
    yield f"Bearer {token}\xff"
    yield f"Bearer  {token}"
    yield f"Bearer {head}..{payload}"
    yield f"Bearer {payload}.{head}.x"
    for header in ("[]", "7", "null", '"x"', "{}", '{"alg": []}', '{"kid": [1], "alg": "RS256"}'):
        yield f"Bearer {_segment(header)}.{payload}.x"
    for body in ("[]", "7", "null", '"x"', "{}", "{", "NaN", '{"sub": "\\ud800"}'):
        yield f"Bearer {head}.{_segment(body)}."
    yield f"Bearer {head}.{'x' * 20_000}."


def test_any_authorization(customer: Account, check: Check) -> None:
    """Two of them were once logged whole. A token is worth an hour of its owner's account."""
    for authorization in _authorizations(customer.id_token):
        answer = check(send("list_devices", '{"data": {}}', customer, Authorization=authorization))
        assert answer["error"]["details"]["reason"] == "sign-in-required", authorization


def test_authorization_sent_twice(customer: Account, check: Check) -> None:
    bearer = f"Bearer {customer.id_token}"
    headers = Headers([("Authorization", bearer), ("Authorization", bearer)])
    answer = client("list_devices").post("/", json={"data": {}}, headers=headers)
    assert check(answer)["error"]["details"]["reason"] == "sign-in-required"


def test_tokens_of_others_and_of_other_times(customer: Account, check: Check) -> None:
    others: list[Any] = [
        claims(customer.uid, aud="another-project"),
        claims(customer.uid, iss="https://evil.example.com"),
        claims("x" * 129),
        claims(""),
        claims(None),
        [],
    ]
    for payload in others:
        stranger = Account("x", unsigned(payload))
        answer = check(send("list_devices", '{"data": {}}', stranger))
        assert answer["error"]["details"]["reason"] == "sign-in-required"


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


CURSORS = [
    "",
    " ",
    "=",
    "x",
    "ü",
    "\U0001f600",
    "AAAA",
    "_-_-",
    "a" * 4000,
    cursor(""),
    cursor("null"),
    cursor("[]"),
    cursor("{}"),
    cursor("{"),
    cursor('{"collection": 7, "after": ""}'),
    cursor('{"collection": "activity"}'),
    cursor('{"collection": "activity", "after": "", "more": 1}'),
    cursor("[" * 1000),
    *(
        cursor(json.dumps({"collection": collection, "after": after}))
        for collection in ("activity", "devices", "", "../x", "a/b/c", "__x__")
        for after in (
            "/",
            "a/b",
            ".",
            "..",
            "__x__",
            "__id7__",
            "\u0000",
            "\ud800",
            "x" * 1600,
            "é" * 800,
            "a/b/c/d",
        )
    ),
    cursor('{"collection": "activity", "after": "\ud800"}'),
]


def test_any_cursor(owned: Label, customer: Account, check: Check) -> None:
    for text in CURSORS:
        answer = check(send("export_account", json.dumps({"data": {"cursor": text}}), customer))
        # Of a right form are those after an odd id alone.
        if "error" in answer:
            assert answer["error"]["details"]["field"] == "cursor", text


def test_bytes_as_cursors(owned: Label, customer: Account, check: Check) -> None:
    @quick
    @given(st.binary(max_size=60))
    def try_one(text: bytes) -> None:
        encoded = base64.urlsafe_b64encode(text).decode()
        answer = check(send("export_account", json.dumps({"data": {"cursor": encoded}}), customer))
        assert answer["error"]["details"]["field"] == "cursor"

    try_one()


def test_the_log_keeps_half_a_surrogate_pair(capfd: pytest.CaptureFixture[str]) -> None:
    """Also where something that nobody checked is logged."""
    from shared import log  # noqa: PLC0415 - the only one here who needs it

    log.dead_letter("\ud800", "bad")
    line = json.loads(capfd.readouterr().out)
    assert re.fullmatch("\ud800", line["messageId"])
