"""The value in an event's data, as far as Firestore can hold it and apps can read it.

Devices publish odd things, and one odd part must not cost the rest. Nearly all data are plain: a
compiled library reads them, and a walk through the result finds nothing odd. `odd_json` reads the
rest, ten times as slowly.
`docs/ingest.md` has the rules for clients.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.telemetry import odd_json
from shared.telemetry.odd_json import MAX_DEPTH, MAX_INTEGER, MAX_PATH_BYTES, Note

MAX_BYTES = 65_536
"""Longer data have no value; an event's document holds them only once."""
MAX_NOTES = 8
NOTES_BYTES = MAX_NOTES * 1024
"""More than the bytes of all notes on one value."""
LATEST_BYTES = 1024
"""Bytes of a value in a device's `latest`, so that 64 values stay far below a document's 1 MiB."""

NOT_TEXT = "not UTF-8"
TOO_LONG = "too long"

_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_BEFORE, _AFTER = _SPACE + "\ufeff", _SPACE + "\0"
"""What is put aside before and after a value: white space, a byte order mark, a C string's end."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-][0-9]{1,3})?")
"""A number as people and `printf` write it; `12e5` is rather the id of something."""
_EMPTY_KEY = re.compile(r'""[ \t\n\r]*:')
_KEY = re.compile(r'(?<!\\)"[ \t\n\r]*:')
"""The end of a key. In a text, a quotation mark follows a backslash."""
_ODD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|005[fF])")
"""A surrogate, or an underscore in disguise."""


@dataclass(frozen=True)
class Reading:
    """What was read from an event's data."""

    value: Any = None
    error: str | None = None
    """Why there is no value, although there are data."""
    notes: tuple[Note, ...] = ()
    """Where the value is not what was published; at most `MAX_NOTES`."""


def read(data: str | None) -> Reading:
    """Read an event's data: a number, true or false, JSON, or else the text itself."""
    if not data:
        return Reading()
    if len(data) > MAX_BYTES or (not data.isascii() and len(data.encode()) > MAX_BYTES):
        return Reading(error=TOO_LONG)
    text = data.lstrip(_BEFORE).rstrip(_AFTER)
    if text.startswith(("{", "[", '"')):
        return _read_json(text)
    if number := _NUMBER.fullmatch(text):
        value = odd_json.number(text, whole=number.lastindex is None)
        return Reading(text if value is None else value)
    if odd_json.NO_NUMBER.fullmatch(text):
        return Reading(error=odd_json.NOT_A_NUMBER)
    return Reading({"true": True, "false": False}.get(text, text))


def read_again(event: Mapping[str, Any]) -> Reading:
    """Read the data of a stored event, whose `value` has lost the order of its keys."""
    return Reading(error=NOT_TEXT) if event.get("encoding") else read(event["data"])


def in_latest(reading: Reading, data: str | None) -> dict[str, Any]:
    """The value as `latest` holds it: `{value, truncated?, valueError?, valueNotes?, data?}`.

    What is too long is cut: a text, the JSON of a list, the longest parts of an object. Where
    nothing could be read, `data` are what was published.
    """
    value = reading.value
    shown: dict[str, Any] = {}
    text = value if isinstance(value, str) else data or ""
    if 4 * len(text) > LATEST_BYTES and _size(text) > LATEST_BYTES and reading.error != NOT_TEXT:
        parts = _cut_object(value, LATEST_BYTES) if isinstance(value, dict) else {}
        value = parts or _cut_text(text, LATEST_BYTES)
        shown["truncated"] = True
    if reading.error:
        shown["valueError"] = reading.error
        if data and "truncated" not in shown:
            shown["data"] = _cut_text(data, LATEST_BYTES)
            if len(data) > LATEST_BYTES:
                shown["truncated"] = True
    if reading.notes:
        shown["valueNotes"] = list(reading.notes)
    return {"value": value, **shown}


def _size(text: str) -> int:
    return len(text.encode())


def _cut_text(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _cut_object(value: dict[str, Any], size: int) -> dict[str, Any]:
    """As many of its parts as have room, the shortest first, and the beginning of the next one."""
    texts = {key: msgspec.json.encode(part).decode() for key, part in value.items()}
    shown: dict[str, Any] = {}
    for key in sorted(texts, key=lambda key: len(texts[key])):
        size -= _size(f'"{key}": , ')
        if _size(texts[key]) > size:
            part = value[key]
            if isinstance(part, dict) and size > 0:
                shown[key] = _cut_object(part, size)
            elif isinstance(part, str | list) and size > 0:
                shown[key] = _cut_text(part if isinstance(part, str) else texts[key], size)
            break
        shown[key] = value[key]
        size -= _size(texts[key])
    return {key: shown[key] for key in value if key in shown}


def _read_json(text: str) -> Reading:
    if not _looks_odd(text):
        try:
            value = _decode(text)
            # A key that is there twice was decoded once.
            if _keys(value, MAX_DEPTH, MAX_PATH_BYTES) == len(_KEY.findall(text)):
                return Reading(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, _OddError):
            pass  # It may be no JSON, or no plain one.
    try:
        value, notes = odd_json.read(text)
    except ValueError:
        return Reading(text)
    return Reading(value, notes=tuple(notes[:MAX_NOTES]))


def _looks_odd(text: str) -> bool:
    """Whether a key may be empty or reserved, or a text have half of a surrogate pair.

    Or a key may end with a backslash, which `_KEY` does not find.
    """
    return (
        '"__' in text
        or ('""' in text and _EMPTY_KEY.search(text) is not None)
        or ("\\" in text and ('\\\\"' in text or _ODD_ESCAPE.search(text) is not None))
    )


_decode = msgspec.json.Decoder().decode


class _OddError(ValueError):
    pass


def _keys(part: Any, depth: int, room: int) -> int:
    """How many keys are in it.

    Raises `_OddError` for what is odd beside what `_looks_odd` and the decoder find.

    Args:
        part: what was decoded.
        depth: levels that may still begin here.
        room: bytes that the keys below may have.
    """
    kind = type(part)
    if kind is dict:
        found = len(part)
        # A key has at most four bytes for each character. `odd_json` counts them.
        room -= 1 + 4 * max(map(len, part), default=0)
        items: Iterable[Any] = part.values()
    elif kind is list:
        found = 0
        items = part
    else:
        found = 0
        items = (part,)
        depth += 1
    if depth == 0 or room < 0:
        raise _OddError
    for item in items:
        kind_of_item = type(item)
        if kind_of_item is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:
                raise _OddError
        elif kind_of_item is dict or kind_of_item is list:
            if kind_of_item is kind is list:
                raise _OddError
            found += _keys(item, depth - 1, room)
    return found
