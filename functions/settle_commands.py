"""Scheduled `settle_commands`: finishes what calls, queues and jobs have left behind."""

from datetime import UTC, datetime

from shared import log, settings, sweep
from shared.api.schedules import on_schedule
from shared.commands import queue


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def settle_commands() -> None:
    """Settle calls, send what waits for devices that are online, and continue old jobs.

    Calls that never ended become `unknown`, and those that have waited too long `expired`. The next
    run does what this one cannot finish.
    """
    now = datetime.now(UTC)
    settled = queue.settle_all(now)
    if settled:
        log.commands_settled(settled)
    queue.send_where_online(now)
    sweep.go_on(now)
