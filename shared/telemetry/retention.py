"""How long events are kept, by their names."""

from datetime import datetime, timedelta

from shared import settings


def days(event: str) -> int:
    """How many days events of that name are kept; the longest prefix in the settings decides."""
    for prefix, kept in settings.event_retention_by_prefix():
        if event.startswith(prefix):
            return kept
    return settings.event_retention_days()


def event_expires(event: str, published_at: datetime) -> datetime:
    """When Firestore's TTL may delete the event."""
    return published_at + timedelta(days=days(event))
