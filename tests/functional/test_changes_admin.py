"""What operators change: deletion, quarantine, repair; and the audit trail of all of it."""

import getpass
import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from firebase_admin import auth

from local.client import Account, Client
from shared import connections, settings
from shared.customers import shadow
from shared.firestore import paths
from shared.registry import ownership
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.functions import call
from tests.support.simulator import Simulator


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    return CommandLine(capsys)


def actions(admin: CommandLine, *arguments: str) -> list[str]:
    """What the audit trail has, newest first."""
    return [one["action"] for one in admin.document("audit", "list", *arguments)]


def test_a_deleted_account(
    owned: Label, customer: Account, admin: CommandLine, simulator: Simulator
) -> None:
    assert customer.email
    arguments = ("users", "delete", customer.email, "--reason", "asked by mail")
    assert admin.document(*arguments, "--yes") == {"uid": customer.uid, "status": "deleted"}
    with pytest.raises(auth.UserNotFoundError):
        auth.get_user(customer.uid, app=connections.firebase())
    assert not paths.user(customer.uid).get().exists
    assert ownership.owner_of(owned.device_id) is None
    assert simulator.device(owned.device_id)["owner"] is None
    (done,) = admin.document("audit", "list", "--user", customer.uid)
    found = admin.document("users", "show", customer.uid)
    assert (found["signIn"], found["deletion"]["state"]) == ("no account", "erased")
    assert (done["action"], done["reason"]) == ("account-deleted", "asked by mail")
    assert done["by"] == getpass.getuser()
    assert admin.run("users", "show", customer.email).status == 2


def test_a_deletion_that_particle_holds_up_goes_on_later(
    owned: Label,
    customer: Account,
    admin: CommandLine,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "delete_customers", lambda: "always")
    simulator.fail({"route": "*/customers/*"}, {"kind": "status", "status": 503})
    arguments = ("users", "delete", customer.uid, "--reason", "r", "--yes")
    assert admin.document(*arguments)["status"] == "scheduled"
    assert admin.document("users", "show", customer.uid)["deletion"]["state"] == "being erased"
    simulator.heal()
    assert admin.document(*arguments)["status"] == "deleted"


@pytest.mark.parametrize(("typed", "status"), [("{email}", 0), ("yes", 2), ("", 2)])
def test_a_deletion_is_confirmed_by_typing_the_address(
    typed: str,
    status: int,
    customer: Account,
    admin: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = io.StringIO(typed.format(email=customer.email) + "\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    ran = admin.run("users", "delete", customer.uid, "--reason", "r")
    assert ran.status == status
    assert paths.deleted_user(customer.uid).get().exists == (status == 0)


def test_nobody_is_asked_where_nobody_is(customer: Account, admin: CommandLine) -> None:
    ran = admin.run("users", "delete", customer.uid, "--reason", "r")
    assert (ran.status, "--yes" in ran.err) == (2, True)
    assert not paths.deleted_user(customer.uid).get().exists


def test_quarantine(
    label: Label, new_label: Callable[..., Label], admin: CommandLine, simulator: Simulator
) -> None:
    asking, unwanted = (new_label(quarantined=True) for _ in range(2))
    found = admin.document("devices", "quarantine", "list")
    shown = {one["deviceId"]: one["serialNumber"] for one in found}
    assert shown.items() >= {(x.device_id, x.serial_number) for x in (asking, unwanted)}
    assert label.device_id not in shown
    assert admin.document("devices", "show", asking.device_id)["particle"]["quarantined"]
    admin.said("devices", "quarantine", "approve", asking.device_id, "--reason", "ours", "--yes")
    admin.said("devices", "quarantine", "deny", unwanted.device_id, "--reason", "not ours", "--yes")
    left = {one["deviceId"] for one in admin.document("devices", "quarantine", "list")}
    assert left.isdisjoint({asking.device_id, unwanted.device_id})
    assert admin.document("devices", "show", asking.device_id)["particle"]["inProduct"]
    assert actions(admin, "--device", asking.device_id) == ["device-approved"]
    assert actions(admin, "--device", unwanted.device_id) == ["device-denied"]


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_only_a_quarantined_device_is_decided_upon(
    decision: str, owned: Label, admin: CommandLine, simulator: Simulator
) -> None:
    ran = admin.run("devices", "quarantine", decision, owned.device_id, "--reason", "r")
    assert (ran.status, "not in quarantine" in ran.err) == (2, True)
    assert simulator.device(owned.device_id)["productId"], "it was not thrown out"
    assert simulator.device(owned.device_id)["owner"]


def test_repair_goes_on_after_one_that_fails(
    clean_stack: object,
    owned: Label,
    new_label: Callable[..., Label],
    customer: Account,
    another: Account,
    admin: CommandLine,
    simulator: Simulator,
) -> None:
    squatted = [new_label() for _ in range(3)]
    shadow.ensure(another.uid)
    thief = connections.tokens().customer(shadow.customer_name(another.uid))
    for label in squatted:
        connections.particle().claim_device(thief, label.device_id)
    simulator.fail({"route": f"*/{squatted[1].device_id}/owner"}, {"kind": "status", "status": 503})
    found = admin.document("devices", "mismatches", "--repair", "--yes", status=1)
    repaired = {one["deviceId"]: one["repaired"] for one in found}
    assert repaired == {label.device_id: label is not squatted[1] for label in squatted}
    (failed,) = [one for one in found if not one["repaired"]]
    assert "503" in failed["error"]
    assert actions(admin, "--device", squatted[0].device_id) == ["owner-at-particle-repaired"]
    assert actions(admin, "--device", squatted[1].device_id) == []
    simulator.heal()
    assert "Repaired 1" in admin.said("devices", "mismatches", "--repair", "--yes")
    assert admin.document("devices", "mismatches") == []


def test_the_audit_trail(
    clean_stack: object, label: Label, customer: Account, admin: CommandLine, tmp_path: Path
) -> None:
    assert admin.document("audit", "list") == []
    assert "none" in admin.said("audit", "list")
    device = ("devices", "block", label.serial_number, "--reason")
    admin.said(*device, "one")
    admin.said(*device, "two")
    reassign = ("devices", "reassign", label.device_id, "--yes")
    to = (*reassign, "--reason", "sold", "--to", customer.uid)
    assert admin.run(*to).status == 0
    stock = tmp_path / "stock.csv"
    stock.write_text("device_id,serial_number,setup_code\n" + f"{1:024x},AUDIT-1,K7QW92MXQ\n")
    for _ in range(2):
        admin.said("devices", "import", str(stock))
    everything = admin.document("audit", "list")
    assert [(one["action"], one["reason"]) for one in everything] == [
        ("stock-imported", None),
        ("device-assigned", "sold"),
        ("device-blocked", "two"),
        ("device-blocked", "one"),
    ], "and an import that changes nothing is no change"
    assert {one["by"] for one in everything} == {getpass.getuser()}
    assert everything[0]["added"] == 1
    assert len(admin.document("audit", "list", "--limit", "2")) == 2
    assert actions(admin, "--user", str(customer.email)) == ["device-assigned"]
    both = ("--user", customer.uid, "--device", label.device_id, "--since", "1d")
    assert actions(admin, *both) == ["device-assigned"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert actions(admin, "--since", tomorrow) == []
    assert actions(admin, "--since", tomorrow, "--user", customer.uid) == []
    assert admin.run("audit", "list", "--since", "yesterday").status == 2
    shown = admin.said("audit", "list")
    assert "sold" in shown
    assert label.device_id in shown


def test_the_audit_trail_is_written_with_the_change_or_not_at_all(
    owned: Label, customer: Account, admin: CommandLine
) -> None:
    """A command of the owner's that is under way keeps the device where it is."""
    soon = (datetime.now(UTC) + timedelta(minutes=1)).timestamp() * 1000
    paths.device(owned.device_id).update({"underWay": {"c": soon}})
    release = ("devices", "release", owned.device_id, "--reason", "r", "--yes")
    assert admin.run(*release).status == 2
    assert ownership.owner_of(owned.device_id) == customer.uid
    assert actions(admin, "--device", owned.device_id) == []
    paths.device(owned.device_id).update({"underWay": {}})
    admin.said(*release)
    assert actions(admin, "--device", owned.device_id) == ["device-released"]


def test_customers_do_not_see_the_audit_trail(
    owned: Label, customer: Account, admin: CommandLine, client: Client
) -> None:
    admin.said("devices", "block", owned.device_id, "--reason", "r")
    (done,) = admin.document("audit", "list", "--device", owned.device_id)
    with pytest.raises(requests.HTTPError, match="403"):
        client.read(paths.operations().document(done["id"]).path, customer)
    lines = call("export_account", {}, customer)["lines"]
    assert lines
    assert not [line for line in lines if done["id"] in line]
