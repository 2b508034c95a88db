"""The one way of a delivered message: from Pub/Sub, from a dead letter, from a recording."""

import functools
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import GoogleAPIError

from shared import settings
from shared.firestore import deadline
from shared.telemetry import dead_letters
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.repair.settling import OvertakenError
from shared.telemetry.writer import Outcome, Recorder

COME_AGAIN = (GoogleAPIError, OvertakenError, TimeoutError)
"""What is raised of a message that is to be delivered again, and is then stored."""


def take(delivered: Any, *, replayed: bool = False) -> Outcome | UnstorableError:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    What can never be stored is kept in `deadLetters`, and the reason returned. Of what an operator
    has `replayed`, none is a sign that events come.
    """
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        try:
            return store(delivered, replayed=replayed)
        except UnstorableError as failure:
            dead_letters.keep(read(delivered), failure.reason, datetime.now(UTC))
            return failure


def store(delivered: Any, *, replayed: bool = False, counted: bool = True) -> Outcome:
    """The same without dead letters: raises `UnstorableError`.

    What is not `counted` is stored, and in no chart.
    """
    with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
        received_at = datetime.now(UTC)
        event = event_in(read(delivered), received_at)
        return recorder().record(event, received_at, replayed=replayed, counted=counted)


@functools.cache
def recorder() -> Recorder:
    """The process's own: what it remembers is shared by all its requests."""
    return Recorder()
