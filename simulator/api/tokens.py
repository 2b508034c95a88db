"""Issues access tokens and answers their inspection and revocation."""

from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.clock import iso, parse_iso
from simulator.world.state import Token, TokenKind, digest, new_secret

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
    """Makes a token pair and returns the body that shows it, the only time it is seen."""
    now = call.cloud.clock.now()
    expires_at = _expiry(call, now)
    access, refresh = new_secret(), new_secret()
    call.cloud.state.add_token(
        Token(
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
    )
    return {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": 0 if expires_at is None else round(expires_at - now),
        "refresh_token": refresh,
    }


def _expiry(call: Call, now: float) -> float | None:
    """The end asked for by `expires_in` (0 for never) or `expires_at`, else the default."""
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
        # Invented, likewise.
        raise errors.oauth("invalid_request", "Invalid expires_at parameter")
    return moment


@routes.get("/v1/access_tokens/current")
async def inspect(call: Call) -> Response:
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
    call.cloud.state.revoke(call.token())
    return answer({"ok": True})


@routes.delete("/v1/access_tokens")
async def revoke_all(call: Call) -> Response:
    account = call.user()
    state = call.cloud.state
    for token in [t for t in state.tokens.values() if t.account == account.id and t.kind == "user"]:
        state.revoke(token)
    return answer({"ok": True})


@routes.delete("/v1/access_tokens/{token}")
async def revoke(call: Call) -> Response:
    token = call.cloud.state.tokens.get(digest(call.path_params["token"]))
    if token is None:
        raise errors.unknown_token()
    call.cloud.state.revoke(token)
    return answer({"ok": True})
