"""Reads what Particle's webhooks send, and makes of it what Pub/Sub would have delivered.

A webhook's body has the event as Particle's defaults or the maker's templates put it there
(Particle docs, "Webhooks"): as a form or as JSON, with `event`, `data`, `published_at` and
`coreid`, or with the names that `telemetry.json` gives under `webhook`. The data are taken as they
were published, so that an event that also arrives by Pub/Sub is one event.

Whoever can publish must not be able to say which device has published. Templates see the keys of
the event's data beside Particle's own variables, and data can break out of a template that puts
them into a text. So a body is refused that says anything twice and differently, or whose data have
a key that Particle reserves.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from shared.telemetry import dead_letters, rules
from shared.telemetry import ingest as pubsub
from shared.telemetry.message import Message, UnstorableError

MAX_BYTES = 128 * 1024
"""Of a body: the data of an event, at most 16 KB, are three times as long where each byte is
written as `%xx`."""

_WHOLE = "e"
"""The key of a body that has the whole event as base64: `{"e": "{{{PARTICLE_EVENT_BASE64}}}"}`."""
_DEVICE = ("coreid", "device_id")
_NAME = ("event", "name")
_DATA = ("data", "value")
_TIME = ("published_at",)
_FIRMWARE = ("fw_version", "version")
_RESERVED = ("PARTICLE_", "SPARK_", "PRODUCT_")
_SPACE = re.compile(r"[ \t\n\r]*")
_MAX_FIELDS = 200

Fields = Mapping[str, bytes | None]
"""What a body says: the text of each value, or its JSON where it is no text."""


def ingest(content_type: str, body: bytes) -> None:
    """Return when the event is durable or a dead letter is kept; raise as `ingest.ingest` does."""
    try:
        message = delivery(content_type, body)
    except UnstorableError as failure:
        # Below a key of its own: what a device wrote must not pass for a message of Pub/Sub when
        # an operator replays dead letters.
        sent = body.decode(errors="backslashreplace")
        kept = {"webhook": {"contentType": content_type, "body": sent}}
        dead_letters.keep(Message(None, None, {}, None, kept), failure.reason, datetime.now(UTC))
    else:
        pubsub.ingest(message)


def delivery(content_type: str, body: bytes) -> dict[str, Any]:
    """The message that Pub/Sub would have delivered, as `message.read` takes it.

    Raises:
        UnstorableError: it cannot be read, or it cannot be trusted.
    """
    if len(body) > MAX_BYTES:
        raise UnstorableError("too-large")
    fields = _fields(content_type, body)
    if set(fields) == {_WHOLE}:
        fields = _json(_decoded(fields[_WHOLE] or b""))
    names = rules.webhook()
    data = _first(fields, (names.data,) if names.data else _DATA)
    if _is_reserved(data):
        raise UnstorableError("reserved-keys")
    attributes = {
        "device_id": _device(fields, (names.device_id,) if names.device_id else _DEVICE),
        "event": _first(fields, (names.event,) if names.event else _NAME),
        "published_at": _first(fields, (names.published_at,) if names.published_at else _TIME),
        "fw_version": _first(fields, _FIRMWARE),
    }
    return {
        "message": {
            "attributes": {
                name: value.decode(errors="replace")
                for name, value in attributes.items()
                if value is not None
            },
            "data": base64.b64encode(data or b"").decode(),
        }
    }


def _first(fields: Fields, names: Iterable[str]) -> bytes | None:
    return next((fields[name] for name in names if name in fields), None)


def _device(fields: Fields, names: Iterable[str]) -> bytes | None:
    """The device; what a default says and what a template says must not differ."""
    said = {value for name in names if (value := fields.get(name)) is not None}
    if len(said) > 1:
        raise UnstorableError("contradictory")
    return said.pop() if said else None


def _fields(content_type: str, body: bytes) -> Fields:
    kind = content_type.partition(";")[0].strip().lower()
    # A hook with a text as its body has the content type that its maker gave it, or none.
    if kind.endswith("json") or body.lstrip()[:1] == b"{":
        return _json(body)
    return _collected(_form(body))


def _form(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        # As Latin-1 each byte is a character, so that data that are no UTF-8 stay what they are.
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="latin-1",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise UnstorableError("bad-body") from None
    for name, value in pairs:
        yield name, value.encode("latin-1")


def _json(body: bytes) -> Fields:
    try:
        return _collected(_members(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise UnstorableError("bad-body") from None


def _members(text: str) -> Iterator[tuple[str, bytes | None]]:
    """The members of the object that a text is: texts without their quotes, other JSON as it is.

    What was published is an event's identity, so that it must not be written anew.
    """
    decoder = json.JSONDecoder()
    at = _after(text, _skip(text, 0), "{")
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise ValueError("no name of a member")
        name, at = decoder.raw_decode(text, at)
        start = _skip(text, _after(text, _skip(text, at), ":"))
        value, end = decoder.raw_decode(text, start)
        if value is None:
            yield name, None
        else:
            raw = value if isinstance(value, str) else text[start:end]
            yield name, raw.encode(errors="surrogatepass")
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "}":
                raise ValueError("a comma without a member")
        elif text[at : at + 1] != "}":
            raise ValueError("no comma between members")
    if _skip(text, at + 1) != len(text):
        raise ValueError("something follows the object")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _after(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"no {mark}")
    return _skip(text, at + 1)


def _collected(pairs: Iterable[tuple[str, bytes | None]]) -> Fields:
    found: dict[str, bytes | None] = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            raise UnstorableError("contradictory")
        found[name] = value
    return found


def _decoded(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise UnstorableError("bad-base64") from None


def _is_reserved(data: bytes | None) -> bool:
    """Whether the data are an object with a key that templates would take for Particle's own."""
    if not data or data.lstrip()[:1] != b"{":
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(key.startswith(_RESERVED) for key in value)
