"""Commits as bare protocol buffers.

The client's own batch builds every value as a wrapped message and walks each document several
times, which cost more than half of what a commit costs this process. What is sent is the same.
`transform_results` of a write come in the order of its transforms (Firestore's API, WriteResult).
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.retry import Retry
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import CommitRequest, CommitResponse, Document
from google.cloud.firestore_v1.types import Value as ValueType
from google.cloud.firestore_v1.types import Write as WriteType

from shared import store

_Request: Any = CommitRequest.pb()
_Document: Any = Document.pb()
_Value: Any = ValueType.pb()
Write: Any = WriteType.pb()
"""The bare message of one write."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_NULL = _Value(null_value=0)

Transform = tuple[str, str, int | float]
"""A field path, what happens to it (`increment`, `maximum`, `minimum`), and by how much."""


@functools.lru_cache(maxsize=20_000)
def path(*keys: str) -> str:
    """A field path, quoted where a key needs it."""
    return str(FieldPath(*keys).to_api_repr())


def name(*parts: str) -> str:
    """A document's full name, from collection and document ids in turn."""
    return f"{_documents()}/{'/'.join(parts)}"


@functools.cache
def _documents() -> str:
    return f"{store.client()._database_string}/documents"  # noqa: SLF001 - no public name for it


def create(document: str, fields: Mapping[str, Any]) -> Any:
    """A document that must not exist yet."""
    write = Write(update=_document(document, fields))
    write.current_document.exists = False
    return write


def delete(document: str) -> Any:
    """The end of a document, if it exists."""
    return Write(delete=document)


def merge(
    document: str,
    fields: Mapping[tuple[str, ...], Any],
    transforms: Iterable[Transform],
    *,
    must_exist: bool,
) -> Any:
    """Some fields of a document, by their paths, and what is computed there."""
    write = Write(update=_document(document, _nested(fields)))
    # An empty mask leaves all fields; none at all would replace the document.
    write.update_mask.SetInParent()
    write.update_mask.field_paths.extend(path(*keys) for keys in fields)
    if must_exist:
        write.current_document.exists = True
    for field_path, kind, amount in transforms:
        transform = write.update_transforms.add(field_path=field_path)
        getattr(transform, kind).CopyFrom(_number(amount))
    return write


def commit(writes: Sequence[Any], *, retry: Retry, timeout: float) -> Sequence[Any]:
    """Commit all or nothing; the results of the writes, in their order.

    Raises what Firestore's client raises. `timeout` is for one attempt, in seconds.
    """
    client = store.client()
    request = _Request(database=client._database_string, writes=writes)  # noqa: SLF001 - the client's own commit does so
    response = client._firestore_api.commit(  # noqa: SLF001 - same
        request=CommitRequest.wrap(request),
        metadata=client._rpc_metadata,  # noqa: SLF001 - same
        retry=retry,
        timeout=timeout,
    )
    results: Sequence[Any] = CommitResponse.pb(response).write_results
    return results


def _document(document: str, fields: Mapping[str, Any]) -> Any:
    return _Document(name=document, fields={key: value(item) for key, item in fields.items()})


def _nested(fields: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for keys, item in fields.items():
        inner = nested
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = item
    return nested


def value(item: Any) -> Any:
    """A value as Firestore's message. Raises `TypeError` for what no event can hold."""
    if isinstance(item, str):
        return _Value(string_value=item)
    if isinstance(item, bool):
        return _Value(boolean_value=item)
    if isinstance(item, int | float):
        return _number(item)
    if isinstance(item, datetime):
        return _Value(timestamp_value=_timestamp(item))
    return _NULL if item is None else _collection(item)


def _collection(items: Any) -> Any:
    message = _Value()
    if isinstance(items, Mapping):
        message.map_value.SetInParent()
        for key, item in items.items():
            message.map_value.fields[key].CopyFrom(value(item))
    elif isinstance(items, list):
        message.array_value.SetInParent()
        message.array_value.values.extend(value(item) for item in items)
    else:
        raise TypeError(type(items).__name__)
    return message


def _number(number: float) -> Any:
    if isinstance(number, int):
        return _Value(integer_value=number)
    return _Value(double_value=number)


def _timestamp(time: datetime) -> dict[str, int]:
    seconds, rest = divmod(time - _EPOCH, _SECOND)
    return {"seconds": seconds, "nanos": rest.microseconds * 1000}
