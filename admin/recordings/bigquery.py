"""Rows of the table to which a Pub/Sub subscription writes, as BigQuery exports them.

The table's column `data` has the type BYTES, which is exported as base64, or STRING, which is the
text itself (Pub/Sub docs, "BigQuery subscriptions"). An export does not say which. Most values
show it: `21.5` is no base64, `MjEuNQ==` reads as text. Of one subscription all have the same type.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from admin.recordings import base64_text
from admin.recordings.text import UnreadableError

METADATA = frozenset({"subscriptionname", "messageid", "publishtime", "attributes", "orderingkey"})
"""The names of the other columns, as `forms` compares names."""

_LONG = 16
"""Letters of base64 of which it is no chance that they read as text."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d|[\d.]+(?:E\d+)?$", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_FROM = Decimal(10) ** 14


class DataType(Enum):
    """The type of the column `data`."""

    BYTES = "bytes"
    STRING = "string"


class DataColumns:
    """The column `data` of each subscription's table in a recording."""

    def __init__(self, given: DataType | None) -> None:
        """With the type that the operator has given, if any."""
        self._given = given
        self._seen: dict[str, dict[DataType | None, str]] = {}

    def see(self, subscription: str, data: str, where: str) -> None:
        """Remember what a value shows, and where."""
        self._seen.setdefault(subscription, {}).setdefault(_shown_by(data), where)

    def type_of(self, subscription: str) -> DataType | None:
        """The type, or None while it is not certain."""
        if self._given:
            return self._given
        shown = [found for found in self._seen.get(subscription, {}) if found]
        return shown[0] if len(shown) == 1 else None

    def unclear(self) -> Iterator[str]:
        """Of each subscription whose type is not certain, what is wrong."""
        for subscription, seen in self._seen.items():
            if self.type_of(subscription):
                continue
            if len(seen) == 1:
                (where,) = seen.values()
                why = "can be base64 as well as text"
            else:
                where = seen[DataType.STRING]
                why = f"is text, and that of {seen[DataType.BYTES]} seems to be base64"
            yield f"{where}: its data {why}: say with --bigquery-data which type the column has"


def is_row(fields: Mapping[str, Any]) -> bool:
    """Whether a message of Pub/Sub has been in BigQuery, by its columns and the form of times."""
    time = str(fields.get("publishtime"))
    return "subscriptionname" in fields or _TIME.match(time) is not None


def data_of(data: str, kind: DataType | None) -> bytes:
    """The bytes that were published. Raises `UnreadableError`."""
    if kind is not DataType.BYTES:
        return base64_text.of_text(data)
    raw = base64_text.decoded(data)
    if raw is None:
        raise UnreadableError("has data that are not base64, as BigQuery exports BYTES")
    return raw


def publish_time(value: Any) -> str | None:
    """The column `publish_time` as Pub/Sub writes it.

    BigQuery writes UTC, with or without saying so, or a number: seconds, or microseconds
    (BigQuery docs, "DataFormatOptions").
    """
    if value is None:
        return None
    text = str(value).strip().removesuffix("UTC").strip()
    try:
        number = Decimal(text)
        microseconds = number if abs(number) >= _MICROSECONDS_FROM else number * 10**6
        return (_EPOCH + timedelta(microseconds=int(microseconds))).isoformat()
    except (InvalidOperation, OverflowError, ValueError):
        return text


def _shown_by(data: str) -> DataType | None:
    """The type of the column in which a value stands, as far as it shows."""
    raw = base64_text.decoded(data)
    if raw is None:
        return DataType.STRING
    text = base64_text.as_text(raw)
    if text and (text.isascii() or data.endswith("=") or len(data) >= _LONG):
        return DataType.BYTES
    # BigQuery always pads.
    return None if base64_text.is_padded(data) else DataType.STRING
