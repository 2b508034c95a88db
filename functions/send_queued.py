"""Firestore trigger `send_queued`: a device has come online; send the calls that wait for it."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_written
from shared.commands import queue
from shared.registry import ownership


@on_document_written("devices/{deviceId}/presence/online", secrets=settings.PARTICLE_SECRETS)
def send_queued(event: CloudEvent) -> None:
    """Send what the owner asked of the device while it was offline.

    When calls are left to be sent, this fails, so that the platform delivers the event again.
    """
    device_id = event["document"].split("/")[1]
    uid = ownership.owner_of(device_id)
    if uid is not None:
        queue.send(uid, device_id)
