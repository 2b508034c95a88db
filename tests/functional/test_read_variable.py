"""Reading a variable: the owner gets what the device says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account
from shared import cache, settings
from shared.commands import delivery
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator

ROUTE = {"route": "GET /v1/products/*/devices/*/target"}


@pytest.fixture
def request_(owned: Label) -> dict[str, Any]:
    return {"deviceId": owned.device_id, "variable": "target"}


def test_the_owner_reads_what_the_device_says(
    owned: Label, request_: dict[str, Any], customer: Account
) -> None:
    set_target = {"deviceId": owned.device_id, "function": "set_target", "argument": "18.5"}
    call("invoke_function", set_target, customer)
    answer = call("read_variable", request_, customer)
    assert answer["value"] == 18.5
    assert datetime.now(UTC) - datetime.fromisoformat(answer["readAt"]) < timedelta(seconds=10)


def test_only_the_owner(request_: dict[str, Any], another: Account, simulator: Simulator) -> None:
    for device_id in (request_["deviceId"], "f" * 24):
        answer = refusal("read_variable", {**request_, "deviceId": device_id}, another)
        assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "not-your-device")
    assert simulator.requests() == []


def test_an_unknown_variable(request_: dict[str, Any], customer: Account) -> None:
    answer = refusal("read_variable", {**request_, "variable": "nope"}, customer)
    assert (answer.status, answer.reason) == ("NOT_FOUND", "unknown-variable")


def test_a_request_that_particle_refuses_is_a_bad_one(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    simulator.fail(ROUTE, {"kind": "status", "status": 400, "body": {"error": "no"}})
    answer = refusal("read_variable", request_, customer)
    assert (answer.status, answer.reason) == ("INVALID_ARGUMENT", "bad-request")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_token_that_particle_refuses_says_nothing_of_the_request(
    status: int, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    cache.empty_all()
    simulator.fail({"route": "POST /oauth/token"}, {"kind": "status", "status": status})
    answer = refusal("read_variable", request_, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "particle-unavailable")


def test_an_offline_device(
    owned: Label, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    simulator.set_online(owned.device_id, online=False)
    answer = refusal("read_variable", request_, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "device-offline")


def test_a_device_that_answers_too_late(
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "OFFLINE_AT_ONCE", -1)
    simulator.fail(ROUTE, {"kind": "status", "status": 408})
    answer = refusal("read_variable", request_, customer)
    assert (answer.status, answer.reason) == ("DEADLINE_EXCEEDED", "device-timeout")


def test_a_device_that_changes_hands_while_it_is_being_read(
    owned: Label, request_: dict[str, Any], customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: str) -> float:
        call("release_device", {"deviceId": owned.device_id}, customer)
        return 20.0

    monkeypatch.setattr(delivery, "read", slow)
    monkeypatch.setattr(settings, "QUICK_READ", 0)
    assert refusal("read_variable", request_, customer).reason == "not-your-device"


def test_reading_is_tried_again(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    simulator.fail(ROUTE, {"kind": "status", "status": 502}, count=2)
    assert call("read_variable", request_, customer)["value"] is not None
    simulator.fail(ROUTE, {"kind": "status", "status": 502})
    answer = refusal("read_variable", request_, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "particle-unavailable")


@pytest.mark.parametrize("variable", ["", "a b", "events", "v" * 65, None])
def test_a_bad_name(variable: str | None, customer: Account, stack: object) -> None:
    request = {"deviceId": "f" * 24, "variable": variable}
    answer = refusal("read_variable", request, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "variable")
