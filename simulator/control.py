"""The control API, by which tests and demos change the simulated world.

It is not part of Particle's API.
"""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from simulator.api import device_views
from simulator.api.call import answer, no_content
from simulator.api.errors import ApiError
from simulator.api.routes import error_response
from simulator.api.streams import event_stream
from simulator.journal import Journal
from simulator.ratelimits import RateLimits
from simulator.world.claiming import present_code
from simulator.world.clock import iso, iso_or_none
from simulator.world.cloud import Cloud
from simulator.world.events import Event
from simulator.world.faults import Fault
from simulator.world.state.devices import Device

PAGE = Path(__file__).parent / "page.html"
SERIAL_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

Body = TypeVar("Body", bound=msgspec.Struct)
Endpoint = Callable[[Request], Awaitable[Response]]


class NewDevice(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A device to create; by default it joins the simulator's product, with `product` null none."""

    kind: str
    id: str | None = None
    serial_number: str | None = None
    name: str | None = None
    online: bool = True
    interval: float | None = None
    product: int | UnsetType | None = UNSET
    quarantined: bool = False
    state: dict[str, Any] = {}


class DeviceChange(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The changes of a device; what is null or missing stays as it is."""

    online: bool | None = None
    hang: bool | None = None
    interval: float | None = None
    state: dict[str, Any] | None = None
    safe_mode: bool | None = None
    firmware_version: int | None = None


class NewEvent(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """An event for a device to publish."""

    name: str
    data: str | None = None
    published_at: str | None = None


class Connection(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """How a device connects: with which claim code, and after what kind of reset."""

    claim_code: str | None = None
    reset_reason: str | None = None


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    """The seconds by which to move the clock forward."""

    advance: float


class RateLimitChange(msgspec.Struct, forbid_unknown_fields=True):
    """Whether to enforce the rate limits."""

    enabled: bool


def _refusal(status: int, error: str) -> ApiError:
    return ApiError(status, {"ok": False, "error": error})


async def _body(request: Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _refusal(400, str(error)) from None


class Control:
    """The handlers of the control API."""

    def __init__(self, cloud: Cloud, journal: Journal, limits: RateLimits) -> None:
        self.cloud = cloud
        self.journal = journal
        self.limits = limits

    def _device(self, request: Request) -> Device:
        device = self.cloud.state.devices.get(request.path_params["id"])
        if device is None:
            raise _refusal(404, "no such device")
        return device

    def _view(self, device: Device) -> dict[str, Any]:
        kind = self.cloud.fleet.kind(device)
        return {
            "id": device.id,
            "name": device.name,
            "serialNumber": device.serial_number,
            "kind": device.kind,
            "online": device.online,
            "hang": device.hang,
            "interval": device.interval,
            "quarantined": device.quarantined,
            "owner": device_views.owner_name(self.cloud.state, device),
            "productId": device.product_id,
            "firmwareVersion": device.firmware_version,
            "lastHeard": iso_or_none(device.last_heard),
            "functions": kind.functions,
            "variables": kind.variables,
            "state": device.state,
        }

    async def page(self, _request: Request) -> Response:
        """The web page with all devices and the live event stream."""
        return FileResponse(PAGE)

    async def health(self, _request: Request) -> Response:
        """Answer as soon as the simulator accepts requests."""
        return answer({"ok": True})

    async def reset(self, _request: Request) -> Response:
        """Bring everything back to the start, the journal and the rate limits too."""
        self.cloud.reset()
        self.journal.clear()
        self.limits.reset()
        return answer({"ok": True})

    # Devices

    async def list_devices(self, request: Request) -> Response:
        """List the devices; `limit` shortens the list, `total` is the number of all."""
        devices = list(self.cloud.state.devices.values())
        limit = request.query_params.get("limit", "")
        shown = devices[: int(limit)] if limit.isdecimal() else devices
        return answer({"devices": [self._view(d) for d in shown], "total": len(devices)})

    async def create_device(self, request: Request) -> Response:
        """Create a device, which starts at once."""
        new = await _body(request, NewDevice)
        cloud = self.cloud
        if new.kind not in cloud.kinds:
            raise _refusal(400, f"kind must be one of {', '.join(cloud.kinds)}")
        device_id = new.id or f"e00fce68{secrets.token_hex(8)}"
        serial = new.serial_number or "".join(secrets.choice(SERIAL_ALPHABET) for _ in range(15))
        if cloud.state.devices.get(device_id) or cloud.state.devices.identified(serial):
            raise _refusal(409, "a device with this id or serial number exists")
        product = cloud.settings.product if new.product is UNSET else new.product
        if product is not None and str(product) not in cloud.state.products:
            raise _refusal(400, "no such product")
        device = cloud.fleet.create(
            new.kind,
            device_id,
            serial_number=serial,
            name=new.name,
            product_id=product,
            interval=cloud.settings.interval if new.interval is None else new.interval,
            online=new.online,
            quarantined=new.quarantined,
        )
        device.state |= new.state
        cloud.fleet.start(device)
        return answer(self._view(device), 201)

    async def get_device(self, request: Request) -> Response:
        """Show a device."""
        return answer(self._view(self._device(request)))

    async def change_device(self, request: Request) -> Response:
        """Change a device: its presence, its behaviour, its state or its firmware version."""
        device = self._device(request)
        change = await _body(request, DeviceChange)
        fleet = self.cloud.fleet
        if change.state is not None:
            device.state |= change.state
        if change.hang is not None:
            device.hang = change.hang
        if change.interval is not None:
            device.interval = change.interval
            fleet.schedule(device)
        if change.safe_mode is not None:
            fleet.set_safe_mode(device, on=change.safe_mode)
        if change.firmware_version is not None:
            fleet.update_firmware(device, change.firmware_version)
        if change.online is True and not device.online:
            fleet.connect(device)
        elif change.online is False and device.online:
            fleet.disconnect(device)
        self.cloud.state.devices.touch(device.id)
        return answer(self._view(device))

    async def delete_device(self, request: Request) -> Response:
        """Delete a device."""
        device = self._device(request)
        self.cloud.state.remove_device(device)
        self.cloud.fleet.forget(device.id)
        return no_content()

    async def connect_device(self, request: Request) -> Response:
        """Let a device connect again, with a claim code from its Wi-Fi set-up if there is one."""
        device = self._device(request)
        connection = await _body(request, Connection)
        cloud = self.cloud
        claimed = present_code(cloud.state, cloud.clock, device, connection.claim_code)
        cloud.fleet.connect(device, connection.reset_reason)
        return answer({**self._view(device), "claimed": claimed})

    async def publish(self, request: Request) -> Response:
        """Publish an event of a device; limits on names and sizes do not apply here."""
        device = self._device(request)
        event = await _body(request, NewEvent)
        published_at = self.cloud.fleet.publish(device, event.name, event.data, event.published_at)
        return answer({"published_at": published_at})

    async def press(self, request: Request) -> Response:
        """Press the button of a device, which is ignored unless the device is online and works."""
        device = self._device(request)
        if device.online and not device.hang:
            self.cloud.fleet.kind(device).press()
            self.cloud.state.devices.touch(device.id)
        return answer(self._view(device))

    # Everything else

    async def list_customers(self, _request: Request) -> Response:
        """List the customers, including those without a device."""
        state = self.cloud.state
        return answer(
            {
                "customers": [
                    {
                        "id": customer.id,
                        "username": customer.username,
                        "productId": customer.product_id,
                        "createdAt": iso(customer.created_at),
                        "devices": [device.id for device in state.devices.owned_by(customer.id)],
                    }
                    for customer in state.customers.values()
                ]
            }
        )

    async def list_integrations(self, _request: Request) -> Response:
        """List the integrations with their logs and counters."""
        return answer({"integrations": list(self.cloud.state.integrations.values())})

    async def events(self, _request: Request) -> Response:
        """Stream every event of every device."""

        def record(event: Event) -> dict[str, Any]:
            return {"name": event.name, "device": event.device_id, **event.product_record()}

        return event_stream(
            self.cloud.hub, lambda _: True, record, self.cloud.settings.keep_alive, named=False
        )

    async def cut_streams(self, _request: Request) -> Response:
        """End all open event streams, as a lost connection would."""
        self.cloud.hub.close()
        return no_content()

    async def list_faults(self, _request: Request) -> Response:
        """List the faults in force, with how often each has struck."""
        return answer({"faults": self.cloud.faults.active()})

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        fault = await _body(request, Fault)
        return answer({"id": self.cloud.faults.add(fault)}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """End all faults."""
        self.cloud.faults.clear()
        return no_content()

    async def remove_fault(self, request: Request) -> Response:
        """End a fault."""
        if not self.cloud.faults.remove(request.path_params["id"]):
            raise _refusal(404, "no such fault")
        return no_content()

    async def list_journal(self, request: Request) -> Response:
        """List the requests that the API received, oldest first; `after` skips earlier ones."""
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise _refusal(400, "after must be a number")
        return answer({"requests": self.journal.after(int(after))})

    async def clear_journal(self, _request: Request) -> Response:
        """Forget the requests that the API received."""
        self.journal.clear()
        return no_content()

    async def advance_clock(self, request: Request) -> Response:
        """Move the clock of the cloud forward."""
        self.cloud.clock.advance((await _body(request, ClockChange)).advance)
        return answer({"now": iso(self.cloud.clock.now())})

    async def set_rate_limits(self, request: Request) -> Response:
        """Switch the rate limits on or off, and forget what was counted."""
        self.limits.enable(enabled=(await _body(request, RateLimitChange)).enabled)
        return answer({"enabled": self.limits.enabled})


def routes(cloud: Cloud, journal: Journal, limits: RateLimits) -> list[Route]:
    """Return the routes of the control API and of the web page."""
    control = Control(cloud, journal, limits)

    def wrapped(endpoint: Endpoint) -> Endpoint:
        """Answer errors, and save the state before the answer is sent."""

        async def handle(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except ApiError as error:
                response = error_response(error)
            cloud.save()
            return response

        return handle

    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/", control.page),
        ("GET", "/control/health", control.health),
        ("POST", "/control/reset", control.reset),
        ("GET", "/control/devices", control.list_devices),
        ("POST", "/control/devices", control.create_device),
        ("GET", "/control/devices/{id}", control.get_device),
        ("PATCH", "/control/devices/{id}", control.change_device),
        ("DELETE", "/control/devices/{id}", control.delete_device),
        ("POST", "/control/devices/{id}/connect", control.connect_device),
        ("POST", "/control/devices/{id}/publish", control.publish),
        ("POST", "/control/devices/{id}/press", control.press),
        ("GET", "/control/customers", control.list_customers),
        ("GET", "/control/integrations", control.list_integrations),
        ("GET", "/control/events", control.events),
        ("DELETE", "/control/streams", control.cut_streams),
        ("GET", "/control/faults", control.list_faults),
        ("POST", "/control/faults", control.add_fault),
        ("DELETE", "/control/faults", control.clear_faults),
        ("DELETE", "/control/faults/{id}", control.remove_fault),
        ("GET", "/control/journal", control.list_journal),
        ("DELETE", "/control/journal", control.clear_journal),
        ("POST", "/control/clock", control.advance_clock),
        ("PUT", "/control/rate-limits", control.set_rate_limits),
    ]
    return [Route(path, wrapped(endpoint), methods=[method]) for method, path, endpoint in table]
