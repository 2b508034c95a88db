"""Scheduled `check_health`: checks whether events still arrive from Particle."""

from datetime import UTC, datetime

from shared import settings
from shared.api.schedules import on_schedule
from shared.telemetry import arrivals, canary


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def check_health() -> None:
    """Log an unusual silence of the fleet, and whether a canary arrives; alarms watch the log."""
    arrivals.check(datetime.now(UTC))
    if settings.health_check():
        canary.check()
