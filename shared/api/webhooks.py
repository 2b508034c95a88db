"""The decorator of functions that Particle's webhooks call, and who may call them.

Particle signs nothing and names no addresses from which it calls (Particle docs, "Webhooks"): a
secret in a header admits a webhook, or the password of its basic authentication.
"""

import functools
import hmac
from collections.abc import Callable

from firebase_functions.params import SecretParam
from flask import Request, Response

from shared import log, settings
from shared.firestore import deadline
from shared.telemetry.ingest import RETRIABLE

HEADER = "X-Ingest-Key"

View = Callable[[Request], Response]
Handler = Callable[[str, bytes], object]
"""Takes the content type and the body. Returns when the body need not come again."""


def on_webhook(
    longest: int, *, secrets: list[SecretParam] | None = None
) -> Callable[[Handler], View]:
    """Run on each request that has one of the secrets. It gets `longest` bytes and one, at most.

    The answer has no body: Particle would publish it. It is 204, whatever was sent: with another
    one Particle repeats the request twice and then slows down all webhooks to the same host. Only
    401 for a wrong secret and 503 when the request has to come again differ.
    """

    def decorate(function: Handler) -> View:
        @functools.wraps(function)
        def view(request: Request) -> Response:
            if not is_known(request):
                log.webhook_refused()
                return Response(status=401)
            body = request.stream.read(longest + 1)
            try:
                with deadline.within(settings.INGEST_TIMEOUT, deadline.EVENT):
                    function(request.content_type or "", body)
            except RETRIABLE as failure:
                log.webhook_postponed(failure)
                return Response(status=503)
            return Response(status=204)

        if settings.is_discovery():
            from shared.api import manifest  # noqa: PLC0415 - it needs the SDK

            manifest.declare_webhook(view, secrets)
        return view

    return decorate


def is_known(request: Request) -> bool:
    """Whether a request has one of the secrets; it takes equally long for each that has none."""
    basic = request.authorization
    given = request.headers.get(HEADER) or (basic.password if basic else None) or ""
    equal = [
        hmac.compare_digest(given.encode(), one.encode()) for one in settings.webhook_secrets()
    ]
    return any(equal)
