"""Firestore trigger `send_queued`: a device has come online, and what waits for it is sent."""

from typing import Any

from cloudevents.http import CloudEvent
from google.events.cloud.firestore import DocumentEventData

from shared import commands, queueing, settings
from shared.triggers import on_document_updated


@on_document_updated("users/{uid}/devices/{deviceId}", secrets=settings.PARTICLE_SECRETS)
def send_queued(event: CloudEvent) -> None:
    """Send when the change was that the device came online; any other change ends here.

    A failure is raised, so that the platform delivers again what is still to be sent.
    """
    changed = DocumentEventData.deserialize(event.data)
    if _came_online(changed.old_value.fields, changed.value.fields):
        _, uid, _, device_id = event["document"].split("/")
        queueing.send(uid, device_id, commands.call_device)


def _came_online(before: Any, after: Any) -> bool:
    """By `spark/status`; one that was not seen to go offline has a new `statusAt` all the same.

    `in` comes first, for a look at a missing field would add it.
    """
    if "status" not in after or after["status"].string_value != "online":
        return False
    return any(name not in before or before[name] != after[name] for name in ("status", "statusAt"))
