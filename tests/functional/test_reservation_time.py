"""No request that changes a claim at Particle is sent when it could outlast its reservation.

With a slow Particle the token is what takes the time: it has to be there before the clock is looked
at. A second and a half here is 25 s there, and the reservation lasts twice that.
"""

from collections.abc import Callable
from typing import Any

import pytest
from google.cloud.firestore import FieldFilter

from local.client import Account
from shared import connections, settings
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, created, refusal
from tests.support.simulator import Simulator

LONGEST = 1.5
SLOW = {"kind": "slow", "seconds": LONGEST + 0.1}
END_CLAIM = {"route": "DELETE /v1/products/*/devices/*/owner"}


@pytest.fixture
def slow_tokens(
    simulator: Simulator, customer: Account, monkeypatch: pytest.MonkeyPatch, fresh_tokens: None
) -> Callable[[], None]:
    """From the call on, the next tokens take so long that the rest of a reservation is too short.

    The product's own token is there before, and it is refused where a claim is to be ended.
    """

    def begin() -> None:
        shadow.ensure(customer.uid)
        connections.tokens().server.token()
        simulator.fail({"route": "POST /oauth/token"}, SLOW)
        simulator.fail(END_CLAIM, {"kind": "token-expired"}, count=1)
        simulator.forget()
        monkeypatch.setattr(settings, "RESERVED_REQUEST", LONGEST)
        monkeypatch.setattr(settings, "RESERVATION", 2 * LONGEST)

    return begin


@pytest.fixture
def foreign(label: Label, another: Account, particle: Any) -> str:
    """Another customer, who has claimed the device at Particle by its id alone."""
    token = token_at_particle(another)
    assert particle("POST", "/v1/devices", token, id=label.device_id).status_code == 200
    return shadow.customer_name(another.uid)


def entry(label: Label) -> dict[str, Any]:
    return paths.device(label.device_id).get().to_dict() or {}


def ends(simulator: Simulator) -> int:
    """Requests that end a claim."""
    return len(simulator.requests("DELETE", "/owner"))


def test_a_claim(
    label: Label, customer: Account, simulator: Simulator, slow_tokens: Callable[[], None]
) -> None:
    slow_tokens()
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.reason, answer.details["retryAfter"]) == ("in-progress", 5)
    assert len(simulator.requests("POST", "/oauth/token")) == 1
    assert simulator.requests("POST", "/v1/devices") == []
    assert "reservedBy" not in entry(label)


@pytest.mark.parametrize("function", ["claim_device", "create_claim_code"])
def test_the_end_of_a_foreign_claim(
    function: str,
    label: Label,
    foreign: str,
    customer: Account,
    simulator: Simulator,
    slow_tokens: Callable[[], None],
) -> None:
    shadow.ensure(customer.uid)
    # So that the claim itself need not wait.
    connections.tokens().customer(shadow.customer_name(customer.uid)).token()
    slow_tokens()
    assert refusal(function, label.claim, customer).reason == "in-progress"
    assert ends(simulator) == 1, "the one whose token was refused"
    assert simulator.device(label.device_id)["owner"] == foreign
    assert "reservedBy" not in entry(label)


def test_a_release(
    owned: Label, customer: Account, simulator: Simulator, slow_tokens: Callable[[], None]
) -> None:
    slow_tokens()
    call("release_device", {"deviceId": owned.device_id}, customer)
    assert ends(simulator) == 1, "the one whose token was refused"
    assert entry(owned)["releasePending"], "left to the job"
    assert "reservedBy" not in entry(owned)


def test_the_job_that_finishes_a_release(
    owned: Label, customer: Account, simulator: Simulator, slow_tokens: Callable[[], None]
) -> None:
    simulator.fail(END_CLAIM, {"kind": "status", "status": 400})
    call("release_device", {"deviceId": owned.device_id}, customer)
    simulator.heal()
    of_it = paths.releases().where(filter=FieldFilter("deviceId", "==", owned.device_id))
    (job,) = (snapshot.id for snapshot in of_it.stream())
    slow_tokens()
    assert created("finish_release", f"releases/{job}") == 500, "another run has to follow"
    assert ends(simulator) == 1, "the one whose token was refused"
    assert entry(owned)["releasePending"]
    assert "reservedBy" not in entry(owned)
    simulator.heal()
    assert created("finish_release", f"releases/{job}") < 300
    assert simulator.device(owned.device_id)["owner"] is None
