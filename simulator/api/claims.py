"""Making accounts the owners of devices: by id and by claim code."""

import base64
import secrets
from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world.clock import Clock, iso
from simulator.world.state import ClaimCode, Customer, Device, State, User, digest, new_id

routes = Routes()

CODE_SECONDS = 3600.0


@routes.post("/v1/devices")
async def claim(call: Call) -> Response:
    """Claims a device by its id with the token of its future owner."""
    account = call.owner()
    device_id = call.text("id")
    if device_id is None and "product_id" in call.params:
        raise errors.not_simulated("provisioning of device ids for self-made hardware")
    state = call.cloud.state
    device = state.devices.get(device_id or "")
    if device is None or device.denied:
        raise errors.claim_refused(404, "device does not exist")
    member_of = None if device.quarantined else device.product_id
    if isinstance(account, Customer) and member_of != account.product_id:
        # Invented: no source tells what happens.
        raise errors.claim_refused(403, "Device is not part of this product.")
    if device.owner not in {None, account.id}:
        transfer = call.flag("request_transfer") or call.query.get("request_transfer") == "true"
        if transfer:
            # Invented but for the key transfer_id.
            return answer({"ok": False, "id": device.id, "transfer_id": new_id()})
        raise errors.claim_refused(403, "That belongs to someone else.", ok=False)
    if member_of is None and not device.online and device.owner is None:
        raise errors.claim_refused(404, ["Core isn't online", 404])
    if device.owner is None:
        state.set_owner(device, account.id)
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
    return _create_code(call, call.user(), None)


@routes.post("/v1/products/{product}/device_claims")
async def create_code_for_customer(call: Call) -> Response:
    """Needs the customer's own token: with any other the claim would go to the wrong account."""
    account = call.owner()
    product = call.cloud.state.product(call.path_params["product"])
    if product is None:
        raise errors.product_not_found()
    if not isinstance(account, Customer) or account.product_id != product.id:
        raise errors.not_permitted()
    return _create_code(call, account, product.id)


def _create_code(call: Call, account: User | Customer, product_id: int | None) -> Response:
    state = call.cloud.state
    # With the modem's number, that number is the code.
    code = call.text("iccid") or call.text("imei") or new_code()
    row = ClaimCode(
        digest=digest(code),
        account=account.id,
        product_id=product_id,
        expires_at=call.cloud.clock.now() + CODE_SECONDS,
    )
    state.claim_codes.put(row.digest, row)
    owned = [device.id for device in state.devices_of(account.id)]
    return answer({"claim_code": code, "device_ids": owned})


def new_code() -> str:
    """63 characters of the base64 alphabet, as many as a device stores."""
    return base64.b64encode(secrets.token_bytes(47)).decode().rstrip("=")


def present(state: State, clock: Clock, device: Device, code: str | None) -> bool:
    """A connecting device shows its claim code; a wrong one has no effect and no error.

    Returns:
        Whether the device has changed hands.
    """
    shown = [value for value in (code, device.iccid, device.imei) if value]
    for row in filter(None, (state.claim_codes.get(digest(value)) for value in shown)):
        state.claim_codes.remove(row.digest)
        member_of = None if device.quarantined else device.product_id
        fits = row.product_id is None or row.product_id == member_of
        if row.expires_at > clock.now() and fits and device.owner is None:
            state.set_owner(device, row.account)
            return True
    return False
