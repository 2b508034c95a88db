"""What every callable does against abuse, by setting: App Check, quotas, origins, sizes."""

import json
import os
import subprocess
import sys

import pytest

from local.client import Account
from local.runs import ROOT
from shared import settings
from tests.support.functions import CALLABLES, call, client, post, refusal
from tests.support.simulator import Simulator


@pytest.mark.parametrize("function", CALLABLES)
def test_app_check_where_a_setting_asks_for_it(
    function: str, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "require_app_check", lambda: True)
    answer = refusal(function, {}, customer)
    assert (answer.http_status, answer.reason) == (401, "app-check-required")
    headers = {"Authorization": f"Bearer {customer.id_token}", "X-Firebase-AppCheck": "forged"}
    forged = client(function).post("/", json={"data": {}}, headers=headers)
    assert forged.status_code == 401


def test_a_quota_for_each_customer(
    customer: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.limits.rate.RateLimit.acquire", settings_quota(2))
    for _ in range(2):
        call("list_devices", {}, customer)
    answer = refusal("list_devices", {}, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "too-many-attempts")
    assert 0 < answer.details["retryAfter"] <= 30
    call("list_devices", {}, another)


def settings_quota(per_minute: int):  # type: ignore[no-untyped-def] # noqa: ANN201 - a method
    """`RateLimit.acquire` of a callable that was made with another setting."""
    from shared.limits.rate import RateLimit  # noqa: PLC0415 - before it is patched

    limit = RateLimit(lambda: per_minute)
    acquire = RateLimit.acquire
    return lambda _self, uid: acquire(limit, uid)


def test_a_long_body_is_refused(customer: Account, simulator: Simulator) -> None:
    request = {"deviceId": "f" * 24, "function": "f", "argument": "x" * 40_000}
    answer = refusal("invoke_function", request, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "data")
    assert post("list_devices", {"app": {"name": "x" * 40_000}}, customer).status_code == 400


def test_verified_addresses_where_a_setting_asks_for_them(
    customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "require_verified_email", lambda: True)
    answer = refusal("list_devices", {}, customer)
    assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "email-unverified")


_ASK = """
import json, sys
import functions_framework
app = functions_framework.create_app("list_devices", "main.py", "http").test_client()
answers = [
    app.options("/", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    for origin in sys.argv[1:]
]
print(json.dumps([answer.headers.get("Access-Control-Allow-Origin") for answer in answers]))
"""


def test_only_the_listed_origins(stack: object) -> None:
    listed = "https://app.example.com"
    printed = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", _ASK, listed, "https://evil.example.com"],
        cwd=ROOT,
        env={**os.environ, "ALLOWED_ORIGINS": f"{listed}/, https://other.example.com"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert json.loads(printed) == [listed, None]
