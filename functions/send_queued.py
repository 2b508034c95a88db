"""Firestore trigger `send_queued`: a device has come online; send the calls that wait for it."""

from shared import settings
from shared.api.triggers import on_document_written
from shared.claims import strangers
from shared.commands import queue
from shared.registry.entry import Entry


@on_document_written("devices/{deviceId}/presence/online", secrets=settings.PARTICLE_SECRETS)
def send_queued(device_id: str) -> None:
    """Send what the owner asked of the device while it was offline, and end a stranger's claim.

    When calls are left to be sent, this fails, so that the platform delivers the event again.
    """
    entry = Entry.read(device_id)
    try:
        if entry.owner_uid is not None:
            queue.send(entry.owner_uid, entry.device_id)
    finally:
        # A device that has just been claimed at Particle loses its session, and connects again.
        strangers.look(entry)
