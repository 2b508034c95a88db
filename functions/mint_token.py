"""Callable `mint_token`: a token for the caller's own calls to the Particle API."""

from typing import Any

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.customers import app_tokens
from shared.times import iso


class Request(Input, frozen=True):
    """No fields: the ID token says who is calling."""


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def mint_token(caller: Caller, request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Answer `{accessToken, expiresAt, customerId}`; the token is valid for about an hour.

    It belongs to the caller's shadow customer: it reaches the devices they claimed, and nothing
    else. Another call may return the same token while that has 55 minutes left.
    """
    token = app_tokens.mint(caller.uid)
    return {
        "accessToken": token.value,
        "expiresAt": iso(token.expires_at),
        "customerId": token.customer_name,
    }
