"""Callable `revoke_tokens`: revoke the tokens that the caller's apps were given."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.customers import app_tokens


class Request(Input, frozen=True):
    """No fields: the ID token says who is calling."""


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def revoke_tokens(caller: Caller, request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Answer `{}`. Tokens that the server no longer holds end by themselves within the hour."""
    app_tokens.revoke(caller.uid)
    return {}
