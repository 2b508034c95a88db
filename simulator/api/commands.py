"""Calling the functions and reading the variables of devices."""

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world import texts
from simulator.world.clock import iso_or_none
from simulator.world.platforms import argument_limit, variable_limit
from simulator.world.state.devices import Device

routes = Routes()

# The names under which a request may send the argument; the first that is there is used.
ARGUMENT_NAMES = ("arg", "args", "params")


@routes.post("/v1/devices/{device}/{name}")
async def call_own(call: Call) -> Response:
    """Call a function of one's own device."""
    return await _call(call, call.own_device("devices.function:call"))


@routes.post("/v1/products/{product}/devices/{device}/{name}")
async def call_product(call: Call) -> Response:
    """Call a function of a device of the product."""
    return await _call(call, call.product_device("devices.function:call")[1])


async def _call(call: Call, device: Device) -> Response:
    name = call.path_params["name"]
    argument = next((text for key in ARGUMENT_NAMES if (text := call.text(key)) is not None), "")
    longest = argument_limit(device.platform_id, device.system_firmware_version)
    if texts.size(argument) > longest:
        raise errors.failed(400, "argument too long")  # invented
    kind = call.cloud.fleet.kind(device)
    runs = name in kind.functions and device.status == "normal"
    if not await call.cloud.answers(
        call.method, call.path, device, lost=lambda: runs and kind.call(name, argument)
    ):
        raise errors.timed_out()
    if not runs:
        raise errors.failed(404, f"Function {name} not found")
    value = kind.call(name, argument)
    device.last_heard = call.cloud.clock.now()
    call.cloud.state.devices.touch(device.id)
    if call.text("format") == "raw":
        return Response(str(value), media_type="text/plain")
    return answer({"id": device.id, "name": device.name, "connected": True, "return_value": value})


@routes.get("/v1/devices/{device}/{name}")
async def read_own(call: Call) -> Response:
    """Read a variable of one's own device."""
    return await _read(call, call.own_device("devices.variable:get"))


@routes.get("/v1/products/{product}/devices/{device}/{name}")
async def read_product(call: Call) -> Response:
    """Read a variable of a device of the product."""
    return await _read(call, call.product_device("devices.variable:get")[1])


async def _read(call: Call, device: Device) -> Response:
    name = call.path_params["name"]
    if not await call.cloud.answers(call.method, call.path, device):
        raise errors.timed_out()
    kind = call.cloud.fleet.kind(device)
    if name not in kind.variables or device.status != "normal":
        raise errors.failed(404, f"Unknown Variable: {name}")
    value = kind.read(name)
    if isinstance(value, str):
        # Invented: no source shows what becomes of a longer text.
        longest = variable_limit(device.platform_id, device.system_firmware_version)
        value = texts.cut(value, longest)
    device.last_heard = call.cloud.clock.now()
    call.cloud.state.devices.touch(device.id)
    if call.query.get("format") == "raw":
        text = value if isinstance(value, str) else str(answer(value).body, "utf-8")
        return Response(text, media_type="text/plain")
    return answer(
        {
            "name": name,
            "result": value,
            "coreInfo": {
                "name": device.name,
                "deviceID": device.id,
                "connected": True,
                "last_handshake_at": iso_or_none(device.last_handshake_at),
            },
        }
    )
