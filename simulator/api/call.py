"""One request to the API: its parameters, who sends it, and what the sender may do."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from simulator.api import errors
from simulator.api.errors import ApiError
from simulator.world.cloud import Cloud
from simulator.world.credentials import digest
from simulator.world.state.clients import Client
from simulator.world.state.customers import Customer
from simulator.world.state.devices import Device
from simulator.world.state.products import Product
from simulator.world.state.tokens import Token
from simulator.world.state.users import User

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# Roles in a product's team that may only read; all others may do everything.
READ_ONLY_ROLES = {"View-only"}

Handler = Callable[["Call"], Awaitable[Response]]


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer, without blanks, as the cloud sends it."""
    return Response(
        msgspec.json.encode(body),
        status,
        headers,
        media_type="application/json; charset=utf-8",
    )


def no_content() -> Response:
    """Return an empty answer with status 204."""
    return Response(status_code=204)


class Limits(Protocol):
    """The rate limits that a handler applies itself, because they depend on its resource."""

    def check_serial_lookup(self, account: str) -> None:
        """Count a look-up of a serial number, or raise the `ApiError` that refuses it."""

    def check_streams(self, open_streams: int) -> None:
        """Raise the `ApiError` that refuses another stream when so many are open."""


@dataclass(slots=True)
class Call:
    """A request to the API, read and ready for a handler.

    Attributes:
        cloud: the simulated cloud.
        limits: the rate limits that handlers apply.
        method: of the request.
        path: of the request, without the query.
        query: the parameters of the query.
        headers: by name, in upper or lower case.
        content_type: in lower case, without its parameters.
        address: of the client.
        params: the parameters of the body, whether JSON or a form.
        files: the uploaded files by their field.
        body_error: the refusal of a body that cannot be read.
        path_params: the variable parts of the path, by their name in the route.
        credential: the token that the request presents, or the refusal of it.
    """

    cloud: Cloud
    limits: Limits
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
    credential: Token | ApiError | None = None

    # Parameters

    def text(self, name: str) -> str | None:
        """Return a parameter of the body as text; None when it is absent or null."""
        value = self.params.get(name)
        if value is None or isinstance(value, (dict, list)):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def flag(self, name: str) -> bool:
        """Return a parameter of the body as a truth value: true, "true", 1 and "1" are true."""
        return self.text(name) in {"true", "1"}

    def texts(self, name: str) -> list[str]:
        """Return a list in the body: a JSON array, a repeated form field or a single value."""
        value = self.params.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        text = self.text(name)
        return [] if text is None else [text]

    def page(self, default: int = 25) -> tuple[int, int]:
        """Return the number of the page asked for, from 1, and its size."""
        size = self.query.get("perPage") or self.query.get("per_page") or ""
        number = self.query.get("page", "")
        return (
            max(1, int(number)) if number.isdecimal() else 1,
            max(1, int(size)) if size.isdecimal() else default,
        )

    # Credentials

    def basic(self) -> tuple[str, str] | None:
        """Return the user name and password of HTTP Basic authentication, if it is used.

        Raises:
            ApiError: 400, when the header is malformed.
        """
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise errors.oauth("invalid_request", "Malformed auth header") from None
        return name, password

    def client_credentials(self) -> tuple[str | None, str | None]:
        """Return the client id and secret, from HTTP Basic authentication or from the body."""
        return self.basic() or (self.text("client_id"), self.text("client_secret"))

    def client(self, client_id: str | None, secret: str | None) -> Client:
        """Return the OAuth client with these credentials.

        Raises:
            ApiError: they are incomplete or wrong, in the words of the OAuth server.
        """
        if not client_id:
            raise errors.invalid_client("Invalid or missing client_id parameter")
        if not secret:
            raise errors.invalid_client("Missing client_secret parameter")
        client = self.cloud.state.clients.get(client_id)
        if client is None or client.secret != digest(secret):
            raise errors.invalid_client()
        return client

    def identify(self) -> None:
        """Look the token up; a refusal is raised only when a handler asks for the token."""
        if self.body_error:
            self.credential = self.body_error
            return
        try:
            self.credential = self._find_token()
        except ApiError as error:
            self.credential = error

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
        """Return the valid token of this request.

        Raises:
            ApiError: there is none, or it is invalid.
        """
        if isinstance(self.credential, Token):
            return self.credential
        raise self.credential or errors.no_token()

    def require_scope(self, scope: str) -> None:
        """Refuse a token that is limited to other scopes.

        Raises:
            ApiError: 403.
        """
        allowed = self.token().scopes
        family = scope.partition(":")[0]
        if allowed is not None and not {scope, f"{family}:*", "*:*"} & set(allowed):
            raise errors.not_permitted()

    def user(self) -> User:
        """Return the developer account that sends the request.

        Raises:
            ApiError: the token belongs to an API user, a customer or a product.
        """
        token = self.token()
        if token.kind == "api-user":
            raise errors.api_user_refused()
        user = self.cloud.state.users.get(token.account)
        if token.kind != "user" or user is None:
            raise errors.not_permitted()
        return user

    def owner(self) -> User | Customer:
        """Return the account that can own devices: a user or a customer.

        Raises:
            ApiError: the token belongs to an API user or a product.
        """
        token = self.token()
        if token.kind == "api-user":
            raise errors.api_user_refused()
        account = self.cloud.state.account(token.account)
        if token.kind == "product" or account is None:
            raise errors.not_permitted()
        return account

    def product(self, scope: str) -> Product:
        """Return the product in the path.

        Args:
            scope: the right that the token must have in it, such as `devices:list`.

        Raises:
            ApiError: 404 without such a product, 403 without the right.
        """
        token = self.token()
        product = self.cloud.state.products.find(self.path_params["product"])
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
        """Return the product and its device in the path.

        Raises:
            ApiError: as `product`, or 403 when the product has no such device.
        """
        product = self.product(scope)
        device = self.cloud.state.devices.get(self.path_params["device"])
        if device is None or device.product_id != product.id:
            raise errors.unknown_device()
        return product, device

    def own_device(self, scope: str | None = None) -> Device:
        """Return the caller's device in the path, found by id or by name.

        Args:
            scope: with it, an API user that has this right reaches the devices of its product.

        Raises:
            ApiError: 403, when the caller has no such device.
        """
        token = self.token()
        state = self.cloud.state
        id_or_name = self.path_params["device"]
        if scope and token.kind == "api-user":
            self.require_scope(scope)
            return self.visible_device(id_or_name)
        owned = state.devices.owned_by(token.account) if token.kind in {"user", "customer"} else []
        for device in owned:
            if id_or_name in {device.id, device.name}:
                return device
        raise errors.unknown_device()

    def visible_device(self, device_id: str) -> Device:
        """Return a device of a product to whose team, API users or clients the caller belongs.

        Raises:
            ApiError: 403, when there is no such device.
        """
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


async def read_call(cloud: Cloud, limits: Limits, request: Request) -> Call:
    """Read the whole request; the refusal of an unreadable body is raised with the token."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    call = Call(
        cloud=cloud,
        limits=limits,
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
        # Invented: no source shows the answer to a body that is not JSON.
        call.body_error = errors.failed(400, "invalid request body")
        return
    call.params = parsed if isinstance(parsed, dict) else {}


def _read_form(body: str) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        _put_field(params, key, value)
    return params


def _put_field(params: dict[str, Any], key: str, value: str) -> None:
    """Store a form field: `a[]=` and `a[0]=` make lists, `a[b]=` makes an object."""
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
