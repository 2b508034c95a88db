"""Callable `save_webhook`: make a webhook of the caller's, or change one."""

from typing import Annotated, Any, Literal

from google.api_core.exceptions import AlreadyExists
from msgspec import Meta

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input, WebhookId
from shared.errors import SignInRequired
from shared.notifications import webhooks

_Type = Literal["alert.fired", "alert.cleared"]


class Request(Input, frozen=True):
    """Where what is posted."""

    url: Annotated[str, Meta(min_length=1, max_length=500)]
    webhook_id: WebhookId | None = None
    """Which webhook to change; without it, a new one is made."""
    types: Annotated[list[_Type], Meta(min_length=1, max_length=2)] | None = None
    """Without it, all."""
    enabled: bool = True
    rotate: bool = False
    """Whether it gets a new secret."""


@callable_function(Request, secrets=settings.WEBHOOK_SECRETS)
def save_webhook(caller: Caller, request: Request) -> dict[str, Any]:
    """Answer `{webhookId, secret}`; the secret only of a new webhook, or after a rotation."""
    try:
        saved = webhooks.save(
            caller.uid,
            request.webhook_id,
            url=request.url,
            types=list(request.types or webhooks.TYPES),
            enabled=request.enabled,
            rotate=request.rotate,
        )
    except AlreadyExists:
        raise SignInRequired("This account was deleted.") from None
    return {"webhookId": saved.webhook_id, "secret": saved.secret}
