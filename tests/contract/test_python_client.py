"""Our own client against the simulator: every call, and what it does in each kind of trouble.

For each fault: which exception, after how many tries, and that Particle got exactly the requests it
should have. What `particle-api-js` proves of the simulator, these prove of the client.
"""

import dataclasses
import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from shared.particle import Device, Integration, OAuthClient, Particle, Share, TokenCache, errors
from shared.particle.client import Product
from shared.particle.transport import MAX_TRIES, Timeouts, Transport
from simulator.settings import Settings
from tests.support.simulator import Simulator

SETTINGS = Settings()
CLIENT = (SETTINGS.client_id, SETTINGS.client_secret)
PRODUCT = str(SETTINGS.product)
TOPIC = "projects/p/topics/t"
Call = Callable[[], object]


class Boundless:
    """A budget without an end."""

    def acquire(self, share: Share) -> None:
        """Always."""

    def learn(self, share: Share, failure: errors.ParticleError) -> None:
        """Nothing to learn."""


class World:
    """A client, its tokens, and a customer with a device."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.simulator = Simulator(url)
        timeouts = Timeouts(connect=1, answer=1, device=1)
        self.pauses: list[float] = []
        transport = Transport(url, timeouts=timeouts, sleep=self.pauses.append)
        self.particle = Particle(url, PRODUCT, transport=transport)
        self.tokens = TokenCache(self.particle, *CLIENT, Boundless())
        self.customer_name = secrets.token_hex(16)
        self.particle.create_customer(CLIENT, self.customer_name)
        self.customer = self.tokens.customer(self.customer_name)
        self.device_id = self.simulator.add_device(kind="thermostat")["id"]
        self.particle.claim_device(self.customer, self.device_id)
        self.tokens.server.token()
        self.simulator.forget()

    def call_function(self) -> object:
        return self.particle.call_function(self.tokens.server, self.device_id, "set_target", "21")

    def read_variable(self) -> object:
        return self.particle.read_variable(self.tokens.server, self.device_id, "target")

    def claim(self) -> None:
        self.particle.claim_device(self.customer, self.device_id)

    def release(self) -> None:
        self.particle.release_device(self.tokens.server, self.device_id)

    def device(self) -> Device:
        return self.particle.device(self.tokens.server, self.device_id)

    def create_customer(self) -> None:
        self.particle.create_customer(CLIENT, secrets.token_hex(16))

    def create_claim_code(self) -> object:
        return self.particle.create_claim_code(self.customer)

    def devices(self) -> list[Device]:
        return self.particle.devices(self.tokens.server, 1)

    def customers(self) -> list[str]:
        return self.particle.customers(self.tokens.server, 1)

    def integrations(self) -> list[Integration]:
        return self.particle.integrations.list(self.tokens.server)

    def create_integration(self) -> None:
        self.particle.integrations.create(self.tokens.server, secrets.token_hex(8), TOPIC)

    def product(self) -> object:
        return self.particle.product(self.tokens.server)

    def clients(self) -> list[OAuthClient]:
        return self.particle.clients(self.tokens.server)

    def mint(self) -> object:
        return self.particle.mint_token(CLIENT, customer_name=self.customer_name, lifetime=60)


@pytest.fixture
def world(simulator_url: str) -> World:
    Simulator(simulator_url).heal()
    return World(simulator_url)


REPEATABLE = [
    "read_variable",
    "claim",
    "release",
    "device",
    "create_customer",
    "create_claim_code",
    "devices",
    "customers",
    "integrations",
    "product",
    "clients",
]
ONCE = ["call_function", "mint", "create_integration"]


def test_a_token_is_minted_for_the_product_and_for_a_customer(world: World) -> None:
    for name in (None, world.customer_name):
        token, lifetime = world.particle.mint_token(CLIENT, customer_name=name, lifetime=3600)
        assert len(token) == 40
        assert lifetime == 3600


def test_a_customer_exists_once(world: World) -> None:
    with pytest.raises(errors.CustomerExistsError):
        world.particle.create_customer(CLIENT, world.customer_name.upper())
    assert [c["username"] for c in world.simulator.customers()].count(world.customer_name) == 1


def test_a_device_is_claimed_again_described_and_released(world: World) -> None:
    world.claim()
    device = world.device()
    assert (device.id, device.owner, device.online) == (world.device_id, world.customer_name, True)
    assert (device.product_id, device.platform_id) == (int(PRODUCT), 32)
    world.release()
    assert world.device().owner is None


def test_anothers_device_is_told_apart(world: World) -> None:
    other = secrets.token_hex(16)
    world.particle.create_customer(CLIENT, other)
    with pytest.raises(errors.ForeignOwnerError):
        world.particle.claim_device(world.tokens.customer(other), world.device_id)


def test_a_function_is_called_and_a_variable_read(world: World) -> None:
    assert world.call_function() == 210
    assert world.read_variable() == 21


def test_a_claim_code_is_made_for_the_customer(world: World) -> None:
    device_id = world.simulator.add_device(kind="thermostat")["id"]
    code = world.create_claim_code()
    assert isinstance(code, str)
    assert len(code) == 63
    world.simulator.connect(device_id, code)
    assert world.particle.device(world.tokens.server, device_id).owner == world.customer_name


def test_devices_and_customers_are_listed_in_pages(world: World) -> None:
    assert world.device_id in {device.id for device in all_pages(world.particle.devices, world)}
    assert world.customer_name in all_pages(world.particle.customers, world)


def test_the_product_and_its_clients_are_described(world: World) -> None:
    assert world.product() == Product(f"Demo {PRODUCT}", quarantine=True)
    (backend,) = [client for client in world.clients() if client.id == SETTINGS.client_id]
    assert (backend.kind, backend.scope) == ("installed", None)
    with pytest.raises(errors.NotFoundError):
        Particle(world.url, "no-such-product").product(world.tokens.server)


def test_an_integration_is_made_turned_on_and_deleted(world: World) -> None:
    server, integrations = world.tokens.server, world.particle.integrations
    world.create_integration()
    made = world.integrations()[-1]
    assert (made.topic, made.disabled, made.last_failure) == (TOPIC, False, None)
    disabled = {"event": made.event, "topic": TOPIC, "name": "mine", "disabled": True}
    path = f"/v1/products/{PRODUCT}/integrations/{made.id}"
    headers = {"Authorization": f"Bearer {server.token()}"}
    requests.put(world.url + path, json=disabled, headers=headers, timeout=10).raise_for_status()
    paused = integrations.get(server, made.id)
    assert paused.disabled
    integrations.enable(server, paused)
    assert integrations.get(server, made.id) == dataclasses.replace(paused, disabled=False)
    integrations.delete(server, made.id)
    integrations.delete(server, made.id)
    assert made.id not in {one.id for one in world.integrations()}
    with pytest.raises(errors.NotFoundError):
        integrations.get(server, made.id)


def test_a_test_event_that_is_not_taken_is_told_and_logged(world: World) -> None:
    """No emulator listens here, and the topic is nobody's."""
    server, integrations = world.tokens.server, world.particle.integrations
    world.create_integration()
    made = world.integrations()[-1]
    world.simulator.fail(
        {"route": "*/test"},
        {"kind": "status", "status": 200, "body": {"pass": False, "error": "no such topic"}},
        count=1,
    )
    with pytest.raises(errors.UndeliveredError, match="no such topic"):
        integrations.test(server, made.id, "canary")
    assert world.simulator.requests("POST", "/test")[-1]["form"] == {"data": "canary"}
    log = [{"type": "error", "created_at": "2026-01-02", "message": "denied"}, {"type": "success"}]
    body = {"integration": {"id": made.id, "logs": log}}
    world.simulator.fail({}, {"kind": "status", "status": 200, "body": body}, count=1)
    assert integrations.get(server, made.id).last_failure == "denied"


def all_pages(listing: Callable[..., list[Any]], world: World) -> list[Any]:
    found: list[Any] = []
    page = 0
    while more := listing(world.tokens.server, page := page + 1):
        found += more
    return found


def test_a_token_ends_and_a_customer_goes(world: World) -> None:
    token = world.customer.token()
    world.particle.revoke_token(token)
    with pytest.raises(errors.TokenRejectedError):
        world.particle.revoke_token(token)
    first, second = (
        world.tokens.mint(world.customer_name, share) for share in (Share.APP, Share.ENDING)
    )
    world.particle.revoke_tokens(second.value)
    for ended in (first, second):
        with pytest.raises(errors.TokenRejectedError):
            world.particle.revoke_tokens(ended.value)
    world.particle.delete_customer(world.tokens.server, world.customer_name)
    assert world.device().owner is None
    with pytest.raises(errors.NotFoundError):
        world.particle.delete_customer(world.tokens.server, world.customer_name)
    with pytest.raises(errors.NoSuchCustomerError):
        world.mint()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda w: w.particle.device(w.tokens.server, "f" * 24), errors.RefusedError),
        (lambda w: w.particle.claim_device(w.customer, "f" * 24), errors.RefusedError),
        (
            lambda w: w.particle.call_function(w.tokens.server, w.device_id, "nope", ""),
            errors.NotFoundError,
        ),
        (
            lambda w: w.particle.read_variable(w.tokens.server, w.device_id, "nope"),
            errors.NotFoundError,
        ),
        (lambda w: w.tokens.customer("nobody").token(), errors.NoSuchCustomerError),
        (
            lambda w: w.particle.mint_token(("x", "y"), customer_name=None, lifetime=60),
            errors.ClientRejectedError,
        ),
        (
            lambda w: w.particle.call_function(w.customer, w.device_id, "set_target", "1"),
            errors.ForbiddenError,
        ),
    ],
)
def test_a_refusal_is_final(
    call: Callable[[World], object], kind: type[errors.ParticleError], world: World
) -> None:
    with pytest.raises(kind):
        call(world)
    assert len(world.simulator.requests()) == 1
    assert world.pauses == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 500}, errors.ServerFaultError),
        ({"kind": "status", "status": 503}, errors.ServerFaultError),
        ({"kind": "cut-before"}, errors.InterruptedCallError),
        ({"kind": "cut-after"}, errors.InterruptedCallError),
    ],
)
class TestFaultsOfTheWay:
    @pytest.mark.parametrize("call", REPEATABLE)
    def test_what_is_safe_to_repeat_is_tried_again(
        self, call: str, fault: dict[str, Any], kind: type[errors.ParticleError], world: World
    ) -> None:
        world.simulator.fail({}, fault)
        with pytest.raises(kind):
            getattr(world, call)()
        assert len(world.simulator.requests()) == MAX_TRIES
        assert len(world.pauses) == MAX_TRIES - 1
        assert world.pauses == sorted(world.pauses)

    @pytest.mark.parametrize("call", [c for c in REPEATABLE if c != "create_customer"])
    def test_and_succeeds_when_the_fault_is_short(
        self, call: str, fault: dict[str, Any], kind: type[errors.ParticleError], world: World
    ) -> None:
        world.simulator.fail({}, fault, count=MAX_TRIES - 1)
        getattr(world, call)()
        assert len(world.simulator.requests()) == MAX_TRIES

    @pytest.mark.parametrize("call", ONCE)
    def test_what_is_not_is_sent_once(
        self, call: str, fault: dict[str, Any], kind: type[errors.ParticleError], world: World
    ) -> None:
        world.simulator.fail({}, fault)
        with pytest.raises(kind):
            getattr(world, call)()
        assert len(world.simulator.requests()) == 1


def test_a_customer_whose_creation_was_cut_off_exists_at_the_second_try(world: World) -> None:
    """Which its caller takes for success, since the name is its own."""
    world.simulator.fail({}, {"kind": "cut-after"}, count=1)
    with pytest.raises(errors.CustomerExistsError):
        world.create_customer()


@pytest.mark.parametrize("call", [*REPEATABLE, *ONCE])
def test_a_rate_limit_is_passed_on_at_once(call: str, world: World) -> None:
    headers = {"Retry-After": "17"}
    world.simulator.fail({}, {"kind": "status", "status": 429, "headers": headers})
    with pytest.raises(errors.RateLimitedError) as limited:
        getattr(world, call)()
    assert limited.value.retry_after == 17
    assert len(world.simulator.requests()) == 1


@pytest.mark.parametrize("call", ["call_function", "read_variable", "claim", "release", "device"])
@pytest.mark.parametrize("kind", ["token-expired", "token-revoked"])
def test_a_token_that_ended_early_is_renewed_once(call: str, kind: str, world: World) -> None:
    world.simulator.fail({"route": "*/v1/*"}, {"kind": kind}, count=1)
    getattr(world, call)()
    paths = [(r["path"] == "/oauth/token", r["status"]) for r in world.simulator.requests()]
    assert paths == [(False, 401), (True, 200), (False, 200)]


@pytest.mark.parametrize("call", ["call_function", "read_variable"])
def test_a_second_rejection_is_final(call: str, world: World) -> None:
    world.simulator.fail({"route": "*/v1/*"}, {"kind": "token-expired"})
    with pytest.raises(errors.TokenRejectedError):
        getattr(world, call)()
    assert [r["path"] == "/oauth/token" for r in world.simulator.requests()] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("call", ["call_function", "read_variable"])
def test_an_offline_device_is_known_at_once(call: str, world: World) -> None:
    world.simulator.fail({"device": world.device_id}, {"kind": "offline"})
    with pytest.raises(errors.DeviceUnreachableError) as offline:
        getattr(world, call)()
    assert offline.value.elapsed < 1
    assert len(world.simulator.requests()) == 1


@pytest.mark.parametrize("fault", [{"kind": "hang"}, {"kind": "slow", "seconds": 2}])
def test_a_call_without_an_answer_is_not_made_again(fault: dict[str, Any], world: World) -> None:
    world.simulator.fail({"device": world.device_id}, fault)
    started = time.monotonic()
    with pytest.raises(errors.InterruptedCallError):
        world.call_function()
    assert time.monotonic() - started >= 1
    world.simulator.heal()
    assert len(world.simulator.requests("POST", "/set_target")) == 1


def test_nobody_there_is_known_to_have_had_no_effect() -> None:
    pauses: list[float] = []
    transport = Transport("http://127.0.0.1:9", sleep=pauses.append)
    with pytest.raises(errors.NotSentError):
        Particle("", "1", transport=transport).create_customer(CLIENT, "x")
    assert len(pauses) == MAX_TRIES - 1
    with pytest.raises(errors.NotSentError):
        Particle("", "1", transport=transport).mint_token(CLIENT, customer_name=None, lifetime=1)
    assert len(pauses) == MAX_TRIES - 1


def test_what_goes_wrong_tells_no_secret(world: World) -> None:
    world.simulator.fail({}, {"kind": "status", "status": 500})
    told = []
    for call in [*REPEATABLE, *ONCE]:
        with pytest.raises(errors.ParticleError) as failure:
            getattr(world, call)()
        told.append(repr(failure.value) + str(failure.value))
    for secret in (SETTINGS.client_secret, world.customer_name, world.customer.token()):
        assert not any(secret in text for text in told)
    assert "***" not in " ".join(told)
    assert world.customer.token() not in repr(world.customer)
