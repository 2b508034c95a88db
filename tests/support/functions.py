"""The exported functions, called in this process through the functions framework."""

import functools
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import functions_framework
from flask import Flask
from flask.testing import FlaskClient
from google.events.cloud.firestore import Document, DocumentEventData
from werkzeug.test import TestResponse

import main
from local.client import Account, CallableError
from shared.telemetry import ingest
from shared.telemetry.writer import EventWriter

MAIN = Path(main.__file__)
CALLABLES = [
    name
    for name in main.FUNCTIONS
    if getattr(main, name).__firebase_endpoint__.callableTrigger is not None
]


@functools.cache
def client(function: str) -> FlaskClient:
    """A client of the function's app, as the platform builds it."""
    event = getattr(main, function).__firebase_endpoint__.eventTrigger is not None
    # It leaves the function's name in the environment, where the next stack would find it, and
    # takes over this process's logging.
    root = logging.getLogger()
    with mock.patch.dict(os.environ), mock.patch.multiple(root, handlers=[], level=root.level):
        app: Flask = functions_framework.create_app(  # type: ignore[no-untyped-call]
            target=function, source=str(MAIN), signature_type="cloudevent" if event else "http"
        )
    return app.test_client()


def post(function: str, data: Any, account: Account | None = None) -> TestResponse:
    """Call a callable; the answer as it comes."""
    headers = {"Authorization": f"Bearer {account.id_token}"} if account else {}
    return client(function).post("/", json={"data": data}, headers=headers)


def call(function: str, data: Any, account: Account | None = None) -> Any:
    """Call a callable. Raises `CallableError` as a client's SDK would."""
    answer = post(function, data, account)
    body = answer.get_json()
    if "error" in body:
        raise CallableError(answer.status_code, body["error"])
    return body["result"]


def deliver(body: Any) -> int:
    """Deliver a Pub/Sub message to `ingest` as Eventarc does; the HTTP status of the answer.

    A body that is no mapping goes as it is. Anything below 300 acknowledges the message.
    """
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": "//pubsub.googleapis.com/projects/demo-particle/topics/particle-events",
        "ce-time": "2026-05-13T10:55:02.520123456Z",
        "content-type": "application/json",
    }
    return client("ingest").post("/", data=data, headers=headers).status_code


def deliver_elsewhere(body: Any) -> int:
    """Deliver it to another instance, so that this one does not hear of it."""
    with mock.patch.object(ingest, "writer", EventWriter):
        return deliver(body)


def user_created(uid: str) -> int:
    """Deliver the creation of `users/{uid}` to `on_user_created`; the HTTP status of the answer."""
    return created("on_user_created", f"users/{uid}")


def created(function: str, document: str, what: str = "created") -> int:
    """Deliver what happened to a document to a trigger; the HTTP status of the answer.

    As the Firestore emulator does, and Eventarc: the path in headers, in UTF-8 as it is, and the
    document's full name in the body.
    """
    name = f"projects/demo-particle/databases/(default)/documents/{document}"
    body = DocumentEventData(value=Document(name=name))
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": f"google.cloud.firestore.document.v1.{what}",
        "ce-source": "//firestore.googleapis.com/projects/demo-particle/databases/(default)",
        "ce-subject": _raw(f"documents/{document}"),
        "ce-document": _raw(document),
        "content-type": "application/protobuf",
    }
    data = DocumentEventData.serialize(body)
    return client(function).post("/", data=data, headers=headers).status_code


def _raw(text: str) -> str:
    """The bytes of a text, as a server hands a header over: WSGI reads Latin-1."""
    return text.encode().decode("latin-1")


def refusal(function: str, data: Any, account: Account | None = None) -> CallableError:
    """The error that a callable answers with; fails when it answers otherwise."""
    try:
        result = call(function, data, account)
    except CallableError as error:
        details: Mapping[str, Any] = error.details
        assert details["errorId"], "every failure has an errorId"
        return error
    raise AssertionError(f"{function} answered {result!r}, expected a refusal")


def outcome(function: str, request: Any, account: Account | None) -> tuple[str, Any]:
    """What a callable answers: `succeeded` and the result, or a reason and the error."""
    try:
        return "succeeded", call(function, request, account)
    except CallableError as error:
        return str(error.reason), error
