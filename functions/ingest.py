"""Pub/Sub trigger `ingest`: stores what devices publish below their owner."""

import functools
from datetime import UTC, datetime

from cloudevents.http import CloudEvent

from shared import settings
from shared.telemetry import dead_letters
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.recorder import Recorder
from shared.triggers import on_message_published


@on_message_published(settings.TOPIC)
def ingest(event: CloudEvent) -> None:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    What can never be stored is kept in `deadLetters`, and acknowledged.
    """
    received_at = datetime.now(UTC)
    message = read(event.data)
    try:
        _recorder().record(event_in(message, received_at), received_at)
    except UnstorableError as failure:
        dead_letters.keep(message, failure.reason, received_at)


@functools.cache
def _recorder() -> Recorder:
    """The process's own: what it remembers is shared by all its requests."""
    return Recorder()
