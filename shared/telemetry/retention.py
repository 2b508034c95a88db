"""How long events and the numbers for charts are kept."""

from datetime import datetime, timedelta

from shared import settings
from shared.telemetry import rollup


def days(event: str) -> int:
    """The days that events of that name are kept, by the longest prefix in the settings."""
    for prefix, kept in settings.event_retention_by_prefix():
        if event.startswith(prefix):
            return kept
    return settings.event_retention_days()


def event_expires(event: str, published_at: datetime) -> datetime:
    """When Firestore's TTL may delete the event."""
    return published_at + timedelta(days=days(event))


def rollup_expires(event: str, time: datetime) -> datetime:
    """When Firestore's TTL may delete the rollup of the event's day.

    Never before the events that it counts: a late one must find what was counted before.
    """
    kept = max(settings.rollup_retention_days(), days(event))
    return rollup.bucket_start(time, 0) + timedelta(days=kept + 1)
