"""Walks through a customer's tree in Firestore, to erase or to export it.

Only the customer's own document and those of their devices have collections below them. A released
device has no document any more, but may still have history below it that the customer kept.
"""

import time
from collections.abc import Iterator
from datetime import datetime

from google.cloud.firestore import CollectionReference, Query

from shared.firestore import deadline, paths

PAGE = 400
"""Documents deleted in one commit; Firestore allows 500."""


class NotFinishedError(RuntimeError):
    """The time of this run is over: the platform starts the next one."""


def collections(uid: str) -> Iterator[CollectionReference]:
    """All collections of a customer's tree, those below their devices first."""
    own = sorted(paths.user(uid).collections(), key=lambda collection: collection.id)
    for collection in own:
        if collection.id == paths.DEVICES:
            for device in sorted(collection.list_documents(), key=lambda device: device.id):
                yield from sorted(device.collections(), key=lambda below: below.id)
    yield from own


def erase(documents: CollectionReference | Query, *, until: datetime | None = None) -> None:
    """Delete the documents of a collection or query, or only those not created after `until`.

    Raises `NotFinishedError` when the deadline of `shared.firestore.deadline` passes.
    """
    page = documents.order_by("__name__").select([]).limit(PAGE)
    found = list(page.stream())
    while found:
        if time.monotonic() > deadline.end():
            raise NotFinishedError("the time of this run is over")
        batch = paths.client().batch()
        for snapshot in found:
            if until is None or snapshot.create_time <= until:
                batch.delete(snapshot.reference)
        batch.commit()
        found = list(page.start_after(found[-1]).stream())
