"""What the Firebase CLI has to know of each function: its trigger, options and secrets.

The CLI imports `main.py` to discover that, and only then is this module imported. It needs the
Firebase SDK, whose options take a large part of the time in which an instance starts; an instance
does without it. `tests/unit/test_manifest.py` compares the result with what the CLI has to see.
"""

from collections.abc import Callable
from typing import Any

from firebase_functions.options import (
    EventHandlerOptions,
    HttpsOptions,
    PubSubOptions,
    ScheduleOptions,
)
from firebase_functions.params import SecretParam
from firebase_functions.private.manifest import ManifestEndpoint

from shared import settings

Exported = Callable[..., Any]
Secrets = list[SecretParam] | None


def declare_callable(function: Exported, secrets: Secrets) -> None:
    """Declare a callable."""
    options = HttpsOptions(secrets=secrets, **settings.callable_options(function.__name__))
    _declare(function, options._endpoint(func_name=function.__name__, callable=True))  # noqa: SLF001


def declare_webhook(function: Exported, secrets: Secrets) -> None:
    """Declare a function that Particle's webhooks call."""
    options = HttpsOptions(secrets=secrets, **settings.WEBHOOK_OPTIONS)
    _declare(function, options._endpoint(func_name=function.__name__))  # noqa: SLF001


def declare_schedule(function: Exported, schedule: str, secrets: Secrets) -> None:
    """Declare a function with a schedule such as `every 5 minutes`."""
    options = ScheduleOptions(schedule=schedule, secrets=secrets, **settings.SCHEDULE_OPTIONS)
    _declare(function, options._endpoint(func_name=function.__name__))  # noqa: SLF001
    setattr(function, "__required_apis", options._required_apis())  # noqa: SLF001 - the SDK's name


def declare_topic(function: Exported, topic: str) -> None:
    """Declare a function that gets the messages of a Pub/Sub topic."""
    options = PubSubOptions(topic=topic, **settings.INGEST_OPTIONS)
    _declare(function, options._endpoint(func_name=function.__name__))  # noqa: SLF001


def declare_document(function: Exported, event_type: str, document: str, secrets: Secrets) -> None:
    """Declare a function that gets events of the documents of a pattern.

    The SDK's own decorators cannot request retries. The Firebase CLI places the trigger where the
    database is.
    """
    options = EventHandlerOptions(secrets=secrets, **settings.event_options(function.__name__))
    endpoint = options._endpoint(  # noqa: SLF001
        func_name=function.__name__,
        event_type=event_type,
        event_filters={"database": "(default)", "namespace": "(default)"},
    )
    endpoint.eventTrigger["eventFilterPathPatterns"] = {"document": document}  # type: ignore[index]
    _declare(function, endpoint)


def _declare(function: Exported, endpoint: ManifestEndpoint) -> None:
    """As the SDK's decorators do: there is no public way."""
    function.__firebase_endpoint__ = endpoint  # type: ignore[attr-defined]
