"""Products, and the import of devices into them."""

from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.state.devices import Device
from simulator.world.state.products import Product

routes = Routes()


def _view(call: Call, product: Product) -> dict[str, Any]:
    owner = call.cloud.state.users.get(product.owner)
    return {
        "id": product.id,
        "platform_id": product.platform_id,
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "subscription_id": None,
        "user": owner.username if owner else None,
        "groups": [],
        "settings": {
            "location": {},
            "known_application": {"opt_in": False},
            "quarantine": product.quarantine,
        },
        "device_protection": "disabled",
    }


@routes.get("/v1/products", "/v1/user/products")
async def list_products(call: Call) -> Response:
    """List the products to whose team the user belongs."""
    user = call.user()
    products = [p for p in call.cloud.state.products.values() if user.id in p.team]
    return answer({"products": [_view(call, product) for product in products]})


@routes.post("/v1/user/products")
async def create_product(call: Call) -> Response:
    """Create a product, which the user then owns."""
    user = call.user()
    given = call.params.get("product")
    fields: dict[str, Any] = given if isinstance(given, dict) else {}
    name, platform = fields.get("name"), str(fields.get("platform_id", ""))
    if not isinstance(name, str) or not name or not platform.isdecimal():
        raise errors.failed(400, "name and platform_id are required")  # invented
    state = call.cloud.state
    number = max((p.id for p in state.products.values()), default=1000) + 1
    product = Product(
        id=number,
        name=name,
        slug=f"{'-'.join(name.lower().split())}-v{number}",
        description=str(fields.get("description") or ""),
        platform_id=int(platform),
        owner=user.id,
        team={user.id: "Administrator"},
    )
    state.products.put(str(number), product)
    return answer({"ok": True, "product": _view(call, product)})


@routes.get("/v1/products/{product}")
async def get_product(call: Call) -> Response:
    """Show a product."""
    return answer({"product": _view(call, call.product("products:get"))})


@routes.post("/v1/products/{product}/devices")
async def import_devices(call: Call) -> Response:
    """Add devices to the product by any of their identifiers, and approve quarantined ones."""
    product = call.product("devices:import")
    state = call.cloud.state
    results: dict[str, list[str]] = {
        "updatedDeviceIds": [],
        "existingDeviceIds": [],
        "nonmemberDeviceIds": [],
        "invalidDeviceIds": [],
        "protectedDeviceIds": [],
    }
    claimant = None
    if call.text("claim_user"):
        claimant = state.users.named(call.text("claim_user") or "")
        if claimant is None or claimant.id not in product.team:
            raise errors.failed(400, "claim_user is not a member of the team")  # invented
    for identifier in _identifiers(call):
        device = state.devices.identified(identifier)
        outcome = _import_outcome(call, product, device)
        results[outcome].append(device.id if device else identifier)
        if device and outcome == "updatedDeviceIds":
            device.product_id = product.id
            device.quarantined = device.denied = False
            state.devices.touch(device.id)
        if device and claimant and outcome in {"updatedDeviceIds", "existingDeviceIds"}:
            state.devices.set_owner(device, claimant.id)
    return answer({"updated": len(results["updatedDeviceIds"]), **results})


def _identifiers(call: Call) -> list[str]:
    lines = [line for file in call.files.values() for line in file.decode().splitlines()]
    given = [*call.texts("id"), *call.texts("ids"), *lines]
    identifiers = list(dict.fromkeys(text.strip() for text in given if text.strip()))
    if not identifiers:
        raise errors.failed(400, "id is required")  # invented
    return identifiers


def _import_outcome(call: Call, product: Product, device: Device | None) -> str:
    """The list in the answer in which the device belongs."""
    if device is None:
        return "invalidDeviceIds"
    if device.product_id == product.id and not device.quarantined and not device.denied:
        return "existingDeviceIds"
    if device.product_id not in {None, product.id}:
        return "invalidDeviceIds"
    if device.owner in call.cloud.state.users and device.owner not in product.team:
        return "nonmemberDeviceIds"
    return "updatedDeviceIds"
