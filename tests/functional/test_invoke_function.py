"""Calling a function: the owner's device does what was asked, once, and the record says so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from firebase_admin import auth
from firebase_admin.exceptions import UnavailableError
from google.api_core.exceptions import Aborted, DeadlineExceeded, ServiceUnavailable
from google.auth.exceptions import TransportError

from local.client import Account, CallableError, Client
from shared import cache, connections, settings
from shared.accounts import session
from shared.commands import record as command_records
from shared.commands.record import Begun
from shared.firestore import paths
from shared.particle.transport import Timeouts
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator

SET_TARGET = "POST /v1/products/*/devices/*/set_target"


@pytest.fixture
def request_(owned: Label) -> dict[str, Any]:
    return {"deviceId": owned.device_id, "function": "set_target", "argument": "21.5"}


def calls(simulator: Simulator) -> int:
    return len(simulator.requests("POST", "/set_target"))


def record(account: Account, command_id: str) -> dict[str, Any]:
    return paths.command(account.uid, command_id).get().to_dict() or {}


def under_way(label: Label) -> dict[str, int]:
    found: dict[str, int] = paths.device(label.device_id).get().get("underWay")
    return found


def test_the_device_does_what_was_asked(
    owned: Label, request_: dict[str, Any], customer: Account, client: Client, simulator: Simulator
) -> None:
    answer = call("invoke_function", request_, customer)
    assert answer["status"] == "succeeded"
    assert simulator.device(owned.device_id)["state"]["target"] == 21.5

    seen = client.read(f"users/{customer.uid}/commands/{answer['commandId']}", customer)
    assert seen is not None
    assert (seen["deviceId"], seen["function"], seen["argument"], seen["status"]) == (
        owned.device_id,
        "set_target",
        "21.5",
        "succeeded",
    )
    assert seen["returnValue"] == answer["returnValue"]
    assert seen["error"] is None
    created_at, finished_at = (
        datetime.fromisoformat(seen[key]) for key in ("createdAt", "finishedAt")
    )
    assert created_at <= finished_at
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert {a["action"] for a in actions} == {"signed-in", "device-claimed", "function-called"}
    assert under_way(owned) == {}


def test_it_is_one_call_to_particle_with_the_products_own_credential(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    call("invoke_function", request_, customer)
    simulator.forget()
    call("invoke_function", request_, customer)
    (made,) = simulator.requests()
    assert made["path"].startswith("/v1/products/1319/devices/")


def test_without_an_argument_it_is_empty(
    owned: Label, customer: Account, simulator: Simulator
) -> None:
    request = {"deviceId": owned.device_id, "function": "set_target"}
    assert call("invoke_function", request, customer)["returnValue"] < 0
    assert (
        record(customer, call("invoke_function", request, customer)["commandId"])["argument"] == ""
    )


@pytest.mark.parametrize("who", ["another", "nobody's device", "no device"])
def test_only_the_owner(
    who: str,
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    simulator: Simulator,
) -> None:
    device_id = {
        "another": owned.device_id,
        "nobody's device": new_label().device_id,
        "no device": "f" * 24,
    }[who]
    simulator.forget()
    answer = refusal("invoke_function", {**request_, "deviceId": device_id}, another)
    answer.details.pop("errorId")
    assert (answer.status, answer.message, answer.details) == (
        "PERMISSION_DENIED",
        "This device is not yours.",
        {"reason": "not-your-device"},
    )
    assert simulator.requests() == []
    assert list(paths.user(another.uid).collection(paths.COMMANDS).stream()) == []
    assert {a.get("action") for a in paths.activity(another.uid).stream()} == {"signed-in"}
    assert under_way(owned) == {}
    assert call("invoke_function", request_, customer)["status"] == "succeeded"


def test_the_same_request_is_answered_again_and_not_done_again(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "press/1"}
    first = call("invoke_function", request_, customer)
    assert call("invoke_function", request_, customer) == first
    assert calls(simulator) == 1


def test_two_customers_may_use_the_same_request_id(
    request_: dict[str, Any],
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    simulator: Simulator,
) -> None:
    theirs = new_label()
    call("claim_device", theirs.claim, another)
    request_ |= {"requestId": "1"}
    call("invoke_function", request_, customer)
    call("invoke_function", {**request_, "deviceId": theirs.device_id}, another)
    assert calls(simulator) == 2


@pytest.mark.parametrize("change", [{"argument": "22"}, {"function": "set_mode"}])
def test_a_used_request_id_with_another_payload_is_refused(
    change: dict[str, str], request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "1"}
    call("invoke_function", request_, customer)
    answer = refusal("invoke_function", {**request_, **change}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "requestId")
    assert len(simulator.requests("POST")) == 1 + len(simulator.requests("POST", "/oauth/token"))


def test_twenty_at_once_with_one_request_id_are_one_call(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "1"}

    def attempt(_: int) -> str:
        try:
            answer: dict[str, str] = call("invoke_function", request_, customer)
        except CallableError as error:
            return str(error.reason)
        return answer["status"]

    with ThreadPoolExecutor(20) as pool:
        outcomes = set(pool.map(attempt, range(20)))
    assert "succeeded" in outcomes
    assert outcomes <= {"succeeded", "in-progress"}
    assert calls(simulator) == 1


def test_a_running_request_is_in_progress(
    owned: Label, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "1"}
    simulator.fail({"device": owned.device_id}, {"kind": "slow", "seconds": 3}, count=1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(call, "invoke_function", request_, customer)
        while not list(paths.user(customer.uid).collection(paths.COMMANDS).stream()):
            assert not running.done()
        answer = refusal("invoke_function", request_, customer)
        assert (answer.status, answer.reason) == ("ABORTED", "in-progress")
        assert list(under_way(owned)) == [answer.details["commandId"]]
        assert running.result()["status"] == "succeeded"
    assert calls(simulator) == 1


def test_a_call_whose_function_died_is_unknown_and_not_made_again(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "1"}
    command_id = call("invoke_function", request_, customer)["commandId"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    paths.command(customer.uid, command_id).update({"status": "sent", "deadline": past})
    for _ in range(2):
        answer = refusal("invoke_function", request_, customer)
        assert (answer.status, answer.reason) == ("DEADLINE_EXCEEDED", "device-timeout")
    assert record(customer, command_id)["status"] == "unknown"
    assert calls(simulator) == 1


def test_offline_is_known_at_once_and_nothing_was_done(
    owned: Label, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    simulator.set_online(owned.device_id, online=False)
    request_ |= {"requestId": "1"}
    answer = refusal("invoke_function", request_, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "device-offline")
    command = record(customer, answer.details["commandId"])
    assert (command["status"], command["error"]["reason"]) == ("failed", "device-offline")

    simulator.set_online(owned.device_id, online=True)
    assert refusal("invoke_function", request_, customer).reason == "device-offline"
    assert call("invoke_function", {**request_, "requestId": "2"}, customer)["status"] == (
        "succeeded"
    )


@pytest.mark.parametrize(
    "faults",
    [
        [Aborted],
        [[ServiceUnavailable]],
        [None, Aborted],
        [None, [DeadlineExceeded]],
    ],
)
def test_firestores_passing_faults(
    faults: list[Any],
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    commits: Callable[..., None],
) -> None:
    commits(*faults)
    answer = call("invoke_function", {**request_, "requestId": "1"}, customer)
    assert answer["status"] == record(customer, answer["commandId"])["status"] == "succeeded"
    assert calls(simulator) == 1
    assert under_way(owned) == {}


def test_firestore_that_stays_away(
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    commits: Callable[..., None],
    impatient: None,
) -> None:
    commits(ServiceUnavailable)
    answer = refusal("invoke_function", request_, customer)
    assert (answer.status, answer.reason) == ("UNAVAILABLE", "try-again")
    assert calls(simulator) == 0
    commits(None, ServiceUnavailable)
    answer = call("invoke_function", request_, customer)
    assert answer["status"] == "succeeded", "its owner hears what the device has done"
    assert record(customer, answer["commandId"])["status"] == "sent"


@pytest.mark.parametrize("failure", [UnavailableError, TransportError])
def test_auth_that_stays_away(
    failure: Any,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auth, "get_user", Mock(side_effect=failure("down")))
    session._live.empty()
    answer = refusal("invoke_function", request_, customer)
    assert answer.reason == "try-again"
    assert record(customer, answer.details["commandId"])["status"] == "failed"
    assert calls(simulator) == 0


def test_nothing_is_sent_that_could_outlast_the_hold_of_the_device(
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "CALL_HOLD", 40)
    answer = refusal("invoke_function", request_, customer)
    assert answer.reason == "try-again"
    assert calls(simulator) == 0
    assert record(customer, answer.details["commandId"])["status"] == "failed"
    assert under_way(owned) == {}


def test_what_was_settled_meanwhile_stays_so(
    request_: dict[str, Any], customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = command_records.finish

    def late(begun: Begun, *arguments: Any, **more: Any) -> None:
        command_records.settle(begun.reference.get(), datetime.now(UTC) + timedelta(minutes=2))
        finish(begun, *arguments, **more)

    monkeypatch.setattr(command_records, "finish", late)
    answer = call("invoke_function", request_, customer)
    assert answer["status"] == "succeeded"
    assert record(customer, answer["commandId"])["status"] == "unknown"


def test_without_a_token_there_is_no_record_and_a_done_request_is_still_answered(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    request_ |= {"requestId": "1"}
    first = call("invoke_function", request_, customer)
    cache.empty_all()
    simulator.fail({"route": "POST /oauth/token"}, {"kind": "status", "status": 503})
    assert call("invoke_function", request_, customer) == first
    answer = refusal("invoke_function", {**request_, "requestId": "2"}, customer)
    assert answer.reason == "particle-unavailable"
    assert len(list(paths.user(customer.uid).collection(paths.COMMANDS).stream())) == 1


def test_a_refused_token_that_cannot_be_renewed_has_run_nothing(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    call("invoke_function", request_, customer)
    simulator.fail({"route": SET_TARGET}, {"kind": "token-expired"}, 1)
    simulator.fail({"route": "POST /oauth/token"}, {"kind": "status", "status": 500})
    answer = refusal("invoke_function", request_, customer)
    assert answer.reason == "particle-unavailable"
    assert record(customer, answer.details["commandId"])["status"] == "failed"


def test_a_device_outside_the_product(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    denied = {"kind": "status", "status": 403, "body": {"error": "Permission Denied"}}
    simulator.fail({"route": SET_TARGET}, denied)
    answer = refusal("invoke_function", request_, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "device-not-ready")


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_request_that_particle_refuses_is_a_bad_one(
    status: int, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    fault = {"kind": "status", "status": status, "body": {"error": "argument too long"}}
    simulator.fail({"route": SET_TARGET}, fault)
    for _ in range(2):  # the second is answered from the record
        answer = refusal("invoke_function", {**request_, "requestId": "1"}, customer)
        assert (answer.status, answer.reason) == ("INVALID_ARGUMENT", "bad-request")
        assert answer.details["field"] == "argument"
    command = record(customer, answer.details["commandId"])
    assert (command["status"], command["error"]["reason"]) == ("failed", "bad-request")
    assert calls(simulator) == 1


def test_offline_as_particle_once_said_it(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    body = {"ok": False, "error": "Timed out."}
    simulator.fail({"route": SET_TARGET}, {"kind": "status", "status": 400, "body": body})
    assert refusal("invoke_function", request_, customer).reason == "device-offline"


LONG = "ü" * 433
"""Of 866 bytes."""


@pytest.mark.parametrize("platform", [6, 8, 10])
def test_gen_2_takes_fewer_bytes(
    platform: int,
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    firestore_requests: Callable[[], list[str]],
) -> None:
    device = paths.user_device(customer.uid, owned.device_id)
    device.update({"platformId": platform})
    simulator.set_online(owned.device_id, online=False)
    for queued in ({}, {"whenOffline": "queue"}):
        firestore_requests()
        answer = refusal("invoke_function", {**request_, "argument": LONG, **queued}, customer)
        assert firestore_requests() == ["Commit", "Commit"]
        assert (answer.reason, answer.details["field"]) == ("bad-request", "argument")
        assert record(customer, answer.details["commandId"])["status"] == "failed"
    assert calls(simulator) == 0
    assert under_way(owned) == {}
    assert device.get().get("platformId") == platform
    simulator.set_online(owned.device_id, online=True)
    call("invoke_function", {**request_, "argument": LONG[:432]}, customer)
    assert calls(simulator) == 1


@pytest.mark.parametrize("platform", [13, 32, 99, None])
def test_other_and_unknown_platforms_are_not_refused(
    platform: int | None,
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    firestore_requests: Callable[[], list[str]],
) -> None:
    paths.user_device(customer.uid, owned.device_id).update({"platformId": platform})
    firestore_requests()
    call("invoke_function", {**request_, "argument": LONG}, customer)
    assert firestore_requests() == ["Commit", "Commit"]
    assert calls(simulator) == 1


def test_an_unknown_function(owned: Label, customer: Account) -> None:
    request = {"deviceId": owned.device_id, "function": "explode"}
    answer = refusal("invoke_function", request, customer)
    assert (answer.status, answer.reason) == ("NOT_FOUND", "unknown-function")
    assert record(customer, answer.details["commandId"])["status"] == "failed"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 408, "body": {"ok": False, "error": "timed out"}, "delay": 3},
        {"kind": "cut-after"},
        {"kind": "slow", "seconds": 3},
    ],
)
def test_what_may_have_run_is_unknown_and_never_repeated(
    fault: dict[str, Any],
    owned: Label,
    request_: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fault["kind"] == "slow":
        monkeypatch.setattr(connections.particle()._transport, "timeouts", Timeouts(device=1))
    if fault.pop("delay", None):
        monkeypatch.setattr(settings, "OFFLINE_AT_ONCE", -1)
    simulator.fail({"route": "POST /v1/products/*/devices/*/set_target"}, fault)
    answer = refusal("invoke_function", {**request_, "requestId": "1"}, customer)
    assert (answer.status, answer.reason) == ("DEADLINE_EXCEEDED", "device-timeout")
    assert record(customer, answer.details["commandId"])["status"] == "unknown"
    simulator.heal()
    assert refusal("invoke_function", {**request_, "requestId": "1"}, customer).reason == (
        "device-timeout"
    )
    assert calls(simulator) == 1
    assert under_way(owned) == {}


def test_particles_rate_limit(
    request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    fault = {"kind": "status", "status": 429, "headers": {"Retry-After": "9"}}
    simulator.fail({"route": SET_TARGET}, fault)
    for _ in range(2):
        answer = refusal("invoke_function", {**request_, "requestId": "1"}, customer)
        assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "particle-rate-limited")
        assert answer.details["retryAfter"] == 9
    assert calls(simulator) == 1


def test_a_token_that_expired_early_is_renewed_and_the_call_made_once(
    owned: Label, request_: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    call("invoke_function", request_, customer)
    simulator.fail(
        {"route": "POST /v1/products/*/devices/*/set_target"}, {"kind": "token-expired"}, 1
    )
    simulator.forget()
    assert (
        call("invoke_function", {**request_, "argument": "19"}, customer)["status"] == "succeeded"
    )
    assert [r["status"] for r in simulator.requests("POST", "/set_target")] == [401, 200]
    assert simulator.device(owned.device_id)["state"]["target"] == 19


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"deviceId": "../x"}, "deviceId"),
        ({"function": ""}, "function"),
        ({"function": "a/b"}, "function"),
        ({"function": "owner"}, "function"),
        ({"function": "ping"}, "function"),
        ({"function": "Events"}, "function"),
        ({"function": "set_target\n"}, "function"),
        ({"deviceId": "f" * 24 + "\n"}, "deviceId"),
        ({"requestId": "\ud800"}, "requestId"),
        ({"function": "f" * 65}, "function"),
        ({"argument": 5}, "argument"),
        ({"argument": "x" * 1025}, "argument"),
        ({"requestId": ""}, "requestId"),
        ({"requestId": "x" * 129}, "requestId"),
        ({"whenOffline": "later"}, "whenOffline"),
        ({"userId": "me"}, "userId"),
    ],
)
def test_a_bad_request_names_the_field(
    change: dict[str, Any], field: str, customer: Account, stack: object
) -> None:
    request = {"deviceId": "f" * 24, "function": "set_target", **change}
    answer = refusal("invoke_function", request, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", field)
