"""OAuth clients, API users, members and products."""

from typing import Any
from urllib.parse import quote

from tests.unit.simulator.world import PRODUCT, World

TEAM = f"{PRODUCT}/team"
REFUSED = {
    "error": "unauthorized",
    "error_description": "API users are not allowed to call this endpoint",
}


def api_user(world: World, *scopes: str) -> tuple[str, str]:
    """Name and token of a new API user."""
    body = {"friendly_name": "robot", "scopes": list(scopes)}
    answer = world.call("POST", TEAM, world.user_token(), json=body)
    assert answer.status_code == 200
    created = answer.json()["created"]
    assert created["is_programmatic"] is True
    return created["username"], created["tokens"][0]["token"]


def test_api_user_may_do_what_its_scopes_say(world: World) -> None:
    device = world.device()["id"]
    _, token = api_user(world, "devices:list", "devices.function:call")
    assert world.call("GET", f"{PRODUCT}/devices", token).status_code == 200
    path = f"{PRODUCT}/devices/{device}"
    assert world.call("POST", f"{path}/set_target", token, data={"arg": "20"}).status_code == 200
    assert world.call("POST", f"/v1/devices/{device}/set_target", token).status_code == 200
    for method, refused in (
        ("GET", path),
        ("GET", f"{path}/mode"),
        ("GET", f"{PRODUCT}/customers"),
        ("GET", f"{PRODUCT}/events"),
    ):
        assert world.call(method, refused, token).status_code == 403


def test_wildcard_scope(world: World) -> None:
    _, token = api_user(world, "clients:*")
    assert world.call("GET", f"{PRODUCT}/clients", token).status_code == 200
    assert world.call("GET", f"{PRODUCT}/devices", token).status_code == 403


def test_routes_closed_to_api_users(world: World) -> None:
    _, token = api_user(world, "*:*")
    form = {"email": "x", "password": "y"}
    for method, path in (
        ("GET", "/v1/user"),
        ("POST", "/v1/devices"),
        ("POST", "/v1/device_claims"),
        ("POST", f"{PRODUCT}/customers"),
    ):
        answer = world.call(method, path, token, data=form if method == "POST" else None)
        assert answer.status_code == 400
        assert answer.json() == REFUSED


def test_new_scopes_make_a_new_token(world: World) -> None:
    name, old = api_user(world, "devices:list")
    path = f"{TEAM}/{quote(name, safe='')}"
    user = world.user_token()
    changed = world.call("PUT", path, user, json={"scopes": ["customers:list"]}).json()
    new = changed["updated"]["tokens"][0]["token"]
    assert world.call("GET", f"{PRODUCT}/customers", old).status_code == 401
    assert world.call("GET", f"{PRODUCT}/customers", new).status_code == 200
    for method in ("PUT", "POST"):
        again = world.call(method, f"{path}/token", user).json()["updated"]
        assert again["tokens"][0]["token"] != new
    world.control("POST", "/clock", {"advance": 10**9})
    newest = again["tokens"][0]["token"]
    assert world.call("GET", f"{PRODUCT}/customers", newest).status_code == 200
    assert world.call("DELETE", path, world.user_token()).json() == {"ok": True}
    assert world.call("GET", f"{PRODUCT}/customers", newest).status_code == 401


def test_team_list(world: World) -> None:
    name, _ = api_user(world, "devices:list")
    person, robot = world.call("GET", TEAM, world.user_token()).json()["team"]
    assert person["username"] == world.server.cloud.settings.username
    assert robot == {
        "username": name,
        "friendly_name": "robot",
        "scopes": ["devices:list"],
        "is_programmatic": True,
        "product_id": 1319,
    }


def new_user(world: World, name: str) -> str:
    world.call("POST", "/v1/users", json={"username": name, "password": "p"})
    form: dict[str, Any] = {"grant_type": "password", "username": name, "password": "p"}
    return world.token(("particle", "particle"), **form).access


def test_roles(world: World) -> None:
    maker, viewer = world.user_token(), new_user(world, "viewer@example.com")
    assert world.call("GET", f"{PRODUCT}/devices", viewer).status_code == 403
    body = {"username": "viewer@example.com", "role": "View-only"}
    assert world.call("POST", TEAM, maker, json=body).json()["ok"] is True
    assert world.call("GET", f"{PRODUCT}/devices", viewer).status_code == 200
    device = world.device()["id"]
    path = f"{PRODUCT}/devices/{device}"
    assert world.call("POST", f"{path}/set_target", viewer).status_code == 403
    # A member sees the product's devices on the user's route, without owning them.
    assert world.call("GET", f"/v1/devices/{device}", viewer).status_code == 200
    assert world.call("GET", f"/v1/devices/{device}/mode", viewer).status_code == 403
    assert world.call("DELETE", f"{TEAM}/viewer@example.com", maker).status_code == 200
    assert world.call("GET", f"{PRODUCT}/devices", viewer).status_code == 403


def test_owner_stays(world: World) -> None:
    owner = world.server.cloud.settings.username
    assert world.call("DELETE", f"{TEAM}/{owner}", world.user_token()).status_code == 400


def test_client_secret_is_shown_once(world: World) -> None:
    user = world.user_token()
    fields = {"name": "My App", "type": "installed"}
    made = world.call("POST", f"{PRODUCT}/clients", user, json=fields).json()["client"]
    assert made["id"].startswith("my-app-")
    path = f"{PRODUCT}/clients"
    listed = world.call("GET", path, user).json()["clients"]
    assert all("secret" not in client for client in listed)
    auth = (made["id"], made["secret"])
    token = world.token(auth, grant_type="client_credentials").access
    assert world.call("DELETE", f"{path}/{made['id']}", user).status_code == 204
    assert world.call("GET", PRODUCT, token).status_code == 401
    assert world.grant(auth, grant_type="client_credentials").status_code == 400


def test_clearing_a_clients_scope(world: World) -> None:
    user = world.user_token()
    fields = {"name": "a", "type": "installed", "scope": "customers:create"}
    made = world.call("POST", f"{PRODUCT}/clients", user, json=fields).json()["client"]
    path = f"{PRODUCT}/clients/{made['id']}"
    assert "scope" not in world.call("PUT", path, user, json={"scope": "none"}).json()["client"]


def test_product_by_slug(world: World) -> None:
    token = world.server_token()
    slug = world.call("GET", PRODUCT, token).json()["product"]["slug"]
    assert world.call("GET", f"/v1/products/{slug}/devices", token).status_code == 200
    answer = world.call("GET", "/v1/products/nope/devices", token)
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error": "Product not found."}
