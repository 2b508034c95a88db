"""The requests, in order: each is sent once, with the maker's credentials, and does no harm.

They create one customer without a device, whose name begins with `conform-`, and delete it again.
No device is called, claimed or released, but for one that the operator names, which is asked for a
function and a variable that it does not have.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

_SECONDS = 40.0
_NO_DEVICE = "0" * 24
_NO_TOKEN = "0" * 40
_ABSENT = "conform_absent"
"""A function and a variable that no firmware has."""


class NotTriedError(Exception):
    """A request cannot be sent; the text says why."""


@dataclass
class Session:
    """The product at Particle, and what the requests so far have brought."""

    url: str
    product: str
    client: tuple[str, str]
    device_id: str | None = None
    customer: str = field(default_factory=lambda: f"conform-{secrets.token_hex(6)}@example.com")
    server: str | None = None
    token: str | None = None
    http: requests.Session = field(default_factory=requests.Session)

    def send(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        client: tuple[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> "Reply":
        """Send a request, once. `{p}` in the path is the product."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        started = time.monotonic()
        try:
            answer = self.http.request(
                method,
                self.url + path.replace("{p}", self.product),
                headers=headers,
                auth=client,
                data=form,
                timeout=_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            raise NotTriedError(f"no answer: {type(failure).__name__}") from failure
        seconds = time.monotonic() - started
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            body = None
        return Reply(answer.status_code, body, seconds)

    def of_server(self) -> str:
        """The product's token."""
        if self.server is None:
            raise NotTriedError("there is no token of the product")
        return self.server

    def of_customer(self) -> str:
        """The new customer's token."""
        if self.token is None:
            raise NotTriedError("there is no token of a customer")
        return self.token


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    body: Any
    seconds: float

    @property
    def keys(self) -> list[str]:
        """The names in the body, sorted; `[]` is a list."""
        if isinstance(self.body, list):
            return ["[]"]
        return sorted(self.body) if isinstance(self.body, dict) else []

    @property
    def error(self) -> str | None:
        """The text of an error, wherever it is."""
        if not isinstance(self.body, dict):
            return None
        listed = self.body.get("errors")
        first = listed[0] if isinstance(listed, list) and listed else None
        said = self.body.get("error_description") or self.body.get("error") or first
        return str(said) if said else None


@dataclass(frozen=True)
class Probe:
    """A request, and the rows of the two pages that its answer settles."""

    name: str
    send: Callable[[Session], Reply]
    settles: tuple[str, ...] = ()
    """How the rows begin, in `docs/real-cloud.md` (Particle) or `docs/simulator.md` (invented)."""


def _token(session: Session, scope: str | None = None) -> Reply:
    form = {"grant_type": "client_credentials", "expires_in": "600"}
    if scope:
        form["scope"] = scope
    return session.send("POST", "/oauth/token", client=session.client, form=form)


def _server_token(session: Session) -> Reply:
    reply = _token(session)
    if reply.status == requests.codes.ok and isinstance(reply.body, dict):
        session.server = reply.body.get("access_token")
    return reply


def _wrong_secret(session: Session) -> Reply:
    form = {"grant_type": "client_credentials"}
    return session.send("POST", "/oauth/token", client=(session.client[0], "wrong"), form=form)


def _create(session: Session) -> Reply:
    form = {"email": session.customer, "no_password": "true"}
    return session.send("POST", "/v1/products/{p}/customers", client=session.client, form=form)


def _customer_token(session: Session) -> Reply:
    reply = _token(session, f"customer={session.customer}")
    if reply.status == requests.codes.ok and isinstance(reply.body, dict):
        session.token = reply.body.get("access_token")
    return reply


def _by_server(method: str, path: str) -> Callable[[Session], Reply]:
    return lambda session: session.send(method, path, bearer=session.of_server())


def _by_customer(method: str, path: str, **form: str) -> Callable[[Session], Reply]:
    return lambda session: session.send(
        method, path, bearer=session.of_customer(), form=form or None
    )


def _of_device(method: str) -> Callable[[Session], Reply]:
    def send(session: Session) -> Reply:
        if session.device_id is None:
            raise NotTriedError("no device was named: --device ID")
        path = f"/v1/products/{{p}}/devices/{session.device_id}/{_ABSENT}"
        form = {"arg": ""} if method == "POST" else None
        return session.send(method, path, bearer=session.of_server(), form=form)

    return send


def _delete_customer(session: Session) -> Reply:
    path = f"/v1/products/{{p}}/customers/{session.customer}"
    return session.send("DELETE", path, bearer=session.of_server())


_UNKNOWN_DEVICE = f"/v1/products/{{p}}/devices/{_NO_DEVICE}"

PROBES = (
    Probe("token of the product", _server_token, ("the OAuth client may mint tokens",)),
    Probe("token with a wrong secret", _wrong_secret, ("Texts of OAuth errors",)),
    Probe(
        "token of an unknown customer",
        lambda session: _token(session, f"customer={session.customer}"),
        ("`scope=customer=` with an unknown customer",),
    ),
    Probe("product", _by_server("GET", "/v1/products/{p}")),
    Probe("device that is not in the product", _by_server("GET", _UNKNOWN_DEVICE)),
    Probe("page of devices", _by_server("GET", "/v1/products/{p}/devices?page=1&perPage=1")),
    Probe(
        "page of customers",
        _by_server("GET", "/v1/products/{p}/customers?page=1&perPage=1"),
        ("List of customers",),
    ),
    Probe(
        "integrations",
        _by_server("GET", "/v1/products/{p}/integrations"),
        ("the server's OAuth client may manage integrations",),
    ),
    Probe(
        "release of a device that is not in the product",
        _by_server("DELETE", f"{_UNKNOWN_DEVICE}/owner"),
    ),
    Probe(
        "unknown path",
        _by_server("GET", "/v1/products/{p}/conform"),
        ("Unknown path or method",),
    ),
    Probe(
        "token that does not exist",
        lambda session: session.send("GET", "/v1/devices", bearer=_NO_TOKEN),
    ),
    Probe("new customer", _create),
    Probe(
        "the same customer again",
        _create,
        ("Existing customer: everything except `error`",),
    ),
    Probe(
        "token of the customer",
        _customer_token,
        ("the OAuth client may mint tokens", "a token can be minted for a customer"),
    ),
    Probe("devices of the customer", _by_customer("GET", "/v1/devices")),
    Probe(
        "a customer on a route of the product",
        _by_customer("GET", "/v1/products/{p}/devices?page=1&perPage=1"),
        ("Token without the right",),
    ),
    Probe(
        "a customer's claim of a device that is not in the product",
        _by_customer("POST", "/v1/devices", id=_NO_DEVICE),
        ("A customer's claim of a device that is outside the product",),
    ),
    Probe("a function that the device does not have", _of_device("POST")),
    Probe(
        "a variable that the device does not have",
        _of_device("GET"),
    ),
    Probe("end of all tokens", _by_customer("DELETE", "/v1/access_tokens")),
    Probe(
        "an ended token",
        _by_customer("GET", "/v1/devices"),
        ("`DELETE /v1/access_tokens` with one token",),
    ),
    Probe("deletion of the customer", _delete_customer),
    Probe("deletion of a customer who does not exist", _delete_customer, ("Unknown customer",)),
)
"""Deletion comes last, so that nothing stays even where an answer is another than expected."""

NOT_TRIED: Mapping[str, str] = {
    "a claim of a device that somebody else owns": "it would need a second owner: `rehearse`, "
    "after a release, tries the next claim",
    "the product's routes show who owns a device": "`rehearse` claims a device and looks",
    "a device connects again after a claim": "`rehearse` waits for the device's event",
    "deleting a customer ends their tokens": "the ended token was ended before; deletion is "
    "tried by itself",
    "Particle answers 408 within two seconds": "`rehearse` unplugs a device",
    "an argument that is too long": "where it is not refused, the device acts",
    "an integration without an event name": "`particle integrate` tries it and says so",
    "the integration sends `device_id`": "the **canary** of `doctor` and `rehearse` prove it",
    "an event that is delivered again": "Particle cannot be made to deliver one again",
    "Particle's test call takes the same path": "the **canary** of `doctor` proves it",
    "`spark/status` says `online` and `offline`": "`rehearse` unplugs a device",
    "the name of a deleted customer": "it would create a second customer of the same name",
    "limits: 100 token requests": "reaching them would stop the product for minutes",
    "a 429 says in `Retry-After`": "as above",
    "New customer without an e-mail address": "where it is not refused, a customer stays whom "
    "nothing can delete",
    "`client_credentials` of a client without a product": "it needs such a client",
    "Log-in of a web page": "it needs a password",
    "`expires_in` that is not a number": "each token counts against the limit",
    "`request_transfer`": "it asks a real owner",
    "Claim code that is presented": "it needs a device that is set up again",
    "Import of an unknown id": "where it is not refused, the product gets a device",
    "Device ids in upper case": "it needs a device of the product; `devices show` does not",
    "Unknown function of an offline device": "it needs a device that is offline",
    "Argument longer than the device's limit": "where it is not refused, the device acts",
    "Event published by the API": "where it is not refused, an event is stored",
    "Characters at the end of a part": "it needs a webhook with a long answer",
    "Key of an event's data": "it needs a device with firmware for it",
    "Templates of webhooks": "they need a webhook and its server",
    "Event without a name": "where it is not refused, an event is stored",
    "Rate limit reached": "reaching it would stop the product for minutes",
    "Unknown serial number": "these routes are not used by the product",
    "Bodies of multi-factor": "these routes are not used by the product",
    "Deleting an OAuth client": "it needs a client to delete",
    "Events of an unclaimed device": "they need such a device",
    "Webhook retries": "they need a server that fails",
    "Pub/Sub: retries": "they need a topic that fails",
    "Pub/Sub attribute `fw_version`": "`devices show` says whether a device's firmware is known",
    "Integration logs and counters": "these fields are shown, and decide nothing",
    "Preflight requests": "only apps with a token from `mint_token` need them",
}
"""Rows that none of the requests settles, by their beginnings, and why."""
