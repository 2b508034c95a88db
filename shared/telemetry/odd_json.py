"""Reads JSON part by part, and makes texts of the smallest parts that Firestore cannot hold.

It takes ten times as long as the JSON library, and is for what that one cannot read, or reads
otherwise than it should be stored: any depth, keys twice, large integers, spellings of NaN.
"""

import json
import math
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 18
"""Levels of maps and lists in a value. Firestore allows 20, two of which are `latest` and the
event's name in the device's document."""
MAX_PATH_BYTES = 1400
"""The keys that lead to a part of a value, joined with `.`. Firestore allows 1500, which include
the document's own field and what quoting adds."""
MAX_INTEGER = 2**53 - 1
"""The greatest magnitude of an integer. Apps read doubles, which do not hold all greater ones."""

NOT_A_NUMBER = "not a number"
BEYOND_INTEGERS = "an integer beyond 2^53"
BEYOND_DOUBLES = "a number beyond a double"
SAME_KEY = "the same key twice"
LIST_IN_LIST = "a list directly in a list"
EMPTY_KEY = "an empty key"
RESERVED_KEY = "a key of the form __x__"
LONG_KEY = "a key that is too long"
TOO_DEEP = "nested too deep"
HALF_PAIR = "half of a surrogate pair"

NO_NUMBER = re.compile(
    r"[+-]?(?:[qs]?nan(?:\([a-z0-9_]*\))?|inf(?:inity)?|ovf|1\.#[a-z]+[0-9]*)",
    re.ASCII | re.IGNORECASE,
)
"""How C libraries and others write what is no number; Device OS prints `ovf` for a large one."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_SPACES = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"[^ \t\n\r,:\"\[\]{}]+")
_WORDS = {"true": True, "false": False, "null": None}
_MAX_INTEGER_TEXT = len(str(-MAX_INTEGER))
_MAX_NOTED_PATH = 200
_TEXTS = json.JSONDecoder()

Note = dict[str, str]
"""`{path, why}`: the keys and indices that lead to a part, joined with `.`, and a reason above."""


class _NoJsonError(ValueError):
    pass


def is_reserved(key: str) -> bool:
    """Whether Firestore keeps such keys for itself."""
    return key.startswith("__") and _RESERVED.fullmatch(key) is not None


def number(text: str, *, whole: bool) -> int | float | None:
    """The number in a text: an integer if it is `whole`, None if apps could not read it exactly."""
    if not whole:
        found = float(text)
        return found if math.isfinite(found) else None
    if len(text) > _MAX_INTEGER_TEXT or abs(int(text)) > MAX_INTEGER:
        return None
    return int(text)


def read(text: str) -> tuple[Any, list[Note]]:
    """The value, and where it is not what was published. Raises `ValueError` for other texts."""
    reader = _Reader(text)
    return reader.read(), reader.notes


@dataclass(slots=True)
class _Part:
    """An object or list whose end was not read yet."""

    start: int
    """Where it begins in the text."""
    held: dict[str, Any] | list[Any]
    why: str | None
    """Why Firestore cannot hold it; it is read to its end all the same."""
    room: int
    """Bytes that the keys below may have."""
    notes: int
    """How many notes there were before."""
    key: str = ""
    """The last key that was read of an object."""


@dataclass
class _Reader:
    """Reads one text from its beginning to its end, without recursion."""

    text: str
    around: list[_Part] = field(default_factory=list)
    """The parts around the present place, the outermost first."""
    notes: list[Note] = field(default_factory=list)
    no_numbers: list[tuple[int, int]] = field(default_factory=list)
    """Where the text has spellings of what is no number, and so is not quite JSON."""

    def read(self) -> Any:
        """The value. Raises `ValueError`."""
        at = 0
        while True:
            opening = self.text[at : at + 1]
            if opening in {"{", "["}:
                part = self._begin(at, {} if opening == "{" else [])
                at = self._skip(at + 1)
                if self.text[at : at + 1] != _closing(part):
                    at = self._key(at)
                    continue
                at += 1
                value = self._end(at)
            else:
                value, at = self._scalar(at)
            while self.around:
                self._put(value)
                at = self._skip(at)
                following = self.text[at : at + 1]
                at += 1
                if following == ",":
                    at = self._key(self._skip(at))
                    break
                if following != _closing(self.around[-1]):
                    raise _NoJsonError
                value = self._end(at)
            else:
                if at != len(self.text):
                    raise _NoJsonError
                return value

    def _begin(self, at: int, held: dict[str, Any] | list[Any]) -> _Part:
        around = self.around[-1] if self.around else None
        why, room = None, MAX_PATH_BYTES
        if around:
            why = around.why
            room = around.room - len(around.key.encode(errors="replace")) - 1
            if why is None and isinstance(held, list) and isinstance(around.held, list):
                why = LIST_IN_LIST
        if len(self.around) == MAX_DEPTH:
            why = why or TOO_DEEP
        part = _Part(at, held, why, room, len(self.notes))
        self.around.append(part)
        return part

    def _key(self, at: int) -> int:
        """Read the key and the colon before an object's next value; nothing in a list."""
        part = self.around[-1]
        if isinstance(part.held, list):
            return at
        if self.text[at : at + 1] != '"':
            raise _NoJsonError
        key, at = _TEXTS.raw_decode(self.text, at)
        part.why = part.why or _why_not(key, part.room)
        part.key = key
        if key in part.held:
            self._note(SAME_KEY)
        at = self._skip(at)
        if self.text[at : at + 1] != ":":
            raise _NoJsonError
        return self._skip(at + 1)

    def _scalar(self, at: int) -> tuple[Any, int]:
        if self.text[at : at + 1] == '"':
            value, end = _TEXTS.raw_decode(self.text, at)
            if _is_half_pair(value):
                self._note(HALF_PAIR)
                return self.text[at:end], end
            return value, end
        found = _WORD.match(self.text, at)
        if not found:
            raise _NoJsonError
        return self._word(found), found.end()

    def _word(self, found: re.Match[str]) -> Any:
        word = found[0]
        if word in _WORDS:
            return _WORDS[word]
        if digits := _NUMBER.fullmatch(word):
            whole = digits.lastindex is None
            value = number(word, whole=whole)
            if value is None:
                self._note(BEYOND_INTEGERS if whole else BEYOND_DOUBLES)
                return word
            return value
        if NO_NUMBER.fullmatch(word):
            self._note(NOT_A_NUMBER)
            self.no_numbers.append(found.span())
            return None
        raise _NoJsonError

    def _put(self, value: Any) -> None:
        part = self.around[-1]
        if part.why:
            return
        if isinstance(part.held, list):
            part.held.append(value)
        else:
            part.held[part.key] = value

    def _end(self, at: int) -> Any:
        """The innermost part, which ends before this place: itself, or its JSON as a text."""
        part = self.around.pop()
        if not part.why:
            return part.held
        if self.around and self.around[-1].why:
            return None  # the part around it is a text
        del self.notes[part.notes :]
        self._note(part.why)
        return self._json(part.start, at)

    def _json(self, start: int, end: int) -> str:
        """What was published there; `null` for what is no number, so that apps can read it."""
        pieces: list[str] = []
        at = start
        for first, last in self.no_numbers[bisect_left(self.no_numbers, (start, 0)) :]:
            pieces += [self.text[at:first], "null"]
            at = last
        return "".join([*pieces, self.text[at:end]])

    def _note(self, why: str) -> None:
        if self.around and self.around[-1].why:
            return
        keys = [p.key if isinstance(p.held, dict) else str(len(p.held)) for p in self.around]
        path = ".".join(keys)
        if len(path) > _MAX_NOTED_PATH:
            path = path[: _MAX_NOTED_PATH - 1] + "…"
        self.notes.append({"path": path, "why": why})

    def _skip(self, at: int) -> int:
        """The place after the white space there."""
        found = _SPACES.match(self.text, at)
        return found.end() if found else at


def _closing(part: _Part) -> str:
    return "}" if isinstance(part.held, dict) else "]"


def _why_not(key: str, room: int) -> str | None:
    """Why Firestore cannot hold an object with this key."""
    if not key:
        return EMPTY_KEY
    if is_reserved(key):
        return RESERVED_KEY
    if _is_half_pair(key):
        return HALF_PAIR
    return LONG_KEY if len(key.encode()) > room else None


def _is_half_pair(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
