"""Firestore trigger `send_queued`: sends what waits for a device that has come online."""

from cloudevents.http import CloudEvent

from shared import settings
from shared.api.triggers import on_document_written
from shared.commands import queue
from shared.registry import ownership


@on_document_written("devices/{deviceId}/presence/online", secrets=settings.PARTICLE_SECRETS)
def send_queued(event: CloudEvent) -> None:
    """Send the calls that the owner has made in the meantime.

    A failure is raised, so that the platform delivers the event again and the rest is sent then.
    """
    device_id = event["document"].split("/")[1]
    uid = ownership.owner_of(device_id)
    if uid is not None:
        queue.send(uid, device_id)
