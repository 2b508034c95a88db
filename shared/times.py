"""Times, in the forms in which they are stored and sent.

Firestore holds timestamps, except where the server keeps a maximum: those are integer milliseconds
since the epoch, since `Maximum` takes numbers alone. Responses have ISO 8601 in UTC.
"""

from datetime import UTC, datetime


def iso(time: datetime) -> str:
    """A time as responses hold it: ISO 8601 in UTC, with milliseconds and `Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(time: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(time.timestamp() * 1000)


def of_milliseconds(number: float) -> datetime:
    """The time in UTC that is `number` milliseconds after the epoch."""
    return datetime.fromtimestamp(number / 1000, UTC)
