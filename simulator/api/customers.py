"""The customers of a product."""

from urllib.parse import urlencode

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.device_views import summary
from simulator.api.routes import Routes
from simulator.api.tokens import issue
from simulator.world.credentials import hash_password, new_id
from simulator.world.state.clients import Client
from simulator.world.state.customers import Customer
from simulator.world.state.products import Product

routes = Routes()

CREATE_SCOPES = {"customers:create", "customers:*", "*:*"}


@routes.post("/v1/products/{product}/customers")
async def create(call: Call) -> Response:
    """Create a customer and log them in; for an existing one there is an error and no token."""
    if call.body_error:
        raise call.body_error
    product = call.cloud.state.products.find(call.path_params["product"])
    client, implicit = _creator(call, product)
    if product is None:
        raise errors.product_not_found()
    username = (call.text("email") or call.text("username") or "").strip().lower()
    if not username:
        raise errors.failed(400, "email is required")  # invented
    password = call.text("password") or None
    if password is None and (client is None or implicit or not call.flag("no_password")):
        raise errors.failed(400, "password is required")  # invented
    if call.cloud.state.customers.named(product.id, username):
        raise errors.failed(400, "Customer already exists")
    customer = Customer(
        id=new_id(),
        product_id=product.id,
        username=username,
        password=hash_password(password) if password else None,
        created_at=call.cloud.clock.now(),
    )
    call.cloud.state.customers.put(customer.id, customer)
    client_id = client.id if client else call.token().client
    body = issue(call, "customer", customer.id, client_id, product_id=product.id)
    if client and implicit:
        fragment = urlencode({key: body[key] for key in ("access_token", "token_type")})
        return answer(body, 201, {"Location": f"{client.redirect_uri}#{fragment}"})
    scope = {} if password else {"scope": f"customer={username}"}
    return answer({**body, **scope}, 201)


def _creator(call: Call, product: Product | None) -> tuple[Client | None, bool]:
    """The client that creates the customer, and whether it is a web page.

    (None, False) when a team member creates the customer.
    """
    client_id, secret = call.client_credentials()
    if client_id is None:
        # With the bearer token of someone in the product's team, but not of an API user.
        if call.token().kind == "api-user":
            raise errors.api_user_refused()
        call.product("customers:create")
        return None, False
    implicit = call.text("response_type") == "token"
    if implicit and not secret:
        client = call.cloud.state.clients.get(client_id)
        if client is None or client.type != "web":
            raise errors.invalid_client()
    else:
        client = call.client(client_id, secret)
    if product is not None and client.product_id != product.id:
        raise errors.not_permitted()
    if client.scopes is not None and not CREATE_SCOPES & set(client.scopes):
        raise errors.not_permitted()
    return client, implicit


@routes.get("/v1/products/{product}/customers")
async def list_customers(call: Call) -> Response:
    """List the customers who own a device; no source shows any others."""
    product = call.product("customers:list")
    state = call.cloud.state
    owned = {
        customer.id: state.devices.owned_by(customer.id)
        for customer in state.customers.values()
        if customer.product_id == product.id
    }
    shown = [state.customers[key] for key, devices in owned.items() if devices]
    number, size = call.page()
    page = shown[(number - 1) * size : number * size]
    return answer(
        {
            "customers": [
                {
                    "id": customer.id,
                    "username": customer.username,
                    "devices": [device.id for device in owned[customer.id]],
                }
                for customer in page
            ],
            "devices": [summary(device) for c in page for device in owned[c.id]],
            "meta": {"total_pages": -(-len(shown) // size)},
        }
    )


def _named(call: Call, product: Product) -> Customer:
    customer = call.cloud.state.customers.named(product.id, call.path_params["email"])
    if customer is None:
        raise errors.failed(404, "Customer not found.")  # invented
    return customer


@routes.put("/v1/products/{product}/customers/{email}")
async def update_password(call: Call) -> Response:
    """Change the password of a customer who has one."""
    customer = _named(call, call.product("customers:update"))
    password = call.text("password")
    if not password:
        raise errors.failed(400, "password is required")  # invented
    if customer.password is None:
        raise errors.failed(400, "Customer has no password")  # invented
    customer.password = hash_password(password)
    call.cloud.state.customers.touch(customer.id)
    return answer({"ok": True})


@routes.delete("/v1/products/{product}/customers/{email}")
async def delete(call: Call) -> Response:
    """Delete a customer; their devices become unclaimed."""
    call.cloud.state.remove_customer(_named(call, call.product("customers:remove")))
    return answer({"ok": True})
