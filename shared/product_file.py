"""Files in which the maker of a product describes it: JSON beside `main.py`, read strictly."""

import json
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shared.settings import SettingMissingError

T = TypeVar("T")

_BYTE = re.compile(r"\(byte (\d+)\)")
_PLACE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_NAMES = re.compile(r"`(\w+)`")


def read(file: Path, kind: type[T]) -> T:
    """The file's content. Raises `SettingMissingError`, which says the line and the reason."""
    content = file.read_bytes()
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as failure:
        line, reason = _explained(content.decode(), str(failure), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        reason = str(failure)
        found = _BYTE.search(reason)
        line = content[: int(found[1]) if found else len(content)].count(b"\n") + 1
    raise SettingMissingError(f"{file.name}, line {line}: {reason}") from None


def _explained(text: str, failure: str, kind: type[Any]) -> tuple[int, str]:
    """The line of what is not valid, and why it is not.

    The decoder says `$.events[...].samples.list`: the keys in a map are left out.
    """
    place = _PLACE.search(failure)
    path = place[1] if place else ""
    steps = [step for step in re.split(r"[.\[\]]+", path) if step]
    if "[...]" in path:
        steps.insert(1, _culprit(json.loads(text), steps[0], kind))
    reason = failure[: place.start()] if place else failure
    position = 0
    for name in (*steps, *_NAMES.findall(reason)):
        key = re.compile(rf"{re.escape(json.dumps(name, ensure_ascii=False))}\s*:")
        if found := key.search(text, position):
            position = found.start()
    line = text.count("\n", 0, position) + 1
    return line, f"{' > '.join(steps)}: {reason}" if steps else reason


def _culprit(content: dict[str, dict[str, Any]], map_name: str, kind: type[Any]) -> str:
    """The first key of a map whose value is not valid."""
    for key, item in content[map_name].items():
        try:
            msgspec.convert({map_name: {key: item}}, kind)
        except msgspec.ValidationError:
            return key
    raise AssertionError(f"nothing is wrong in {map_name}")
