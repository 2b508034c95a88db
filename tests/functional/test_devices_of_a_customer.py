"""Listing and renaming: the customer's own devices, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from local.client import Account, Client
from shared.commands import reads
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator


def test_the_customers_devices_are_listed(
    owned: Label,
    new_label: Callable[..., Label],
    customer: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    second = new_label()
    call("claim_device", {**second.claim, "name": "attic"}, customer)
    call("rename_device", {"deviceId": owned.device_id, "name": "Basement"}, customer)
    simulator.forget()
    devices = call("list_devices", {}, customer)["devices"]
    assert [(d["deviceId"], d["name"]) for d in devices] == [
        (second.device_id, "attic"),
        (owned.device_id, "Basement"),
    ]
    assert devices[1]["serialNumber"] == owned.serial_number
    assert devices[1]["claimedAt"].endswith("Z")
    assert devices[1]["status"] == "online"
    assert "online" not in devices[1]
    assert simulator.requests() == []
    assert call("list_devices", None, another) == {"devices": [], "shared": []}


def test_refreshed_it_is_what_particle_says(
    owned: Label, new_label: Callable[..., Label], customer: Account, simulator: Simulator
) -> None:
    second = new_label()
    call("claim_device", second.claim, customer)
    simulator.set_online(owned.device_id, online=False)
    simulator.fail({"route": f"GET /v1/products/*/devices/{second.device_id}"}, NOT_THERE)
    devices = call("list_devices", {"refresh": True}, customer)["devices"]
    assert {d["deviceId"]: d["online"] for d in devices} == {
        owned.device_id: False,
        second.device_id: None,
    }


def test_particle_is_asked_for_the_same_device_every_few_seconds_only(
    owned: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        (device,) = call("list_devices", {"refresh": True}, customer)["devices"]
        assert device["online"] is True
    assert len(simulator.requests("GET", "/devices/")) == 1
    monkeypatch.setattr(reads, "FRESH", 0)
    monkeypatch.setattr(reads, "PER_DEVICE", 0)
    call("list_devices", {"refresh": True}, customer)
    assert len(simulator.requests("GET", "/devices/")) == 2


NOT_THERE = {"kind": "status", "status": 404}


def test_when_particle_fails(owned: Label, customer: Account, simulator: Simulator) -> None:
    simulator.fail({"route": "GET /v1/products/*/devices/*"}, {"kind": "status", "status": 503})
    answer = refusal("list_devices", {"refresh": True}, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "particle-unavailable")
    assert len(call("list_devices", {}, customer)["devices"]) == 1


def test_renaming(owned: Label, customer: Account, client: Client, simulator: Simulator) -> None:
    request = {"deviceId": owned.device_id, "name": "Küche 🍳"}
    former = paths.user_device(customer.uid, owned.device_id).get().get("name")
    simulator.forget()
    assert call("rename_device", request, customer) == request
    seen = client.read(f"users/{customer.uid}/devices/{owned.device_id}", customer)
    assert seen is not None
    assert seen["name"] == "Küche 🍳"
    activity = client.documents(f"users/{customer.uid}/activity", customer)
    (noted,) = [one for one in activity.values() if one["action"] == "device-renamed"]
    assert (noted["deviceId"], noted["name"]) == (owned.device_id, "Küche 🍳")
    assert noted["formerName"] == former
    assert simulator.requests() == []


@pytest.mark.parametrize("device", ["another's", "no"])
def test_only_the_owner_renames(
    device: str, owned: Label, customer: Account, another: Account
) -> None:
    device_id = owned.device_id if device == "another's" else "f" * 24
    answer = refusal("rename_device", {"deviceId": device_id, "name": "Mine"}, another)
    assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "not-your-device")
    assert not paths.user_device(another.uid, device_id).get().exists
    assert paths.user_device(customer.uid, owned.device_id).get().get("name") != "Mine"
    noted = [entry.get("action") for entry in paths.activity(another.uid).stream()]
    assert "device-renamed" not in noted


@pytest.mark.parametrize("name", ["", "n" * 101, 7, None])
def test_a_bad_name(name: Any, customer: Account, stack: object) -> None:
    answer = refusal("rename_device", {"deviceId": "f" * 24, "name": name}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "name")
