"""Scheduled `settle_commands`: settle and continue what was begun and left over."""

from shared import settings, sweep
from shared.api.schedules import on_schedule


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def settle_commands() -> None:
    """Settle calls, have waiting ones sent to devices that are online, and continue old jobs.

    Calls that never ended become `unknown`, and ones that have waited too long `expired`. The next
    run does what is left.
    """
    sweep.run()
