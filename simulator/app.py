"""The ASGI application: the gate that every request passes, and the table of routes."""

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import control
from simulator.api import (
    claims,
    clients,
    commands,
    customers,
    devices,
    errors,
    integrations,
    left_out,
    oauth,
    products,
    streams,
    team,
    tokens,
    users,
    vitals,
)
from simulator.api.call import Call, answer, read_call
from simulator.api.routes import RouteTable, error_response
from simulator.ratelimits import TOKEN_ROUTE
from simulator.world.cloud import Cloud
from simulator.world.faults import REQUEST_KINDS, Active, Effect
from simulator.world.state import Token

log = logging.getLogger("simulator")

CORS = [
    (b"access-control-allow-origin", b"*"),
]
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Max-Age": "600",
}
# Allowed in preflight requests besides every X-Particle-… header that is asked for.
ALLOWED_HEADERS = ["Authorization", "Content-Type"]

# Set by the server for each connection: cuts it off.
ABORT = "simulator.abort"


class Gate:
    """What stands before the routes: journal, rate limits, faults, CORS."""

    def __init__(self, cloud: Cloud, routes: ASGIApp, outside: ASGIApp) -> None:
        self.cloud = cloud
        self.routes = routes
        # What is not the API: the control API and the page.
        self.outside = outside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/oauth/")):
            await self.outside(scope, receive, send)
            return
        try:
            call = await read_call(self.cloud, Request(scope, receive))
        except ClientDisconnect:
            return
        if call.method == "OPTIONS":
            await _preflight(call)(scope, receive, _with_cors(send))
            return
        entry = self.cloud.journal.open(call)
        refusal = self.cloud.limits.check(call.address, call.method, call.path)
        if refusal:
            entry["status"] = refusal.status
            await error_response(refusal)(scope, receive, _with_cors(send))
            return
        struck = self.cloud.faults.hit(
            REQUEST_KINDS, method=call.method, path=call.path, device=_device_id(call)
        )
        scope["call"] = call
        await self._pass(scope, receive, send, entry, struck)
        if call.path == TOKEN_ROUTE and entry["status"] and not struck:
            self.cloud.limits.after_login(call.address, entry["status"])

    async def _pass(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        entry: dict[str, Any],
        struck: list[Active],
    ) -> None:
        """Lets the request through, as far as the faults do."""

        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await _with_cors(send)(message)

        effects = {fault.fault.kind: fault.fault for fault in struck}
        entry["fault"] = next(iter(effects), None)
        if "slow" in effects:
            await self.cloud.pause(effects["slow"].seconds)
        if "token-expired" in effects or "token-revoked" in effects:
            _spoil_token(scope["call"], revoke="token-revoked" in effects)
        if "cut-before" in effects:
            await _cut(scope, receive)
            return
        status = effects.get("status")
        if status is None and "cut-after" not in effects:
            await self.routes(scope, receive, record)
            return
        if status is None or status.effect:
            # It takes effect, but the client never hears the true answer.
            await self.routes(scope, receive, _swallow)
        if status is None:
            await _cut(scope, receive)
        else:
            await _status_answer(status)(scope, receive, record)


async def _swallow(_message: Message) -> None:
    """In place of sending."""


def _device_id(call: Call) -> str | None:
    """The device that the path names, or the body of a claim or an import."""
    parts = call.path.split("/")
    for name in ("devices", "diagnostics"):
        if name in parts[:-1]:
            return parts[parts.index(name) + 1]
    return call.text("id")


def _status_answer(effect: Effect) -> Response:
    texts = {429: "Too many requests", 503: "Service unavailable"}
    default = {"ok": False, "error": texts.get(effect.status, "Internal server error")}
    body = default if effect.body is None else effect.body
    return answer(body, effect.status, effect.headers)


def _spoil_token(call: Call, *, revoke: bool) -> None:
    """The token presented ends early, for this request and for good."""
    token = call.found
    if not isinstance(token, Token):
        return
    if revoke:
        call.cloud.state.revoke(token)
        call.found = errors.unknown_token()
    else:
        token.expires_at = call.cloud.clock.now()
        call.cloud.state.tokens.touch(token.digest)
        call.found = errors.expired_token()


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cuts the connection and waits until the server has noticed."""
    scope[ABORT]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _with_cors(send: Send) -> Send:
    async def send_with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *CORS]
        await send(message)

    return send_with_cors


def _preflight(call: Call) -> Response:
    asked = call.headers.get("access-control-request-headers", "").split(",")
    extra = [name.strip() for name in asked if name.strip().lower().startswith("x-particle-")]
    allowed = ", ".join([*ALLOWED_HEADERS, *extra])
    return Response(status_code=204, headers={**PREFLIGHT, "Access-Control-Allow-Headers": allowed})


def make_app(cloud: Cloud) -> ASGIApp:
    """The application of a simulated cloud."""
    api = [
        route
        for module in (
            oauth,
            tokens,
            users,
            left_out,
            clients,
            team,
            customers,
            integrations,
            streams,
            vitals,
            products,
            claims,
            devices,
            commands,
        )
        for route in module.routes.items
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with cloud.running():
            yield

    outside = Starlette(routes=control.routes(cloud), lifespan=lifespan)
    return Gate(cloud, RouteTable(api), outside)
