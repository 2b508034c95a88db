"""The calls to the Particle cloud that this product makes, one method each."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.particle import errors
from shared.particle.integrations import Integrations
from shared.particle.transport import Answer, Credentials, Transport

PER_PAGE = 100
"""Entries requested for a page of a list."""

_PRODUCT = "/v1/products/{product}"
_CUSTOMERS = _PRODUCT + "/customers"
_DEVICES = _PRODUCT + "/devices"
_DEVICE = _DEVICES + "/{device}"


@dataclass(frozen=True)
class Device:
    """A device of the product, as far as it is used here."""

    id: str
    name: str | None
    owner: str | None
    """The user name of its customer or user; lower case."""
    online: bool
    """What Particle believes. It lags: about 50 s for Wi-Fi, up to 46 min for cellular."""
    product_id: int | None
    platform_id: int | None
    firmware_version: int | None
    quarantined: bool = False
    """It asked to join the product and has been neither approved nor denied yet."""


@dataclass(frozen=True)
class Product:
    """The product, as far as its settings are used here."""

    name: str | None
    quarantine: bool | None
    """Whether unknown devices wait to be approved; None when Particle does not say."""


@dataclass(frozen=True)
class OAuthClient:
    """An OAuth client of the product, as far as Particle shows it: never its secret."""

    id: str
    name: str | None
    kind: str | None
    """`installed` or `web`."""
    scope: str | None
    """What it is limited to, such as `customers:create`; None for a server's, which is not."""

    @property
    def is_simple_auth(self) -> bool:
        """Whether it is for apps and web pages: whoever has one can make customers with it."""
        return self.kind == "web" or bool(self.scope)


class Particle:
    """One product at Particle. Calls raise `errors.ParticleError`."""

    def __init__(self, base_url: str, product: str, *, transport: Transport | None = None) -> None:
        """`product` is its number or slug."""
        self._transport = transport or Transport(base_url)
        self._product = product
        self.integrations = Integrations(self._transport, product)

    @property
    def longest_call(self) -> float:
        """Seconds that a call to a device takes at most, including the time to connect."""
        timeouts = self._transport.timeouts
        return timeouts.connect + timeouts.device

    def mint_token(
        self, client: tuple[str, str], *, customer_name: str | None, lifetime: int
    ) -> tuple[str, float]:
        """`POST /oauth/token`, grant `client_credentials`.

        For a customer of the product, or for the product itself when `customer_name` is None.
        Returns the token and the seconds it is valid for. Not repeatable, since each request counts
        against the limit of 100 in 5 minutes.

        Raises `ClientRejectedError`, and `NoSuchCustomerError`. How Particle refuses an unknown
        customer is not documented, so for a customer any refusal but that of the client means it;
        of the product's own token, any refusal is one of the client.
        """
        form = {"grant_type": "client_credentials", "expires_in": str(lifetime)}
        if customer_name is not None:
            # The form's field is `scope` and its value literally `customer=<name>`.
            form["scope"] = f"customer={customer_name}"
        route = "/oauth/token"
        try:
            answer = self._transport.send("POST", route, client, form=form, repeatable=False)
        except errors.ClientRejectedError:
            raise
        except errors.RefusedError as refusal:
            kind = (
                errors.ClientRejectedError if customer_name is None else errors.NoSuchCustomerError
            )
            raise kind(refusal.route, refusal.text, refusal.status) from refusal
        return answer.member("access_token", str), float(answer.member("expires_in", int))

    def create_customer(self, client: tuple[str, str], customer_name: str) -> None:
        """`POST /v1/products/:product/customers`: a customer without a password.

        Repeatable in the sense that two requests create one customer. Raises `CustomerExistsError`,
        and, since Particle may say that in other words, any other `RefusedError` for a customer who
        exists.
        """
        form = {"email": customer_name, "no_password": "true"}
        answer = self._transport.send("POST", _CUSTOMERS, client, path=self._path(), form=form)
        if not isinstance(answer.body, dict):
            raise answer.unexpected("no object")
        if answer.body.get("ok") is False:
            raise errors.RefusedError(answer.route, errors.message_in(answer.body))

    def claim_device(self, credentials: Credentials, device_id: str) -> None:
        """`POST /v1/devices`: the customer whose token it is becomes the device's owner.

        Succeeds again for the one who owns it. Raises `ForeignOwnerError`, and `RefusedError` when
        the device is not in the product.
        """
        answer = self._transport.send("POST", "/v1/devices", credentials, form={"id": device_id})
        if not answer.member("ok", bool):
            raise answer.unexpected("not ok")

    def release_device(self, credentials: Credentials, device_id: str) -> None:
        """`DELETE /v1/products/:product/devices/:id/owner`: ends any claim."""
        path = self._path(device=device_id)
        self._transport.send("DELETE", _DEVICE + "/owner", credentials, path=path).require_ok()

    def create_claim_code(self, credentials: Credentials) -> str:
        """`POST /v1/products/:product/device_claims`: a code for a device to present.

        Needs the token of the customer who is to own the device. Valid for an hour ("Device
        claiming"). Repeatable: an unused code does no harm.
        """
        route = _PRODUCT + "/device_claims"
        answer = self._transport.send("POST", route, credentials, path=self._path(), form={})
        return answer.member("claim_code", str)

    def revoke_token(self, token: str) -> None:
        """`DELETE /v1/access_tokens/current`: revokes the token that it is sent with.

        Raises `TokenRejectedError` when it is no longer valid.
        """
        self._transport.send("DELETE", "/v1/access_tokens/current", token).require_ok()

    def revoke_tokens(self, token: str) -> None:
        """`DELETE /v1/access_tokens`: revokes all tokens of the one who sends this one.

        Raises `TokenRejectedError` when it is no longer valid.
        """
        self._transport.send("DELETE", "/v1/access_tokens", token).require_ok()

    def delete_customer(self, credentials: Credentials, customer_name: str) -> None:
        """`DELETE /v1/products/:product/customers/:email`: also revokes the customer's tokens.

        Raises `NotFoundError` when there is no such customer.
        """
        path = self._path(customer=customer_name)
        route = _CUSTOMERS + "/{customer}"
        self._transport.send("DELETE", route, credentials, path=path).require_ok()

    def device(self, credentials: Credentials, device_id: str) -> Device:
        """`GET /v1/products/:product/devices/:id`.

        Raises `ForbiddenError` or `NotFoundError` for one that is not in the product.
        """
        path = self._path(device=device_id)
        return _device(self._transport.send("GET", _DEVICE, credentials, path=path))

    def devices(self, credentials: Credentials, page: int) -> list[Device]:
        """`GET /v1/products/:product/devices`: a page of the product's devices, counted from 1.

        In the order of their ids, so that no device is missed between two pages while others come
        and go. Empty after the last page.
        """
        answer = self._page(credentials, _DEVICES, page, sortAttr="deviceId", sortDir="asc")
        return [_device(item) for item in answer.items("devices")]

    def customers(self, credentials: Credentials, page: int) -> list[str]:
        """`GET /v1/products/:product/customers`: a page of user names, counted from 1.

        Only of customers who own a device. Empty after the last page.
        """
        listed = self._page(credentials, _CUSTOMERS, page).items("customers")
        return [item.member("username", str) for item in listed]

    def product(self, credentials: Credentials) -> Product:
        """`GET /v1/products/:product`.

        Raises `NotFoundError` when there is no such product, `ForbiddenError` for another's.
        """
        answer = self._transport.send("GET", _PRODUCT, credentials, path=self._path())
        found = answer.member("product", object)
        # An object in the documentation, a list with one in a recording from 2018.
        product = Answer(answer.route, found[0] if isinstance(found, list) and found else found)
        settings = Answer(answer.route, product.optional("settings", dict))
        return Product(product.optional("name", str), settings.optional("quarantine", bool))

    def clients(self, credentials: Credentials) -> list[OAuthClient]:
        """`GET /v1/products/:product/clients`: the product's OAuth clients."""
        route = _PRODUCT + "/clients"
        answer = self._transport.send("GET", route, credentials, path=self._path())
        return [
            OAuthClient(
                id=item.member("id", str),
                name=item.optional("name", str),
                kind=item.optional("type", str),
                scope=item.optional("scope", str),
            )
            for item in answer.items("clients")
        ]

    def call_function(
        self, credentials: Credentials, device_id: str, function: str, argument: str
    ) -> int:
        """`POST /v1/products/:product/devices/:id/:function`; what the firmware returned.

        A signed 32-bit integer; a negative one is no error. Never sent twice, except after its
        token was rejected. Raises `NotFoundError` when the firmware has no such function and
        `DeviceUnreachableError` when the device is offline or silent.
        """
        answer = self._transport.send(
            "POST",
            _DEVICE + "/{name}",
            credentials,
            path=self._path(device=device_id, name=function),
            form={"arg": argument},
            repeatable=False,
            of_device=True,
        )
        return answer.member("return_value", int)

    def read_variable(
        self, credentials: Credentials, device_id: str, variable: str
    ) -> bool | float | str | None:
        """`GET /v1/products/:product/devices/:id/:variable`; what the device answered.

        Raises like `call_function`.
        """
        path = self._path(device=device_id, name=variable)
        answer = self._transport.send(
            "GET", _DEVICE + "/{name}", credentials, path=path, of_device=True
        )
        if not isinstance(answer.body, dict) or "result" not in answer.body:
            raise answer.unexpected("no result")
        result: bool | float | str | None = answer.body["result"]
        return result

    def ping(self, credentials: Credentials, device_id: str) -> bool:
        """`PUT /v1/products/:product/devices/:id/ping`: whether the device answers now."""
        answer = self._transport.send(
            "PUT",
            _DEVICE + "/ping",
            credentials,
            path=self._path(device=device_id),
            of_device=True,
        )
        return answer.member("online", bool)

    def quarantined(self, credentials: Credentials, page: int) -> list[Device]:
        """`GET /v1/products/:product/devices?quarantined=true`: a page of them, counted from 1.

        Empty after the last page. Only Device OS before 4.0 is quarantined; devices with a later
        one are not admitted.
        """
        answer = self._page(credentials, _DEVICES, page, quarantined="true")
        return [_device(item) for item in answer.items("devices")]

    def approve_device(self, credentials: Credentials, device_id: str) -> bool:
        """`POST /v1/products/:product/devices`: takes a device out of quarantine, into the product.

        Returns whether it is in the product now. Repeatable: a device that is in stays in.
        """
        form = {"id": device_id}
        answer = self._transport.send("POST", _DEVICES, credentials, path=self._path(), form=form)
        # A 200 means nothing by itself; the lists in it do. Answers of 2018 have no list of
        # devices that were in the product before.
        if answer.member("updated", int) > 0:
            return True
        return device_id in (answer.optional("existingDeviceIds", list) or [])

    def deny_device(self, credentials: Credentials, device_id: str) -> None:
        """`DELETE /v1/products/:product/devices/:id` with `deny`: refuses a quarantined device.

        Raises `ForbiddenError` or `NotFoundError` for one that did not ask to join.
        """
        path = self._path(device=device_id)
        self._transport.send("DELETE", _DEVICE, credentials, path=path, form={"deny": "true"})

    def _page(self, credentials: Credentials, route: str, page: int, **filters: str) -> Answer:
        query = {"page": str(page), "perPage": str(PER_PAGE), **filters}
        return self._transport.send("GET", route, credentials, path=self._path(), query=query)

    def _path(self, **parts: str) -> Mapping[str, str]:
        return {"product": self._product, **parts}


def _device(answer: Answer) -> Device:
    return Device(
        id=answer.member("id", str),
        name=answer.optional("name", str),
        owner=answer.optional("owner", str),
        online=bool(answer.body.get("online")),
        product_id=answer.optional("product_id", int),
        platform_id=answer.optional("platform_id", int),
        firmware_version=answer.optional("firmware_version", int),
        quarantined=answer.body.get("quarantined") is True,
    )
