"""One customer at Particle for each user, whatever dies, repeats itself or comes at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.client import Account, Client
from shared import connections
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, refusal, user_created
from tests.support.simulator import Simulator


def shadow_customers(simulator: Simulator, uid: str) -> int:
    identity = shadow.customer_name(uid)
    return [c["username"] for c in simulator.customers()].count(identity)


def particle_of(uid: str) -> dict[str, Any]:
    return dict((paths.user(uid).get().to_dict() or {}).get("particle", {}))


@pytest.fixture
def user(customer: Account, client: Client) -> Account:
    """A user whose client has written their profile."""
    client.create(f"users/{customer.uid}", {"displayName": "Jo"}, customer)
    return customer


@pytest.fixture(autouse=True)
def _forgetful_process() -> None:
    """Every test begins in a process that knows of nobody."""
    shadow._ready.empty()


def test_the_trigger_makes_the_customer_and_says_so(user: Account, simulator: Simulator) -> None:
    assert user_created(user.uid) < 300
    assert shadow_customers(simulator, user.uid) == 1
    assert particle_of(user.uid)["status"] == "ready"
    bound = paths.shadow_customer(shadow.customer_name(user.uid)).get()
    assert bound.get("uid") == user.uid
    profile = paths.user(user.uid).get()
    assert profile.get("displayName") == "Jo"


def test_a_repeated_trigger_changes_nothing(user: Account, simulator: Simulator) -> None:
    user_created(user.uid)
    before = paths.user(user.uid).get().update_time
    simulator.forget()
    shadow._ready.empty()
    assert user_created(user.uid) < 300
    assert paths.user(user.uid).get().update_time == before
    assert simulator.requests() == []


def test_twenty_at_once_make_one(user: Account, simulator: Simulator) -> None:
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: user_created(user.uid), range(20)))
    assert all(status < 300 for status in statuses)
    assert shadow_customers(simulator, user.uid) == 1
    assert particle_of(user.uid)["status"] == "ready"


def test_a_trigger_that_died_after_particle_is_finished_by_the_next(
    user: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if killed: what came after the customer's creation never happened."""
    with monkeypatch.context() as patch:
        patch.setattr(shadow, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shadow.ensure(user.uid)
    assert shadow_customers(simulator, user.uid) == 1
    assert particle_of(user.uid) == {}

    assert user_created(user.uid) < 300
    assert shadow_customers(simulator, user.uid) == 1
    assert particle_of(user.uid)["status"] == "ready"


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "cut-before"}, {"kind": "cut-after"}]
)
def test_a_failed_trigger_asks_to_be_delivered_again(
    fault: dict[str, Any], user: Account, simulator: Simulator
) -> None:
    simulator.fail({"route": "POST /v1/products/*/customers"}, fault)
    assert user_created(user.uid) == 500
    assert particle_of(user.uid)["status"] == "error"
    assert particle_of(user.uid)["reason"] == "particle-unavailable"
    simulator.heal()
    assert user_created(user.uid) < 300
    assert particle_of(user.uid)["status"] == "ready"
    assert particle_of(user.uid)["reason"] is None
    assert shadow_customers(simulator, user.uid) == 1


def test_a_customer_that_is_gone_at_particle_is_made_again(
    user: Account, label: Label, simulator: Simulator, fresh_tokens: None
) -> None:
    assert user_created(user.uid) < 300
    server = connections.tokens().server
    connections.particle().delete_customer(server, shadow.customer_name(user.uid))
    assert refusal("claim_device", label.claim, user).reason == "customer-not-ready"
    assert call("claim_device", label.claim, user)
    assert shadow_customers(simulator, user.uid) == 1


def test_callables_serve_a_user_whose_trigger_failed(
    user: Account, label: Label, simulator: Simulator
) -> None:
    simulator.fail({"route": "POST /v1/products/*/customers"}, {"kind": "status", "status": 503})
    user_created(user.uid)
    simulator.heal()
    call("claim_device", label.claim, user)
    assert particle_of(user.uid)["status"] == "ready"


def test_callables_serve_a_user_from_before_the_installation(
    customer: Account, label: Label, simulator: Simulator
) -> None:
    """No profile, no trigger: only an account."""
    assert call("claim_device", label.claim, customer)
    assert shadow_customers(simulator, customer.uid) == 1
    assert particle_of(customer.uid)["status"] == "ready"


def test_trigger_and_callables_at_once_make_one(
    user: Account, new_label: Callable[..., Label], simulator: Simulator
) -> None:
    labels = [new_label() for _ in range(10)]
    with ThreadPoolExecutor(20) as pool:
        triggers = [pool.submit(user_created, user.uid) for _ in range(10)]
        claims = [pool.submit(call, "claim_device", label.claim, user) for label in labels]
        assert all(trigger.result() < 300 for trigger in triggers)
        assert all(claim.result() for claim in claims)
    owners = {simulator.device(label.device_id)["owner"] for label in labels}
    assert owners == {shadow.customer_name(user.uid)}
    assert shadow_customers(simulator, user.uid) == 1


def test_a_customer_that_is_bound_to_another_user_is_refused_for_good(
    user: Account, label: Label, simulator: Simulator
) -> None:
    paths.shadow_customer(shadow.customer_name(user.uid)).set({"uid": "somebody-else"})
    assert user_created(user.uid) < 300  # no use in delivering again
    assert particle_of(user.uid)["reason"] == "identity-taken"
    answer = refusal("claim_device", label.claim, user)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "customer-not-ready")
    assert shadow_customers(simulator, user.uid) == 0


def test_a_deleted_user_gets_no_customer(user: Account, label: Label, simulator: Simulator) -> None:
    paths.deleted_user(user.uid).set({})
    assert refusal("claim_device", label.claim, user).reason == "customer-not-ready"
    assert user_created(user.uid) < 300
    assert shadow_customers(simulator, user.uid) == 0


def test_users_whose_ids_differ_in_case_only_have_different_customers() -> None:
    assert shadow.customer_name("AbC") != shadow.customer_name("aBc")
    assert shadow.customer_name("AbC") == shadow.customer_name("AbC").lower()
