"""The calls to the Particle cloud that this product makes, one method each."""

from dataclasses import dataclass
from typing import Any

from shared.particle.answers import member, optional
from shared.particle.errors import UnexpectedAnswerError
from shared.particle.integrations import Integrations
from shared.particle.tokens import Credentials, with_token
from shared.particle.transport import Transport

PER_PAGE = 100
"""Entries asked for in a page of a list."""


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
    """It asked to join the product and nobody has said yes or no."""


@dataclass(frozen=True)
class OAuthClient:
    """An OAuth client of the product, as far as Particle shows it: never its secret."""

    id: str
    name: str | None
    kind: str | None
    """`installed` or `web`."""
    scope: str | None
    """What it is limited to, such as `customers:create`; None for a server's, which is not."""


class Particle:
    """One product at Particle. Calls raise `errors.ParticleError`."""

    def __init__(self, base_url: str, product: str, *, transport: Transport | None = None) -> None:
        """`product` is its number or slug."""
        self._transport = transport or Transport(base_url)
        self._product = product
        self.integrations = Integrations(self._transport, product)

    @property
    def longest_call(self) -> float:
        """Seconds that a call to a device takes at most, with the connection's making."""
        timeouts = self._transport.timeouts
        return timeouts.connect + timeouts.device

    def mint_token(
        self, client: tuple[str, str], *, identity: str | None, lifetime: int
    ) -> tuple[str, float]:
        """`POST /oauth/token`, grant `client_credentials`.

        For a customer of the product, or for the product itself when `identity` is None. Returns
        the token and the seconds it is good for. Never sent twice by itself, for each request
        counts against the limit of 100 in 5 minutes.
        """
        form = {"grant_type": "client_credentials", "expires_in": str(lifetime)}
        if identity is not None:
            # The form's field is `scope` and its value literally `customer=<identity>`.
            form["scope"] = f"customer={identity}"
        body = self._transport.send(
            "POST", "/oauth/token", client=client, form=form, repeatable=False
        )
        return (
            member(body, "access_token", str, "POST /oauth/token"),
            float(member(body, "expires_in", int, "POST /oauth/token")),
        )

    def create_customer(self, client: tuple[str, str], identity: str) -> None:
        """`POST /v1/products/:product/customers`: a customer without a password.

        Raises `CustomerExistsError`. Repeatable in that sense: twice gives one customer.
        """
        body = self._transport.send(
            "POST",
            "/v1/products/{product}/customers",
            path={"product": self._product},
            client=client,
            form={"email": identity, "no_password": "true"},
            repeatable=True,
        )
        if not isinstance(body, dict):
            raise UnexpectedAnswerError("POST /v1/products/{product}/customers", "no object")

    def claim_device(self, credentials: Credentials, device_id: str) -> None:
        """`POST /v1/devices`: the customer whose token it is becomes the device's owner.

        Succeeds again for one who owns it. Raises `ForeignOwnerError`, and `RefusedError` when the
        device is not in the product.
        """
        body = with_token(
            credentials,
            lambda token: self._transport.send(
                "POST", "/v1/devices", token=token, form={"id": device_id}, repeatable=True
            ),
        )
        if member(body, "ok", bool, "POST /v1/devices") is not True:
            raise UnexpectedAnswerError("POST /v1/devices", "not ok")

    def release_device(self, credentials: Credentials, device_id: str) -> None:
        """`DELETE /v1/products/:product/devices/:id/owner`: ends any claim."""
        body = self._on_device(credentials, "DELETE", "/owner", device_id, repeatable=True)
        _require_ok(body, "DELETE /v1/products/{product}/devices/{device}/owner")

    def create_claim_code(self, credentials: Credentials) -> str:
        """`POST /v1/products/:product/device_claims`: a code for a device to present.

        With the token of the customer who shall own the device. Good for an hour ("Device
        claiming"). Repeatable: a code too many does no harm.
        """
        body = with_token(
            credentials,
            lambda token: self._transport.send(
                "POST",
                "/v1/products/{product}/device_claims",
                path={"product": self._product},
                token=token,
                form={},
                repeatable=True,
            ),
        )
        return member(body, "claim_code", str, "POST /v1/products/{product}/device_claims")

    def revoke_token(self, token: str) -> None:
        """`DELETE /v1/access_tokens/current`: ends the token that it is sent with.

        Raises `TokenRejectedError` when it has ended already.
        """
        route = "/v1/access_tokens/current"
        body = self._transport.send("DELETE", route, token=token, repeatable=True)
        _require_ok(body, f"DELETE {route}")

    def delete_customer(self, credentials: Credentials, identity: str) -> None:
        """`DELETE /v1/products/:product/customers/:email`: also ends the customer's tokens.

        Raises `NotFoundError` when there is no such customer.
        """
        route = "/v1/products/{product}/customers/{customer}"
        body = with_token(
            credentials,
            lambda token: self._transport.send(
                "DELETE",
                route,
                path={"product": self._product, "customer": identity},
                token=token,
                repeatable=True,
            ),
        )
        _require_ok(body, f"DELETE {route}")

    def device(self, credentials: Credentials, device_id: str) -> Device:
        """`GET /v1/products/:product/devices/:id`.

        Raises `ForbiddenError` or `NotFoundError` for one that is not in the product.
        """
        body = self._on_device(credentials, "GET", "", device_id, repeatable=True)
        return _device(body, "GET /v1/products/{product}/devices/{device}")

    def devices(self, credentials: Credentials, page: int) -> list[Device]:
        """`GET /v1/products/:product/devices`: a page of the product's devices, counted from 1.

        Empty after the last.
        """
        route = "/v1/products/{product}/devices"
        body = self._list(credentials, route, page)
        return [_device(item, f"GET {route}") for item in member(body, "devices", list, route)]

    def customers(self, credentials: Credentials, page: int) -> list[str]:
        """`GET /v1/products/:product/customers`: a page of user names, counted from 1.

        Only of customers who own a device. Empty after the last.
        """
        route = "/v1/products/{product}/customers"
        body = self._list(credentials, route, page)
        listed = member(body, "customers", list, route)
        return [member(item, "username", str, route) for item in listed]

    def product_name(self, credentials: Credentials) -> str | None:
        """`GET /v1/products/:product`; the product's name.

        Raises `NotFoundError` when there is no such product, `ForbiddenError` for another's.
        """
        route = "/v1/products/{product}"
        body = self._of_product(credentials, route)
        found = member(body, "product", object, route)
        # An object in the documentation, a list with one in a recording from 2018.
        return optional(found[0] if isinstance(found, list) and found else found, "name", str)

    def clients(self, credentials: Credentials) -> list[OAuthClient]:
        """`GET /v1/products/:product/clients`: the product's OAuth clients."""
        route = "/v1/products/{product}/clients"
        listed = member(self._of_product(credentials, route), "clients", list, route)
        return [
            OAuthClient(
                id=member(item, "id", str, route),
                name=optional(item, "name", str),
                kind=optional(item, "type", str),
                scope=optional(item, "scope", str),
            )
            for item in listed
        ]

    def call_function(
        self, credentials: Credentials, device_id: str, function: str, argument: str
    ) -> int:
        """`POST /v1/products/:product/devices/:id/:function`; what the firmware returned.

        A signed 32-bit integer; a negative one is no error. Never sent twice, but for a token
        that was refused. Raises `NotFoundError` when the firmware has no such function and
        `DeviceUnreachableError` when the device is offline or silent.
        """
        body = self._on_device(
            credentials,
            "POST",
            "/{name}",
            device_id,
            name=function,
            form={"arg": argument},
            repeatable=False,
            of_device=True,
        )
        return member(
            body, "return_value", int, "POST /v1/products/{product}/devices/{device}/{name}"
        )

    def read_variable(
        self, credentials: Credentials, device_id: str, variable: str
    ) -> bool | float | str | None:
        """`GET /v1/products/:product/devices/:id/:variable`; what the device answered.

        Raises like `call_function`.
        """
        body = self._on_device(
            credentials,
            "GET",
            "/{name}",
            device_id,
            name=variable,
            repeatable=True,
            of_device=True,
        )
        if not isinstance(body, dict) or "result" not in body:
            raise UnexpectedAnswerError(
                "GET /v1/products/{product}/devices/{device}/{name}", "no result"
            )
        result: bool | float | str | None = body["result"]
        return result

    def quarantined(self, credentials: Credentials, page: int) -> list[Device]:
        """`GET /v1/products/:product/devices?quarantined=true`: a page of them, counted from 1.

        Empty after the last. Only Device OS before 4.0 is quarantined; later ones are not admitted.
        """
        route = "/v1/products/{product}/devices"
        body = self._list(credentials, route, page, quarantined="true")
        return [_device(item, f"GET {route}") for item in member(body, "devices", list, route)]

    def approve_device(self, credentials: Credentials, device_id: str) -> bool:
        """`POST /v1/products/:product/devices`: takes a device out of quarantine, into the product.

        Whether it is in now. Repeatable: one that is in stays in.
        """
        route = "/v1/products/{product}/devices"
        body = self._of_product(credentials, route, form={"id": device_id})
        # A 200 says nothing: the lists tell. Answers of 2018 have no list of those already in.
        if member(body, "updated", int, f"POST {route}") > 0:
            return True
        return device_id in (optional(body, "existingDeviceIds", list) or [])

    def deny_device(self, credentials: Credentials, device_id: str) -> None:
        """`DELETE /v1/products/:product/devices/:id` with `deny`: refuses a quarantined device.

        Raises `ForbiddenError` or `NotFoundError` for one that did not ask.
        """
        self._on_device(
            credentials, "DELETE", "", device_id, form={"deny": "true"}, repeatable=True
        )

    def _on_device(
        self,
        credentials: Credentials,
        method: str,
        suffix: str,
        device_id: str,
        *,
        repeatable: bool,
        name: str = "",
        form: dict[str, str] | None = None,
        of_device: bool = False,
    ) -> Any:
        return with_token(
            credentials,
            lambda token: self._transport.send(
                method,
                "/v1/products/{product}/devices/{device}" + suffix,
                path={"product": self._product, "device": device_id, "name": name},
                token=token,
                form=form,
                repeatable=repeatable,
                of_device=of_device,
            ),
        )

    def _list(self, credentials: Credentials, route: str, page: int, **filters: str) -> Any:
        query = {"page": str(page), "perPage": str(PER_PAGE), **filters}
        return self._of_product(credentials, route, query=query)

    def _of_product(
        self,
        credentials: Credentials,
        route: str,
        *,
        query: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> Any:
        return with_token(
            credentials,
            lambda token: self._transport.send(
                "GET" if form is None else "POST",
                route,
                path={"product": self._product},
                query=query,
                form=form,
                token=token,
                repeatable=True,
            ),
        )


def _require_ok(body: Any, route: str) -> None:
    """Raise unless something was done; the answer may be 204 without a body, which is `{}` here."""
    if not isinstance(body, dict) or body.get("ok", True) is not True:
        raise UnexpectedAnswerError(route, "not ok")


def _device(body: Any, route: str) -> Device:
    return Device(
        id=member(body, "id", str, route),
        name=optional(body, "name", str),
        owner=optional(body, "owner", str),
        online=bool(body.get("online")),
        product_id=optional(body, "product_id", int),
        platform_id=optional(body, "platform_id", int),
        firmware_version=optional(body, "firmware_version", int),
        quarantined=body.get("quarantined") is True,
    )
