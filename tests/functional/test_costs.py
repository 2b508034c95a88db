"""What each callable costs: round trips to Firestore, to Auth and to Particle, as the docs say.

`docs/functions.md` has the table; this test measures it and compares.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import pytest
from firebase_admin import auth

from local.client import Account
from local.runs import ROOT
from shared import connections
from shared.accounts import session
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call
from tests.support.sharing import invite
from tests.support.simulator import Simulator

ROW = re.compile(r"^\| `(\w+)`([^|]*)\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
DOCS = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
DOCUMENTED = {
    f"{name}{note.rstrip()}": tuple(int(number) for number in numbers)
    for name, note, *numbers in ROW.findall(DOCS)
}


@pytest.fixture
def costs(
    firestore_requests: Callable[[], list[str]],
    simulator: Simulator,
) -> Callable[[str, Any, Account], tuple[int, int]]:
    """Round trips of a call to Firestore and to Particle."""

    def measure(function: str, data: Any, account: Account) -> tuple[int, int]:
        data = data() if callable(data) else data
        firestore_requests()
        simulator.forget()
        call(function, data, account)
        return len(firestore_requests()), len(simulator.requests())

    return measure


def test_the_table_in_the_docs_is_what_was_measured(
    new_label: Callable[..., Label],
    customer: Account,
    another: Account,
    simulator: Simulator,
    costs: Callable[[str, Any, Account], tuple[int, int]],
) -> None:
    """Cold: an instance that has no token and knows nobody; warm: one that has served the user."""
    label, again, coded = new_label(), new_label(), new_label()
    device = {"deviceId": label.device_id}
    other = {"deviceId": again.device_id}
    invoke = {**device, "function": "set_target", "argument": "20"}
    queue = {**invoke, "whenOffline": "queue", "coalesce": True}
    read = {**device, "variable": "target"}
    order: list[tuple[str, str, Any, Any]] = [
        ("claim_device", "claim_device", label.claim, again.claim),
        ("create_claim_code", "create_claim_code", coded.claim, coded.claim),
        ("mint_token", "mint_token", {}, {}),
        ("revoke_tokens", "revoke_tokens", {}, {}),
        ("invoke_function", "invoke_function", invoke, invoke),
        ("read_variable", "read_variable", read, read),
        ("read_variable, from the cache", "read_variable", read, {**read, "maxAge": 60}),
        ("rename_device", "rename_device", {**device, "name": "a"}, {**device, "name": "b"}),
        ("list_devices", "list_devices", {}, {}),
        ("export_account", "export_account", {}, {}),
        ("invoke_function, queued", "invoke_function", queue, {**queue, **other}),
        (
            "cancel_command",
            "cancel_command",
            partial(waiting_call, customer, device),
            partial(waiting_call, customer, other),
        ),
        ("release_device", "release_device", device, other),
    ]
    measured = {}
    for row, function, cold_data, warm_data in order:
        if row.endswith("queued"):
            for made in (label, again):
                simulator.set_online(made.device_id, online=False)
        shadow._ready.empty()
        session._noted.empty()
        connections.tokens.cache_clear()
        cold = costs(function, cold_data, customer)
        warm = costs(function, warm_data, customer)
        measured[row] = (*cold, *warm)
    # Shares of two devices, which two customers have.
    call("claim_device", label.claim, customer)
    call("claim_device", again.claim, customer)
    for made in (label, again):
        simulator.set_online(made.device_id, online=True)
    fresh = (session._noted.empty, shadow._ready.empty, connections.tokens.cache_clear)
    for row, whose in (("share_device", customer), ("accept_invitation", another)):
        requests = (
            [{**one, "role": "controller"} for one in (device, other)]
            if row == "share_device"
            else [{"token": invite(one, customer, "controller")} for one in (label, again)]
        )
        for forget in fresh:
            forget()
        cold, warm = (costs(row, request, whose) for request in requests)
        measured[row] = (*cold, *warm)
    for forget in fresh:
        forget()
    cold, warm = (costs("invoke_function", {**invoke, **one}, another) for one in (device, other))
    measured["invoke_function, of a guest"] = (*cold, *warm)
    session._noted.empty()
    theirs = [{**one, "uid": another.uid} for one in (device, other)]
    cold, warm = (costs("end_share", request, customer) for request in theirs)
    measured["end_share"] = (*cold, *warm)
    for one in (device, other):
        call("release_device", one, customer)
    # Each of two customers with a device.
    call("claim_device", label.claim, customer)
    call("claim_device", again.claim, another)
    session._noted.empty()
    connections.tokens.cache_clear()
    goes = [costs("delete_account", {"confirm": "delete"}, one) for one in (customer, another)]
    measured["delete_account, of one device"] = (*goes[0], *goes[1])
    assert measured == DOCUMENTED


def waiting_call(account: Account, device: dict[str, str]) -> dict[str, str]:
    """The request that cancels what waits for a device."""
    commands = paths.user(account.uid).collection(paths.COMMANDS).stream()
    (found,) = (
        command.id
        for command in commands
        if command.get("status") == "queued" and command.get("deviceId") == device["deviceId"]
    )
    return {"commandId": found}


def test_the_hot_path(
    owned: Label, customer: Account, costs: Callable[[str, Any, Account], tuple[int, int]]
) -> None:
    """Two commits and one call to Particle; Auth is asked once a minute."""
    invoke = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    call("invoke_function", invoke, customer)
    with mock.patch.object(auth, "get_user", wraps=auth.get_user) as asked:
        assert costs("invoke_function", invoke, customer) == (2, 1)
        assert asked.call_count == 0
        session._live.empty()
        assert costs("invoke_function", invoke, customer) == (2, 1)
        assert asked.call_count == 1
