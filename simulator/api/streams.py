"""Publishing events through the API, and streams of server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
from starlette.responses import Response, StreamingResponse

from simulator.api import errors
from simulator.api.call import Call, answer
from simulator.api.routes import Routes
from simulator.world import texts
from simulator.world.clock import iso
from simulator.world.events import API, Event, Filter, Hub
from simulator.world.platforms import EVENT_DATA, EVENT_NAME

routes = Routes()


@routes.post("/v1/devices/events")
async def publish(call: Call) -> Response:
    """Publish to the devices and the streams of the account that sends the request."""
    account = call.owner()
    call.cloud.emit(
        Event(
            name=_name(call),
            data=_data(call),
            published_at=iso(call.cloud.clock.now()),
            source=API,
            account=account.id,
        )
    )
    return answer({"ok": True})


@routes.post("/v1/products/{product}/events")
async def publish_to_product(call: Call) -> Response:
    """Publish to the product's streams and integrations, as if from a device when one is named."""
    product = call.product("events:send")
    as_device = call.text("as_device_id")
    device = call.cloud.state.devices.get(as_device) if as_device else None
    if as_device and (device is None or device.product_id != product.id):
        raise errors.unknown_device()
    call.cloud.emit(
        Event(
            name=_name(call),
            data=_data(call),
            published_at=iso(call.cloud.clock.now()),
            source=device.id if device else API,
            device_id=device.id if device else None,
            product_id=product.id,
            account=device.owner if device else product.owner,
            version=device.firmware_version if device else 0,
        )
    )
    return answer({"ok": True})


def _name(call: Call) -> str:
    name = call.text("name")
    if not name:
        raise errors.failed(400, "name is required")  # invented
    if texts.size(name) > EVENT_NAME:
        raise errors.failed(400, "Event name is too long")  # invented
    return name


def _data(call: Call) -> str | None:
    data = call.text("data")
    if data is not None and texts.size(data) > EVENT_DATA:
        raise errors.failed(400, "Event data is too long")  # invented
    return data


@routes.get("/v1/events", "/v1/events/{prefix:path}")
async def stream_all(call: Call) -> Response:
    """Stream the user's own events; a prefix has been required since 2018."""
    user = call.user()
    prefix = call.path_params.get("prefix", "")
    if not prefix:
        raise errors.failed(400, "event prefix filter is required")
    return _stream(call, lambda e: e.account == user.id and e.name.startswith(prefix))


@routes.get("/v1/devices/events", "/v1/devices/events/{prefix:path}")
async def stream_own(call: Call) -> Response:
    """Stream the events of the caller's own devices."""
    account = call.owner()
    prefix = call.path_params.get("prefix", "")
    return _stream(call, lambda e: e.account == account.id and e.name.startswith(prefix))


@routes.get("/v1/devices/{device}/events", "/v1/devices/{device}/events/{prefix:path}")
async def stream_device(call: Call) -> Response:
    """Stream the events of one device, as long as the caller owns it."""
    account = call.owner()
    device_id = call.own_device().id
    prefix = call.path_params.get("prefix", "")

    def wanted(event: Event) -> bool:
        mine = event.account == account.id
        return mine and event.device_id == device_id and event.name.startswith(prefix)

    return _stream(call, wanted)


@routes.get("/v1/products/{product}/events", "/v1/products/{product}/events/{prefix:path}")
async def stream_product(call: Call) -> Response:
    """Stream the events of the product."""
    product = call.product("events:get")
    prefix = call.path_params.get("prefix", "")
    return _stream(
        call,
        lambda e: e.product_id == product.id and e.name.startswith(prefix),
        Event.product_record,
    )


@routes.get(
    "/v1/products/{product}/devices/{device}/events",
    "/v1/products/{product}/devices/{device}/events/{prefix:path}",
)
async def stream_product_device(call: Call) -> Response:
    """Stream the events of one device, as long as it is in the product."""
    product, device = call.product_device("events:get")
    prefix = call.path_params.get("prefix", "")

    def wanted(event: Event) -> bool:
        here = event.product_id == product.id and event.device_id == device.id
        return here and event.name.startswith(prefix)

    return _stream(call, wanted, Event.product_record)


def _stream(
    call: Call, wanted: Filter, record: Callable[[Event], object] = Event.record
) -> Response:
    cloud = call.cloud
    call.limits.check_streams(cloud.hub.open_streams)
    return event_stream(cloud.hub, wanted, record, cloud.settings.keep_alive)


def event_stream(
    hub: Hub,
    wanted: Filter,
    record: Callable[[Event], object],
    keep_alive: float,
    *,
    named: bool = True,
) -> Response:
    """Return a response that sends events as they arrive.

    Args:
        hub: where the events come from.
        wanted: whether the stream carries an event.
        record: the data of an event, sent as JSON.
        keep_alive: seconds of silence after which an empty line is sent.
        named: whether the event's name is sent in a line of its own.
    """

    async def lines() -> AsyncIterator[bytes]:
        subscription = hub.subscribe(wanted)
        try:
            yield b":ok\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(subscription.queue.get(), keep_alive)
                except TimeoutError:
                    yield b"\n"
                    continue
                if event is None:
                    return
                data = msgspec.json.encode(record(event))
                name = " ".join(event.name.splitlines()).encode()
                head = b"event: " + name + b"\n" if named else b""
                yield head + b"data: " + data + b"\n\n"
        finally:
            hub.unsubscribe(subscription)

    return StreamingResponse(
        lines(), headers={"Cache-Control": "no-cache"}, media_type="text/event-stream"
    )
