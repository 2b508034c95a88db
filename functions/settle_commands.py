"""Scheduled `settle_commands`: calls that never ended, and ones that have waited too long."""

from datetime import UTC, datetime

from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule

from shared import log, queueing, settings


@on_schedule(schedule="every 5 minutes", **settings.SCHEDULE_OPTIONS)
def settle_commands(_event: ScheduledEvent) -> None:
    """Make the former `unknown` and the latter `expired`; what is left over comes next time."""
    settled = queueing.settle_all(datetime.now(UTC))
    if settled:
        log.commands_settled(settled)
