"""Firestore trigger `send_queued`: a device has come online; send the calls that wait for it."""

from shared import settings
from shared.api.triggers import on_document_written
from shared.commands import queue
from shared.registry import ownership


@on_document_written("devices/{deviceId}/presence/online", secrets=settings.PARTICLE_SECRETS)
def send_queued(device_id: str) -> None:
    """Send what the owner asked of the device while it was offline.

    When calls are left to be sent, this fails, so that the platform delivers the event again.
    """
    uid = ownership.owner_of(device_id)
    if uid is not None:
        queue.send(uid, device_id)
