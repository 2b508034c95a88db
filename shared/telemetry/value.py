"""The value in an event's data, if Firestore can hold it."""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 18
"""Levels of maps and lists in a value. Firestore allows 20, which include the document's own."""
MAX_KEY_BYTES = 1500
LATEST_BYTES = 1024
"""Bytes of a value in a device's `latest`, so that 64 values stay far below a document's 1 MiB."""

_RESERVED_KEY = re.compile(r"__.*__", re.DOTALL)


class NotStorableError(ValueError):
    """Firestore cannot hold this value; the text says why, in a few words."""


def parse(data: str) -> Any:
    """The value of an event's data: parsed if it is JSON, else the text itself; None for "".

    `NaN` and `Infinity` are not JSON, and so remain text. Raises `NotStorableError`.
    """
    if not data:
        return None
    try:
        value = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except NotStorableError:
        raise
    except (ValueError, RecursionError):
        # Integers of thousands of digits and thousands of nested brackets end here as well.
        value = data
    _check(value, 1)
    return value


def cut(value: Any, data: str) -> dict[str, Any]:
    """The value as `latest` holds it: `{value}`, or `{value, truncated: true}` with text cut."""
    text = value if isinstance(value, str) else data
    encoded = text.encode()
    if len(encoded) <= LATEST_BYTES:
        return {"value": value}
    return {"value": encoded[:LATEST_BYTES].decode(errors="ignore"), "truncated": True}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStorableError("the same key twice in an object")
    return found


def _check(value: Any, depth: int) -> None:
    """Raise `NotStorableError` for what Firestore refuses (its data types' documentation)."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int | float):
        _check_number(value)
    elif isinstance(value, list | dict):
        if depth > MAX_DEPTH:
            raise NotStorableError("nested too deep")
        if isinstance(value, list) and any(isinstance(item, list) for item in value):
            raise NotStorableError("a list directly in a list")
        if isinstance(value, dict):
            for key in value:
                _check_key(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)


def _check_number(number: float) -> None:
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        raise NotStorableError("an integer beyond 64 bits")
    if not math.isfinite(number):
        raise NotStorableError("a number beyond 64 bits")


def _check_key(key: str) -> None:
    if not key:
        raise NotStorableError("an empty key")
    if _RESERVED_KEY.fullmatch(key):
        raise NotStorableError("a key of the form __x__")
    _check_text(key)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise NotStorableError("a key that is too long")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotStorableError("half of a surrogate pair") from None
