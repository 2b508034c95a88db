"""Which version of the product's firmware a device runs: the newest of its events says it.

Particle tells the version with the events of products that send it: as the attribute `fw_version`
of Pub/Sub messages, and as `version` elsewhere. Version 0 means that none runs or that it is not
known, as in safe mode, and never counts.

The server keeps `firmwareOrder`, one integer of time and version. Its `Maximum` in the commit of an
event needs no read, returns the newest of all, and so says also which version that one has.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.times import milliseconds

VERSION = "firmwareVersion"
ORDER = "firmwareOrder"
"""The fields of the device's document."""
MAX_VERSION = 0xFFFF
"""Device OS has 16 bits for it (`PRODUCT_VERSION`)."""

_BITS = 16
_ATTRIBUTES = ("fw_version", "version")


def in_attributes(attributes: Mapping[str, Any]) -> int | None:
    """The version in a message's attributes, if there is one."""
    for name in _ATTRIBUTES:
        text = attributes.get(name)
        if text is None:
            continue
        digits = str(text).strip()
        if digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_VERSION)):
            version = int(digits)
            if 0 < version <= MAX_VERSION:
                return version
    return None


def order(version: int, at: datetime) -> int:
    """Sorts what is known of a device's version by time: 57 bits, the last 16 are the version."""
    return milliseconds(at) << _BITS | version


def version_in(known: int) -> int:
    """The version in an `order`."""
    return known & MAX_VERSION


def fields(version: int | None, at: datetime) -> dict[str, int | None]:
    """The fields of a device's document that say which version it ran at that time."""
    if version is None or not 0 < version <= MAX_VERSION:
        return {VERSION: version}
    return {VERSION: version, ORDER: order(version, at)}
