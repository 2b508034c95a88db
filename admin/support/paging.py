"""Reading a query's documents page by page: memory stays small, and no request takes long."""

from collections.abc import Iterator
from typing import Any

from shared.firestore.paths import Snapshot


def pages(query: Any, size: int, after: str = "") -> Iterator[list[Snapshot]]:
    """The documents ordered by id, `size` at a time, beginning after the id `after`."""
    ordered = query.order_by("__name__")
    page = list((ordered.start_after({"__name__": after}) if after else ordered).limit(size).get())
    while page:
        yield page
        full = len(page) == size
        page = list(ordered.start_after(page[-1]).limit(size).get()) if full else []
