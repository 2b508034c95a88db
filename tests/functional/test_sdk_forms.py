"""Requests as the SDKs of all platforms write them mean the same, in every callable."""

import importlib
from typing import Any

import msgspec
import pytest

from local.client import Account
from shared import settings
from tests.functional.conftest import Label
from tests.support.functions import CALLABLES, call, outcome, refusal
from tests.support.simulator import Simulator

TYPES = "type.googleapis.com/google.protobuf."
HOUR = [
    3600,
    3600.0,
    {"@type": TYPES + "Int64Value", "value": "3600"},
    {"@type": TYPES + "UInt64Value", "value": "3600"},
]


@pytest.mark.parametrize("hour", HOUR)
def test_an_integer(hour: Any, owned: Label, customer: Account, simulator: Simulator) -> None:
    simulator.set_online(owned.device_id, online=False)
    request = {
        "deviceId": owned.device_id,
        "function": "set_target",
        "argument": "18",
        "whenOffline": "queue",
        "expiresIn": hour,
        "coalesce": True,
    }
    assert call("invoke_function", request, customer)["status"] == "queued"


@pytest.mark.parametrize("age", [10, 10.0, 0.5, {"@type": TYPES + "Int64Value", "value": "10"}])
def test_a_number(age: Any, owned: Label, customer: Account) -> None:
    request = {"deviceId": owned.device_id, "variable": "target", "maxAge": age}
    assert call("read_variable", request, customer)["value"]


@pytest.mark.parametrize(
    "wrong",
    [
        3600.5,
        "3600",
        True,
        settings.COMMAND_LONGEST_WAIT + 1,
        {"@type": TYPES + "Int64Value", "value": "0"},
        {"@type": TYPES + "Int64Value", "value": "3600.0"},
        {"@type": TYPES + "UInt64Value", "value": "-3600"},
        {"@type": TYPES + "DoubleValue", "value": "3600"},
        {"@type": TYPES + "Int64Value"},
    ],
)
def test_what_is_no_integer_names_its_field(wrong: Any, customer: Account, stack: object) -> None:
    request = {"deviceId": "f" * 24, "function": "f", "whenOffline": "queue", "expiresIn": wrong}
    answer = refusal("invoke_function", request, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "expiresIn")


BASE: dict[str, dict[str, Any]] = {
    "acknowledge_alert": {"deviceId": "f" * 24, "alertId": "a"},
    "delete_webhook": {"webhookId": "a"},
    "test_webhook": {"webhookId": "a"},
    "save_webhook": {"url": "https://example.com/alerts"},
    "delete_schedule": {"deviceId": "f" * 24, "scheduleId": "a"},
    "save_schedule": {
        "deviceId": "f" * 24,
        "name": "Evening",
        "function": "set_target",
        "kind": "time",
        "time": "22:00",
        "timeZone": "UTC",
    },
    "delete_alert": {"deviceId": "f" * 24, "alertId": "a"},
    "save_alert": {
        "deviceId": "f" * 24,
        "name": "Frost",
        "kind": "threshold",
        "event": "temperature",
        "op": "below",
        "value": 2,
    },
    "accept_invitation": {"token": "x" * 22},
    "accept_transfer": {"token": "x" * 22},
    "cancel_invitation": {"deviceId": "f" * 24, "invitationId": "0" * 32},
    "cancel_transfer": {"deviceId": "f" * 24},
    "change_share": {"deviceId": "f" * 24, "uid": "somebody", "role": "viewer"},
    "end_share": {"deviceId": "f" * 24, "uid": "somebody"},
    "offer_transfer": {"deviceId": "f" * 24, "email": "jo@example.com"},
    "share_device": {"deviceId": "f" * 24, "role": "viewer", "email": "jo@example.com"},
    "cancel_command": {"commandId": "0" * 32},
    "claim_device": {"serialNumber": "NO-SUCH", "setupCode": "XXXX"},
    "create_claim_code": {"serialNumber": "NO-SUCH", "setupCode": "XXXX"},
    "delete_account": {"confirm": "delete"},
    "invoke_function": {"deviceId": "f" * 24, "function": "set_target"},
    "read_variable": {"deviceId": "f" * 24, "variable": "target"},
    "release_device": {"deviceId": "f" * 24},
    "rename_device": {"deviceId": "f" * 24, "name": "Jo"},
}


@pytest.mark.parametrize("function", CALLABLES)
def test_null_is_what_undefined_becomes(
    function: str, customer: Account, another: Account, stack: object
) -> None:
    """For an optional field it is the field's absence; a required one is missing."""
    base = BASE.get(function, {})
    request_type = importlib.import_module(f"functions.{function}").Request
    optional = [f.encode_name for f in msgspec.structs.fields(request_type) if not f.required]
    required = [f.encode_name for f in msgspec.structs.fields(request_type) if f.required]
    assert "app" in optional
    for field in required:
        answer = refusal(function, {**base, field: None}, customer)
        assert (answer.reason, answer.details["field"]) == ("bad-request", field)
    answer = refusal(function, {**base, "noSuchField": None}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "noSuchField")
    without = outcome(function, base, customer)
    nulls = {field: None for field in optional if field not in base}
    assert outcome(function, {**base, **nulls}, another)[0] == without[0] != "bad-request"


def test_the_app_is_whole_or_absent(customer: Account, stack: object) -> None:
    app = {"name": "Shop", "version": None}
    answer = refusal("list_devices", {"app": app}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "app.version")
