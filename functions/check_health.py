"""Scheduled `check_health`: whether events still come from Particle."""

from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule

from shared import canary, settings


@on_schedule(
    schedule="every 5 minutes", secrets=settings.PARTICLE_SECRETS, **settings.SCHEDULE_OPTIONS
)
def check_health(_event: ScheduledEvent) -> None:
    """Send a canary the whole way; what becomes of it is recorded, and logged for the alarms."""
    if not settings.health_check():
        return
    canary.check()
