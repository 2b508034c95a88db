"""Reads tolerantly what Pub/Sub delivers: a Particle event, or a message that can never be one.

Particle's integration publishes the event's data as the message's data, without an envelope, and
`device_id`, `event` and `published_at` as attributes (Particle docs, "Google Cloud Platform"
integration). Pub/Sub writes its own keys in camelCase and in snake_case, writes times with up to
nine decimals, and omits what is empty. Both may add keys.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.telemetry import firmware, identity, rules
from shared.telemetry import value as values
from shared.times import milliseconds, of_text, to_the_millisecond

CLOCK_TOLERANCE = timedelta(minutes=5)
"""The publish time of an event is at most this much later than its message's; a later one is set
back."""
CLOCKS_SET = datetime(2001, 1, 1, tzinfo=UTC)
"""An earlier time is that of a clock which was never set: those begin in 1970, 1980 or 2000."""
MAX_NAME_BYTES = 256
"""Particle allows 64 characters; a name near the limits of a Firestore path cannot be real."""
MAX_DATA_BYTES = 900_000
"""Size of the data as stored, below a Firestore document's 1 MiB. Devices publish at most 16 KB."""

_DEVICE_ID = re.compile(r"[0-9a-f]{24}")
API = "api"
"""The source of events that no device published: tests of an integration, API calls."""
NO_DEVICES = frozenset({API, "particle-internal"})
"""Sources that are not devices; the second one is webhooks."""
_NAMELESS = "test"
"""The name of a test event whose integration has an empty prefix, and so gives it no name."""
TOO_OLD = "too-old"
"""The reason for an event that is older than its retention."""


@dataclass(frozen=True)
class Event:
    """One event of one device."""

    id: str
    """The same for every copy of the event (`identity`)."""
    device_id: str
    name: str
    data: str | None
    """The published data; base64 when `encoding` says so; None when there were none."""
    encoding: str | None
    value: Any
    value_error: str | None
    """Why `value` is None although there are data."""
    published_at: datetime
    """In UTC, to the millisecond, as Particle gives it."""
    value_notes: Sequence[Mapping[str, str]] = ()
    """Where `value` is not what was published, and why."""
    firmware: int | None = None
    """The version of the device's firmware, where the message tells it."""
    is_request: bool = False
    """Whether a field of the data says which event it is, instead of its time and data."""

    spreading: rules.Spreading | None = None
    """Where the data have samples, if the product has a rule for the event's name."""

    @property
    def reading(self) -> values.Reading:
        """What was read from the data."""
        return values.Reading(self.value, self.value_error, tuple(map(dict, self.value_notes)))

    @property
    def key(self) -> str:
        """The same for every event that may be a copy of this one."""
        return identity.request_in(self.id) if self.is_request else self.id

    @property
    def nearby(self) -> tuple[str, ...]:
        """Other ids that a copy may have."""
        return identity.nearby(self.id) if self.is_request else ()

    def is_copy(self, event_id: str, published_at: datetime) -> bool:
        """Whether it is a copy of a stored event of the same device."""
        if event_id == self.id:
            return True
        close = abs(published_at - self.published_at) < identity.WINDOW
        return close and event_id in self.nearby

    @property
    def order(self) -> int:
        """Sorts a device's events by time, and equal times by event id."""
        return order_of(self.published_at, self.id)

    @property
    def firmware_order(self) -> int:
        """Sorts what is known of the device's firmware (`firmware.order`); 0 if it says nothing."""
        return firmware.order(self.firmware, self.published_at) if self.firmware else 0


def order_of(published_at: datetime, event_id: str) -> int:
    """A 63-bit integer: milliseconds since the epoch, then the first 21 bits of the event's id."""
    return (milliseconds(published_at) << 21) | (int(event_id[:6], 16) >> 3)


class UnstorableError(Exception):
    """The message can never be stored as an event."""

    def __init__(self, reason: str) -> None:
        """`reason` is stable: operators search dead letters by it."""
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Message:
    """A Pub/Sub message with unverified content."""

    id: str | None
    published_at: datetime | None
    attributes: Mapping[str, Any]
    data: Any
    original: Any


def read(delivered: Any) -> Message:
    """The message in a CloudEvent's data or in the body of a push request, in either style."""
    if isinstance(delivered, bytes | str):
        try:
            delivered = json.loads(delivered)
        except (ValueError, RecursionError):
            return Message(None, None, {}, None, _text(delivered))
    envelope = delivered if isinstance(delivered, Mapping) else {}
    message = envelope.get("message")
    if not isinstance(message, Mapping):
        return Message(None, None, {}, None, delivered)
    attributes = message.get("attributes")
    message_id = message.get("messageId") or message.get("message_id")
    return Message(
        id=message_id if isinstance(message_id, str) else None,
        published_at=of_text(message.get("publishTime") or message.get("publish_time")),
        attributes=attributes if isinstance(attributes, Mapping) else {},
        data=message.get("data"),
        original=delivered,
    )


def event_in(message: Message, received_at: datetime) -> Event:
    """The event that a message carries. Raises `UnstorableError`."""
    device_id = _text(message.attributes.get("device_id", "")).strip().lower()
    if not _DEVICE_ID.fullmatch(device_id) and device_id not in NO_DEVICES:
        raise UnstorableError("bad-device-id" if device_id else "no-device-id")
    given = message.attributes.get("event")
    name = _name(_NAMELESS if device_id == API and not given else given)
    raw = _bytes(message.data)
    published_at, stamp = _published(message, received_at)
    data, encoding, reading = _content(raw)
    rule = rules.of(name)
    said = identity.said(rule.identity, reading.value) if rule.identity else None
    if said is None:
        event_id = identity.of_content(device_id, name, stamp, raw)
    else:
        event_id = identity.of_request(device_id, name, said, stamp)
    return Event(
        id=event_id,
        device_id=device_id,
        name=name,
        data=data,
        encoding=encoding,
        value=reading.value,
        value_error=reading.error,
        published_at=to_the_millisecond(published_at),
        value_notes=reading.notes,
        firmware=firmware.in_attributes(message.attributes),
        is_request=said is not None,
        spreading=rule.samples,
    )


def _published(message: Message, received_at: datetime) -> tuple[datetime, datetime]:
    """When the event was published, and the time in its id, which is the same for every copy.

    The event's own time counts; without a good one its message's, and without either the time of
    its arrival. Raises `UnstorableError` when neither gives any time.
    """
    own, sent = of_text(message.attributes.get("published_at")), message.published_at
    stamp = own or sent
    if stamp is None:
        # With the present time instead, a copy would be another event.
        raise UnstorableError("no-time")
    arrived = received_at
    if sent is not None and sent >= CLOCKS_SET:
        # Nothing arrives before it was sent, whatever a recorded message says.
        arrived = min(sent, received_at + CLOCK_TOLERANCE)
        if own is None or own < CLOCKS_SET:
            return arrived, sent
    if own is None or own < CLOCKS_SET:
        return arrived, stamp
    return min(own, arrived + CLOCK_TOLERANCE), own


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise UnstorableError("no-event-name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise UnstorableError("bad-event-name") from None
    if size > MAX_NAME_BYTES:
        raise UnstorableError("bad-event-name")
    return name


def _bytes(data: Any) -> bytes:
    if data is None:
        return b""
    if not isinstance(data, str):
        raise UnstorableError("bad-base64")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise UnstorableError("bad-base64") from None
    return raw


def _content(raw: bytes) -> tuple[str | None, str | None, values.Reading]:
    """Data, encoding, and what was read from the data."""
    if not raw:
        return None, None, values.Reading()
    if len(raw) > MAX_DATA_BYTES:
        raise UnstorableError("too-large")
    try:
        data = raw.decode()
    except UnicodeDecodeError:
        encoded = base64.b64encode(raw).decode()
        if len(encoded) > MAX_DATA_BYTES:
            raise UnstorableError("too-large") from None
        return encoded, "base64", values.Reading(error=values.NOT_TEXT)
    return data, None, values.read(data)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
