"""Callable `delete_webhook`: delete a webhook of the caller's."""

from typing import Any

from shared.api.callables import callable_function
from shared.api.requests import Caller, Input, WebhookId
from shared.notifications import webhooks


class Request(Input, frozen=True):
    """Which webhook."""

    webhook_id: WebhookId


@callable_function(Request)
def delete_webhook(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{}`. A webhook that does not exist is no failure."""
    webhooks.delete(caller.uid, request.webhook_id)
    return {}
