"""Claim codes: the device claims itself at Particle, and ownership follows Particle's word."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account
from shared.customers import shadow
from shared.firestore import paths
from shared.registry import hold
from shared.registry.entry import Entry
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, created, refusal
from tests.support.simulator import Simulator


def owner(label: Label) -> str | None:
    found: str | None = paths.device(label.device_id).get().get("ownerUid")
    return found


def reported(label: Label) -> int:
    """Any event of a device that nobody owns reaches the trigger."""
    return created("confirm_claim", f"devices/{label.device_id}/events/e1")


def test_the_device_becomes_theirs_when_it_has_presented_the_code(
    label: Label, customer: Account, simulator: Simulator
) -> None:
    answer = call("create_claim_code", label.claim, customer)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    assert abs(datetime.fromisoformat(answer["expiresAt"]) - in_an_hour) < timedelta(seconds=10)
    assert len(answer["claimCode"]) == 63
    noted = [entry.to_dict() or {} for entry in paths.activity(customer.uid).stream()]
    (created,) = [entry for entry in noted if entry["action"] == "claim-code-created"]
    assert (created["deviceId"], created["serialNumber"]) == (label.device_id, label.serial_number)
    assert reported(label) < 300
    assert owner(label) is None

    simulator.connect(label.device_id, answer["claimCode"])
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)
    assert reported(label) < 300
    assert owner(label) == customer.uid
    assert paths.user_device(customer.uid, label.device_id).get().exists
    assert (
        not {"awaitedBy", "awaitedUntil"}
        & (paths.device(label.device_id).get().to_dict() or {}).keys()
    )
    assert reported(label) < 300


@pytest.mark.parametrize("how", ["list_devices", "claim_device"])
def test_also_without_an_event(
    how: str, label: Label, customer: Account, simulator: Simulator
) -> None:
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    simulator.connect(label.device_id, code)
    if how == "list_devices":
        listed = call(how, {"refresh": True}, customer)["devices"]
        assert [device["deviceId"] for device in listed] == [label.device_id]
    else:
        call(how, label.claim, customer)
    assert owner(label) == customer.uid


def test_only_that_very_device(
    label: Label, new_label: Callable[..., Label], customer: Account, simulator: Simulator
) -> None:
    """With the code of one device, another may be claimed at Particle; here it stays nobody's."""
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    other = new_label()
    simulator.connect(other.device_id, code)
    assert simulator.device(other.device_id)["owner"] == shadow.customer_name(customer.uid)
    assert reported(other) < 300
    assert reported(label) < 300
    assert (owner(other), owner(label)) == (None, None)


def test_an_owner_at_particle_alone_is_no_owner_here(
    label: Label, another: Account, particle: Any
) -> None:
    token = token_at_particle(another)
    assert particle("POST", "/v1/devices", token, id=label.device_id).status_code == 200
    assert reported(label) < 300
    assert call("list_devices", {"refresh": True}, another) == {"devices": [], "shared": []}
    assert owner(label) is None


def test_a_foreign_owner_at_particle_gives_way_before(
    label: Label, customer: Account, another: Account, simulator: Simulator, particle: Any
) -> None:
    token = token_at_particle(another)
    particle("POST", "/v1/devices", token, id=label.device_id)
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    simulator.connect(label.device_id, code)
    reported(label)
    assert owner(label) == customer.uid


@pytest.mark.parametrize("change", ["expired", "blocked", "claimed"])
def test_a_code_that_came_too_late(
    change: str, label: Label, customer: Account, another: Account, simulator: Simulator
) -> None:
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    entry = paths.device(label.device_id)
    if change == "expired":
        entry.update({"awaitedUntil": datetime.now(UTC)})
    elif change == "blocked":
        entry.update({"blocked": True})
    else:
        call("claim_device", label.claim, another)
    simulator.connect(label.device_id, code)
    assert reported(label) < 300
    assert owner(label) == (another.uid if change == "claimed" else None)


def test_somebody_elses_claim_under_way_is_waited_for(
    label: Label, customer: Account, another: Account, simulator: Simulator
) -> None:
    """Who holds the reservation may be the owner at Particle in a moment."""
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    simulator.connect(label.device_id, code)
    reservation = hold.reserve(another.uid, Entry.read(label.device_id))
    assert reported(label) == 500
    assert call("list_devices", {"refresh": True}, customer) == {"devices": [], "shared": []}
    simulator.forget()
    assert refusal("create_claim_code", label.claim, customer).reason == "in-progress"
    assert simulator.requests("DELETE") == [], "it would end their claim"
    reservation.release()
    assert reported(label) < 300
    assert owner(label) == customer.uid


def test_what_claim_device_refuses_is_refused(
    owned: Label, label: Label, another: Account, customer: Account, simulator: Simulator
) -> None:
    simulator.forget()
    assert refusal("create_claim_code", owned.claim, another).reason == "claimed-by-another"
    wrong = {**owned.claim, "setupCode": "WRONG-CODE"}
    assert refusal("create_claim_code", wrong, another).reason == "wrong-serial-or-code"
    assert simulator.requests() == []
    # The owner may set it up on another network.
    assert call("create_claim_code", owned.claim, customer)["claimCode"]


def test_when_particle_fails_the_platform_comes_again(
    label: Label, customer: Account, simulator: Simulator
) -> None:
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    simulator.connect(label.device_id, code)
    simulator.fail({"route": "GET /v1/products/*/devices/*"}, {"kind": "status", "status": 503})
    assert reported(label) == 500
    assert owner(label) is None
    simulator.heal()
    assert reported(label) < 300
    assert owner(label) == customer.uid


def test_in_mode_product_there_are_none(
    product_mode: None, label: Label, customer: Account
) -> None:
    answer = refusal("create_claim_code", label.claim, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "not-in-this-mode")
