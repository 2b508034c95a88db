"""Which document an event of Firestore is about.

The platform says so twice. The event's data is a message of Firestore's own, which holds the
document's full name and cannot be misread. Its attribute `document` has the path alone, and depends
on how the event travels:

- in an HTTP header as UTF-8 without any encoding, as Eventarc and the Firestore emulator send it;
  WSGI hands headers over as Latin-1 (PEP 3333), which makes `jörg` into `jÃ¶rg`;
- in an HTTP header percent-encoded, as CloudEvents asks for (HTTP binding 1.0.2, 3.1.3.2);
- in JSON, as it is: a structured CloudEvent, or the attributes of a Pub/Sub message. Eventarc
  delivers that message as it is when the path cannot be a header, such as one with a space at its
  end (github.com/GoogleCloudPlatform/functions-framework-nodejs, pull request 786).

So the data take precedence.
"""

import base64
import binascii
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

import flask
from cloudevents.http import CloudEvent

from shared.firestore.ids import is_id, is_uid

_NAME = re.compile(r"projects/[^/]+/databases/[^/]+/documents/(.+)", re.DOTALL)
_WILDCARD = re.compile(r"{(\w+)}")
# What CloudEvents leaves as it is in a header: printable ASCII without space, quote and percent.
_UNENCODED = "".join(sorted(set(string.punctuation) - set('"%')))


class UnreadableEventError(Exception):
    """The event names no document that the trigger's pattern matches, or one that cannot be."""


def ids(event: CloudEvent, pattern: str) -> tuple[str, ...]:
    """The ids that stand for the wildcards of a pattern such as `users/{uid}`, in its order.

    Raises `UnreadableEventError`, also where one for `{uid}` cannot be a user of the product.
    """
    for path in _paths(event):
        found = _match(path, pattern)
        if found is not None:
            return found
    raise UnreadableEventError(f"no document of the pattern {pattern}")


def _match(path: str, pattern: str) -> tuple[str, ...] | None:
    segments, parts = path.split("/"), pattern.split("/")
    if len(segments) != len(parts):
        return None
    found = []
    for segment, part in zip(segments, parts, strict=True):
        wildcard = _WILDCARD.fullmatch(part)
        if wildcard is None:
            if segment != part:
                return None
        elif not (is_uid if wildcard[1] == "uid" else is_id)(segment):
            return None
        else:
            found.append(segment)
    return tuple(found)


def _paths(event: CloudEvent) -> Iterator[str]:
    """The document's path below the database by each of its sources, the safest first."""
    data, attributes = event.data, event.get_attributes()
    message = data.get("message") if isinstance(data, Mapping) else None
    if isinstance(message, Mapping):
        data, attributes = _decoded(message.get("data")), message.get("attributes") or {}
        attributes = {name.removeprefix("ce-"): value for name, value in attributes.items()}
    name = _name_in(data)
    if name is not None and (below := _NAME.fullmatch(name)):
        yield below[1]
    if flask.has_request_context() and "ce-document" in flask.request.headers:
        yield _read_header(flask.request.headers["ce-document"])
    elif isinstance(attributes.get("document"), str):
        yield attributes["document"]


def _name_in(data: Any) -> str | None:
    """The full name of the document that was written or deleted."""
    if isinstance(data, bytes):
        # With the rest of Firestore's client, when the first event arrives.
        from google.events.cloud.firestore import DocumentEventData  # noqa: PLC0415
        from google.protobuf.message import DecodeError  # noqa: PLC0415

        try:
            change = DocumentEventData.pb().FromString(data)
        except DecodeError:
            return None
        return change.value.name or change.old_value.name or None
    if isinstance(data, Mapping):
        for key in ("value", "oldValue"):
            document = data.get(key)
            if isinstance(document, Mapping) and isinstance(document.get("name"), str):
                return str(document["name"])
    return None


def _decoded(data: Any) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None


def _read_header(header: str) -> str:
    """The text that a header stands for.

    Only what CloudEvents' encoding would have made is taken for percent-encoded: an id may hold a
    `%` of its own.
    """
    try:
        text = header.encode("latin-1").decode()
    except UnicodeError:
        text = header
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
    return plain if quote(plain, safe=_UNENCODED).lower() == text.lower() else text
