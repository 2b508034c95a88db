"""What the product says about its events: how an event that a device sends again is recognised.

The file `telemetry.json` beside `main.py` has it. Without the file an event is identified by its
time and data. For example:

    {
      "identity": "req_id",
      "events": {
        "log/series": {"identity": ["boot", "seq"]},
        "alarm": {"identity": null}
      }
    }

`identity` names the field of the data that a copy has in common with its original, or several
fields, for all events or for those of one name; null for none. All names of fields are paths, with
`.` between the keys.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shared import product_file

FILE = Path(__file__).parents[2] / "telemetry.json"


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identity: str | list[str] | msgspec.UnsetType | None = msgspec.UNSET


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identity: str | list[str] | None = None
    events: dict[str, _Event] = {}


class Rule(msgspec.Struct, frozen=True):
    """What holds for events of a name."""

    identity: tuple[str, ...] = ()
    """The paths of the fields that identify an event."""


def of(event: str) -> Rule:
    """The rule for events of a name. Raises `SettingMissingError` when the file is not valid."""
    by_name, default = all_rules()
    return by_name.get(event, default)


@functools.cache
def all_rules() -> tuple[Mapping[str, Rule], Rule]:
    """The rules by the names of events, and the one for all other names; raises as `of` does."""
    found = product_file.read(FILE, _File) if FILE.exists() else _File()
    default = Rule(_fields(found.identity))
    by_name = {
        name: Rule(default.identity if event.identity is msgspec.UNSET else _fields(event.identity))
        for name, event in found.events.items()
    }
    return by_name, default


def part(value: Any, path: str) -> Any:
    """What a path leads to; None when there is nothing. A key may have a `.` of its own."""
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    end = path.find(".")
    while end >= 0:
        if path[:end] in value:
            return part(value[path[:end]], path[end + 1 :])
        end = path.find(".", end + 1)
    return None


def _fields(identity: str | list[str] | None) -> tuple[str, ...]:
    if identity is None:
        return ()
    return (identity,) if isinstance(identity, str) else tuple(identity)
