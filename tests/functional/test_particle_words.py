"""A claim that Particle refuses in old or new words: each leads to the words that help."""

from typing import Any

import pytest

from local.client import Account
from shared.claims import at_particle
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator

CLAIM = {"route": "POST /v1/devices"}

ASLEEP: dict[str, dict[str, Any]] = {
    "of 2015": {"status": 404, "body": {"ok": False, "errors": [["Core isn't online", 404]]}},
    "of an object": {"status": 404, "body": {"errors": [{"error": {"status": "no"}}]}},
    "without words": {"status": 404, "body": {}},
    "of a page": {"status": 404, "body": "<html>404</html>"},
    "a time-out": {"status": 408, "body": {"ok": False, "error": "timed out"}},
    "a time-out without words": {"status": 408, "body": {}},
    "a 400 of 2015": {"status": 400, "body": {"ok": False, "error": "Timed out."}},
    "a 400": {"status": 400, "body": {"errors": ["The device is OFFLINE"]}},
    "a 403": {"status": 403, "body": {"errors": ["Device isn't online"]}},
}


@pytest.mark.parametrize("words", ASLEEP)
def test_a_device_that_sleeps_is_to_be_switched_on(
    words: str, label: Label, customer: Account, simulator: Simulator
) -> None:
    simulator.set_online(label.device_id, online=False)
    simulator.fail(CLAIM, {"kind": "status", **ASLEEP[words]})
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "device-offline")
    assert "Switch the device on" in answer.message
    entry = paths.device(label.device_id).get().to_dict() or {}
    assert entry["ownerUid"] is None
    assert "reservedBy" not in entry
    simulator.heal()
    assert call("claim_device", label.claim, customer)


NOT_READY: dict[str, dict[str, Any]] = {
    "unknown": {"status": 404, "body": {"ok": False, "errors": ["device does not exist"]}},
    "not found": {"status": 404, "body": {"ok": False, "error": "Device Not Found"}},
    "not of this product": {"status": 403, "body": {"errors": ["Device is not part of this"]}},
    "denied": {"status": 403, "body": {"error": "Permission Denied", "info": "no device"}},
    "a conflict with nobody": {"status": 409, "body": {"error": "conflict"}},
}


@pytest.mark.parametrize("words", NOT_READY)
def test_a_device_that_particle_gives_to_no_customer_is_not_ready(
    words: str, label: Label, customer: Account, simulator: Simulator
) -> None:
    simulator.fail(CLAIM, {"kind": "status", **NOT_READY[words]})
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "device-not-ready")


FOREIGN: dict[str, dict[str, Any]] = {
    "as documented": {"status": 403, "body": {"errors": ["That belongs to someone else."]}},
    "in capitals": {"status": 403, "body": {"error": "THAT BELONGS TO SOMEONE ELSE"}},
    "with a transfer": {"status": 403, "body": {"info": "add ?request_transfer=true to the URL"}},
    "in other words": {"status": 403, "body": {"ok": False, "error": "already claimed"}},
    "without words": {"status": 403, "body": {}},
    "a conflict": {"status": 409, "body": {"error": "claimed by another account"}},
}


@pytest.mark.parametrize("words", FOREIGN)
def test_somebody_who_is_quicker_gives_way_in_whatever_words(
    words: str,
    label: Label,
    customer: Account,
    another: Account,
    simulator: Simulator,
    particle: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They claim the device at Particle between our look and our claim."""
    token = token_at_particle(another)
    free = at_particle.CustomerMode.free

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(at_particle.CustomerMode, "free", free)
        free(*arguments)
        assert particle("POST", "/v1/devices", token, id=label.device_id).status_code == 200
        simulator.fail(CLAIM, {"kind": "status", **FOREIGN[words]}, count=1)

    monkeypatch.setattr(at_particle.CustomerMode, "free", meanwhile)
    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)
