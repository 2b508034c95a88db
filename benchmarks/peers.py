"""What ingest is measured beside: a handler that does nothing, and the naive ones it replaces.

They are served by the functions framework as `ingest` is. None of them finds a copy, an older event
or an owner; none can say what a device's state is.
"""

import base64
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from firebase_functions import pubsub_fn
from google.cloud import firestore

_client = firestore.Client()


@functions_framework.cloud_event
def nothing(_event: CloudEvent) -> None:
    """What the framework alone costs."""


@functions_framework.cloud_event
def naive(event: CloudEvent) -> None:
    """One `set` for each event, with a client of the module: as public examples do it."""
    message: dict[str, Any] = event.data["message"]
    attributes = message["attributes"]
    _client.collection("naive").document(message["messageId"]).set(
        {
            "device_id": attributes["device_id"],
            "event": attributes["event"],
            "data": base64.b64decode(message["data"]).decode(),
            "published_at": attributes["published_at"],
        }
    )


@pubsub_fn.on_message_published(topic="particle-events")
def bare(event: Any) -> None:
    """The same with the trigger of the Firebase SDK, for the cold start."""
    message = event.data.message
    _client.collection("naive").document(message.message_id).set(
        {
            "device_id": message.attributes["device_id"],
            "event": message.attributes["event"],
            "data": base64.b64decode(message.data or "").decode(),
            "published_at": message.attributes["published_at"],
        }
    )
