"""Everything that lies in Firestore, to be compared before and after."""

from collections.abc import Callable
from typing import Any

from shared import store


def everything(*, skip: Callable[[str], bool] = lambda _: False) -> dict[str, dict[str, Any]]:
    """All documents by their paths, but those whose path is to be skipped."""
    collections = list(store.client().collections())
    found: dict[str, dict[str, Any]] = {}
    while collections:
        collection = collections.pop()
        for snapshot in collection.stream():
            if not skip(snapshot.reference.path):
                found[snapshot.reference.path] = snapshot.to_dict() or {}
        # Nothing else has collections below it.
        if collection.id in {store.USERS, store.DEVICES}:
            for document in collection.list_documents():
                collections += document.collections()
    return found
