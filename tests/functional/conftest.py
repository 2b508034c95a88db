"""What the functional tests share: a world with customers, stock and the simulated Particle."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.gapic_v1.method import wrap_method

from local.client import Account, Client
from local.reset import reset
from local.stack import Stack
from shared import cache, connections, settings
from shared.claims.label import digest, normalise_serial
from shared.customers import shadow
from shared.firestore import deadline, paths
from shared.particle import Share
from shared.telemetry import rules
from tests.support.functions import call
from tests.support.simulator import Simulator
from tests.support.triggers import LIVE

PEPPER = "demo-pepper-not-a-secret"


@dataclass(frozen=True)
class Label:
    """A device in the registry and in the product, and what is printed on it."""

    device_id: str
    serial_number: str
    setup_code: str

    @property
    def claim(self) -> dict[str, str]:
        """The request of one who holds the device in hand."""
        return {"serialNumber": self.serial_number, "setupCode": self.setup_code}


@pytest.fixture(autouse=True, scope="module")
def _empty_stack(stack: Stack) -> None:
    """Each module begins with an empty database.

    The emulator looks through all documents to list a few, so what other modules have left would
    make every deletion of an account slower.
    """
    reset(stack)


@pytest.fixture(autouse=True)
def _triggers(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Documents and messages are delivered by the test itself, unless it is of the emulator's part.

    Otherwise what a device publishes on a call would come to lie beside what is being tested, some
    time later or not at all. A module with the mark `live_triggers` has the emulator's deliver.
    """
    if request.node.get_closest_marker(LIVE) is None:
        request.getfixturevalue("no_triggers")


@pytest.fixture
def simulator(stack: Stack) -> Simulator:
    """The simulated Particle; its faults end with the test."""
    control = Simulator(stack.simulator_url)
    control.heal()
    control.forget()
    cache.empty_all()
    return control


@pytest.fixture
def customer(client: Client) -> Account:
    """A new user; nothing is known of them yet but their sign-in."""
    return client.sign_up()


@pytest.fixture
def another(client: Client) -> Account:
    """Another new user."""
    return client.sign_up()


@pytest.fixture
def new_label(simulator: Simulator) -> Callable[..., Label]:
    """Makes devices that nobody owns: in the product at Particle, and in the registry."""

    def make(kind: str = "thermostat", **settings: object) -> Label:
        serial_number = f"T{secrets.token_hex(5)}".upper()
        device = simulator.add_device(kind=kind, serialNumber=serial_number, **settings)
        label = Label(device["id"], serial_number, secrets.token_hex(5).upper())
        register(label)
        return label

    return make


def register(label: Label) -> None:
    """Write the registry's entry, as the operator's import does."""
    paths.device(label.device_id).set(
        {
            "serialNumber": label.serial_number,
            "ownerUid": None,
            "claimEpoch": 0,
            "setupCode": digest(PEPPER, label.device_id, label.setup_code),
            "blocked": False,
            "claimedAt": None,
        }
    )
    normalised = normalise_serial(label.serial_number)
    paths.serial_number(normalised).set({"deviceId": label.device_id})


@pytest.fixture
def label(new_label: Callable[..., Label]) -> Label:
    """A thermostat that nobody owns."""
    return new_label()


@pytest.fixture
def owned(label: Label, customer: Account, simulator: Simulator) -> Label:
    """A thermostat that `customer` owns."""
    call("claim_device", label.claim, customer)
    simulator.forget()
    return label


@pytest.fixture
def particle(stack: Stack) -> Callable[..., requests.Response]:
    """Speaks with Particle as an app does that has a token: `particle(method, path, token)`."""

    def send(method: str, path: str, token: str, **form: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        url = stack.simulator_url + path
        return requests.request(method, url, data=form, headers=headers, timeout=40)

    return send


def token_at_particle(account: Account) -> str:
    """A token of the customer's own at Particle, which the product would not give to an app."""
    shadow.ensure(account.uid)
    name = shadow.customer_name(account.uid)
    return connections.tokens().mint(name, Share.CLAIM).value


@pytest.fixture
def telemetry_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[object], None]]:
    """Sets the content of `telemetry.json`, for events that are delivered from now on."""

    def write(content: object) -> None:
        file = tmp_path / rules.FILE.name
        file.write_text(json.dumps(content))
        monkeypatch.setattr(rules, "FILE", file)
        rules.all_rules.cache_clear()

    yield write
    monkeypatch.undo()
    rules.all_rules.cache_clear()


@pytest.fixture
def fresh_tokens() -> None:
    """A process that has no token from Particle yet, like a new instance."""
    cache.empty_all()


@pytest.fixture
def product_mode(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions in access mode `product`."""
    monkeypatch.setenv("PARTICLE_ACCESS_MODE", "product")
    settings.access_mode.cache_clear()
    yield
    monkeypatch.undo()
    settings.access_mode.cache_clear()


@pytest.fixture
def commits(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the next commits meet faults: `commits(None, Aborted)`.

    One that is wrapped in a list has its effect, and only the answer is lost.
    """
    transport = paths.client()._firestore_api.transport
    stub = transport.commit
    coming: list[Any] = []

    def send(*args: Any, **kwargs: Any) -> Any:
        fault = coming.pop(0) if coming else None
        if isinstance(fault, list):
            stub(*args, **kwargs)
            raise fault[0]("its answer is lost")
        if fault:
            raise fault("not done")
        return stub(*args, **kwargs)

    monkeypatch.setitem(transport._wrapped_methods, stub, wrap_method(send))  # type: ignore[no-untyped-call]
    return lambda *faults: coming.extend(faults)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Firestore is tried once only."""
    monkeypatch.setattr(deadline, "TRANSIENT", ())


@pytest.fixture
def firestore_requests(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Counts round trips to Firestore: gives the methods called since it was last asked."""
    made: list[str] = []
    api = paths.client()._firestore_api
    for name in ("commit", "batch_get_documents", "run_query"):
        original = getattr(api, name)

        def counted(*args: Any, _name: str = name, _original: Any = original, **kwargs: Any) -> Any:
            made.append("".join(word.title() for word in _name.split("_")))
            return _original(*args, **kwargs)

        monkeypatch.setattr(api, name, counted)

    def take() -> list[str]:
        taken, made[:] = made[:], []
        return taken

    return take
