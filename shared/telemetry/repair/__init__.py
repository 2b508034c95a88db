"""Repairs of what a commit without reads may have got wrong. Each can be repeated safely.

    placement   moves an event that is below a customer whose tenure does not hold it, together with
                what was counted of it, or counts it for the right tenure of the same customer
    latest      writes the newest event of a name into the device's `latest`
    presence    derives the device's presence from its last status events
    firmware    writes the version of the firmware that the newest event names
    copies      finds out which events had been stored before, and whether a repair is left to do

Repairs are rare, and so they may read. When a process crashes before a repair is done, the next
delivery of the message does it: it finds the event stored, and then repairs again.
"""

from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from shared.firestore import paths

ROUNDS = 10
"""How often a repair is tried while other commits change what it repairs."""


class OvertakenError(RuntimeError):
    """Other commits interfered each time; the platform delivers the message again."""


class OutdatedTenureError(RuntimeError):
    """The repair was made for a tenure that is over: the device came back to the same customer."""


def newest_first(device: DocumentReference, name: str, since: datetime) -> Any:
    """The query for a device's events of a name, in descending order of time, then of id."""
    return (
        device.collection(paths.EVENTS)
        .where(filter=FieldFilter("event", "==", name))
        .where(filter=FieldFilter("publishedAt", ">=", since))
        .order_by("publishedAt", direction=Query.DESCENDING)
        .order_by("__name__", direction=Query.DESCENDING)
    )
