"""Everything that lies in Firestore, to be compared before and after."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from shared.firestore import paths


def everything(*, skip: Callable[[str], bool] = lambda _: False) -> dict[str, dict[str, Any]]:
    """All documents by their paths, but those whose path is to be skipped."""
    snapshots = chain.from_iterable(
        collection.recursive().stream() for collection in paths.client().collections()
    )
    return {s.reference.path: s.to_dict() or {} for s in snapshots if not skip(s.reference.path)}
