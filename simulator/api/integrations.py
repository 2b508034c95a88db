"""Integrations, and their older alias, webhooks."""

from typing import Any

from starlette.responses import Response

from simulator.api import errors
from simulator.api.call import Call, answer, no_content
from simulator.api.routes import Routes
from simulator.world.clock import iso
from simulator.world.credentials import new_id
from simulator.world.dispatch import DeliveryError
from simulator.world.events import API, Event
from simulator.world.state.integrations import Integration

routes = Routes()

# The parameters that are the configuration of a webhook.
WEBHOOK_FIELDS = (
    "url",
    "requestType",
    "json",
    "form",
    "body",
    "query",
    "headers",
    "auth",
    "responseTopic",
    "errorResponseTopic",
    "responseTemplate",
    "noDefaults",
    "rejectUnauthorized",
    "unchunked",
    "dataUrlResponseEvent",
    "template",
)
# The configuration by type of integration, and the one parameter of it that is required.
FIELDS = {"Webhook": WEBHOOK_FIELDS, "GoogleCloudPubSub": ("topic",)}
REQUIRED = {"Webhook": "url", "GoogleCloudPubSub": "topic"}
# Types that the simulator leaves out.
LEFT_OUT = {"AzureIotHub", "GoogleMaps"}


def _paths(tail: str = "") -> tuple[str, ...]:
    return tuple(
        f"/v1/{scope}{name}{tail}"
        for scope in ("", "products/{product}/")
        for name in ("integrations", "webhooks")
    )


def _is_webhook_alias(call: Call) -> bool:
    return "/webhooks" in call.path


def _scope(call: Call, right: str) -> tuple[str, int | None]:
    """The owner and the product whose integrations the request is about."""
    if "product" in call.path_params:
        product = call.product(f"integrations:{right}")
        return product.owner, product.id
    return call.user().id, None


def _listed(call: Call, right: str) -> list[Integration]:
    owner, product_id = _scope(call, right)
    return [
        integration
        for integration in call.cloud.state.integrations.values()
        if integration.product_id == product_id
        and (product_id is not None or integration.owner == owner)
        and (integration.type == "Webhook" or not _is_webhook_alias(call))
    ]


def _one(call: Call, right: str) -> Integration:
    for integration in _listed(call, right):
        if integration.id == call.path_params["id"]:
            return integration
    what = "Webhook" if _is_webhook_alias(call) else "Integration"
    raise errors.failed(404, f"{what} not found")


def _view(integration: Integration) -> dict[str, Any]:
    view = {
        "id": integration.id,
        "event": integration.event,
        "created_at": iso(integration.created_at),
        "integration_type": integration.type,
        "name": integration.name,
        **integration.config,
    }
    if integration.device_id:
        view["deviceID"] = integration.device_id
    if integration.disabled:
        view["disabled"] = True
    return view


def _fill(call: Call, integration: Integration) -> None:
    """Replace the whole configuration by the one in the request."""
    event = call.text("eventName" if "event" not in call.params else "event")
    if event is None:
        raise errors.failed(400, "event is required")  # invented
    config = {
        name: call.params[name]
        for name in FIELDS[integration.type]
        if call.params.get(name) is not None
    }
    required = REQUIRED[integration.type]
    if not config.get(required):
        raise errors.failed(400, f"{required} is required")  # invented
    bodies = [name for name in ("json", "form", "body") if name in config]
    if len(bodies) > 1:
        raise errors.failed(400, "json, form and body are mutually exclusive")  # invented
    for name in ("noDefaults", "rejectUnauthorized", "unchunked", "dataUrlResponseEvent"):
        if name in config:
            config[name] = call.flag(name)
    if integration.type == "Webhook":
        config = {"requestType": "POST", "noDefaults": False, "rejectUnauthorized": True, **config}
    by_lower = {key.lower(): key for key in call.params}
    integration.event = event
    integration.config = config
    integration.device_id = call.text(by_lower.get("deviceid", "")) or None
    integration.disabled = call.flag("disabled")
    target = str(config[required]).rpartition("/")[2] or str(config[required])
    integration.name = call.text("name") or f"{event} for {target}"


@routes.get(*_paths())
async def list_integrations(call: Call) -> Response:
    """List the integrations, or by the alias the webhooks alone."""
    return answer([_view(integration) for integration in _listed(call, "list")])


@routes.get(*_paths("/{id}"))
async def get(call: Call) -> Response:
    """Show an integration with its log."""
    integration = _one(call, "get")
    view = {**_view(integration), "logs": integration.logs}
    if not _is_webhook_alias(call):
        return answer({"integration": view})
    failed = [entry for entry in integration.logs if entry["type"] == "error"]
    counters = [{"type": key, "count": n} for key, n in integration.counters.items()]
    return answer({"webhook": {**view, "errors": failed, "counters": counters}})


@routes.post(*_paths())
async def create(call: Call) -> Response:
    """Create an integration."""
    owner, product_id = _scope(call, "create")
    kind = "Webhook" if _is_webhook_alias(call) else call.text("integration_type")
    if kind in LEFT_OUT:
        raise errors.not_simulated(f"integrations of type {kind}")
    if kind not in FIELDS:
        raise errors.failed(400, "integration_type is invalid")  # invented
    integration = Integration(
        id=new_id(),
        type=kind,
        event="",
        owner=owner,
        product_id=product_id,
        created_at=call.cloud.clock.now(),
    )
    _fill(call, integration)
    call.cloud.state.integrations.put(integration.id, integration)
    word = "webhooks" if kind == "Webhook" else "integrations"
    url = f"https://api.particle.io/v1/{word}/{integration.id}"
    shown = {"hookUrl" if kind == "Webhook" else "integrationUrl": url}
    return answer({**_view(integration), "ok": True, **shown}, 201)


@routes.put(*_paths("/{id}"))
async def replace(call: Call) -> Response:
    """Replace the configuration of an integration."""
    integration = _one(call, "update")
    _fill(call, integration)
    call.cloud.state.integrations.touch(integration.id)
    return answer({"integration": _view(integration)})


@routes.delete(*_paths("/{id}"))
async def delete(call: Call) -> Response:
    """Delete an integration."""
    call.cloud.state.integrations.remove(_one(call, "remove").id)
    return no_content()


@routes.post(*_paths("/{id}/test"))
async def test(call: Call) -> Response:
    """Send a test event, without retries; `device_id` is `api` unless the request names one."""
    integration = _one(call, "test")
    source = call.text("device_id") or API
    event = Event(
        name=integration.event,
        data=call.text("data") or "test-event",
        published_at=iso(call.cloud.clock.now()),
        source=source,
        device_id=None if source == API else source,
        product_id=integration.product_id,
        account=integration.owner,
    )
    try:
        await call.cloud.dispatcher.attempt(integration, event)
    except DeliveryError as error:
        return answer({"pass": False, "error": str(error)})
    return answer({"pass": True, "data": None})
