"""What separates the records of a recording from each other.

A record is a JSON object, a block of an event stream (server-sent events) or the body of a form.
JSON objects may be one a line, in arrays, or pretty-printed one below the other.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from admin.recordings.text import Text, UnreadableError

MAX_LENGTH = 1 << 26
"""Characters of a record; at most twice as much is read ahead."""

# A byte order mark begins each of several files in one; RFC 7464 separates records with U+001E.
_BETWEEN = re.compile("[\\s\ufeff\x1e]*")
# Server-sent events; without a name, a comment.
_FIELD = re.compile(r"(event|data|id|retry|): ?(.*)")
# What `particle subscribe` prints first (Particle's command line, src/cmd/subscribe.js).
_SUBSCRIBED = re.compile(r"Subscribing to .+ from .+|Successfully subscribed.*")
_FORM = re.compile(r"[^\s=&]+=\S*")


@dataclass(frozen=True)
class Record:
    """A record, and the number of the line on which it begins."""

    line: int
    value: dict[str, Any]
    name: str | None = None
    """Of the event, in an event stream: it is not in the value."""


def records(text: Text) -> Iterator[Record]:
    """The records of a file. Raises `UnreadableError`, at `text.line`."""
    arrays: list[int] = []
    separable = False
    while _reached(text):
        mark = text.ahead[text.at]
        if mark == "{":
            yield Record(text.began, _value(text))
            separable = True
        elif mark == "[":
            arrays.append(text.line)
            text.use(text.at + 1)
            separable = False
        elif mark == "]" and arrays:
            arrays.pop()
            text.use(text.at + 1)
            separable = True
        elif mark == "," and separable:
            text.use(text.at + 1)
            separable = False
        elif arrays:
            raise UnreadableError("is in an array and is not a JSON object")
        else:
            separable = False
            yield from _lines(text)
    if arrays:
        raise UnreadableError(
            f"is missing: the file ends before the array that begins on line {arrays[-1]}"
        )


def _reached(text: Text) -> bool:
    """Whether there is something; what separates it from what precedes is used."""
    while True:
        found = _BETWEEN.match(text.ahead, text.at)
        text.use(found.end() if found else text.at)
        text.began = text.line
        if text.at < len(text.ahead):
            return True
        if not text.more():
            return False


def decode(document: str) -> Any:
    """The value of a JSON document. Raises `UnreadableError`."""
    try:
        return _DECODER.decode(document)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError("has a key twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _value(text: Text) -> dict[str, Any]:
    """The JSON object that begins here."""
    while True:
        try:
            value, end = _DECODER.raw_decode(text.ahead, text.at)
        except json.JSONDecodeError as error:
            if len(text.ahead) - text.at > MAX_LENGTH:
                raise UnreadableError(f"is longer than {MAX_LENGTH} characters") from None
            if not text.more():
                line = text.line + text.ahead.count("\n", text.at, error.pos)
                raise UnreadableError(f"is not JSON, on line {line}: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise UnreadableError(f"is not JSON: {error}") from None
        else:
            text.use(end)
            assert isinstance(value, dict)  # noqa: S101 - it began with {
            return value


def _lines(text: Text) -> Iterator[Record]:
    """What is no JSON: a block of an event stream, or a form."""
    line = _line(text)
    if _FIELD.fullmatch(line):
        yield from _block(text)
        return
    if _FORM.fullmatch(line):
        yield Record(text.began, _form(line))
    elif not _SUBSCRIBED.fullmatch(line):
        raise UnreadableError(
            "is neither a JSON object, nor an event of a stream, nor the body of a form"
        )
    text.use(text.at + len(line))


def _line(text: Text) -> str:
    """The line that begins here, without its end; it is not used."""
    while (end := text.ahead.find("\n", text.at)) < 0:
        if len(text.ahead) - text.at > MAX_LENGTH:
            raise UnreadableError(f"is longer than {MAX_LENGTH} characters")
        if not text.more():
            end = len(text.ahead)
            break
    return text.ahead[text.at : end].rstrip()


def _block(text: Text) -> Iterator[Record]:
    """An event of a stream: up to an empty line, or to what belongs to no event or to the next."""
    name, data = None, list[str]()
    while field := _FIELD.fullmatch(line := _line(text)):
        key, content = field.groups()
        if key == "event" and (data or name is not None):
            break
        if key == "event":
            name = content
        elif key == "data":
            data.append(content)
        text.use(text.at + len(line))
        if not _next_line(text):
            break
    if data:
        value = decode("\n".join(data))
        if not isinstance(value, dict):
            raise UnreadableError("has data that are not a JSON object")
        yield Record(text.began, value, name)
    elif name is not None:
        raise UnreadableError("is an event without data: the stream has been cut off")


def _next_line(text: Text) -> bool:
    """Use the end of this line. False when nothing follows it, or an empty line."""
    _line(text)
    end = text.ahead.find("\n", text.at)
    if end < 0:
        text.use(len(text.ahead))
        return False
    text.use(end + 1)
    return bool(_line(text))


def _form(line: str) -> dict[str, Any]:
    """The fields of a form, as a webhook sends them by default."""
    try:
        pairs = parse_qsl(
            line, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=1000
        )
    except ValueError:
        raise UnreadableError("is not the body of a form in UTF-8") from None
    return _once([*pairs])
