"""The document of an event, in every form in which the platform sends its path."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from cloudevents.http import CloudEvent, from_http
from flask import Flask
from functions_framework.event_conversion import background_event_to_cloud_event
from google.events.cloud.firestore import Document, DocumentEventData

from shared.api.event_path import UnreadableEventError, ids

PATTERN = "users/{uid}"
PRINTABLE = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
UIDS = [
    "AbC123",
    "jörg",
    "jo\u0308rg",
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "שלום",
    "\u202eabc",
    "a b",
    " a",
    "a ",
    "a%2Fb",
    "100%",
    "100%25",
    "%C3%B6",
    "Ã¶",
    "a+b",
    'say "hi"',
    "tab\there",
    "x" * 128,
]
AMBIGUOUS = {"100%25", "%C3%B6"}
"""In a header alone, these could be what CloudEvents' encoding makes of another uid."""
TRIMMED = {" a", "a "}
"""HTTP drops white space around a header."""


def name_of(uid: str) -> str:
    return f"projects/p/databases/(default)/documents/users/{uid}"


def message(uid: str, key: str = "value") -> bytes:
    body: bytes = DocumentEventData.serialize(
        DocumentEventData(**{key: Document(name=name_of(uid))})
    )
    return body


def attributes(document: str) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": "1",
        "type": "google.cloud.firestore.document.v1.created",
        "source": "//firestore.googleapis.com/projects/p/databases/(default)",
        "document": document,
    }


def received(uid: str, header: str, body: bytes) -> tuple[str, ...]:
    """By a binary CloudEvent: attributes in headers, data in the body."""
    headers = {f"ce-{name}": value for name, value in attributes(header).items()}
    headers["content-type"] = "application/protobuf"
    with Flask("test").test_request_context(
        "/", method="POST", headers=headers, data=body
    ) as context:
        request = context.request
        return ids(from_http(request.headers, request.get_data()), PATTERN)


def raw_header(uid: str) -> str:
    """As Eventarc and the emulator send it, and WSGI reads it."""
    return f"users/{uid}".encode().decode("latin-1").strip()


def encoded_header(uid: str) -> str:
    """As CloudEvents' HTTP binding asks for."""
    return quote(f"users/{uid}", safe=PRINTABLE)


@pytest.mark.parametrize("uid", UIDS)
@pytest.mark.parametrize("key", ["value", "old_value"])
@pytest.mark.parametrize("header", [raw_header, encoded_header, lambda _: "users/somebody-else"])
def test_the_body_takes_precedence(uid: str, key: str, header: Any) -> None:
    assert received(uid, header(uid), message(uid, key)) == (uid,)


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b"{}", b"[]", b'"text"'])
@pytest.mark.parametrize("uid", [uid for uid in UIDS if uid not in AMBIGUOUS | TRIMMED])
def test_a_header_alone(uid: str, body: bytes) -> None:
    assert received(uid, raw_header(uid), body) == (uid,)


@pytest.mark.parametrize("uid", [uid for uid in UIDS if uid not in TRIMMED])
def test_an_encoded_header_alone(uid: str) -> None:
    assert received(uid, encoded_header(uid), b"") == (uid,)
    if not any(letter.isupper() for letter in uid):
        assert received(uid, encoded_header(uid).lower(), b"") == (uid,)


def test_a_header_in_latin_1() -> None:
    assert received("jörg", "users/jörg", b"") == ("jörg",)


@pytest.mark.parametrize("uid", UIDS)
def test_a_structured_event(uid: str) -> None:
    """In JSON nothing is encoded, so nothing is decoded."""
    body = json.dumps(attributes(f"users/{uid}")).encode()
    event = from_http({"content-type": "application/cloudevents+json"}, body)
    assert ids(event, PATTERN) == (uid,)
    with_data = {**attributes("users/x"), "data": {"value": {"name": name_of(uid)}}}
    event = from_http(
        {"content-type": "application/cloudevents+json"}, json.dumps(with_data).encode()
    )
    assert ids(event, PATTERN) == (uid,)


@pytest.mark.parametrize("uid", UIDS)
@pytest.mark.parametrize("data", [True, False])
def test_a_pub_sub_message(uid: str, *, data: bool) -> None:
    """What Eventarc delivers where a path cannot be a header, as the framework converts it."""
    body = base64.b64encode(message(uid) if data else b"\xff").decode()
    named = {f"ce-{name}": value for name, value in attributes(f"users/{uid}").items()}
    pushed = {
        "message": {"data": body, "messageId": "1", "attributes": named},
        "subscription": "projects/p/subscriptions/eventarc",
    }
    with Flask("test").test_request_context("/", method="POST", json=pushed) as context:
        event = background_event_to_cloud_event(context.request)
        assert ids(event, PATTERN) == (uid,)


@pytest.mark.parametrize(
    "document",
    [
        "users",
        "users/",
        "users/.",
        "users/..",
        "users/__x__",
        "users/a/devices/b",
        "devices/a",
        "users/" + "x" * 129,
        "",
        "/users/a",
        "users/\ud800",
    ],
)
def test_no_user(document: str) -> None:
    with pytest.raises(UnreadableEventError):
        ids(CloudEvent(attributes(document)), PATTERN)


def test_an_event_without_a_document() -> None:
    without = {k: v for k, v in attributes("").items() if k != "document"}
    bodies: list[Any] = [None, {}, {"message": {}}, {"message": {"data": 7}}, [], 7]
    for data in bodies:
        with pytest.raises(UnreadableEventError):
            ids(CloudEvent(without, data), PATTERN)


def test_several_ids_in_the_order_of_the_pattern() -> None:
    event = CloudEvent(attributes("devices/d1/events/" + "x" * 129))
    assert ids(event, "devices/{deviceId}/events/{eventId}") == ("d1", "x" * 129)
    with pytest.raises(UnreadableEventError):
        ids(event, "devices/{deviceId}/presence/{eventId}")
