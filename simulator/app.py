"""The ASGI application: the gate that every request to the API passes, and what lies behind it."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import control
from simulator.api import errors
from simulator.api.call import Call, answer, read_call
from simulator.api.resources import api_routes
from simulator.api.routes import RouteTable, error_response
from simulator.journal import Journal
from simulator.ratelimits import TOKEN_ROUTE, RateLimits
from simulator.world.cloud import Cloud
from simulator.world.faults import REQUEST_KINDS, ActiveFault, Effect
from simulator.world.state.tokens import Token

CORS = [
    (b"access-control-allow-origin", b"*"),
]
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Max-Age": "600",
}
# Preflight requests may ask for these headers, and for any X-Particle-… header.
ALLOWED_HEADERS = ["Authorization", "Content-Type"]

# The key in the ASGI scope under which the server puts a function that cuts the connection.
ABORT = "simulator.abort"


class Gate:
    """Applies the journal, rate limits, faults and CORS to every request to the API.

    Requests for anything else (the control API and the web page) go straight to `outside`.
    """

    def __init__(
        self, cloud: Cloud, journal: Journal, limits: RateLimits, api: ASGIApp, outside: ASGIApp
    ) -> None:
        self.cloud = cloud
        self.journal = journal
        self.limits = limits
        self.api = api
        self.outside = outside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/oauth/")):
            await self.outside(scope, receive, send)
            return
        try:
            call = await read_call(self.cloud, self.limits, Request(scope, receive))
        except ClientDisconnect:
            return
        if call.method == "OPTIONS":
            await _preflight(call)(scope, receive, _with_cors(send))
            return
        entry = self.journal.open(call)
        refusal = self.limits.check(call.address, call.method, call.path)
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
            self.limits.after_login(call.address, entry["status"])

    async def _pass(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        entry: dict[str, Any],
        struck: list[ActiveFault],
    ) -> None:
        """Let the request through as far as the faults that strike it allow."""

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
            await self.api(scope, receive, record)
            return
        if status is None or status.effect:
            # The request takes effect, but the client never gets the true answer.
            await self.api(scope, receive, _discard)
        if status is None:
            await _cut(scope, receive)
        else:
            await _status_answer(status)(scope, receive, record)


async def _discard(_message: Message) -> None:
    """Drop a part of an answer that the client must not get."""


def _device_id(call: Call) -> str | None:
    """The device named in the path, or in the body of a claim or an import."""
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
    """Make the token of this request invalid, for this request and from now on."""
    token = call.credential
    if not isinstance(token, Token):
        return
    if revoke:
        call.cloud.state.tokens.remove(token.digest)
        call.credential = errors.unknown_token()
    else:
        token.expires_at = call.cloud.clock.now()
        call.cloud.state.tokens.touch(token.digest)
        call.credential = errors.expired_token()


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection and wait until the server has noticed."""
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
    """Return the application that serves a simulated cloud: its API and its control API."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with cloud.running():
            yield

    journal = Journal()
    limits = RateLimits(cloud.clock, enabled=cloud.settings.rate_limits)
    outside = Starlette(routes=control.routes(cloud, journal, limits), lifespan=lifespan)
    return Gate(cloud, journal, limits, RouteTable(api_routes()), outside)
