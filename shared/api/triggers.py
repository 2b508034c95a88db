"""Decorators for event functions, which pass the CloudEvent on unchanged.

The SDK's `on_message_published` parses the message before our code runs and fails on some that
Pub/Sub may deliver (no data, unknown keys, nanoseconds), which would be redelivered for a day; its
`on_document_created` cannot request retries at all. So the endpoint is made from the SDK's own
options, and the function reads the event. `tests/unit/test_manifest.py` compares the result with
what the Firebase CLI has to see.
"""

import functools
from collections.abc import Callable

from cloudevents.http import CloudEvent
from firebase_functions.options import EventHandlerOptions, PubSubOptions
from firebase_functions.params import SecretParam
from firebase_functions.private.manifest import ManifestEndpoint

from shared import settings
from shared.firestore import deadline

DOCUMENT_WRITTEN = "google.cloud.firestore.document.v1.written"
DOCUMENT_CREATED = "google.cloud.firestore.document.v1.created"

Handler = Callable[[CloudEvent], None]


def on_message_published(topic: str) -> Callable[[Handler], Handler]:
    """Run on every message of a Pub/Sub topic; repeated until it succeeds, for up to 24 hours."""
    options = PubSubOptions(topic=topic, **settings.INGEST_OPTIONS)

    def decorate(function: Handler) -> Handler:
        endpoint = options._endpoint(func_name=function.__name__)  # noqa: SLF001 - the SDK offers no other way
        return _exported(function, endpoint, settings.INGEST_TIMEOUT)

    return decorate


def on_document_created(
    document: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], Handler]:
    """Run when a document is created; repeated until it succeeds, for up to 24 hours.

    `document` is a pattern such as `users/{uid}` in the default database. The Firebase CLI places
    the trigger where the database is.
    """
    return _on_document(DOCUMENT_CREATED, document, secrets)


def on_document_written(
    document: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], Handler]:
    """Run when a document is created, changed or deleted; otherwise like `on_document_created`."""
    return _on_document(DOCUMENT_WRITTEN, document, secrets)


def _on_document(
    event_type: str, document: str, secrets: list[SecretParam] | None
) -> Callable[[Handler], Handler]:
    options = EventHandlerOptions(secrets=secrets, **settings.EVENT_OPTIONS)

    def decorate(function: Handler) -> Handler:
        endpoint = options._endpoint(  # noqa: SLF001 - the SDK offers no other way
            func_name=function.__name__,
            event_type=event_type,
            event_filters={"database": "(default)", "namespace": "(default)"},
        )
        endpoint.eventTrigger["eventFilterPathPatterns"] = {"document": document}  # type: ignore[index]
        return _exported(function, endpoint, settings.EVENT_TIMEOUT)

    return decorate


def _exported(function: Handler, endpoint: ManifestEndpoint, timeout: float) -> Handler:
    @functools.wraps(function)
    def entry(event: CloudEvent) -> None:
        with deadline.within(timeout, deadline.EVENT):
            function(event)

    entry.__firebase_endpoint__ = endpoint  # type: ignore[attr-defined]
    return entry
