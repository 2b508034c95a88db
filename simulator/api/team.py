"""The team of a product: people with roles, and API users with scopes."""

import secrets
from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.credentials import digest, new_id, new_secret
from simulator.world.state.products import Product
from simulator.world.state.tokens import Token
from simulator.world.state.users import User

routes = Routes()

ROLES = {"Administrator", "Developer", "View-only", "Support"}


def _api_users(call: Call, product: Product) -> list[User]:
    return [u for u in call.cloud.state.users.values() if u.api_product == product.id]


@routes.get("/v1/products/{product}/team")
async def list_team(call: Call) -> Response:
    """List the people and the API users of the product."""
    product = call.product("teams.users:list")
    state = call.cloud.state
    people = [state.users[user_id] for user_id in product.team if user_id in state.users]
    members: list[dict[str, Any]] = [
        {
            "_id": user.id,
            "username": user.username,
            "role": product.team[user.id],
            "no_mfa": user.otp_secret is None,
            "scim_provisioned": False,
            "no_password": user.password is None,
        }
        for user in people
    ]
    members += [
        {
            "username": user.username,
            "friendly_name": user.friendly_name,
            "scopes": user.scopes,
            "is_programmatic": True,
            "product_id": product.id,
        }
        for user in _api_users(call, product)
    ]
    return answer({"ok": True, "team": members})


@routes.post("/v1/products/{product}/team")
async def add(call: Call) -> Response:
    """Create an API user, or invite a person, who becomes a member at once."""
    product = call.product("teams.users:invite")
    if call.params.get("friendly_name") is None:
        return _invite(call, product)
    user = User(
        id=new_id(),
        username=f"{product.slug}+{secrets.token_hex(6)}@api.particle.io",
        created_at=call.cloud.clock.now(),
        api_product=product.id,
        friendly_name=call.text("friendly_name"),
        scopes=_scopes(call),
    )
    call.cloud.state.users.put(user.id, user)
    return answer(
        {
            "ok": True,
            "created": {
                "username": user.username,
                "is_programmatic": True,
                "tokens": [{"token": _new_token(call, user)}],
            },
        }
    )


def _invite(call: Call, product: Product) -> Response:
    username = (call.text("username") or "").strip().lower()
    role = call.text("role") or "Administrator"
    if not username or role not in ROLES:
        raise errors.failed(400, "username and role are required")  # invented
    state = call.cloud.state
    user = state.users.named(username)
    if user is None:
        user = User(id=new_id(), username=username, created_at=call.cloud.clock.now())
        state.users.put(user.id, user)
    product.team[user.id] = role
    state.products.touch(str(product.id))
    return answer({"ok": True, "invited": {"username": username}})


def _scopes(call: Call) -> list[str]:
    scopes = call.texts("scopes")
    if not scopes or not all(scope.count(":") == 1 for scope in scopes):
        raise errors.failed(400, "scopes are invalid")  # invented
    return scopes


def _new_token(call: Call, user: User) -> str:
    """Replace the token of an API user by a new one, which never expires."""
    state = call.cloud.state
    state.revoke_account(user.id)
    secret = new_secret()
    token = Token(
        digest=digest(secret),
        kind="api-user",
        account=user.id,
        client="api-user",
        product_id=user.api_product,
        scopes=user.scopes,
    )
    state.tokens.put(token.digest, token)
    return secret


def _named(call: Call, product: Product) -> User:
    user = call.cloud.state.users.named(call.path_params["username"])
    member = user and (user.api_product == product.id or user.id in product.team)
    if user is None or not member:
        raise errors.failed(404, "User not found")  # invented
    return user


def _api_user(call: Call) -> User:
    user = _named(call, call.product("teams.users:update"))
    if user.api_product is None:
        raise errors.failed(400, "not an API user")  # invented
    return user


def _updated(call: Call, user: User) -> Response:
    tokens = [{"token": _new_token(call, user)}]
    return answer({"ok": True, "updated": {"username": user.username, "tokens": tokens}})


async def update(call: Call) -> Response:
    """Change the name and the scopes of an API user, who gets a new token."""
    user = _api_user(call)
    user.friendly_name = call.text("friendly_name") or user.friendly_name
    if "scopes" in call.params:
        user.scopes = _scopes(call)
    call.cloud.state.users.touch(user.id)
    return _updated(call, user)


async def regenerate(call: Call) -> Response:
    """Replace the token of an API user."""
    return _updated(call, _api_user(call))


# Particle's documentation says PUT in one place and POST in another.
for _method in ("PUT", "POST"):
    routes.add(_method, "/v1/products/{product}/team/{username}")(update)
    routes.add(_method, "/v1/products/{product}/team/{username}/token")(regenerate)


@routes.delete("/v1/products/{product}/team/{username}")
async def remove(call: Call) -> Response:
    """Delete an API user, or remove a person from the team."""
    product = call.product("teams.users:remove")
    user = _named(call, product)
    state = call.cloud.state
    if user.api_product is not None:
        state.remove_user(user)
    else:
        if user.id == product.owner:
            raise errors.failed(400, "the owner cannot be removed")  # invented
        del product.team[user.id]
        state.products.touch(str(product.id))
    return answer({"ok": True})
