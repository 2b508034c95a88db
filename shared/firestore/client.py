"""The Firestore client, which gives every request the deadline of the function that makes it.

All of Google's classes (documents, queries, batches) send their requests through one object, the
client's `_firestore_api`. A thin layer around it adds the `retry` and `timeout` that
`shared.firestore.deadline` computes, so that no call can forget them.
"""

import functools
from typing import Any

from google.api_core.retry import Retry
from google.cloud import firestore

from shared.firestore import deadline


class Client(firestore.Client):
    """Google's client, with our deadlines; safe for threads."""

    @functools.cached_property
    def _firestore_api(self) -> Any:
        return _Api(super()._firestore_api)


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
