"""Counters that all instances share, incremented without reading them first.

An increment returns what the field holds afterwards, so that one commit counts and reports the
count; an increment by zero only reports it. A commit that is repeated because its answer was lost
may count twice, which has to be on the safe side for whoever counts here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore import DocumentReference, Increment, Maximum

from shared.firestore import paths

FieldPath = tuple[str, ...]


@dataclass(frozen=True)
class Counter:
    """The counting fields of one document, which may not exist yet."""

    document: DocumentReference
    add: Mapping[FieldPath, int] = field(default_factory=dict)
    """What each field is incremented by."""
    at_least: Mapping[FieldPath, int] = field(default_factory=dict)
    """What each field is raised to, unless it holds more."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else is written, such as `expireAt`."""


def count(*counters: Counter) -> list[dict[FieldPath, int]]:
    """Count in one commit. Returns what the fields of each counter hold afterwards."""
    batch = paths.client().batch()
    for counter in counters:
        written: dict[str, Any] = dict(counter.fields)
        for keys, amount in counter.add.items():
            _nest(written, keys, Increment(amount))
        for keys, amount in counter.at_least.items():
            _nest(written, keys, Maximum(amount))
        batch.set(counter.document, written, merge=True)
    results = batch.commit()
    # The results of a write are in the order of its field paths.
    return [
        dict(
            zip(
                sorted([*counter.add, *counter.at_least]),
                (value.integer_value for value in result.transform_results),
                strict=True,
            )
        )
        for counter, result in zip(counters, results, strict=True)
    ]


def _nest(into: dict[str, Any], keys: FieldPath, item: Any) -> None:
    for key in keys[:-1]:
        into = into.setdefault(key, {})
    into[keys[-1]] = item
