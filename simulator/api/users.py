"""Developer accounts and their multi-factor authentication."""

from typing import Any

import pyotp
from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.oauth import otp_matches
from simulator.api.routes import Routes
from simulator.world.credentials import digest, hash_password, new_id, new_secret, password_matches
from simulator.world.platforms import CELLULAR
from simulator.world.state.users import User

routes = Routes()


@routes.post("/v1/users")
async def create(call: Call) -> Response:
    """Create a developer account."""
    username = (call.text("username") or "").strip().lower()
    password = call.text("password")
    if not username or not password:
        raise errors.failed(400, "username and password are required")  # invented
    state = call.cloud.state
    if state.users.named(username):
        raise errors.failed(400, "username already in use")  # invented
    user = User(
        id=new_id(),
        username=username,
        password=hash_password(password),
        account_info=_info(call),
        created_at=call.cloud.clock.now(),
    )
    state.users.put(user.id, user)
    return answer({"ok": True})


def _info(call: Call) -> dict[str, Any]:
    given = call.params.get("account_info")
    return given if isinstance(given, dict) else {}


@routes.get("/v1/user")
async def get(call: Call) -> Response:
    """Show the account of the user."""
    return answer(_view(call, call.user()))


def _view(call: Call, user: User) -> dict[str, Any]:
    owned = call.cloud.state.devices.owned_by(user.id)
    cellular = sum(device.platform_id in CELLULAR for device in owned)
    return {
        "username": user.username,
        "subscription_ids": [],
        "account_info": user.account_info,
        "mfa": {"enabled": user.otp_secret is not None},
        "wifi_device_count": len(owned) - cellular,
        "cellular_device_count": cellular,
        "scim_provisioned": False,
        "no_password": user.password is None,
    }


@routes.get("/v1/user/identify")
async def identify(call: Call) -> Response:
    """Show who the user is, with `tracking` only the id; the SDK documents the keys."""
    user = call.user()
    if call.query.get("tracking"):
        return answer({"id": user.id})
    return answer({"id": user.id, "email": user.username})


@routes.put("/v1/user")
async def update(call: Call) -> Response:
    """Change the account's data, or with the current password the user name or the password."""
    user = call.user()
    state = call.cloud.state
    username = (call.text("username") or "").strip().lower()
    password = call.text("password")
    if username or password:
        _check_password(call, user)
    if username and username != user.username:
        if state.users.named(username):
            raise errors.failed(400, "username already in use")  # invented
        state.users.rename(user, username)
    if password:
        user.password = hash_password(password)
    if "account_info" in call.params:
        user.account_info |= _info(call)
    if call.flag("invalidate_tokens"):
        state.revoke_account(user.id)
    state.users.touch(user.id)
    return answer({"ok": True, **_view(call, user)})


def _check_password(call: Call, user: User) -> None:
    if not password_matches(call.text("current_password") or "", user.password):
        raise errors.failed(400, "current_password is wrong")  # invented


@routes.delete("/v1/user")
async def delete(call: Call) -> Response:
    """Delete the account."""
    user = call.user()
    if not password_matches(call.text("password") or "", user.password):
        raise errors.failed(400, "password is wrong")  # invented
    call.cloud.state.remove_user(user)
    return answer({"ok": True})


@routes.post("/v1/user/password-reset")
async def reset_password(call: Call) -> Response:
    """Answer as if an e-mail had been sent, whether or not the account exists."""
    if not call.text("username"):
        raise errors.failed(400, "username is required")  # invented
    return answer({"ok": True, "message": "Password reset email sent."})


# Multi-factor authentication. The bodies of all these answers are invented.


@routes.get("/v1/user/mfa-enable")
async def prepare_mfa(call: Call) -> Response:
    """Offer a secret for an authenticator app, which counts only after `confirm_mfa`."""
    user = call.user()
    secret, mfa_token = pyotp.random_base32(), new_secret()
    call.cloud.state.mfa_setups[digest(mfa_token)] = (user.id, secret)
    url = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="Simulator")
    return answer({"ok": True, "mfa_token": mfa_token, "mfa_url": url})


@routes.post("/v1/user/mfa-enable")
async def confirm_mfa(call: Call) -> Response:
    """Switch multi-factor authentication on, with a one-time password that proves the set-up."""
    user = call.user()
    prepared = call.cloud.state.mfa_setups.get(digest(call.text("mfa_token") or ""))
    if prepared is None or prepared[0] != user.id or not otp_matches(call, prepared[1]):
        raise errors.oauth("invalid_grant", "OTP invalid")
    user.otp_secret = prepared[1]
    del call.cloud.state.mfa_setups[digest(call.text("mfa_token") or "")]
    if call.flag("invalidate_tokens"):
        call.cloud.state.revoke_account(user.id)
    call.cloud.state.users.touch(user.id)
    return answer({"ok": True})


@routes.put("/v1/user/mfa-disable")
async def disable_mfa(call: Call) -> Response:
    """Switch multi-factor authentication off."""
    user = call.user()
    _check_password(call, user)
    user.otp_secret = None
    call.cloud.state.users.touch(user.id)
    return answer({"ok": True})
