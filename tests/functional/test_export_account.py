"""The export: everything of the customer, in pages, and nothing of anybody else."""

import base64
import json
from typing import Any

import pytest

from local.client import Account
from shared.firestore import paths
from shared.privacy import export as exporting
from tests.functional.conftest import Label
from tests.support.functions import call, refusal


def export(account: Account) -> list[dict[str, Any]]:
    lines: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = call("export_account", cursor, account)
        lines += page["lines"]
        if "cursor" not in page:
            return [json.loads(line) for line in lines]
        cursor = {"cursor": page["cursor"]}


@pytest.mark.parametrize("lines", [500, 4, 1])
def test_it_is_complete_in_pages_of_any_size(
    lines: int, owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "a" * 24
    expected = {"account", f"users/{customer.uid}"}
    for device_id in (owned.device_id, kept):
        device = paths.user_device(customer.uid, device_id)
        for number in range(5):
            for collection in ("events", "rollups"):
                document = device.collection(collection).document(f"x{number}")
                document.set({"value": number, "text": "ü"})
                expected.add(document.path)
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    command_id = call("invoke_function", request, customer)["commandId"]
    expected |= {
        paths.command(customer.uid, command_id).path,
        paths.user_device(customer.uid, owned.device_id).path,
    }
    expected |= {entry.reference.path for entry in paths.activity(customer.uid).stream()}
    monkeypatch.setattr(exporting, "LINES", lines)
    found = export(customer)
    assert {line["path"] for line in found} == expected
    assert len(found) == len(expected), "nothing twice"
    (account,) = [line["data"] for line in found if line["path"] == "account"]
    assert account["email"] == customer.email
    command = next(line["data"] for line in found if line["path"].endswith(command_id))
    assert command["createdAt"].endswith("Z")


def test_a_page_ends_by_size_too(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BYTES", 1)
    assert len(export(customer)) == len({line["path"] for line in export(customer)}) > 3


def forged(collection: str, after: str = "") -> str:
    text = json.dumps({"collection": collection, "after": after})
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "ü", forged("../other/devices"), forged("devices/x/../../../y"), forged("/users")],
)
def test_a_cursor_leads_nowhere_else(cursor: str, owned: Label, customer: Account) -> None:
    answer = refusal("export_account", {"cursor": cursor}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "cursor")


def test_another_customers_cursor_leads_into_ones_own_tree(
    owned: Label, customer: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LINES", 3)
    cursor = call("export_account", {}, customer)["cursor"]
    call("list_devices", {}, another)
    page = call("export_account", {"cursor": cursor}, another)
    assert customer.uid not in json.dumps(page)
