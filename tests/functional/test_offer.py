"""The offer: a customer can only call and read what the product lists, with fitting arguments."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.client import Account
from shared import settings
from shared.commands import offer
from shared.errors import BadRequest
from tests.functional.conftest import Label
from tests.support.functions import MAIN, call, refusal
from tests.support.simulator import Simulator

OFFER = {
    "maxArgumentBytes": 10,
    "functions": {
        "set_target": {"argument": "number", "minimum": 5, "maximum": 30},
        "set_mode": {"argument": "text", "pattern": "heat|off"},
        "reboot": {"argument": "none"},
        "turn": {"argument": "integer", "minimum": -3, "maximum": 3},
    },
    "variables": ["target"],
}


@pytest.fixture
def set_offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(content: object) -> None:
        file = tmp_path / "offer.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setattr(offer, "FILE", file)
        offer.offer.cache_clear()

    yield write
    monkeypatch.undo()
    offer.offer.cache_clear()


@pytest.mark.parametrize(
    ("function", "argument", "field"),
    [
        ("set_target", "5", None),
        ("set_target", "29.5", None),
        ("set_target", "4.9", "argument"),
        ("set_target", "30.1", "argument"),
        ("set_target", "nan", "argument"),
        ("set_target", "1e1", "argument"),
        ("set_target", "\u0667", "argument"),
        ("set_target", "20\n", "argument"),
        ("set_target", "", "argument"),
        ("set_mode", "heat", None),
        ("set_mode", "heater", "argument"),
        ("set_mode", "off\n", "argument"),
        ("reboot", "", None),
        ("reboot", "x", "argument"),
        ("turn", "-3", None),
        ("turn", "1.5", "argument"),
        ("turn", "4", "argument"),
    ],
)
def test_argument_rules(
    function: str, argument: str, field: str | None, set_offer: Callable[[object], None]
) -> None:
    set_offer(OFFER)
    if field is None:
        offer.offer().check_call(function, argument)
        return
    with pytest.raises(BadRequest) as refused:
        offer.offer().check_call(function, argument)
    assert refused.value.details == {"field": field}


def test_what_is_not_offered_is_refused_and_nothing_is_done(
    set_offer: Callable[[object], None], owned: Label, customer: Account, simulator: Simulator
) -> None:
    set_offer({**OFFER, "functions": {"set_mode": {}}})
    device = {"deviceId": owned.device_id}
    for function, request in (
        ("invoke_function", {"function": "set_target", "argument": "20"}),
        ("read_variable", {"variable": "temperature"}),
    ):
        answer = refusal(function, {**device, **request}, customer)
        assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "not-allowed")
    assert simulator.requests() == []
    assert call("read_variable", {**device, "variable": "target"}, customer)
    request = {**device, "function": "set_mode", "argument": "off"}
    assert call("invoke_function", request, customer)["status"] == "succeeded"


def test_length_is_in_bytes(set_offer: Callable[[object], None], customer: Account) -> None:
    set_offer({"maxArgumentBytes": 10})
    request = {"deviceId": "f" * 24, "function": "any", "argument": "ü" * 5}
    assert refusal("invoke_function", request, customer).reason == "not-your-device"
    answer = refusal("invoke_function", {**request, "argument": "ü" * 6}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "argument")


def test_without_a_file_devices_limit_arguments(customer: Account, stack: object) -> None:
    request = {"deviceId": "f" * 24, "function": "any"}
    for argument in ("€" * 342, "\ud800"):
        answer = refusal("invoke_function", {**request, "argument": argument}, customer)
        assert (answer.reason, answer.details["field"]) == ("bad-request", "argument")


def test_the_file_is_beside_main() -> None:
    assert MAIN.with_name("offer.json") == offer.FILE


@pytest.mark.parametrize(
    "content", ["{", {"function": {}}, {"functions": {"f": {"pattern": "("}}}, {"functions": []}]
)
def test_a_broken_file_is_the_operators_to_fix(
    content: object, set_offer: Callable[[object], None]
) -> None:
    set_offer(content)
    with pytest.raises(settings.SettingMissingError, match=r"offer\.json"):
        offer.offer()


def test_a_cached_value_when_the_caller_allows_it(
    owned: Label, customer: Account, another: Account, simulator: Simulator
) -> None:
    request = {"deviceId": owned.device_id, "variable": "target", "maxAge": 30}
    first = call("read_variable", request, customer)
    simulator.forget()
    assert call("read_variable", request, customer) == first
    assert simulator.requests() == []
    again = call("read_variable", {**request, "maxAge": 0}, customer)
    assert again["readAt"] > first["readAt"]
    assert len(simulator.requests()) == 1
    call("release_device", {"deviceId": owned.device_id}, customer)
    assert refusal("read_variable", request, customer).reason == "not-your-device"
    call("claim_device", owned.claim, another)
    simulator.forget()
    call("read_variable", request, another)
    assert len(simulator.requests()) == 1, "never another customer's reading"


@pytest.mark.parametrize("max_age", [-1, 61, "1"])
def test_a_bad_age(max_age: object, customer: Account, stack: object) -> None:
    request = {"deviceId": "f" * 24, "variable": "target", "maxAge": max_age}
    answer = refusal("read_variable", request, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "maxAge")
