"""Revoking: a token that was given to an app ends, and is not given again."""

from collections.abc import Callable

import pytest
import requests

from local.client import Account, Client
from shared.customers import app_tokens
from shared.particle.tokens import LIFETIME
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator

Particle = Callable[..., requests.Response]


def mint(account: Account) -> str:
    token: str = call("mint_token", {}, account)["accessToken"]
    return token


def test_a_token_ends_and_another_is_given(
    owned: Label, customer: Account, particle: Particle, client: Client
) -> None:
    token = mint(customer)
    assert particle("GET", "/v1/devices", token).status_code == 200
    assert call("revoke_tokens", {}, customer) == {}
    assert particle("GET", "/v1/devices", token).status_code == 401
    another = mint(customer)
    assert another != token
    assert particle("GET", "/v1/devices", another).status_code == 200
    assert mint(customer) == another
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert "tokens-revoked" in {action["action"] for action in actions}


def test_other_customers_keep_theirs(
    customer: Account, another: Account, particle: Particle
) -> None:
    token = mint(another)
    mint(customer)
    call("revoke_tokens", {}, customer)
    assert particle("GET", "/v1/devices", token).status_code == 200
    assert mint(another) == token


def test_another_process_ends_its_token_when_asked_again(
    customer: Account, particle: Particle, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = mint(customer)
    with monkeypatch.context() as patch:  # as a process does that has given none
        patch.setattr(app_tokens, "_given", {})
        call("revoke_tokens", {}, customer)
    assert particle("GET", "/v1/devices", token).status_code == 200
    assert mint(customer) != token
    assert particle("GET", "/v1/devices", token).status_code == 401


def test_all_that_were_given_end(
    customer: Account, another: Account, particle: Particle, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = mint(customer)
    with monkeypatch.context() as patch:  # as after five minutes
        patch.setattr(app_tokens, "VALID_FOR", LIFETIME + 1)
        second = mint(customer)
    assert first != second
    call("revoke_tokens", {}, customer)
    for token in (first, second):
        assert particle("GET", "/v1/devices", token).status_code == 401
    mint(another)
    third = mint(customer)
    assert particle("GET", "/v1/devices", third).status_code == 200


def test_twice_is_no_failure(customer: Account, simulator: Simulator) -> None:
    mint(customer)
    for _ in range(2):
        assert call("revoke_tokens", {}, customer) == {}


def test_the_server_itself_goes_on(label: Label, customer: Account, particle: Particle) -> None:
    mint(customer)
    call("revoke_tokens", {}, customer)
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id


def test_in_mode_product_there_are_none(customer: Account, product_mode: None) -> None:
    answer = refusal("revoke_tokens", {}, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "not-in-this-mode")
