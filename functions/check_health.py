"""Scheduled `check_health`: whether events still come from Particle."""

from datetime import UTC, datetime

from shared import settings
from shared.api.triggers import on_schedule
from shared.telemetry import arrivals, canary


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def check_health() -> None:
    """Report an unusual silence of the fleet and send a canary the whole way, for the alarms."""
    arrivals.check(datetime.now(UTC))
    if settings.health_check():
        canary.check()
