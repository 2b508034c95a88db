"""Times, in the forms in which they are stored and sent.

Firestore holds timestamps, except where the server keeps a maximum: those are integer milliseconds
since the epoch, since `Maximum` takes numbers alone. Responses have ISO 8601 in UTC.
"""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LEAP_SECOND = re.compile(r"(.*:\d\d):60(?:[.,]\d*)?(.*)")


def iso(time: datetime) -> str:
    """A time as responses hold it: ISO 8601 in UTC, with milliseconds and `Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(time: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(time.timestamp() * 1000)


def of_milliseconds(number: float) -> datetime:
    """The time in UTC that is `number` milliseconds after the epoch."""
    return datetime.fromtimestamp(number / 1000, UTC)


def of_text(text: Any) -> datetime | None:
    """The time in UTC that a text in ISO 8601 says; None for anything else.

    It may have any number of decimals, and is in UTC without an offset. A leap second is read as
    the last moment before it, since Python and Firestore have none. Times before the epoch are
    nobody's, and our integers cannot hold them.
    """
    if not isinstance(text, str):
        return None
    if leap := _LEAP_SECOND.fullmatch(text):
        text = f"{leap[1]}:59.999{leap[2]}"
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time >= EPOCH else None


def zone(name: str) -> ZoneInfo | None:
    """The time zone with an IANA name, such as `Europe/Vienna`; None if there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path; a folder
        return None


def to_the_millisecond(time: datetime) -> datetime:
    """The time without what Particle's times do not have."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
