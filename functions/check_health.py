"""Scheduled `check_health`: whether events still come from Particle."""

from datetime import UTC, datetime

from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule

from shared import settings
from shared.telemetry import arrivals, canary


@on_schedule(
    schedule="every 5 minutes", secrets=settings.PARTICLE_SECRETS, **settings.SCHEDULE_OPTIONS
)
def check_health(_event: ScheduledEvent) -> None:
    """Tell an unusual silence of the fleet and send a canary the whole way, for the alarms."""
    arrivals.check(datetime.now(UTC))
    if settings.health_check():
        canary.check()
