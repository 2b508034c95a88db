"""What makes two messages one event: the event's id, from which its document has its name.

Usually it is device, name, publish time and data: Pub/Sub repeats a message, and Particle publishes
an event twice under different message ids. A device that does not get the acknowledgement of an
event publishes it again, and that is another event to Particle, with a time of its own. A field of
the data can say that it is the same (`identity` in the product's rules): the same device, name and
field, published less than an hour apart, are one event.

Such an id consists of what the device said and of the hour (UTC) of the publish time. Events in the
same hour are one document. A copy may also be in the hour before or after, so the commit that
creates an event demands that those two documents do not exist. Of two commits at the same time one
fails, whatever instances make them. When it fails, a read shows whether what exists is a copy, or
another event at least an hour away: that one cannot vanish, and the commit need not ask again.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.telemetry import rules

WINDOW = timedelta(hours=1)
_DIGITS = 32
_HOUR_DIGITS = 8


def said(fields: Sequence[str], value: Any) -> str | None:
    """What the fields say in an event's value; None unless each holds a number, text or boolean."""
    found = [rules.part(value, field) for field in fields]
    if all(isinstance(item, int | float | str) and item != "" for item in found):
        return json.dumps(found)
    return None


def of_content(device_id: str, name: str, published_at: datetime, data: bytes) -> str:
    """The id of an event that its time and data identify."""
    return _digest((device_id, name, published_at.isoformat()), data)[:_DIGITS]


def of_request(device_id: str, name: str, request: str, published_at: datetime) -> str:
    """The id of an event that a field of its data identifies, in the hour of that time."""
    hour = int(published_at.timestamp() // WINDOW.total_seconds())
    return _in_hour(_digest((device_id, name), request.encode()), hour)


def request_in(event_id: str) -> str:
    """The part of such an id that is the same in every hour."""
    return event_id[:-_HOUR_DIGITS]


def nearby(event_id: str) -> tuple[str, str]:
    """The same id in the hour before and in the hour after."""
    hour = int(event_id[-_HOUR_DIGITS:], 16)
    return _in_hour(event_id, hour - 1), _in_hour(event_id, hour + 1)


def _in_hour(digest: str, hour: int) -> str:
    # Before the first hour of the epoch there is one, too.
    return f"{digest[: _DIGITS - _HOUR_DIGITS]}{hour & 0xFFFFFFFF:0{_HOUR_DIGITS}x}"


def _digest(texts: Iterable[str], data: bytes) -> str:
    digest = hashlib.sha256()
    for part in (*(text.encode() for text in texts), data):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
