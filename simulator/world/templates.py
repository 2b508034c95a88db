"""The templates of webhooks: which values they have, and where templates may be."""

import base64
import json
from typing import Any, NoReturn

import msgspec

from simulator.world import mustache
from simulator.world.events import Event


def variables(event: Event, event_id: str) -> dict[str, Any]:
    """Return the variables of a template: Particle's own, then the keys of JSON data.

    Particle's own take precedence, so that a device cannot pass itself off as another one.
    """
    named = {
        "DEVICE_ID": event.source if event.device_id is None else event.device_id,
        "EVENT_NAME": event.name,
        "EVENT_VALUE": event.data or "",
        "PUBLISHED_AT": event.published_at,
    }
    values: dict[str, Any] = {f"PARTICLE_{name}": value for name, value in named.items()}
    values |= {
        "SPARK_CORE_ID": named["DEVICE_ID"],
        "SPARK_EVENT_NAME": named["EVENT_NAME"],
        "SPARK_EVENT_VALUE": named["EVENT_VALUE"],
        "SPARK_PUBLISHED_AT": named["PUBLISHED_AT"],
        "PARTICLE_EVENT_ID": event_id,
    }
    if event.product_id is not None:
        values |= {
            "PRODUCT_ID": event.product_id,
            "PRODUCT_USER_ID": event.account or "",
            "PRODUCT_VERSION": event.version,
        }
    whole = msgspec.json.encode({"event": event.name, **event.product_record()})
    values["PARTICLE_EVENT_JSON"] = whole.decode()
    values["PARTICLE_EVENT_BASE64"] = base64.b64encode(whole).decode()
    return {**json_object(event.data), **values}


def json_object(text: str | None) -> dict[str, Any]:
    """Return the JSON object in a text, or an empty one; numbers are doubles, as in JavaScript."""
    try:
        parsed = json.loads(text or "", parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def render(template: object, values: dict[str, Any]) -> Any:
    """Render a template, or every text in an object or list of templates.

    Raises:
        mustache.TemplateError: a template cannot be rendered.
    """
    if isinstance(template, str):
        text = mustache.render(template, values)
        # JSON can hold half a surrogate pair, UTF-8 cannot.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(template, dict):
        return {str(render(k, values)): render(v, values) for k, v in template.items()}
    if isinstance(template, list):
        return [render(item, values) for item in template]
    return template
