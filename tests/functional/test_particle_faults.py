"""Each fault of Particle at each step: what the caller gets, what is left, and the second try."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.client import Account, CallableError
from shared import access, cloud, customers, deletion, settings, store
from tests.functional.conftest import Label
from tests.support.functions import call
from tests.support.simulator import Simulator

pytestmark = pytest.mark.usefixtures("no_triggers")

TOKEN = "POST /oauth/token"
CUSTOMER = "POST /v1/products/*/customers"
DEVICE = "GET /v1/products/*/devices/*"
CLAIM = "POST /v1/devices"
RELEASE = "DELETE /v1/products/*/devices/*/owner"
INVOKE = "POST /v1/products/*/devices/*/set_target"
STEPS = [
    ("customer", "claim_device", TOKEN),
    ("customer", "claim_device", CUSTOMER),
    ("customer", "claim_device", DEVICE),
    ("customer", "claim_device", CLAIM),
    ("product", "claim_device", TOKEN),
    ("product", "claim_device", DEVICE),
    *[
        (mode, function, route)
        for mode in ("customer", "product")
        for function, route in (
            ("release_device", TOKEN),
            ("release_device", RELEASE),
            ("invoke_function", TOKEN),
            ("invoke_function", INVOKE),
            ("delete_account", TOKEN),
            ("delete_account", RELEASE),
        )
    ],
]
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "cut before": {"kind": "cut-before"},
    "cut after": {"kind": "cut-after"},
    "no JSON": {"kind": "status", "status": 200, "body": "<html>"},
}
UNKNOWN = {"500", "cut before", "cut after", "no JSON"}
"""Faults after which a call may have run."""


@pytest.fixture
def in_mode(stack: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def switch(mode: str) -> None:
        monkeypatch.setenv("PARTICLE_ACCESS_MODE", mode)
        settings.access_mode.cache_clear()
        access.mode.cache_clear()

    # The pauses between tries are another test's.
    monkeypatch.setattr(cloud.particle()._transport, "_sleep", lambda _: None)
    yield switch
    monkeypatch.undo()
    settings.access_mode.cache_clear()
    access.mode.cache_clear()


def attempt(function: str, data: Any, account: Account) -> str:
    try:
        answer = call(function, data, account)
    except CallableError as error:
        return str(error.reason)
    return str(answer.get("status", "succeeded"))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("mode", "function", "route"), STEPS)
def test_a_fault_and_the_second_try(
    mode: str,
    function: str,
    route: str,
    fault: str,
    in_mode: Callable[[str], None],
    label: Label,
    customer: Account,
    simulator: Simulator,
) -> None:
    in_mode(mode)
    device = {"deviceId": label.device_id}
    requests: dict[str, Any] = {
        "claim_device": label.claim,
        "release_device": device,
        "invoke_function": {**device, "function": "set_target", "argument": "20"},
        "delete_account": {"confirm": "delete"},
    }
    if function != "claim_device":
        call("claim_device", label.claim, customer)
    before = store.device(label.device_id).get().to_dict()
    cloud.tokens.cache_clear()
    simulator.fail({"route": route}, FAULTS[fault])

    told = attempt(function, requests[function], customer)
    after = store.device(label.device_id).get().to_dict()
    assert after == before, "nothing half-done is left here"
    if function == "delete_account":
        assert told == "scheduled"
    elif function == "invoke_function" and route == INVOKE and fault in UNKNOWN:
        assert told == "device-timeout"
    else:
        assert told == ("particle-rate-limited" if fault == "429" else "particle-unavailable")
    if function == "invoke_function":
        (record,) = store.user(customer.uid).collection(store.COMMANDS).stream()
        assert record.get("status") == ("unknown" if told == "device-timeout" else "failed")

    simulator.heal()
    # Particle's own limit is remembered as long as it has said.
    store.client().recursive_delete(store.client().collection(store.LIMITS))
    cloud.tokens.cache_clear()
    if function == "delete_account":
        deletion.run(customer.uid)
    else:
        assert attempt(function, requests[function], customer) == "succeeded"
    entry = store.device(label.device_id).get().to_dict() or {}
    owned = function in {"claim_device", "invoke_function"}
    assert entry["ownerUid"] == (customer.uid if owned else None)
    assert entry["underWay"] == {}
    assert "reservedBy" not in entry
    assert store.user_device(customer.uid, label.device_id).get().exists == owned
    at_particle = simulator.device(label.device_id)["owner"]
    name = customers.opaque_identity(customer.uid)
    assert at_particle == (name if owned and mode == "customer" else None)
