"""HTTPS function `ingest_webhook`: stores what Particle's webhooks send, as `ingest` does."""

from shared import settings
from shared.api.webhooks import on_webhook
from shared.telemetry import webhook


@on_webhook(webhook.MAX_BYTES, secrets=[settings.WEBHOOK_SECRET])
def ingest_webhook(content_type: str, body: bytes) -> None:
    """Return when the event is durable; raise when it has to be sent again.

    A body that can never be stored is kept in `deadLetters`.
    """
    webhook.ingest(content_type, body)
