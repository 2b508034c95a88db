"""Webhooks: building a request from an event, sending it, and reading the response."""

import base64
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec

from simulator.world import texts
from simulator.world.events import Event
from simulator.world.mustache import TemplateError
from simulator.world.state.integrations import Integration
from simulator.world.templates import json_object, render, variables

# Seconds until a host must have answered.
TIMEOUT = 20.0
USER_AGENT = "ParticleBot/1.1 (https://docs.particle.io/webhooks)"
# Bytes of a response in one event, and when it is not split into several.
CHUNK = 512
UNCHUNKED_LIMIT = 100_000

# What HTTP allows in the name and in the value of a header, and Node.js sends.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile("[\t\x20-\x7e\x80-\xff]*")

# Events that integrations publish, as names and data.
Topics = list[tuple[str, str | None]]


class WebhookError(Exception):
    """A delivery has failed; the text is the data of the `hook-error` event."""


class Webhooks:
    """Sends the requests of all webhooks."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}

    def _client(self, *, verify: bool) -> httpx.AsyncClient:
        if verify not in self._clients:
            self._clients[verify] = httpx.AsyncClient(verify=verify, timeout=TIMEOUT)
        return self._clients[verify]

    async def send(self, hook: Integration, event: Event) -> Topics:
        """Send the request of an event.

        Returns:
            The events that the webhook publishes about it: that it was sent, and the response.

        Raises:
            WebhookError: a response with status 400 or more, no response, an invalid URL, or a
                template that cannot be rendered.
        """
        values = variables(event, str(uuid4()))
        verify = hook.config.get("rejectUnauthorized") is not False
        try:
            request = build(hook, event, values)
            response = await self._client(verify=verify).send(request)
        except httpx.TimeoutException as error:
            raise WebhookError("ETIMEDOUT") from error
        except (httpx.HTTPError, httpx.InvalidURL, TemplateError) as error:
            raise WebhookError(str(error) or type(error).__name__) from error
        if response.is_error:
            host = urlsplit(str(request.url)).hostname
            raise WebhookError(f"error status {response.status_code} from {host}")
        try:
            answers = response_topics(hook, values, response)
        except TemplateError as error:
            raise WebhookError(str(error)) from error
        return [(f"hook-sent/{event.name}", None), *answers]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


def defaults(event: Event) -> dict[str, Any]:
    """Return the keys that every webhook sends unless it has `noDefaults`."""
    return {
        "event": event.name,
        "data": event.data or "",
        "published_at": event.published_at,
        "coreid": event.source,
    }


def build(hook: Integration, event: Event, values: dict[str, Any]) -> httpx.Request:
    """Return the HTTP request for an event.

    Raises:
        WebhookError: a header is not one.
        httpx.InvalidURL: the URL is not one.
        TemplateError: a template cannot be rendered.
    """
    config = hook.config
    method = str(config.get("requestType") or "POST").upper()
    added = {} if config.get("noDefaults") else defaults(event)
    headers = {"User-Agent": USER_AGENT} | _texts(render(config.get("headers") or {}, values))
    query = _texts(render(config.get("query") or {}, values))
    content: bytes | None = None
    form: dict[str, str] | None = None
    if config.get("json"):
        content = _json_body(config["json"], values, added)
        headers.setdefault("Content-Type", "application/json")
    elif config.get("body"):
        content = str(render(config["body"], values)).encode()
    elif method == "GET":
        query = _texts(added) | query
    else:
        form = _texts(added | render(config.get("form") or {}, values))
    auth = render(config.get("auth") or {}, values)
    if auth.get("bearer"):
        headers["Authorization"] = f"Bearer {auth['bearer']}"
    elif auth:
        user = str(auth.get("username") or auth.get("user") or "")
        password = str(auth.get("password") or auth.get("pass") or "")
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    url = httpx.URL(str(render(config["url"], values)))
    if url.scheme not in {"http", "https"}:
        raise httpx.InvalidURL(f"Invalid URI {url}")
    return httpx.Request(
        method, url.copy_merge_params(query), headers=_encoded(headers), content=content, data=form
    )


def _encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    """Encode headers as Node.js does, which refuses characters that a header cannot have."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise WebhookError(f'Header name must be a valid HTTP token ["{name}"]')
        if not HEADER_VALUE.fullmatch(value):
            raise WebhookError(f'Invalid character in header content ["{name}"]')
    return {name.encode("latin-1"): value.encode("latin-1") for name, value in headers.items()}


def _json_body(template: object, values: dict[str, Any], added: dict[str, Any]) -> bytes:
    """The body: an object with the default keys added, or a text as its author wrote it."""
    rendered = render(template, values)
    if isinstance(rendered, dict):
        return msgspec.json.encode(added | rendered)
    return rendered.encode() if isinstance(rendered, str) else msgspec.json.encode(rendered)


def _texts(params: dict[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in params.items()
    }


def response_topics(hook: Integration, values: dict[str, Any], response: httpx.Response) -> Topics:
    """Return the events that carry the body of the response, in several parts if it is long.

    Raises:
        TemplateError: a template cannot be rendered.
    """
    text, body = response.text, response.content
    if hook.config.get("responseTemplate"):
        text = str(render(hook.config["responseTemplate"], values | json_object(text)))
        body = text.encode()
    if not body:
        return []
    default = "hook-response/{{{PARTICLE_EVENT_NAME}}}"
    if hook.product_id is not None:
        default = "{{{PARTICLE_DEVICE_ID}}}/" + default
    topic = render(hook.config.get("responseTopic") or default, values)
    if hook.config.get("dataUrlResponseEvent"):
        kind = response.headers.get("content-type", "application/octet-stream").partition(";")[0]
        text = f"data:{kind};base64,{base64.b64encode(body).decode()}"
    if hook.config.get("unchunked"):
        return [(topic, texts.cut(text, UNCHUNKED_LIMIT))]
    return _numbered(topic, text)


def error_topics(hook: Integration, event: Event, message: str) -> Topics:
    """Return the events that report a failed delivery."""
    default = "hook-error/{{{PARTICLE_EVENT_NAME}}}"
    values = variables(event, "")
    try:
        topic = render(hook.config.get("errorResponseTopic") or default, values)
    except TemplateError:
        topic = render(default, values)
    return _numbered(topic, message)


def _numbered(topic: str, text: str) -> Topics:
    parts = texts.parts(text, CHUNK) or [""]
    return [(f"{topic}/{number}", part) for number, part in enumerate(parts)]
