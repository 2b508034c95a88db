"""Minting: a token for the caller's own customer, good for the Particle API from their app."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from local.client import Account, Client
from shared import settings
from shared.customers import shadow
from shared.customers.app_tokens import MINTS, PERIOD
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator

Particle = Callable[..., requests.Response]


def test_the_token_reaches_their_own_devices_and_nothing_else(
    owned: Label, customer: Account, another: Account, particle: Particle
) -> None:
    answer = call("mint_token", {}, customer)
    expires_at = datetime.fromisoformat(answer["expiresAt"])
    assert timedelta(minutes=54) < expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert answer["customerId"] == shadow.customer_name(customer.uid)

    token = answer["accessToken"]
    assert [d["id"] for d in particle("GET", "/v1/devices", token).json()] == [owned.device_id]
    called = particle("POST", f"/v1/devices/{owned.device_id}/set_target", token, arg="21.5")
    assert called.status_code == 200

    stranger = call("mint_token", {}, another)["accessToken"]
    assert particle("GET", "/v1/devices", stranger).json() == []
    for method, path in (
        ("GET", f"/v1/devices/{owned.device_id}"),
        ("GET", f"/v1/devices/{owned.device_id}/target"),
        ("POST", f"/v1/devices/{owned.device_id}/set_target"),
        ("DELETE", f"/v1/devices/{owned.device_id}"),
        ("POST", "/v1/devices"),
        ("POST", f"/v1/products/1319/devices/{owned.device_id}/set_target"),
        ("DELETE", f"/v1/products/1319/devices/{owned.device_id}/owner"),
    ):
        refused = particle(method, path, stranger, id=owned.device_id)
        assert refused.status_code in {403, 404}, (method, path)
    assert [d["id"] for d in particle("GET", "/v1/devices", token).json()] == [owned.device_id]


def test_the_uid_stands_nowhere_in_the_identity(customer: Account, simulator: Simulator) -> None:
    before = {c["username"] for c in simulator.customers()}
    call("mint_token", {}, customer)
    (name,) = {c["username"] for c in simulator.customers()} - before
    assert name == shadow.customer_name(customer.uid)
    assert customer.uid.lower() not in name
    assert "@" not in name


def test_asked_again_soon_it_is_the_same_token(customer: Account, simulator: Simulator) -> None:
    first = call("mint_token", {}, customer)
    simulator.forget()
    assert call("mint_token", {}, customer) == first
    assert simulator.requests("POST", "/oauth/token") == []


def test_it_is_noted_for_the_customer_to_see(customer: Account, client: Client) -> None:
    call("mint_token", {}, customer)
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert sorted(a["action"] for a in actions) == ["signed-in", "token-minted"]


def test_too_many_requests_to_particle_say_when_to_come_again(
    customer: Account, simulator: Simulator
) -> None:
    fault = {"kind": "status", "status": 429, "headers": {"Retry-After": "42"}}
    simulator.fail({"route": "POST /oauth/token"}, fault)
    answer = refusal("mint_token", {}, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "particle-rate-limited")
    assert answer.details["retryAfter"] == 42
    assert len(simulator.requests("POST", "/oauth/token")) == 1


def test_one_customer_does_not_use_up_what_all_share(
    customer: Account, another: Account, simulator: Simulator
) -> None:
    for _ in range(MINTS):
        call("mint_token", {}, customer)
        call("revoke_tokens", {}, customer)
    simulator.forget()
    answer = refusal("mint_token", {}, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "too-many-attempts")
    assert 0 < answer.details["retryAfter"] <= PERIOD
    assert simulator.requests("POST", "/oauth/token") == []
    assert call("mint_token", {}, another)


@pytest.mark.parametrize("function", ["mint_token", "revoke_tokens"])
def test_a_setting_turns_them_off(
    function: str,
    label: Label,
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "customer_tokens", lambda: False)
    answer = refusal(function, {}, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "not-in-this-mode")
    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)


def test_in_mode_product_there_are_no_tokens(customer: Account, product_mode: None) -> None:
    answer = refusal("mint_token", {}, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "not-in-this-mode")
