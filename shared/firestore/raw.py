"""Commits as bare protocol buffers.

The client's own batch builds every value as a wrapped message and walks through each document
several times, which is more than half of the CPU time of a commit. What is sent is the same. The
`transform_results` of a write are in the order of its transforms (Firestore's API, WriteResult).
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import WriteBatch
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import CommitRequest, CommitResponse
from google.cloud.firestore_v1.types import Write as WriteType

from shared.firestore import paths
from shared.firestore.ids import checked

_Request: Any = CommitRequest.pb()
Write: Any = WriteType.pb()
"""The bare message of one write."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_SCALARS: dict[type, str] = {
    bool: "boolean_value",
    float: "double_value",
    int: "integer_value",
    str: "string_value",
}

Transform = tuple[str, str, int | float]
"""A field path, the kind of transform (`increment`, `maximum`, `minimum`), and its operand."""


@functools.lru_cache(maxsize=20_000)
def path(*keys: str) -> str:
    """A field path, quoted where a key needs it."""
    return str(FieldPath(*keys).to_api_repr())


def name(*parts: str) -> str:
    """A document's full name, from its collection and document ids in turn.

    Raises `InvalidIdError` for one that is not a single id.
    """
    return f"{_documents()}/{'/'.join(checked(*parts))}"


@functools.cache
def _documents() -> str:
    return f"{paths.client()._database_string}/documents"  # noqa: SLF001 - no public name for it


def create(document: str, fields: Mapping[str, Any]) -> Any:
    """The write of a document that must not exist yet. Raises `TypeError` as `fill` does."""
    write = Write()
    write.update.name = document
    stored = write.update.fields
    for key, item in fields.items():
        fill(stored[key], item)
    write.current_document.exists = False
    return write


def delete(document: str) -> Any:
    """The write that deletes a document, if it exists."""
    return Write(delete=document)


def demand_absence(document: str) -> Any:
    """The write that fails the commit, with ALREADY_EXISTS, if a document exists."""
    # Of the writes that change nothing, the only one that the service offers.
    write = Write(delete=document)
    write.current_document.exists = False
    return write


REMOVED: Any = object()
"""As a field's value: the field is deleted."""


def merge(
    document: str,
    fields: Mapping[tuple[str, ...], Any],
    transforms: Iterable[Transform],
    *,
    must_exist: bool,
    unchanged_since: Any = None,
) -> Any:
    """The write of some of a document's fields, by their paths, and of transforms.

    With `unchanged_since`, Firestore's time of the document's last change, it fails if it has
    changed since.
    """
    write = Write()
    write.update.name = document
    # With an empty mask no field changes; without a mask the document would be replaced.
    write.update_mask.SetInParent()
    masked = write.update_mask.field_paths
    for keys, item in fields.items():
        masked.append(path(*keys))
        if item is REMOVED:
            continue
        inner = write.update.fields
        for key in keys[:-1]:
            inner = inner[key].map_value.fields
        fill(inner[keys[-1]], item)
    if unchanged_since is not None:
        write.current_document.update_time.CopyFrom(unchanged_since.timestamp_pb())
    elif must_exist:
        write.current_document.exists = True
    add = write.update_transforms.add
    for field_path, kind, amount in transforms:
        transform = add()
        transform.field_path = field_path
        number = getattr(transform, kind)
        if type(amount) is int:
            number.integer_value = amount
        else:
            number.double_value = amount
    return write


def add(batch: WriteBatch, write: Any) -> None:
    """Add a write to a batch of Google's client.

    That client cannot read a field path in which a key ends with a backslash and another follows.
    """
    batch._add_write_pbs([WriteType.wrap(write)])  # noqa: SLF001 - its other methods do so


def commit(writes: Sequence[Any]) -> Sequence[Any]:
    """Commit all writes or none; returns their results, in the same order.

    Raises what Firestore's client raises.
    """
    client = paths.client()
    request = _Request(database=client._database_string, writes=writes)  # noqa: SLF001 - the client's own commit does so
    response = client._firestore_api.commit(  # noqa: SLF001 - same
        request=CommitRequest.wrap(request),
        metadata=client._rpc_metadata,  # noqa: SLF001 - same
    )
    results: Sequence[Any] = CommitResponse.pb(response).write_results
    return results


def fill(message: Any, item: Any) -> None:
    """Set an empty value message to an item. Raises `TypeError` for a type that no event has.

    It fills the message where it is: copying each part into the whole would take most of the time.
    """
    kind = type(item)
    if kind is dict:
        message.map_value.SetInParent()
        fields = message.map_value.fields
        for key, part in item.items():
            fill(fields[key], part)
    elif kind is list:
        message.array_value.SetInParent()
        add = message.array_value.values.add
        for part in item:
            fill(add(), part)
    elif field := _SCALARS.get(kind):
        setattr(message, field, item)
    else:
        _fill_other(message, item)


def _fill_other(message: Any, item: Any) -> None:
    if item is None:
        message.null_value = 0
    elif isinstance(item, datetime):
        seconds, rest = divmod(item - _EPOCH, _SECOND)
        message.timestamp_value.seconds = seconds
        message.timestamp_value.nanos = rest.microseconds * 1000
    else:
        raise TypeError(type(item).__name__)
