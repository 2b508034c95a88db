"""Scheduled `settle_commands`: what was begun and left, by a call, a queue or a job."""

from datetime import UTC, datetime

from shared import log, settings, sweep
from shared.api.triggers import on_schedule
from shared.commands import queue


@on_schedule("every 5 minutes", secrets=settings.PARTICLE_SECRETS)
def settle_commands() -> None:
    """Settle calls, have sent what waits for devices that are online, and go on with old jobs.

    Calls that never ended become `unknown`, and ones that have waited too long `expired`. What is
    left over comes next time.
    """
    now = datetime.now(UTC)
    settled = queue.settle_all(now)
    if settled:
        log.commands_settled(settled)
    queue.send_where_online(now)
    sweep.go_on(now)
