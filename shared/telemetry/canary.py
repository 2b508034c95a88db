"""The canary: a test event that goes the whole way, from Particle's integration into Firestore.

Particle publishes it when it is asked to test an integration. Its source is no device (`api`), so
it touches no customer's data; its document is deleted when it has arrived.
"""

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import FieldFilter

from shared import connections, log, settings
from shared.firestore import paths
from shared.particle import Credentials, Integration, Particle, errors
from shared.telemetry.message import API, CLOCK_TOLERANCE

_NAME = "canary"
_POLL = 0.5
"""Seconds between two queries of Firestore."""
_RECENT = timedelta(minutes=11)
"""A check is made every 5 minutes, and one may be missing."""
_SLOW_MS = 120_000


class CanaryLostError(Exception):
    """A canary did not arrive; the text says where it was lost, as far as that is known."""


@dataclass(frozen=True)
class Flight:
    """A canary that arrived."""

    sent_at: datetime
    delay_ms: int
    """From the request to Particle until the event was stored."""

    @property
    def arrived_at(self) -> datetime:
        """When it was stored, by the clock of `sent_at`."""
        return self.sent_at + timedelta(milliseconds=self.delay_ms)


@dataclass(frozen=True)
class Health:
    """What the last checks found."""

    failures: int
    """Checks that have failed in a row."""
    last_success_at: datetime | None
    delay_ms: int | None
    """How long the last canary took; None if it was lost."""

    @classmethod
    def last(cls) -> "Health":
        """Read it; one document."""
        found = paths.health(_NAME).get().to_dict() or {}
        return cls(found.get("failures", 0), found.get("lastSuccessAt"), found.get("delayMs"))

    def is_good(self, now: datetime) -> bool:
        """Whether events arrive, and soon, as far as that is known."""
        return (
            self.failures == 0
            and self.last_success_at is not None
            and now - self.last_success_at <= _RECENT
            and self.delay_ms is not None
            and self.delay_ms <= _SLOW_MS
        )


def ours(particle: Particle, credentials: Credentials) -> list[Integration]:
    """Particle's integrations that bring events here. Raises `ParticleError`."""
    return [one for one in particle.integrations.list(credentials) if is_ours(one)]


def is_ours(integration: Integration) -> bool:
    """Whether it publishes to our topic, or is a webhook to a function like `ingest_webhook`."""
    function = urlsplit(integration.url).path.rpartition("/")[2]
    return integration.topic == settings.topic() or function == settings.WEBHOOK_FUNCTION


def fly(
    particle: Particle,
    credentials: Credentials,
    integration: Integration,
    deadline: float,
    waiting: Callable[[], None] = lambda: None,
) -> Flight:
    """Send a canary through an integration and wait until it is in Firestore.

    Args:
        particle: the client for the product.
        credentials: these must permit testing the product's integrations.
        integration: the integration to test.
        deadline: when to give up, by `time.monotonic`.
        waiting: called each time before waiting.

    Raises:
        CanaryLostError: it did not arrive in time, or Particle could not publish it.
        ParticleError: Particle was not reached, or did not carry out the request.
    """
    data = f"canary-{secrets.token_hex(8)}"
    sent_at, started = datetime.now(UTC), time.monotonic()
    try:
        particle.integrations.test(credentials, integration.id, data)
    except errors.UndeliveredError as failure:
        raise CanaryLostError(f"Particle could not publish it: {failure.text}") from failure
    while True:
        for event in _newest(sent_at):
            if event.get("data") == data:
                # How long it has been stored, by Firestore's clock alone.
                age = (event.read_time - event.create_time).total_seconds()
                delay = time.monotonic() - started - age
                with contextlib.suppress(GoogleAPICallError):
                    event.reference.delete()  # it has arrived all the same, and will expire
                return Flight(sent_at, max(0, round(delay * 1000)))
        if time.monotonic() > deadline:
            patience = time.monotonic() - started
            raise CanaryLostError(
                f"Particle published it, and it was not stored within {patience:.0f} s"
            )
        waiting()
        time.sleep(_POLL)


def check() -> None:
    """Send a canary through each of our integrations; record and log the result.

    `health/canary` holds the result of the last check, the last success, and how many checks have
    failed in a row.
    """
    deadline = time.monotonic() + settings.CANARY_TIMEOUT
    started = datetime.now(UTC)
    try:
        flights = _flights(deadline)
    except (errors.ForbiddenError, errors.TokenRejectedError) as failure:
        _record_failure(started, f"not permitted: {failure}")
        log.canary_refused(str(failure))
    except (errors.ParticleError, CanaryLostError) as failure:
        log.canary_lost(str(failure), _record_failure(started, str(failure)))
    else:
        slowest = max(flights, key=lambda flight: flight.delay_ms)
        _record(
            sentAt=slowest.sent_at,
            arrivedAt=slowest.arrived_at,
            delayMs=slowest.delay_ms,
            failures=0,
            lastSuccessAt=slowest.arrived_at,
            error=None,
        )
        log.canary_arrived(slowest.delay_ms)


def _flights(deadline: float) -> list[Flight]:
    particle, server = connections.particle(), connections.tokens().server
    integrations = ours(particle, server)
    if not integrations:
        raise CanaryLostError(
            f"no integration publishes to {settings.topic()}, and none is a webhook to "
            f"{settings.WEBHOOK_FUNCTION}"
        )
    if disabled := [one.event for one in integrations if one.disabled]:
        raise CanaryLostError(f"disabled integrations: {', '.join(map(repr, disabled))}")
    return [fly(particle, server, one, deadline) for one in integrations]


def _newest(sent_at: datetime) -> list[paths.Snapshot]:
    """Events of `api` since this time; not selected by their data, which have no index."""
    since = FieldFilter("publishedAt", ">=", sent_at - CLOCK_TOLERANCE)
    events = paths.device(API).collection(paths.EVENTS).where(filter=since)
    return list(events.select(["data"]).stream())


def _record_failure(sent_at: datetime, error: str) -> int:
    """Record a failure; returns how many checks have failed in a row, this one included."""
    before: dict[str, Any] = paths.health(_NAME).get().to_dict() or {}
    failures = int(before.get("failures", 0)) + 1
    _record(sentAt=sent_at, arrivedAt=None, delayMs=None, failures=failures, error=error)
    return failures


def _record(**fields: Any) -> None:
    paths.health(_NAME).set(fields, merge=True)
