"""Decorators for event functions: they get a message, or the ids of a document's path.

The SDK's `on_message_published` parses the message before our code runs and fails on some that
Pub/Sub may deliver (no data, unknown keys, nanoseconds), which would be redelivered for a day; its
`on_document_created` cannot request retries at all. So the event is read here, and
`shared/api/manifest.py` says what the Firebase CLI has to know.
"""

import functools
from collections.abc import Callable

from cloudevents.http import CloudEvent
from firebase_functions.params import SecretParam

from shared import log, settings
from shared.api import event_path
from shared.firestore import deadline

DOCUMENT_WRITTEN = "google.cloud.firestore.document.v1.written"
DOCUMENT_CREATED = "google.cloud.firestore.document.v1.created"
DOCUMENT_UPDATED = "google.cloud.firestore.document.v1.updated"

Entry = Callable[[CloudEvent], None]
"""What the functions framework calls."""
Handler = Callable[..., None]
"""Takes the ids that stand for the wildcards of the pattern, in its order."""


def on_message_published(topic: str) -> Callable[[Entry], Entry]:
    """Run on every message of a Pub/Sub topic; repeated until it succeeds, up to 100 times.

    A message that never succeeds goes to the dead-letter topic (docs/deploy.md). The function gets
    the CloudEvent as it is.
    """

    def decorate(function: Entry) -> Entry:
        entry = _within(settings.INGEST_TIMEOUT, function)
        if settings.is_discovery():
            from shared.api import manifest  # noqa: PLC0415 - it needs the SDK

            manifest.declare_topic(entry, topic)
        return entry

    return decorate


def on_document_created(
    document: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], Entry]:
    """Run when a document is created; repeated until it succeeds, for up to 24 hours.

    `document` is a pattern such as `users/{uid}` in the default database; the function gets the ids
    for its wildcards. It does not run for a `{uid}` that cannot be a user of the product.
    """
    return _on_document(DOCUMENT_CREATED, document, secrets)


def on_document_updated(
    document: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], Entry]:
    """Run when an existing document is changed; otherwise like `on_document_created`."""
    return _on_document(DOCUMENT_UPDATED, document, secrets)


def on_document_written(
    document: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], Entry]:
    """Run when a document is created, changed or deleted; otherwise like `on_document_created`."""
    return _on_document(DOCUMENT_WRITTEN, document, secrets)


def _on_document(
    event_type: str, document: str, secrets: list[SecretParam] | None
) -> Callable[[Handler], Entry]:
    def decorate(function: Handler) -> Entry:
        @functools.wraps(function)
        def run(event: CloudEvent) -> None:
            try:
                ids = event_path.ids(event, document)
            except event_path.UnreadableEventError as failure:
                # It would be the same at every further delivery.
                log.event_ignored(function.__name__, failure)
                return
            function(*ids)

        entry = _within(settings.EVENT_TIMEOUT, run)
        if settings.is_discovery():
            from shared.api import manifest  # noqa: PLC0415 - it needs the SDK

            manifest.declare_document(entry, event_type, document, secrets)
        return entry

    return decorate


def _within(timeout: float, function: Entry) -> Entry:
    @functools.wraps(function)
    def entry(event: CloudEvent) -> None:
        with deadline.within(timeout, deadline.EVENT):
            function(event)

    return entry
