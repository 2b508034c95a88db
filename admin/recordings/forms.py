"""The forms of a record, each turned into the message that Pub/Sub delivers.

The identity of an event is device, name, publish time and data, byte by byte. A record that does
not have them as they were published would become a second event, and is refused.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from admin.recordings import base64_text, bigquery
from admin.recordings.bigquery import DataColumns
from admin.recordings.records import Record, decode
from admin.recordings.text import UnreadableError
from shared.telemetry.message import CLOCK_TOLERANCE

READABLE = """\
These records are read:
- a message of Pub/Sub: a push body, or what `gcloud pubsub subscriptions pull --format=json` prints
- a row of a Pub/Sub subscription to BigQuery, exported as JSON
- the body of one of Particle's webhooks, as JSON or as a form
- an event of Particle's event stream, as the stream is sent or as JSON
They are in an array or one below the other, in UTF-8, UTF-16 or UTF-32, also gzipped."""

Message = dict[str, Any]
"""A push request's body, `{"message": {…}}`, as `ingest` reads it."""
Fields = Mapping[str, Any]
"""The values of an object by key, in lower case and without underscores: both styles are used."""

_IDENTITY = {"coreid", "data", "deviceid", "event", "eventname", "name", "publishedat"}
_READ = _IDENTITY | {"attributes", "message", "messageid", "messages", "publishtime"}
_READ |= {"receivedmessages", "subscriptionname"}
# What webhooks and event streams have (Particle docs, "Webhooks" and "Events"; public receivers).
_OF_AN_EVENT = _IDENTITY | {"eventid", "fwversion", "id", "private", "productid", "public"}
_OF_AN_EVENT |= {"ttl", "userid", "version"}
_ATTRIBUTES = {
    "device_id": ("deviceid", "coreid"),
    "event": ("event", "eventname"),
    "published_at": ("publishedat",),
}
"""Those that Particle's integration writes, and what others call them."""

# What `{{…}}` in a webhook's template makes of characters, where `{{{…}}}` leaves them alone.
_ESCAPED = re.compile(r"&(?:quot|amp|lt|gt|#39|#x27|#x2F|#x60|#x3D);", re.IGNORECASE)
_ZONED = re.compile(r".*(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_NOT_AS_PUBLISHED = (
    "has data as JSON and not as text. How it was published, byte by byte, is lost: it would be "
    "another event"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM, _MILLISECONDS_UNTIL = 10**11, 10**14


def events(record: Record) -> Iterator[Fields]:
    """What is in a record: one message or event, or as many as were pulled together."""
    fields = _fields(record.value)
    if record.name is not None:
        named = (fields.get(key, record.name) for key in ("event", "eventname", "name"))
        if any(name != record.name for name in named):
            raise UnreadableError("names the event twice, and differently")
        fields = {**fields, "name": record.name}
    yield from _within(fields)


def _within(fields: Fields) -> Iterator[Fields]:
    for key in ("receivedmessages", "messages"):
        if isinstance(pulled := fields.get(key), list):
            for one in pulled:
                yield from _within(_fields(one))
            return
    # A push body has the message, and a CloudEvent has a push body.
    wrapped = fields.get("data" if "specversion" in fields else "message")
    if isinstance(wrapped, Mapping):
        yield from _within(_fields(wrapped))
    else:
        yield fields


def _fields(value: Any) -> Fields:
    if not isinstance(value, Mapping):
        raise UnreadableError("is not a JSON object")
    found: dict[str, Any] = {}
    for key, one in value.items():
        name = key.replace("_", "").lower()
        if name in _READ and found.get(name, one) != one:
            raise UnreadableError(f"has two different values of {key}")
        found[name] = one
    return found


def message(fields: Fields, columns: DataColumns, where: str) -> Message:
    """The message that Pub/Sub delivers, or has delivered, of an event.

    Args:
        fields: of the event, as `events` gives them.
        columns: what is known of BigQuery's columns, and learns from this one.
        where: the record's place in the file.

    Raises:
        UnreadableError: the record is in no known form, or is not certain.
    """
    attributes = fields.get("attributes")
    if isinstance(attributes, str) or bigquery.is_row(fields):
        return {"message": _row(fields, columns, where)}
    if isinstance(attributes, Mapping):
        return {"message": _pulled(fields, attributes)}
    if "coreid" in fields or "deviceid" in fields:
        return {"message": _published(fields)}
    raise UnreadableError(
        "has neither the attributes of a message of Pub/Sub nor the coreid of an event of Particle"
    )


def _pulled(fields: Fields, attributes: Mapping[str, Any]) -> Message:
    """A message of Pub/Sub."""
    data = fields.get("data")
    if data is not None:
        raw = base64_text.decoded(data) if isinstance(data, str) else None
        if raw is None:
            raise UnreadableError("has data that are not base64, as Pub/Sub's are")
        if not base64_text.is_padded(data) and base64_text.as_text(raw) is None:
            raise UnreadableError("has data that can be text as well as base64 without padding")
        data = base64_text.encoded(raw)
    return _with_ids(fields, attributes, data, fields.get("publishtime"))


def _row(fields: Fields, columns: DataColumns, where: str) -> Message:
    """A row of BigQuery."""
    attributes = fields.get("attributes") or {}
    if isinstance(attributes, str):
        try:
            attributes = decode(attributes)
        except UnreadableError:
            attributes = None
    if not isinstance(attributes, Mapping):
        raise UnreadableError("has attributes that are not a JSON object")
    if "data" not in fields and fields.keys() - bigquery.METADATA:
        raise UnreadableError("has no column data: what was published is not in it as it was")
    data = fields.get("data")
    if data is not None and not isinstance(data, str):
        raise UnreadableError(_NOT_AS_PUBLISHED)
    if data:
        subscription = str(fields.get("subscriptionname") or "")
        columns.see(subscription, data, where)
        data = base64_text.encoded(bigquery.data_of(data, columns.type_of(subscription)))
    time = bigquery.publish_time(fields.get("publishtime"))
    return _with_ids(fields, attributes, data, time)


def _with_ids(
    fields: Fields, attributes: Mapping[str, Any], data: str | None, time: Any
) -> Message:
    named = _fields(attributes)
    missing = {
        name: named[other]
        for name, others in _ATTRIBUTES.items()
        for other in others
        if name not in attributes and other in named
    }
    return {
        "attributes": {**attributes, **missing},
        "data": data,
        "messageId": fields.get("messageid"),
        "publishTime": time,
    }


def _published(fields: Fields) -> Message:
    """An event as Particle's webhooks and event streams have it."""
    device_id = _one(fields, "coreid", "deviceid")
    name = _one(fields, "event", "eventname")
    if name is None:
        name = fields.get("name")
    if not isinstance(device_id, str) or not isinstance(name, str):
        raise UnreadableError("does not name its device and its event")
    if "data" not in fields and fields.keys() - _OF_AN_EVENT:
        raise UnreadableError("has no data, and other keys: a webhook has taken the data apart")
    data = fields.get("data")
    if isinstance(data, str):
        if "event" in fields and _ESCAPED.search(f"{name}{data}"):
            raise UnreadableError(
                "has characters such as &quot;: the webhook's template has {{…}} instead of "
                "{{{…}}}. Replace them in the file by the characters that they stand for"
            )
        data = base64_text.encoded(base64_text.of_text(data))
    elif data is not None:
        raise UnreadableError(_NOT_AS_PUBLISHED)
    published_at = _published_at(fields.get("publishedat"))
    attributes = {"device_id": device_id, "event": name, "published_at": published_at}
    return {"attributes": attributes, "data": data}


def _one(fields: Fields, *keys: str) -> Any:
    """The value of the first key that is there; another must not contradict it."""
    found = [fields[key] for key in keys if fields.get(key) is not None]
    if any(str(one).lower() != str(found[0]).lower() for one in found):
        raise UnreadableError(f"has two different values of {' and '.join(keys)}")
    return found[0] if found else None


def _published_at(value: Any) -> str:
    """When an event was published, to the millisecond, as Particle says it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableError("does not say when it was published (published_at)")
    try:
        text = _of_number(Decimal(str(value)))
    except InvalidOperation:
        text = re.sub(r" UTC$", "Z", str(value).strip())
    if not _ZONED.fullmatch(text):
        raise UnreadableError("has a published_at without a time zone")
    try:
        too_late = datetime.fromisoformat(text) > datetime.now(UTC) + CLOCK_TOLERANCE
    except ValueError:
        return text  # a leap second, or no time; `ingest` knows
    if too_late:
        raise UnreadableError("has a published_at in the future")
    return text


def _of_number(number: Decimal) -> str:
    """The time that milliseconds since 1970, or seconds with decimals, stand for."""
    if _MILLISECONDS_FROM <= number < _MILLISECONDS_UNTIL:
        return (_EPOCH + timedelta(microseconds=int(number * 1000))).isoformat()
    if 0 < number < _MILLISECONDS_FROM and number % 1:
        return (_EPOCH + timedelta(microseconds=int(number * 10**6))).isoformat()
    raise UnreadableError(
        "has a published_at that is not a time to the millisecond: it would be another event"
    )
