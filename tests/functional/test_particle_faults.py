"""Each fault of Particle at each step: what the caller gets, what is left, and the second try.

And who owns the device at Particle in the end, once the job of a release has run.

The steps are all requests that claiming, releasing, calling and deleting can make, and the faults
are of all kinds that the simulator has for a request; tests compare both lists with the real ones.
"""

import fnmatch
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
import requests
from google.cloud.firestore import FieldFilter

from local.client import Account, CallableError
from local.waiting import wait_until
from shared import connections, settings
from shared.customers import shadow
from shared.firestore import paths
from shared.particle import transport
from shared.privacy import deletion
from shared.registry.entry import RESERVATION
from simulator.world.faults import DEVICE_KINDS, REQUEST_KINDS
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, created
from tests.support.limits import forget_limits
from tests.support.simulator import Simulator

TOKEN = "POST /oauth/token"
CUSTOMER = "POST /v1/products/*/customers"
DEVICE = "GET /v1/products/*/devices/*"
CLAIM = "POST /v1/devices"
RELEASE = "DELETE /v1/products/*/devices/*/owner"
INVOKE = "POST /v1/products/*/devices/*/set_target"
REVOKE = "DELETE /v1/access_tokens"
FORGET = "DELETE /v1/products/*/customers/*"

MODES = ("customer", "product")
STEPS = {
    ("customer", "claim_device"): (TOKEN, CUSTOMER, DEVICE, CLAIM, RELEASE),
    ("product", "claim_device"): (TOKEN, DEVICE, RELEASE),
    ("customer", "delete_account"): (TOKEN, RELEASE, REVOKE, FORGET),
    ("product", "delete_account"): (TOKEN, RELEASE),
    **{(mode, "release_device"): (TOKEN, RELEASE) for mode in MODES},
    **{(mode, "invoke_function"): (TOKEN, INVOKE) for mode in MODES},
}
"""The requests to Particle of each function. Claiming releases where another has claimed there."""

FAULTS: dict[str, dict[str, Any]] = {
    "400": {"kind": "status", "status": 400, "body": {"error": "no"}},
    "500": {"kind": "status", "status": 500},
    "500, but done": {"kind": "status", "status": 500, "effect": True},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "no JSON": {"kind": "status", "status": 200, "body": "<html>"},
    "cut before": {"kind": "cut-before"},
    "cut after": {"kind": "cut-after"},
    "slow": {"kind": "slow", "seconds": 1.0},
    "token expired": {"kind": "token-expired"},
    "token revoked": {"kind": "token-revoked"},
    "offline": {"kind": "offline"},
    "hangs": {"kind": "hang"},
}
IMPATIENT = transport.Timeouts(answer=0.6, device=0.6)
"""Seconds: less than what is slow or hangs."""


def can_meet(route: str, fault: str) -> bool:
    """Whether the fault can happen there: to a device, or to a request that bears a token."""
    if FAULTS[fault]["kind"] in DEVICE_KINDS:
        return route == INVOKE
    return "token" not in fault or route not in {TOKEN, CUSTOMER}


IN_DOUBT = {"500, but done", "cut after", "hangs"}
"""Whether it was done is not known after these. What becomes of the others is the client's to say,
and it is the same in both access modes."""

CASES = [
    (mode, function, route, fault)
    for (mode, function), routes in STEPS.items()
    for route in routes
    for fault in FAULTS
    if can_meet(route, fault) and (mode == "customer" or fault in IN_DOUBT)
]


SAID = {"429": "particle-rate-limited", "offline": "device-offline"}
"""What Particle says of itself and of the device is passed on."""


def expected(mode: str, function: str, route: str, fault: str) -> str:
    """What the caller is told."""
    if function == "release_device":
        return "succeeded"  # here it is; what is left at Particle is the job's
    if function == "delete_account":
        # With the customer at Particle, its tokens go too.
        if route in {RELEASE, REVOKE} or (route == TOKEN and mode == "product"):
            return "deleted"
        return "scheduled"
    if fault in SAID:
        return SAID[fault]
    if route == INVOKE and "token" not in fault:
        return "bad-request" if fault == "400" else "device-timeout"
    return "particle-unavailable"


LEFT_IN_DOUBT = {"500", "500, but done", "cut before", "cut after", "slow", "hangs"}
"""Particle may carry out what was sent, at any time soon."""


@dataclass(frozen=True)
class Scene:
    """A customer and a device, ready for a function to make all of its requests to Particle."""

    mode: str
    function: str
    label: Label
    customer: Account
    given: str | None
    """The customer's token that an app has."""

    def attempt(self) -> str:
        """What calling the function comes to."""
        device = {"deviceId": self.label.device_id}
        data: dict[str, Any] = {
            "claim_device": self.label.claim,
            "release_device": device,
            "invoke_function": {**device, "function": "set_target", "argument": "20"},
            "delete_account": {"confirm": "delete"},
        }[self.function]
        try:
            answer = call(self.function, data, self.customer)
        except CallableError as error:
            return str(error.reason)
        return str(answer.get("status", "succeeded"))

    @property
    def entry(self) -> dict[str, Any]:
        """What the registry has of the device."""
        return paths.device(self.label.device_id).get().to_dict() or {}


@pytest.fixture
def scene(
    label: Label,
    customer: Account,
    another: Account,
    particle: Callable[..., requests.Response],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str, str], Scene]]:
    def switch(mode: str) -> None:
        monkeypatch.setenv("PARTICLE_ACCESS_MODE", mode)
        settings.access_mode.cache_clear()

    def make(mode: str, function: str) -> Scene:
        made = Scene(mode, function, label, customer, None)
        if function == "claim_device":
            foreign = token_at_particle(another)
            assert particle("POST", "/v1/devices", foreign, id=label.device_id).ok
        switch(mode)
        if function != "claim_device":
            call("claim_device", label.claim, customer)
        if (mode, function) == ("customer", "delete_account"):
            made = replace(made, given=call("mint_token", {}, customer)["accessToken"])
            monkeypatch.setattr(settings, "delete_customers", lambda: "always")
        connections.tokens.cache_clear()
        simulator.forget()
        return made

    # The pauses between tries are another test's.
    monkeypatch.setattr(connections.particle()._transport, "_sleep", lambda _: None)
    yield make
    monkeypatch.undo()
    settings.access_mode.cache_clear()


def test_every_kind_of_fault_is_here() -> None:
    assert {fault["kind"] for fault in FAULTS.values()} == REQUEST_KINDS | DEVICE_KINDS


@pytest.mark.parametrize(("mode", "function"), STEPS)
def test_every_step_is_here(
    mode: str, function: str, scene: Callable[[str, str], Scene], simulator: Simulator
) -> None:
    assert scene(mode, function).attempt() in {"succeeded", "deleted"}
    made = {f"{sent['method']} {sent['path']}" for sent in simulator.requests()}
    routes = STEPS[mode, function]
    # DEVICE's pattern takes in longer paths: the request belongs to the longest that fits.
    fitting = {
        sent: max((r for r in routes if fnmatch.fnmatchcase(sent, r)), key=len, default=None)
        for sent in made
    }
    assert set(fitting.values()) == set(routes), fitting


@pytest.mark.parametrize(("mode", "function", "route", "fault"), CASES)
def test_a_fault_and_the_second_try(
    mode: str,
    function: str,
    route: str,
    fault: str,
    scene: Callable[[str, str], Scene],
    particle: Callable[..., requests.Response],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene_ = scene(mode, function)
    before = scene_.entry
    simulator.fail({"route": route}, FAULTS[fault])
    with monkeypatch.context() as patch:
        if fault in {"slow", "hangs"}:
            patch.setattr(connections.particle()._transport, "timeouts", IMPATIENT)
            patch.setattr(transport, "MAX_TRIES", 1)
        told = scene_.attempt()
    assert told == expected(mode, function, route, fault)
    ending = function in {"release_device", "delete_account"}
    at_release = route in {TOKEN, RELEASE}
    stands = route == RELEASE and fault in LEFT_IN_DOUBT
    entry = scene_.entry
    if ending:
        assert entry["ownerUid"] is None, "first here"
        assert entry.get("releasePending", False) == at_release, "then at Particle"
    else:
        kept = {field: entry.pop(field) for field in RESERVATION if field in entry}
        assert entry == before, "nothing half-done is left here"
        assert bool(kept) == stands, "but what keeps the next one from meeting it"
    customer = scene_.customer
    if function == "invoke_function":
        records = list(paths.user(customer.uid).collection(paths.COMMANDS).stream())
        statuses = [] if route == TOKEN else ["unknown" if told == "device-timeout" else "failed"]
        assert [record.get("status") for record in records] == statuses

    if fault == "slow":
        answered = partial(all_are_answered, simulator)
        wait_until("The answer to what was slow", answered, 10, lambda: None)
    simulator.heal()
    # Particle's own limit is remembered as long as it has said.
    forget_limits()
    connections.tokens.cache_clear()
    if function == "delete_account":
        deletion.run(customer.uid)
    elif function != "release_device":
        assert scene_.attempt() == "succeeded"
    of_it = FieldFilter("deviceId", "==", scene_.label.device_id)
    for job in paths.releases().where(filter=of_it).stream():
        assert created("finish_release", job.reference.path) < 300
    entry = scene_.entry
    owned = function in {"claim_device", "invoke_function"}
    assert entry["ownerUid"] == (customer.uid if owned else None)
    assert entry["underWay"] == {}
    assert ("reservedBy" in entry) == (ending and stands), "to its end, a minute at most"
    assert "releasePending" not in entry
    assert paths.user_device(customer.uid, scene_.label.device_id).get().exists == owned
    name = shadow.opaque_name(customer.uid)
    at_particle = simulator.device(scene_.label.device_id)["owner"]
    assert at_particle == (name if owned and mode == "customer" else None)
    if scene_.given:
        assert particle("GET", "/v1/devices", scene_.given).status_code == 401
        assert name not in {customer["username"] for customer in simulator.customers()}


def all_are_answered(simulator: Simulator) -> bool:
    return all(sent["status"] for sent in simulator.requests())
