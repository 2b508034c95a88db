"""The decorator of scheduled functions; apart from the triggers, which start faster without it."""

import functools
from collections.abc import Callable
from typing import Any

from firebase_functions import scheduler_fn
from firebase_functions.params import SecretParam

from shared import settings
from shared.firestore import deadline


def on_schedule(
    schedule: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Callable[[], None]], Any]:
    """Run by a schedule such as `every 5 minutes`. The next run does what one does not finish."""

    def decorate(function: Callable[[], None]) -> Any:
        @functools.wraps(function)
        def entry(_event: scheduler_fn.ScheduledEvent) -> None:
            with deadline.within(settings.SCHEDULE_TIMEOUT, deadline.EVENT):
                function()

        return scheduler_fn.on_schedule(
            schedule=schedule, secrets=secrets, **settings.SCHEDULE_OPTIONS
        )(entry)

    return decorate
