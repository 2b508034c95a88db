"""Pub/Sub trigger `ingest`: stores what devices publish, below their owners."""

from cloudevents.http import CloudEvent

import shared.telemetry.ingest
from shared import settings
from shared.api.triggers import on_message_published


@on_message_published(settings.TOPIC)
def ingest(event: CloudEvent) -> None:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    A message that can never be stored is kept in `deadLetters`, and acknowledged.
    """
    shared.telemetry.ingest.ingest(event.data)
