"""Scheduled `check_health`: whether events arrive from Particle, and what is due is done."""

from datetime import UTC, datetime

from shared import due, settings
from shared.api.schedules import on_schedule
from shared.telemetry import arrivals, canary


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def check_health() -> None:
    """Log what is wrong, and whether a canary arrives; alarms watch the log.

    Wrong are an unusual silence of the fleet, and a `run_due` that is late or behind.
    """
    now = datetime.now(UTC)
    arrivals.check(now)
    due.check(now)
    if settings.health_check():
        canary.check()
