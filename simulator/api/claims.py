"""Claiming devices, by their id or by a claim code."""

import base64
import secrets
from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.clock import Clock, iso
from simulator.world.credentials import digest, new_id
from simulator.world.state.claim_codes import ClaimCode
from simulator.world.state.customers import Customer
from simulator.world.state.devices import Device
from simulator.world.state.users import User

routes = Routes()

CODE_SECONDS = 3600.0


@routes.post("/v1/devices")
async def claim(call: Call) -> Response:
    """Claim a device by its id, with the token of its future owner."""
    account = call.owner()
    device_id = call.text("id")
    if device_id is None and "product_id" in call.params:
        raise errors.not_simulated("provisioning of device ids for self-made hardware")
    state = call.cloud.state
    device = state.devices.get(device_id or "")
    if device is None or device.denied:
        raise errors.claim_refused(404, "device does not exist")
    if isinstance(account, Customer) and device.member_of != account.product_id:
        # Invented: no source shows what happens.
        raise errors.claim_refused(403, "Device is not part of this product.")
    if device.owner not in {None, account.id}:
        transfer = call.flag("request_transfer") or call.query.get("request_transfer") == "true"
        if transfer:
            # Invented, except for the key transfer_id.
            return answer({"ok": False, "id": device.id, "transfer_id": new_id()})
        raise errors.claim_refused(403, "That belongs to someone else.", with_ok=False)
    if device.member_of is None and not device.online and device.owner is None:
        raise errors.claim_refused(404, ["Core isn't online", 404])
    if device.owner is None:
        state.devices.set_owner(device, account.id)
        call.cloud.fleet.after_claim(device)
    return answer(_claimed(account, device, call.cloud.clock))


def _claimed(account: User | Customer, device: Device, clock: Clock) -> dict[str, Any]:
    common = {"id": device.id, "connected": device.online, "ok": True}
    if isinstance(account, Customer):
        return {
            "customer_id": account.id,
            "product_id": device.product_id,
            "updated_at": iso(clock.now()),
            **common,
        }
    return {"user_id": account.id, **common}


@routes.post("/v1/device_claims")
async def create_code_for_user(call: Call) -> Response:
    """Create a claim code for the user who sends the request."""
    return _create_code(call, call.user(), None)


@routes.post("/v1/products/{product}/device_claims")
async def create_code_for_customer(call: Call) -> Response:
    """Create a claim code for the customer who sends the request.

    With any other token, the claim would go to the wrong account.
    """
    account = call.owner()
    product = call.cloud.state.products.find(call.path_params["product"])
    if product is None:
        raise errors.product_not_found()
    if not isinstance(account, Customer) or account.product_id != product.id:
        raise errors.not_permitted()
    return _create_code(call, account, product.id)


def _create_code(call: Call, account: User | Customer, product_id: int | None) -> Response:
    state = call.cloud.state
    # When the app sends a number of the modem, that number is the code.
    code = call.text("iccid") or call.text("imei") or new_code()
    row = ClaimCode(
        digest=digest(code),
        account=account.id,
        product_id=product_id,
        expires_at=call.cloud.clock.now() + CODE_SECONDS,
    )
    state.claim_codes.put(row.digest, row)
    owned = [device.id for device in state.devices.owned_by(account.id)]
    return answer({"claim_code": code, "device_ids": owned})


def new_code() -> str:
    """Return a new code: 63 characters of the base64 alphabet, as many as a device stores."""
    return base64.b64encode(secrets.token_bytes(47)).decode().rstrip("=")
