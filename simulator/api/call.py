"""One request: its parameters, who sends it and what that one may do."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from simulator.api import errors
from simulator.api.errors import ApiError
from simulator.world.state import Client, Customer, Device, Product, Token, User, digest

if TYPE_CHECKING:
    from simulator.world.cloud import Cloud

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# What a role in a product's team may do; who is not listed may do everything.
READ_ONLY_ROLES = {"View-only"}

Handler = Callable[["Call"], Awaitable[Response]]


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, compact as the cloud sends it."""
    return Response(
        msgspec.json.encode(body),
        status,
        headers,
        media_type="application/json; charset=utf-8",
    )


def no_content() -> Response:
    return Response(status_code=204)


@dataclass(slots=True)
class Call:
    """A request to the API, read and ready for a handler."""

    cloud: "Cloud"
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content_type: str
    address: str
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    body_error: ApiError | None = None
    path_params: dict[str, str] = field(default_factory=dict)
    found: Token | ApiError | None = None

    # Parameters

    def text(self, name: str) -> str | None:
        """A body parameter as text; None when it is absent or null."""
        value = self.params.get(name)
        if value is None or isinstance(value, (dict, list)):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def flag(self, name: str) -> bool:
        """A body parameter as a truth value: true, "true", 1 and "1" are true."""
        return self.text(name) in {"true", "1"}

    def texts(self, name: str) -> list[str]:
        """A list parameter: JSON array, repeated form field or a single value."""
        value = self.params.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        text = self.text(name)
        return [] if text is None else [text]

    def page(self, default: int = 25) -> tuple[int, int]:
        """Number (from 1) and size of the page asked for, as `perPage` or `per_page`."""
        size = self.query.get("perPage") or self.query.get("per_page") or ""
        number = self.query.get("page", "")
        return (
            max(1, int(number)) if number.isdecimal() else 1,
            max(1, int(size)) if size.isdecimal() else default,
        )

    # Credentials

    def basic(self) -> tuple[str, str] | None:
        """User name and password of HTTP Basic authentication."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise errors.oauth("invalid_request", "Malformed auth header") from None
        return name, password

    def client_credentials(self) -> tuple[str | None, str | None]:
        """Client id and secret, from HTTP Basic or from the body."""
        return self.basic() or (self.text("client_id"), self.text("client_secret"))

    def client(self, client_id: str | None, secret: str | None) -> Client:
        """The OAuth client with these credentials, or the OAuth server's refusal."""
        if not client_id:
            raise errors.invalid_client("Invalid or missing client_id parameter")
        if not secret:
            raise errors.invalid_client("Missing client_secret parameter")
        client = self.cloud.state.clients.get(client_id)
        if client is None or client.secret != digest(secret):
            raise errors.invalid_client()
        return client

    def identify(self) -> None:
        """Looks up the token once; a refusal is raised only when a handler asks for the token."""
        if self.body_error:
            self.found = self.body_error
            return
        try:
            self.found = self._find_token()
        except ApiError as error:
            self.found = error

    def _find_token(self) -> Token:
        presented = []
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            presented.append(value.strip())
        elif scheme and scheme.lower() != "basic":
            raise errors.oauth("invalid_request", "Malformed auth header")
        if self.method == "GET" and "access_token" in self.query:
            presented.append(self.query["access_token"])
        if self.method != "GET" and self.content_type == FORM and "access_token" in self.params:
            presented.append(str(self.params["access_token"]))
        if not presented:
            raise errors.no_token()
        if len(presented) > 1:
            raise errors.oauth(
                "invalid_request",
                "Only one method may be used to authenticate at a time "
                "(Auth header,  GET or POST).",
            )
        token = self.cloud.state.tokens.get(digest(presented[0]))
        if token is None:
            raise errors.unknown_token()
        if token.expires_at is not None and token.expires_at <= self.cloud.clock.now():
            raise errors.expired_token()
        return token

    # What the token may do

    def token(self) -> Token:
        """The valid token of this request."""
        if isinstance(self.found, Token):
            return self.found
        raise self.found or errors.no_token()

    def require_scope(self, scope: str) -> None:
        """Refuses a token that is limited to other scopes."""
        allowed = self.token().scopes
        family = scope.partition(":")[0]
        if allowed is not None and not {scope, f"{family}:*", "*:*"} & set(allowed):
            raise errors.not_permitted()

    def user(self) -> User:
        """The developer account; API users and customers are refused."""
        token = self.token()
        if token.kind == "api-user":
            raise errors.api_user_refused()
        user = self.cloud.state.users.get(token.account)
        if token.kind != "user" or user is None:
            raise errors.not_permitted()
        return user

    def owner(self) -> User | Customer:
        """The account that can own devices: a user or a customer."""
        token = self.token()
        if token.kind == "api-user":
            raise errors.api_user_refused()
        account = self.cloud.state.account(token.account)
        if token.kind == "product" or account is None:
            raise errors.not_permitted()
        return account

    def product(self, scope: str) -> Product:
        """The product in the path, when the token has this right in it."""
        token = self.token()
        product = self.cloud.state.product(self.path_params["product"])
        if product is None:
            raise errors.product_not_found()
        if token.kind == "customer":
            raise errors.not_permitted()
        if token.kind == "user":
            role = product.team.get(token.account)
            reads = scope.rpartition(":")[2] in {"list", "get"}
            if role is None or (role in READ_ONLY_ROLES and not reads):
                raise errors.not_permitted()
        elif token.product_id != product.id:
            raise errors.not_permitted()
        self.require_scope(scope)
        return product

    def product_device(self, scope: str) -> tuple[Product, Device]:
        """The product and its device in the path."""
        product = self.product(scope)
        device = self.cloud.state.devices.get(self.path_params["device"])
        if device is None or device.product_id != product.id:
            raise errors.unknown_device()
        return product, device

    def own_device(self, scope: str | None = None) -> Device:
        """The caller's device in the path, by id or by name.

        With a scope, an API user reaches the devices of its product, too.
        """
        token = self.token()
        state = self.cloud.state
        id_or_name = self.path_params["device"]
        if scope and token.kind == "api-user":
            self.require_scope(scope)
            return self.visible_device(id_or_name)
        owned = state.devices_of(token.account) if token.kind in {"user", "customer"} else []
        for device in owned:
            if id_or_name in {device.id, device.name}:
                return device
        raise errors.unknown_device()

    def visible_device(self, device_id: str) -> Device:
        """A device of a product whose team or credential the caller is."""
        token = self.token()
        state = self.cloud.state
        device = state.devices.get(device_id)
        product = state.products.get(str(device.product_id)) if device else None
        if device is None or product is None or token.kind == "customer":
            raise errors.unknown_device()
        member = token.kind == "user" and token.account in product.team
        if not member and (token.kind == "user" or token.product_id != product.id):
            raise errors.unknown_device()
        return device


async def read_call(cloud: "Cloud", request: Request) -> Call:
    """Reads the whole request; a body that cannot be read becomes an error of the token check."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    call = Call(
        cloud=cloud,
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        headers=request.headers,
        content_type=content_type,
        address=request.client.host if request.client else "",
    )
    body = await request.body()
    if content_type == MULTIPART:
        await _read_multipart(call, request)
    elif content_type == FORM:
        call.params = _read_form(body.decode(errors="replace"))
    elif body:
        _read_json(call, body)
    call.identify()
    return call


def _read_json(call: Call, body: bytes) -> None:
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Invented: no source shows the answer to a body that is no JSON.
        call.body_error = errors.failed(400, "invalid request body")
        return
    call.params = parsed if isinstance(parsed, dict) else {}


def _read_form(body: str) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        _put_field(params, key, value)
    return params


def _put_field(params: dict[str, Any], key: str, value: str) -> None:
    """Stores a form field: `a[]=` and `a[0]=` make lists, `a[b]=` makes an object."""
    nested = re.fullmatch(r"([^\[\]]+)\[([^\[\]]*)\]", key)
    if not nested:
        params[key] = value
        return
    name, inner = nested.groups()
    if inner == "" or inner.isdecimal():
        items = params.setdefault(name, [])
        if isinstance(items, list):
            items.append(value)
        return
    entries = params.setdefault(name, {})
    if isinstance(entries, dict):
        entries[inner] = value


async def _read_multipart(call: Call, request: Request) -> None:
    async with request.form() as form:
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                call.files[key] = await value.read()
            else:
                _put_field(call.params, key, value)
