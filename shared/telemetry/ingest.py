"""The one way into Firestore for a message: delivered by Pub/Sub, a dead letter, or recorded."""

import functools
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import GoogleAPIError

from shared import settings
from shared.firestore import deadline
from shared.telemetry import dead_letters
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.repair import OvertakenError
from shared.telemetry.writer import EventWriter, Outcome

RETRIABLE = (GoogleAPIError, OvertakenError, TimeoutError)
"""What `ingest` raises for a message that will be stored when it is delivered again."""


def ingest(delivered: Any, *, replayed: bool = False) -> Outcome | UnstorableError:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    A message that can never be stored is kept in `deadLetters`, and the reason is returned. Set
    `replayed` for a message from an operator, which is no sign that events arrive from Particle.
    """
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        try:
            return store(delivered, replayed=replayed)
        except UnstorableError as failure:
            dead_letters.keep(read(delivered), failure.reason, datetime.now(UTC))
            return failure


def store(delivered: Any, *, replayed: bool = False, counted: bool = True) -> Outcome:
    """Do the same without dead letters: raise `UnstorableError` instead.

    An event that is not `counted` is stored, but its numbers are in no chart.
    """
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        received_at = datetime.now(UTC)
        event = event_in(read(delivered), received_at)
        return writer().write(event, received_at, replayed=replayed, counted=counted)


@functools.cache
def writer() -> EventWriter:
    """The process's one writer, whose memory all requests share."""
    return EventWriter()
