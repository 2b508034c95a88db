"""`POST /oauth/token`: the grants by which clients get access tokens."""

from typing import Any

import pyotp
from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import FORM, Call, answer
from simulator.api.routes import Routes
from simulator.api.tokens import issue
from simulator.world.credentials import digest, new_secret, password_matches
from simulator.world.state.clients import Client
from simulator.world.state.tokens import Token

routes = Routes()

MFA_GRANT = "urn:custom:mfa-otp"
MFA_TOKEN_SECONDS = 300


@routes.post("/oauth/token")
async def token(call: Call) -> Response:
    """Issue an access token, or refuse to."""
    if call.content_type != FORM:
        raise errors.oauth(
            "invalid_request",
            "Method must be POST with application/x-www-form-urlencoded encoding",
        )
    grant = call.text("grant_type")
    if not grant:
        raise errors.oauth("invalid_request", "Invalid or missing grant_type parameter")
    client = call.client(*call.client_credentials())
    grants = {
        "password": _password,
        "refresh_token": _refresh,
        "client_credentials": _client_credentials,
        MFA_GRANT: _otp,
    }
    if grant not in grants:
        raise errors.oauth("invalid_request", "Invalid grant_type parameter or parameter missing")
    body = grants[grant](call, client)
    return answer(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _password(call: Call, client: Client) -> dict[str, Any]:
    username, password = call.text("username"), call.text("password")
    if not username or not password:
        raise errors.oauth(
            "invalid_request", 'Missing parameters. "username" and "password" are required'
        )
    state = call.cloud.state
    if client.product_id is not None:
        customer = state.customers.named(client.product_id, username)
        if customer is None or not password_matches(password, customer.password):
            raise errors.oauth("invalid_grant", "User credentials are invalid")
        return issue(call, "customer", customer.id, client.id, product_id=client.product_id)
    user = state.users.named(username)
    if user is None or not password_matches(password, user.password):
        raise errors.oauth("invalid_grant", "User credentials are invalid")
    if user.otp_secret:
        mfa_token = new_secret()
        call.cloud.state.mfa_logins[digest(mfa_token)] = (
            user.id,
            call.cloud.clock.now() + MFA_TOKEN_SECONDS,
        )
        error = errors.oauth("mfa_required", "Multi-factor authentication required", 403)
        raise errors.ApiError(403, {**dict_of(error), "mfa_token": mfa_token})
    return issue(call, "user", user.id, client.id)


def dict_of(error: errors.ApiError) -> dict[str, Any]:
    """Return the body of an error, which for OAuth is an object."""
    return error.body if isinstance(error.body, dict) else {}


def _otp(call: Call, client: Client) -> dict[str, Any]:
    login = call.cloud.state.mfa_logins.get(digest(call.text("mfa_token") or ""))
    if login is None or login[1] <= call.cloud.clock.now():
        raise errors.oauth("invalid_grant", "OTP expired")
    user = call.cloud.state.users[login[0]]
    if not user.otp_secret or not otp_matches(call, user.otp_secret):
        # Invented: only the answer to an expired one has been recorded.
        raise errors.oauth("invalid_grant", "OTP invalid")
    del call.cloud.state.mfa_logins[digest(call.text("mfa_token") or "")]
    return issue(call, "user", user.id, client.id)


def otp_matches(call: Call, secret: str) -> bool:
    """Whether the one-time password in the request is right; half a minute of drift is allowed."""
    return pyotp.TOTP(secret).verify(
        call.text("otp") or "", for_time=call.cloud.clock.datetime(), valid_window=1
    )


def _refresh(call: Call, client: Client) -> dict[str, Any]:
    presented = call.text("refresh_token")
    if not presented:
        raise errors.oauth("invalid_request", 'No "refresh_token" parameter')
    state = call.cloud.state
    old = state.tokens.with_refresh(digest(presented))
    if old is None or old.client != client.id:
        raise errors.oauth("invalid_grant", "Invalid refresh token")
    if old.refresh_expires_at <= call.cloud.clock.now():
        raise errors.oauth("invalid_grant", "Refresh token has expired")
    state.tokens.remove(old.digest)
    body = issue(
        call, old.kind, old.account, client.id, product_id=old.product_id, scopes=old.scopes
    )
    return {**body, **_scope(call, old)}


def _scope(call: Call, token: Token) -> dict[str, str]:
    customer = call.cloud.state.customers.get(token.account)
    return {"scope": f"customer={customer.username}"} if customer else {}


def _client_credentials(call: Call, client: Client) -> dict[str, Any]:
    if client.product_id is None or client.owner is None:
        # Invented: no source shows what a client outside any product gets.
        raise errors.oauth("invalid_grant", "Client credentials are not valid for this client")
    scope = call.text("scope")
    if not scope:
        return issue(
            call,
            "product",
            client.owner,
            client.id,
            product_id=client.product_id,
            scopes=client.scopes,
        )
    kind, _, email = scope.partition("=")
    customer = call.cloud.state.customers.named(client.product_id, email)
    if kind != "customer" or customer is None or client.creates_customers_only:
        # Invented: no source shows the status or the text.
        raise errors.oauth("invalid_grant", "Customer not found")
    body = issue(call, "customer", customer.id, client.id, product_id=client.product_id)
    return {**body, "scope": f"customer={customer.username}"}
