"""Minting: a token for the caller's own customer, good for the Particle API from their app."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from local.client import Account, Client
from shared import cache, settings
from shared.customers import app_tokens, shadow
from shared.customers.app_tokens import MINTS, PERIOD
from shared.firestore import paths
from shared.limits.token_budget import APPS, SIGN_UPS
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, refusal, user_created
from tests.support.limits import forget_limits
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

    stranger = token_at_particle(another)
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


def test_the_uid_stands_nowhere_in_the_identity(owned: Label, customer: Account) -> None:
    name = call("mint_token", {}, customer)["customerId"]
    assert customer.uid.lower() not in name
    assert "@" not in name


def test_asked_again_soon_it_is_the_same_token(
    owned: Label, customer: Account, simulator: Simulator
) -> None:
    first = call("mint_token", {}, customer)
    simulator.forget()
    assert call("mint_token", {}, customer) == first
    assert simulator.requests("POST", "/oauth/token") == []


def test_it_is_noted_for_the_customer_to_see(
    owned: Label, customer: Account, client: Client
) -> None:
    call("mint_token", {}, customer)
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert sorted(a["action"] for a in actions) == ["device-claimed", "signed-in", "token-minted"]


def test_too_many_requests_to_particle_say_when_to_come_again(
    owned: Label, customer: Account, simulator: Simulator
) -> None:
    fault = {"kind": "status", "status": 429, "headers": {"Retry-After": "42"}}
    simulator.fail({"route": "POST /oauth/token"}, fault)
    answer = refusal("mint_token", {}, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "particle-rate-limited")
    assert answer.details["retryAfter"] == 42
    assert len(simulator.requests("POST", "/oauth/token")) == 1
    forget_limits()


def test_one_customer_does_not_use_up_what_all_share(
    owned: Label,
    new_label: Callable[..., Label],
    customer: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    call("claim_device", new_label().claim, another)
    for _ in range(MINTS):
        call("mint_token", {}, customer)
        call("revoke_tokens", {}, customer)
    simulator.forget()
    answer = refusal("mint_token", {}, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "too-many-attempts")
    assert 0 < answer.details["retryAfter"] <= PERIOD
    assert simulator.requests("POST", "/oauth/token") == []
    assert call("mint_token", {}, another)


def test_not_without_a_device(
    label: Label, customer: Account, another: Account, simulator: Simulator
) -> None:
    """It would reach nothing, and costs what all share."""
    for account in (customer, another):
        answer = refusal("mint_token", {}, account)
        assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "no-device")
    assert simulator.requests() == [], "not even a customer is made"
    call("claim_device", label.claim, customer)
    assert call("mint_token", {}, customer)
    call("release_device", {"deviceId": label.device_id}, customer)
    assert refusal("mint_token", {}, customer).reason == "no-device"
    # Whose history is kept owns nothing by that.
    device = paths.user_device(another.uid, label.device_id)
    device.collection(paths.EVENTS).document("e").set({"event": "t"})
    assert refusal("mint_token", {}, another).reason == "no-device"


def test_who_awaits_a_device_gets_one(
    label: Label, customer: Account, another: Account, particle: Particle
) -> None:
    """The set-up in their app may need it."""
    call("create_claim_code", label.claim, customer)
    token = call("mint_token", {}, customer)["accessToken"]
    assert particle("GET", "/v1/devices", token).json() == []
    assert call("mint_token", {}, customer)["accessToken"] == token
    assert refusal("mint_token", {}, another).reason == "no-device"
    past = datetime.now(UTC) - timedelta(seconds=1)
    paths.device(label.device_id).update({"awaitedUntil": past})
    assert refusal("mint_token", {}, customer).reason == "no-device"
    assert particle("GET", "/v1/devices", token).status_code == 401


def test_a_device_that_was_released_since_is_not_the_only_one(
    owned: Label, new_label: Callable[..., Label], customer: Account
) -> None:
    token = call("mint_token", {}, customer)["accessToken"]
    held = app_tokens._minted.get(customer.uid)
    assert held
    assert held.device_id == owned.device_id
    call("claim_device", new_label().claim, customer)
    call("release_device", {"deviceId": owned.device_id}, customer)
    assert call("mint_token", {}, customer)["accessToken"] == token


def test_a_flood_of_accounts_without_a_device_keeps_nobody_waiting(
    label: Label, customer: Account, client: Client, simulator: Simulator
) -> None:
    forget_limits()
    for _ in range(APPS + 6):
        assert refusal("mint_token", {}, client.sign_up()).reason == "no-device"
    assert simulator.requests() == []
    call("claim_device", label.claim, customer)
    assert call("mint_token", {}, customer)


def test_a_flood_of_sign_ups_keeps_nobody_waiting(
    label: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does it reach Particle's own limits."""
    forget_limits()
    made = {"route": "POST /v1/products/*/customers"}
    body = {"token_type": "bearer", "access_token": "0" * 40, "expires_in": 3600}
    simulator.fail(made, {"kind": "status", "status": 201, "body": body}, count=SIGN_UPS)

    def signs_up(number: int) -> int:
        uid = f"flood{label.serial_number}{number}"
        paths.user(uid).set({}, merge=True)
        return user_created(uid)

    told = [signs_up(number) for number in range(SIGN_UPS + 20)]
    assert [status < 300 for status in told] == [True] * SIGN_UPS + [False] * 20
    late = f"flood{label.serial_number}{SIGN_UPS}"
    noted = (paths.user(late).get().to_dict() or {})["particle"]
    assert (noted["status"], noted["reason"]) == ("pending", "particle-rate-limited")
    assert len(simulator.requests("POST", "/customers")) == SIGN_UPS
    cache.empty_all()
    assert user_created(late) == 500, "another instance has to wait too"

    # Who has a box in hand is a customer at once, and gets tokens.
    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)
    assert call("mint_token", {}, customer)
    call("create_claim_code", new_label().claim, another)
    forget_limits()
    assert user_created(late) < 300, "the platform delivers it again"


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
