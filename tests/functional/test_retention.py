"""Commands, activity and the audit trail get their end with the write that makes them."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account, Client
from local.runs import ROOT
from shared import connections, settings
from shared.accounts import session
from shared.firestore import paths
from shared.schedules import due as schedules_due
from shared.telemetry import ingest
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.documents import everything
from tests.support.functions import call, created, deliver
from tests.support.functions import client as client_of
from tests.support.sharing import invite, verified
from tests.support.simulator import Simulator
from tests.support.telemetry import message

COMMANDS, ACTIVITY, AUDIT = timedelta(days=400), timedelta(days=400), timedelta(days=730)
A_TEST = timedelta(minutes=2)
"""Longer than a test lasts, and than clocks differ."""


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    return CommandLine(capsys)


def kept(fields: dict[str, Any], since: str) -> timedelta:
    """How long after a time of its own a document is kept, to the day."""
    found: timedelta = fields["expireAt"] - fields[since] + A_TEST
    assert found.seconds < 2 * A_TEST.seconds, fields
    return timedelta(days=found.days)


def command(account: Account, command_id: str) -> dict[str, Any]:
    return paths.command(account.uid, command_id).get().to_dict() or {}


def activity(account: Account) -> dict[str, dict[str, Any]]:
    entries = [entry.to_dict() or {} for entry in paths.activity(account.uid).stream()]
    return {entry["action"]: entry for entry in entries}


@pytest.fixture
def calling(owned: Label) -> dict[str, Any]:
    return {"deviceId": owned.device_id, "function": "set_target", "argument": "21.5"}


def test_a_call_whatever_becomes_of_it(
    owned: Label, calling: dict[str, Any], customer: Account, simulator: Simulator
) -> None:
    call("invoke_function", calling, customer)
    simulator.set_online(owned.device_id, online=False)
    with pytest.raises(Exception, match="offline"):
        call("invoke_function", calling, customer)
    found = [c.to_dict() or {} for c in paths.user(customer.uid).collection("commands").stream()]
    assert {one["status"] for one in found} == {"succeeded", "failed"}
    assert {kept(one, "createdAt") for one in found} == {COMMANDS}


@pytest.mark.parametrize("end", ["succeeded", "cancelled", "expired"])
def test_a_call_that_waits_outlives_its_waiting(
    end: str,
    owned: Label,
    calling: dict[str, Any],
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where records are kept for a shorter time than a call may wait."""
    monkeypatch.setattr(settings, "command_retention_days", lambda: 1)
    simulator.set_online(owned.device_id, online=False)
    queue = {**calling, "whenOffline": "queue", "expiresIn": settings.COMMAND_LONGEST_WAIT}
    command_id = call("invoke_function", queue, customer)["commandId"]
    waiting = command(customer, command_id)
    assert waiting["status"] == "queued"
    assert waiting["expireAt"] - waiting["expiresAt"] == timedelta(days=1)

    if end == "cancelled":
        call("cancel_command", {"commandId": command_id}, customer)
    elif end == "expired":
        over = datetime.now(UTC) - timedelta(seconds=1)
        paths.command(customer.uid, command_id).update({"expiresAt": over})
        assert client_of("settle_commands").post("/").status_code == 200
    else:
        simulator.set_online(owned.device_id, online=True)
        call("invoke_function", {**calling, "whenOffline": "queue"}, customer)
    ended = command(customer, command_id)
    assert ended["status"] == end
    assert ended["expireAt"] == waiting["expireAt"]


def test_all_that_a_customer_did(
    owned: Label,
    calling: dict[str, Any],
    customer: Account,
    new_label: Callable[..., Label],
    simulator: Simulator,
) -> None:
    call("create_claim_code", new_label().claim, customer)
    call("mint_token", {}, customer)
    call("revoke_tokens", {}, customer)
    call("rename_device", {"deviceId": owned.device_id, "name": "Mine"}, customer)
    simulator.set_online(owned.device_id, online=False)
    command_id = call("invoke_function", {**calling, "whenOffline": "queue"}, customer)["commandId"]
    call("cancel_command", {"commandId": command_id}, customer)
    call("release_device", {"deviceId": owned.device_id}, customer)
    found = activity(customer)
    assert set(found) == {
        "signed-in",
        "claim-code-created",
        "device-claimed",
        "device-released",
        "device-renamed",
        "function-called",
        "command-cancelled",
        "token-minted",
        "tokens-revoked",
    }
    assert {kept(entry, "at") for entry in found.values()} == {ACTIVITY}


def signed_in_at(time: datetime, account: Account) -> Account:
    """The account, by an ID token of an earlier sign-in; the emulator signs none."""
    header, claims, signature = account.id_token.split(".")
    known = json.loads(base64.urlsafe_b64decode(claims + "=="))
    text = json.dumps({**known, "auth_time": int(time.timestamp())}).encode()
    claims = base64.urlsafe_b64encode(text).decode().rstrip("=")
    return replace(account, id_token=f"{header}.{claims}.{signature}")


@pytest.mark.parametrize(("days", "notes"), [(0, 1), (399, 1), (400, 0), (4000, 0)])
def test_a_sign_in_that_outlasts_its_note_is_not_noted_as_a_new_one(
    days: int, notes: int, customer: Account, stack: object
) -> None:
    session._noted.empty()
    old = signed_in_at(datetime.now(UTC) - timedelta(days=days), customer)
    call("list_devices", {}, old)
    assert [kept(entry, "at") for entry in activity(customer).values()] == [ACTIVITY] * notes


def test_what_operators_did(owned: Label, customer: Account, admin: CommandLine) -> None:
    """With a change, as a record of its own, and with a deletion."""
    admin.said("devices", "block", owned.device_id, "--reason", "r")
    admin.said("users", "show", customer.uid)
    admin.said("devices", "release", owned.device_id, "--reason", "r", "--yes")
    admin.said("users", "delete", customer.uid, "--reason", "r", "--yes")
    trail = [one.to_dict() or {} for one in paths.operations().stream()]
    mine = [
        one for one in trail if customer.uid == one["uid"] or owned.device_id == one["deviceId"]
    ]
    assert {one["action"] for one in mine} >= {
        "device-blocked",
        "user-read",
        "device-released",
        "account-deleted",
    }
    assert {kept(one, "at") for one in mine} == {AUDIT}


def test_the_end_is_in_the_export_and_not_in_operators_answers(
    owned: Label, calling: dict[str, Any], customer: Account, admin: CommandLine
) -> None:
    call("invoke_function", calling, customer)
    admin.said("devices", "block", owned.device_id, "--reason", "r")
    (found,) = admin.document("audit", "list", "--device", owned.device_id)
    assert "expireAt" not in found
    shown = json.dumps(admin.document("users", "show", customer.uid))
    assert "function-called" in shown
    assert "expireAt" not in shown
    assert "expireAt" not in json.dumps(admin.document("devices", "show", owned.device_id))
    lines = [json.loads(line) for line in call("export_account", {}, customer)["lines"]]
    ends = [
        datetime.fromisoformat(line["data"]["expireAt"])
        for line in lines
        if "/commands/" in line["path"] or "/activity/" in line["path"]
    ]
    assert len(ends) > 2
    assert min(ends) > datetime.now(UTC)


def test_no_document_that_ttl_is_to_delete_is_without_its_end(
    clean_stack: object,
    owned: Label,
    calling: dict[str, Any],
    customer: Account,
    admin: CommandLine,
    client: Client,
    new_label: Callable[..., Label],
) -> None:
    """Whatever function wrote it."""
    overrides = json.loads((ROOT / "firestore.indexes.json").read_text())["fieldOverrides"]
    ttl = {override["collectionGroup"] for override in overrides if override.get("ttl")}
    call("invoke_function", calling, customer)
    call("mint_token", {}, customer)
    ingest.writer.cache_clear()  # As in a new instance, whose first event marks the arrival.
    mine = new_label()
    host = verified(client)
    call("claim_device", mine.claim, host)
    invite(mine, host)
    warm = {"kind": "threshold", "event": "temperature", "metric": "t", "op": "above", "value": 20}
    call("save_alert", {"deviceId": owned.device_id, "name": "Warm", **warm}, customer)
    for device_id in (owned.device_id, new_label().device_id, "f" * 24):
        assert deliver(message(device_id, '{"t": 21}')) < 300
    assert deliver({"message": {"messageId": "1", "data": "", "attributes": {}}}) < 300
    [entry] = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERT_LOG).get()
    assert created("fan_out_alert", entry.reference.path) < 300
    evening = {"name": "Evening", "kind": "time", "time": "22:00", "timeZone": "UTC"}
    evening |= {"deviceId": owned.device_id, "function": "set_target", "argument": "18"}
    schedule_id = call("save_schedule", evening, customer)["scheduleId"]
    schedules = paths.user_device(customer.uid, owned.device_id).collection(paths.SCHEDULES)
    schedules.document(schedule_id).update({"dueAt": datetime.now(UTC)})
    schedules_due.run(10)
    admin.said("devices", "block", owned.device_id, "--reason", "r")
    found = {
        path: fields.get("expireAt")
        for path, fields in everything().items()
        if path.split("/")[-2] in ttl
    }
    assert {path.split("/")[-2] for path in found} == ttl, "let the test write one of each"
    assert [path for path, end in found.items() if not isinstance(end, datetime)] == []
