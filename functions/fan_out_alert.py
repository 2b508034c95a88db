"""Firestore trigger `fan_out_alert`: an alert's log has a new entry; tell whoever is to know."""

from shared import settings
from shared.api.triggers import on_document_created
from shared.notifications.fan_out import fan_out


@on_document_created(
    "users/{uid}/devices/{deviceId}/alertLog/{entryId}", secrets=settings.MAIL_SECRETS
)
def fan_out_alert(uid: str, device_id: str, entry_id: str) -> None:
    """Put a delivery for each of them, and each channel that they want, into the outbox."""
    fan_out(uid, device_id, entry_id)
