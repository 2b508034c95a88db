"""What every callable refuses, before its own work begins, and in which form."""

import pytest

from local.client import Account, Client
from tests.support.functions import CALLABLES, post, refusal
from tests.support.functions import client as app
from tests.support.simulator import Simulator

pytestmark = pytest.mark.parametrize("function", CALLABLES)


def test_without_an_id_token(function: str, simulator: Simulator) -> None:
    answer = refusal(function, {})
    assert (answer.http_status, answer.status) == (401, "UNAUTHENTICATED")
    assert answer.reason == "sign-in-required"
    assert simulator.requests() == []


@pytest.mark.parametrize("token", ["", "no.token.at-all", "owner", "Bearer"])
def test_with_a_bad_id_token(function: str, token: str, simulator: Simulator) -> None:
    answer = refusal(function, {}, Account(uid="x", id_token=token))
    assert (answer.http_status, answer.reason) == (401, "sign-in-required")
    assert simulator.requests() == []


def test_anonymous_users(function: str, client: Client, simulator: Simulator) -> None:
    answer = refusal(function, {}, client.sign_up(anonymous=True))
    assert (answer.http_status, answer.reason) == (403, "anonymous")
    assert simulator.requests() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 30_000,
        b'{"more": 1}',
        b'{"data": {}, "more": 1}',
        b"\xff",
        b"x" * 40_000,
    ],
)
def test_a_malformed_body(function: str, body: bytes, customer: Account) -> None:
    headers = {"Authorization": f"Bearer {customer.id_token}", "Content-Type": "application/json"}
    answer = app(function).post("/", data=body, headers=headers)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"]["reason"] == "bad-request"


@pytest.mark.parametrize("data", ["text", 7, [], {"noSuchField": 1}])
def test_data_of_another_shape(function: str, data: object, customer: Account) -> None:
    assert refusal(function, data, customer).reason == "bad-request"


def test_a_browser_may_read_a_refusal(function: str, stack: object) -> None:
    origin = {"Origin": "https://app.example.com", "Content-Type": "application/json"}
    answer = app(function).post("/", data=b"{", headers=origin)
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", origin["Origin"]}


def test_a_fault_of_ours_says_nothing_but_its_number(
    function: str,
    customer: Account,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("shared.api.callables._input", _broken)
    answer = post(function, {}, customer)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"]) == (500, "INTERNAL")
    assert "wires" not in answer.get_data(as_text=True)
    logged = capfd.readouterr().err
    assert error["details"]["errorId"] in logged
    assert "crossed wires" in logged


def _broken(*_: object) -> None:
    raise ZeroDivisionError("crossed wires")
