"""The decorator of scheduled functions."""

import functools
from collections.abc import Callable

from firebase_functions.params import SecretParam
from flask import Request, Response

from shared import settings
from shared.firestore import deadline

View = Callable[[Request], Response]


def on_schedule(
    schedule: str, *, secrets: list[SecretParam] | None = None
) -> Callable[[Callable[[], None]], View]:
    """Run by a schedule such as `every 5 minutes`. The next run does what one does not finish."""

    def decorate(function: Callable[[], None]) -> View:
        @functools.wraps(function)
        def view(_request: Request) -> Response:
            with deadline.within(settings.SCHEDULE_TIMEOUT, deadline.EVENT):
                function()
            return Response()

        if settings.is_discovery():
            from shared.api import manifest  # noqa: PLC0415 - it needs the SDK

            manifest.declare_schedule(view, schedule, secrets)
        return view

    return decorate
