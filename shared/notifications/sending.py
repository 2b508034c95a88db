"""What every channel takes, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class NotNowError(Exception):
    """It was not sent, or perhaps it was: it is tried again. The text names nobody."""


class GaveUpError(Exception):
    """It can never be sent. The text names nobody."""


@dataclass(frozen=True)
class Notification:
    """What is said of one entry in an alert's log."""

    entry: Mapping[str, Any]
    """The fields of the entry."""
    device_id: str
    device_name: str
    """As its owner calls it."""
    locale: str
    """The recipient's, as in their profile: `de`, `de-AT`, `en`, …"""
    time_zone: str
    """The recipient's, an IANA name; empty if it is not known."""
