"""Firestore trigger `deliver_notification`: sends what is due in the outbox."""

from shared import settings
from shared.api.triggers import on_document_written
from shared.notifications.deliver import deliver


@on_document_written("deliveries/{deliveryId}", secrets=settings.NOTIFICATION_SECRETS)
def deliver_notification(delivery_id: str) -> None:
    """Send the delivery if it is due; `run_due` changes those whose time has come."""
    deliver(delivery_id)
