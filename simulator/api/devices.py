"""Devices: listing, reading and changing them, by the routes of the owner and of the product."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from simulator.api import device_views, errors
from simulator.api.call import Call, answer, no_content
from simulator.api.routes import Routes
from simulator.world.clock import iso
from simulator.world.state.devices import Device

routes = Routes()

SORTS = {
    "deviceName": lambda device: device.name or "",
    "deviceId": lambda device: device.id,
    "firmwareVersion": lambda device: device.firmware_version,
    "lastConnection": lambda device: device.last_handshake_at or 0.0,
}


@routes.get("/v1/devices")
async def list_own(call: Call) -> Response:
    """List the caller's devices; a token of a product or API user owns none."""
    token = call.token()
    own = (
        call.cloud.state.devices.owned_by(token.account)
        if token.kind in {"user", "customer"}
        else []
    )
    own.sort(key=SORTS["lastConnection"], reverse=True)
    return answer([device_views.user_list(device, call.cloud.fleet.kind(device)) for device in own])


@routes.get("/v1/devices/{device}")
async def get_own(call: Call) -> Response:
    """Show one's own device, or a device of a product that the caller may see."""
    try:
        device = call.own_device("devices:get")
    except errors.ApiError:
        device = call.visible_device(call.path_params["device"])
    state = call.cloud.state
    return answer(device_views.user_get(state, device, call.cloud.fleet.kind(device)))


@routes.get("/v1/products/{product}/devices")
async def list_product(call: Call) -> Response:
    """List the devices of the product, filtered, sorted and in pages, and their owners."""
    product = call.product("devices:list")
    state = call.cloud.state
    devices = [d for d in state.devices.in_product(product.id) if _wanted(d, call.query)]
    sort = SORTS.get(call.query.get("sortAttr", ""), SORTS["lastConnection"])
    descending = call.query.get("sortDir", "asc" if "sortAttr" in call.query else "desc") == "desc"
    devices.sort(key=sort, reverse=descending)
    number, size = call.page()
    page = devices[(number - 1) * size : number * size]
    owners = {device.owner for device in page if device.owner in state.customers}
    customers = [state.customers[owner] for owner in sorted(filter(None, owners))]
    return answer(
        {
            "devices": [
                device_views.product_view(state, device, call.cloud.fleet.kind(device))
                for device in page
            ],
            "customers": [{"id": c.id, "username": c.username} for c in customers],
            "meta": {"total_pages": -(-len(devices) // size)},
        }
    )


def _wanted(device: Device, query: dict[str, str]) -> bool:
    """Whether the list of the product, so filtered, shows a device.

    Quarantined devices are in a list of their own.
    """
    if device.quarantined != (query.get("quarantined") == "true"):
        return False
    if device.denied or query.get("groups"):
        # Groups are not simulated: no device is in one.
        return False
    return (
        query.get("deviceId", device.id) == device.id
        and query.get("deviceName", "") in (device.name or "")
        and query.get("serialNumber", device.serial_number) == device.serial_number
    )


@routes.get("/v1/products/{product}/devices/{device}")
async def get_product(call: Call) -> Response:
    """Show a device of the product."""
    _, device = call.product_device("devices:get")
    state = call.cloud.state
    return answer(device_views.product_view(state, device, call.cloud.fleet.kind(device)))


@routes.get("/v1/serial_numbers/{serial}")
async def look_up_serial(call: Call) -> Response:
    """Find a device by its serial number; with `mobile_secret`, check the start of its secret."""
    user = call.user()
    call.limits.check_serial_lookup(user.id)
    serial = call.path_params["serial"].upper()
    device = call.cloud.state.devices.identified(serial)
    if device is None or device.serial_number.upper() != serial:
        raise errors.failed(404, "Serial number not found")  # invented
    prefix = call.query.get("mobile_secret")
    if prefix is not None and not device.mobile_secret.startswith(prefix):
        raise errors.failed(404, "Serial number not found")
    view: dict[str, Any] = {
        "ok": True,
        "deviceID": device.id,
        "device_id": device.id,
        "platform_id": device.platform_id,
    }
    cellular = device_views.common(device)
    if "iccid" in cellular:
        view["iccid"] = device.iccid
    if prefix is not None:
        view["mobile_secret"] = device.mobile_secret
    return answer(view)


# Changes. One request may make several of them; their answers are merged.


@routes.put("/v1/devices/{device}")
async def update_own(call: Call) -> Response:
    """Change one's own device."""
    return await _update(call, call.own_device("devices:update"), in_product=False)


@routes.put("/v1/products/{product}/devices/{device}")
async def update_product(call: Call) -> Response:
    """Change a device of the product."""
    _, device = call.product_device("devices:update")
    return await _update(call, device, in_product=True)


async def _update(call: Call, device: Device, *, in_product: bool) -> Response:
    if call.files or {"app_id", "app", "file"} & call.params.keys():
        raise errors.not_simulated("flashing firmware")
    if "groups" in call.params:
        raise errors.not_simulated("device groups")
    changes = {**CHANGES, **(PRODUCT_CHANGES if in_product else {})}
    changed: dict[str, Any] = {}
    for name in changes.keys() & call.params.keys():
        changed |= changes[name](call, device)
    if not changed:
        raise errors.failed(400, "nothing to update")  # invented
    call.cloud.state.devices.touch(device.id)
    return answer({"id": device.id, **changed})


def _dated(call: Call, name: str, value: object) -> dict[str, Any]:
    return {name: value, "updated_at": iso(call.cloud.clock.now())}


def _rename(call: Call, device: Device) -> dict[str, Any]:
    device.name = call.text("name")
    return _dated(call, "name", device.name)


def _note(call: Call, device: Device) -> dict[str, Any]:
    device.notes = call.text("notes")
    return _dated(call, "notes", device.notes)


def _force_updates(call: Call, device: Device) -> dict[str, Any]:
    device.firmware_updates_forced = call.flag("firmware_updates_forced")
    if device.online:
        forced = "true" if device.firmware_updates_forced else "false"
        call.cloud.fleet.publish(device, "particle/device/updates/forced", forced)
    return {"firmware_updates_forced": device.firmware_updates_forced}


def _mark_as_development(call: Call, device: Device) -> dict[str, Any]:
    device.development = call.flag("development")
    return _dated(call, "development", device.development)


def _signal(call: Call, device: Device) -> dict[str, Any]:
    if not device.online:
        text = "Timed out, didn't hear back from device service"
        raise errors.ApiError(500, {"ok": False, "code": 500, "errors": [{"error": text}]})
    device.signaling = call.flag("signal")
    return {"connected": True, "signaling": device.signaling}


def _lock_firmware(call: Call, device: Device) -> dict[str, Any]:
    """Lock the device to a firmware version, or unlock it with null; `flash` updates it at once."""
    text = call.text("desired_firmware_version")
    if text is not None and not text.isdecimal():
        raise errors.failed(400, "desired_firmware_version must be an integer")  # invented
    wanted = device.desired_firmware_version = int(text) if text else None
    if wanted is not None and call.flag("flash") and wanted != device.firmware_version:
        call.cloud.fleet.update_firmware(device, wanted)
    return _dated(call, "desired_firmware_version", wanted)


# A change of one parameter: makes it, and returns its part of the answer.
Change = Callable[[Call, Device], dict[str, Any]]

# What may be changed, by the parameter of the request: on both routes, and on the product's only.
CHANGES: dict[str, Change] = {
    "name": _rename,
    "notes": _note,
    "signal": _signal,
    "firmware_updates_forced": _force_updates,
}
PRODUCT_CHANGES: dict[str, Change] = {
    "development": _mark_as_development,
    "desired_firmware_version": _lock_firmware,
}


@routes.put("/v1/devices/{device}/ping")
async def ping_own(call: Call) -> Response:
    """Ask whether one's own device answers."""
    return await _ping(call, call.own_device("devices:ping"))


@routes.put("/v1/products/{product}/devices/{device}/ping")
async def ping_product(call: Call) -> Response:
    """Ask whether a device of the product answers."""
    return await _ping(call, call.product_device("devices:ping")[1])


async def _ping(call: Call, device: Device) -> Response:
    answers = await call.cloud.answers(call.method, call.path, device)
    return answer({"online": answers, "ok": True})


@routes.delete("/v1/devices/{device}")
async def unclaim(call: Call) -> Response:
    """Give up one's own device."""
    call.owner()
    call.cloud.state.devices.set_owner(call.own_device(), None)
    return answer({"ok": True})


@routes.delete("/v1/products/{product}/devices/{device}/owner")
async def release(call: Call) -> Response:
    """Take a device of the product away from its owner."""
    _, device = call.product_device("devices:release")
    call.cloud.state.devices.set_owner(device, None)
    return answer({"ok": True})


@routes.delete("/v1/products/{product}/devices/{device}")
async def remove(call: Call) -> Response:
    """Remove a device from the product; with `deny`, refuse a quarantined one for good."""
    _, device = call.product_device("devices:remove")
    if call.flag("deny"):
        device.denied = True
        device.online = False
    else:
        if device.owner in call.cloud.state.customers:
            call.cloud.state.devices.set_owner(device, None)
        device.product_id = None
        device.development = False
    device.quarantined = False
    call.cloud.state.devices.touch(device.id)
    return no_content()
