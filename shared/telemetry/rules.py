"""What the product says about its events: how a copy is recognised, and which hold many samples.

The file `telemetry.json` beside `main.py` has it. Without the file an event is identified by its
time and data, and is one measurement. For example:

    {
      "identity": "req_id",
      "events": {
        "log/batch": {
          "samples": {"list": "readings", "time": "ts", "unit": "s", "fields": ["t", "h"]}
        },
        "log/series": {
          "identity": ["boot", "seq"],
          "samples": {"list": "t", "start": "t0", "step": "dt", "unit": "s", "stepUnit": "ms"}
        }
      }
    }

`identity` names the field of the data that a copy has in common with its original, or several
fields, for all events or for those of one name; null for none. `samples` is a spreading rule. All
names of fields are paths, with `.` between the keys. `webhook` has the names of `deviceId`,
`event`, `data` and `publishedAt` in the bodies of webhooks that do not use Particle's own.
`docs/customising.md` has the whole of it.
"""

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from shared import product_file
from shared.structs import prepared

FILE = Path(__file__).parents[2] / "telemetry.json"


@prepared
class Spreading(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """Where the samples in an event of a name are, and where their times."""

    lists: str | list[str] = msgspec.field(name="list")
    """The path of the list of samples, "" when it is the whole data; or the paths of several lists
    of which the entries at the same place are one sample."""
    columns: list[str] | None = None
    """The names of what is in a sample that is a list itself."""
    time: str | None = None
    """The path of the time in a sample."""
    start: str | None = None
    """The path of a time in the data, from which the samples' times count."""
    step: str | float | None = None
    """How much later each sample is than the one before: a path in the data, or a number."""
    offset: str | None = None
    """The path in a sample of how much later than `start` it is."""
    unit: Literal["iso", "s", "ms"] = "iso"
    """The form of `time` and `start`: ISO 8601, or seconds or milliseconds since 1970."""
    step_unit: Literal["s", "ms"] = "s"
    """Whether `step` and `offset` are in seconds or milliseconds."""
    fields: list[str] | None = None
    """The paths of the numbers in a sample that are counted; None for all of them."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a rule that says nothing about the time, or contradicts itself."""
        if (self.time is None) == (self.start is None):
            raise ValueError("needs either `time` or `start`")
        if self.start is None and (self.step is not None or self.offset is not None):
            raise ValueError("`step` and `offset` go with `start`")
        if self.start is not None and (self.step is None) == (self.offset is None):
            raise ValueError("`start` needs either `step` or `offset`")
        if isinstance(self.step, float | int) and not (math.isfinite(self.step) and self.step):
            raise ValueError("`step` is no length of time")
        if self.columns is not None and not isinstance(self.lists, str):
            raise ValueError("`columns` goes with a single `list`")
        if not self.lists and self.lists != "":
            raise ValueError("`list` names no list")


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identity: str | list[str] | msgspec.UnsetType | None = msgspec.UNSET
    samples: Spreading | None = None


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The names that the bodies of the maker's webhooks have for what Particle's defaults name."""

    device_id: str | None = None
    event: str | None = None
    data: str | None = None
    published_at: str | None = None


@prepared
class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identity: str | list[str] | None = None
    events: dict[str, _Event] = {}
    webhook: Webhook = Webhook()


class Rule(msgspec.Struct, frozen=True):
    """What holds for events of a name."""

    identity: tuple[str, ...] = ()
    """The paths of the fields that identify an event."""
    samples: Spreading | None = None


class Rules(msgspec.Struct, frozen=True):
    """What the file says."""

    by_name: Mapping[str, Rule]
    """The rules by the names of events."""
    default: Rule
    """For events of all other names."""
    webhook: Webhook


def of(event: str) -> Rule:
    """The rule for events of a name. Raises `SettingMissingError` when the file is not valid."""
    rules = all_rules()
    return rules.by_name.get(event, rules.default)


def webhook() -> Webhook:
    """The names in the bodies of webhooks; raises as `of` does."""
    return all_rules().webhook


@functools.cache
def all_rules() -> Rules:
    """What the file says; raises as `of` does."""
    found = product_file.read(FILE, _File) if FILE.exists() else _File()
    default = Rule(_fields(found.identity))
    by_name = {
        name: Rule(
            default.identity if event.identity is msgspec.UNSET else _fields(event.identity),
            event.samples,
        )
        for name, event in found.events.items()
    }
    return Rules(by_name, default, found.webhook)


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
