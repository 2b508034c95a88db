"""The simulated cloud's clock: real time plus whatever a test has moved it ahead."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, movable forward so that tests need not wait for an expiry."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset

    def datetime(self) -> datetime:
        """The same as a date with time zone."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Moves the clock ahead; tokens, claim codes and rate-limit windows age with it."""
        self.offset += seconds


def iso(seconds: float) -> str:
    """The API's date form: ISO 8601, UTC, milliseconds, `Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def iso_or_none(seconds: float | None) -> str | None:
    """Like `iso`; dates of what never happened are null in the API."""
    return None if seconds is None else iso(seconds)


def parse_iso(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date (UTC when it names no zone), None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
