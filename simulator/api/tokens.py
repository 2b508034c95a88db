"""Access tokens: issuing, inspecting and revoking them."""

from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.clock import iso, parse_iso
from simulator.world.credentials import digest, new_secret
from simulator.world.state.tokens import Token, TokenKind

# Until an access token expires by default (90 days), and until a refresh token does.
DEFAULT_SECONDS = 7_776_000
REFRESH_SECONDS = 14 * 86_400

routes = Routes()


def issue(
    call: Call,
    kind: TokenKind,
    account: str,
    client: str,
    *,
    product_id: int | None = None,
    scopes: list[str] | None = None,
) -> dict[str, Any]:
    """Create an access token with its refresh token.

    Args:
        call: the request, which may ask for an expiry.
        kind: what the token can do.
        account: the id of the user or customer for whom it acts.
        client: the id of the OAuth client to which it is issued.
        product_id: the product to which it is limited, if any.
        scopes: the scopes to which it is limited, if any.

    Returns:
        The body of the answer, which alone shows the tokens.
    """
    now = call.cloud.clock.now()
    expires_at = _expiry(call, now)
    access, refresh = new_secret(), new_secret()
    token = Token(
        digest=digest(access),
        kind=kind,
        account=account,
        client=client,
        product_id=product_id,
        scopes=scopes,
        expires_at=expires_at,
        refresh_digest=digest(refresh),
        refresh_expires_at=now + REFRESH_SECONDS,
    )
    call.cloud.state.tokens.put(token.digest, token)
    return {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": 0 if expires_at is None else round(expires_at - now),
        "refresh_token": refresh,
    }


def _expiry(call: Call, now: float) -> float | None:
    """When the token expires, as `expires_in` or `expires_at` ask or by default; None for never."""
    asked = call.text("expires_in")
    if asked is not None:
        if not asked.isdecimal():
            # Invented: no source shows the answer.
            raise errors.oauth("invalid_request", "Invalid expires_in parameter")
        return now + int(asked) if int(asked) else None
    until = call.text("expires_at")
    if until is None:
        return now + DEFAULT_SECONDS
    moment = parse_iso(until)
    if moment is None or moment <= now:
        # Invented as well.
        raise errors.oauth("invalid_request", "Invalid expires_at parameter")
    return moment


@routes.get("/v1/access_tokens/current")
async def inspect(call: Call) -> Response:
    """Describe the token that sends the request."""
    token = call.token()
    expires_at = iso(token.expires_at) if token.expires_at else None
    return answer(
        {
            "expires_at": expires_at,
            "client": token.client,
            "client_id": token.client,
            "scopes": token.scopes or [],
            "orgs": [],
        }
    )


@routes.delete("/v1/access_tokens/current")
async def revoke_current(call: Call) -> Response:
    """Revoke the token that sends the request."""
    call.cloud.state.tokens.remove(call.token().digest)
    return answer({"ok": True})


@routes.delete("/v1/access_tokens")
async def revoke_all(call: Call) -> Response:
    """Revoke all tokens of the user or customer, with the refresh tokens that belong to them."""
    account, kind = call.owner(), call.token().kind
    tokens = call.cloud.state.tokens
    for token in [t for t in tokens.values() if t.account == account.id and t.kind == kind]:
        tokens.remove(token.digest)
    return answer({"ok": True})


@routes.delete("/v1/access_tokens/{token}")
async def revoke(call: Call) -> Response:
    """Revoke the token that the path names."""
    token = call.cloud.state.tokens.get(digest(call.path_params["token"]))
    if token is None:
        raise errors.unknown_token()
    call.cloud.state.tokens.remove(token.digest)
    return answer({"ok": True})
