"""Callable `test_webhook`: post a test message to the receiver of a webhook of the caller's."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input, WebhookId
from shared.notifications import trial


class Request(Input, frozen=True):
    """Which webhook."""

    webhook_id: WebhookId


@callable_function(Request, secrets=settings.WEBHOOK_SECRETS)
def test_webhook(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{status}`: that of the receiver's answer; null if there was none."""
    return {"status": trial.post(caller.uid, request.webhook_id)}
