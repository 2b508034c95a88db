"""OAuth clients of users and of products."""

from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer, no_content
from simulator.api.routes import Routes
from simulator.world.credentials import digest, new_secret
from simulator.world.state.clients import Client

routes = Routes()

SCOPES = {"customers:create", "*:*"}


def _scope(call: Call, right: str) -> tuple[str, int | None]:
    """The owner and the product whose clients the request is about."""
    if "product" in call.path_params:
        product = call.product(f"clients:{right}")
        return product.owner, product.id
    return call.user().id, None


def _listed(call: Call, right: str) -> list[Client]:
    owner, product_id = _scope(call, right)
    return [
        client
        for client in call.cloud.state.clients.values()
        if client.product_id == product_id and (product_id is not None or client.owner == owner)
    ]


def _one(call: Call, right: str) -> Client:
    for client in _listed(call, right):
        if client.id == call.path_params["client"]:
            return client
    raise errors.failed(404, "Client not found")  # invented


def _view(client: Client) -> dict[str, Any]:
    view: dict[str, Any] = {"id": client.id, "name": client.name, "type": client.type}
    if client.redirect_uri:
        view["redirect_uri"] = client.redirect_uri
    if client.scopes:
        view["scope"] = " ".join(client.scopes)
    if client.product_id is not None:
        view["product_id"] = client.product_id
    return view


def _scopes(call: Call) -> list[str] | None:
    """The scopes asked for, separated by spaces; None, for no limit, when that is `none`."""
    words = (call.text("scope") or "none").split()
    if words == ["none"]:
        return None
    if not set(words) <= SCOPES:
        raise errors.failed(400, "scope is invalid")  # invented
    return words


@routes.get("/v1/clients", "/v1/products/{product}/clients")
async def list_clients(call: Call) -> Response:
    """List the clients, without their secrets."""
    return answer({"ok": True, "clients": [_view(client) for client in _listed(call, "list")]})


@routes.post("/v1/clients", "/v1/products/{product}/clients")
async def create(call: Call) -> Response:
    """Create a client; only this answer shows its secret."""
    owner, product_id = _scope(call, "create")
    name, kind = call.text("name"), call.text("type") or "installed"
    if not name or kind not in {"installed", "web"}:
        raise errors.failed(400, "name and type are required")  # invented
    if kind == "web" and not call.text("redirect_uri"):
        raise errors.failed(400, "redirect_uri is required")  # invented
    state = call.cloud.state
    slug = "-".join(name.lower().split())
    number = 1000 + len(state.clients)
    while f"{slug}-{number}" in state.clients:
        number += 1
    secret = new_secret()
    client = Client(
        id=f"{slug}-{number}",
        secret=digest(secret),
        name=name,
        type=kind,
        redirect_uri=call.text("redirect_uri"),
        scopes=_scopes(call),
        product_id=product_id,
        owner=owner,
    )
    state.clients.put(client.id, client)
    return answer({"ok": True, "client": {**_view(client), "secret": secret}})


@routes.put("/v1/clients/{client}", "/v1/products/{product}/clients/{client}")
async def update(call: Call) -> Response:
    """Change the name or the scopes of a client."""
    client = _one(call, "update")
    if call.text("name"):
        client.name = call.text("name") or ""
    if call.text("scope"):
        client.scopes = _scopes(call)
    call.cloud.state.clients.touch(client.id)
    return answer({"ok": True, "client": _view(client)})


@routes.delete("/v1/clients/{client}", "/v1/products/{product}/clients/{client}")
async def delete(call: Call) -> Response:
    """Delete a client, and revoke its tokens (invented)."""
    client = _one(call, "remove")
    state = call.cloud.state
    for token in [t for t in state.tokens.values() if t.client == client.id]:
        state.tokens.remove(token.digest)
    state.clients.remove(client.id)
    return no_content()
