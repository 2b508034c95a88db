"""Callable `mint_token`: a token for the caller's own calls to the Particle API."""

from typing import Any

from shared import settings
from shared.api.callables import Caller, Input, callable_function, iso
from shared.customers import app_tokens


class Request(Input, frozen=True):
    """Nothing: who asks is in the ID token."""


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def mint_token(caller: Caller, request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Answer `{accessToken, expiresAt, customerId}`, good for about an hour.

    The token is the caller's shadow customer's: it reaches the devices they claimed, and nothing
    else. Asked again, it may answer the same token while that has 55 minutes left.
    """
    token = app_tokens.mint(caller.uid)
    return {
        "accessToken": token.value,
        "expiresAt": iso(token.expires_at),
        "customerId": token.customer_name,
    }
