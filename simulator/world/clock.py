"""The clock of the simulated cloud: real time, plus the seconds by which a test has moved it."""

import time
from datetime import UTC, datetime


class Clock:
    """A clock that can be moved forward, so that tests need not wait until something expires.

    Attributes:
        offset: seconds by which it is ahead of real time.
    """

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time() + self.offset

    def datetime(self) -> datetime:
        """Return the time as a date in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward; tokens, claim codes and windows of rate limits age with it."""
        self.offset += seconds


def iso(seconds: float) -> str:
    """Return a date as the API writes it: ISO 8601 in UTC with milliseconds and `Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def iso_or_none(seconds: float | None) -> str | None:
    """Return the same as `iso`, or None for what has never happened."""
    return None if seconds is None else iso(seconds)


def parse_iso(text: str) -> float | None:
    """Return an ISO 8601 date as seconds since 1970, or None when the text is no date.

    A date without a time zone is taken as UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
