"""The Firestore client: every request has a deadline, and every id in a path is one id.

All of Google's classes (documents, queries, batches) send their requests through one object, the
client's `_firestore_api`. A thin layer around it adds the `retry` and `timeout` that
`shared.firestore.deadline` computes, so that no call can forget them. And they make every reference
with the client's `document` and `collection`, which check what they are given.
"""

import functools
from typing import Any

from google.api_core.retry import Retry
from google.cloud import firestore
from google.cloud.firestore import CollectionReference, DocumentReference

from shared.firestore import deadline
from shared.firestore.ids import checked


class Client(firestore.Client):
    """Google's client, with our deadlines; safe for threads."""

    def document(self, *document_path: str) -> DocumentReference:
        """As Google's. Raises `InvalidIdError` for a segment that is not a single id.

        Google's would let a segment with a slash lead to another document.
        """
        return super().document(*_checked(document_path))

    def collection(self, *collection_path: str) -> CollectionReference:
        """As Google's. Raises `InvalidIdError` like `document`."""
        return super().collection(*_checked(collection_path))

    @functools.cached_property
    def _firestore_api(self) -> Any:
        return _Api(super()._firestore_api)


_LEAST_ID = "__id-9223372036854775808__"
"""Where Google's recursive queries begin; no document of ours has it."""


def _checked(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path in segments; a single text is a whole path, as Google's client has it."""
    segments = tuple(path[0].split("/")) if len(path) == 1 else path
    checked(*(segment for segment in segments if segment != _LEAST_ID))
    return segments


class _Api:
    """The generated client. Its requests get our deadline, unless they have one of their own."""

    _REQUESTS = (
        "batch_get_documents",
        "commit",
        "list_collection_ids",
        "list_documents",
        "run_aggregation_query",
        "run_query",
    )

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self._transport = _Transport(inner.transport)
        for name in self._REQUESTS:
            setattr(self, name, functools.partial(self._request, name))

    def _request(self, name: str, request: Any, **given: Any) -> Any:
        return getattr(self.inner, name)(request=request, **{**deadline.arguments(), **given})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class _Transport:
    """Makes a query that broke off midway raise its failure, instead of being resumed.

    Google's `Query.stream` looks up in the transport whether to resume, which raises
    `AttributeError` here; and it cannot resume a query without an order (`ValueError`). The failure
    itself is transient, and whoever gets it starts again.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.run_query = self.run_aggregation_query = self

    _retry = Retry(predicate=lambda _: False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
