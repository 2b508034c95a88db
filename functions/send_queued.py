"""Firestore trigger `send_queued`: a device has come online, and what waits for it is sent."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_written
from shared.commands import queue
from shared.registry import ownership


@on_document_written("devices/{deviceId}/presence/online", secrets=settings.PARTICLE_SECRETS)
def send_queued(event: CloudEvent) -> None:
    """Send what its owner has asked of the device meanwhile.

    A failure is raised, so that the platform delivers again what is still to be sent.
    """
    device_id = event["document"].split("/")[1]
    uid = ownership.owner_of(device_id)
    if uid is not None:
        queue.send(uid, device_id)
