"""The peers of `ingest`: a handler that does nothing, and naive ones.

The functions framework serves them as it serves `ingest`. None of them detects duplicates or older
events, finds the owner, or keeps the state of a device.
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
    """Do nothing, to show what the framework costs."""


@functions_framework.cloud_event
def naive(event: CloudEvent) -> None:
    """Store each event with one `set` of the module's client, as public examples do."""
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
    """Do the same with the trigger of the Firebase SDK, to compare cold starts."""
    message = event.data.message
    _client.collection("naive").document(message.message_id).set(
        {
            "device_id": message.attributes["device_id"],
            "event": message.attributes["event"],
            "data": base64.b64decode(message.data or "").decode(),
            "published_at": message.attributes["published_at"],
        }
    )
