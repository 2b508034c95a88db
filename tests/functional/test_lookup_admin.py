"""`devices show`, `devices search`, `users show` and `users devices` against the running stack."""

import itertools
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from firebase_admin import auth

from local.client import Account, CallableError, Client
from local.stack import Stack
from local.waiting import wait_until
from shared import connections
from shared.customers import shadow
from shared.firestore import paths
from tests.functional.conftest import Label, register
from tests.support.command_line import CommandLine
from tests.support.functions import call, deliver, refusal
from tests.support.simulator import Simulator
from tests.support.telemetry import message


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    return CommandLine(capsys)


@pytest.mark.parametrize("named", ["serial_number", "device_id"])
def test_a_device_with_all_that_happened_to_it(
    named: str, owned: Label, customer: Account, admin: CommandLine
) -> None:
    deliver(message(owned.device_id, "1", at=datetime.now(UTC) - timedelta(hours=1)))
    for value in range(12):
        deliver(message(owned.device_id, str(value), "level"))
    call("invoke_function", {"deviceId": owned.device_id, "function": "set_target"}, customer)
    nothing = {"deviceId": owned.device_id, "function": "nothing", "argument": "hush"}
    refusal("invoke_function", nothing, customer)
    admin.said("devices", "block", owned.device_id, "--reason", "tested")
    found = admin.document("devices", "show", getattr(owned, named))
    assert (found["serialNumber"], found["deviceId"]) == (owned.serial_number, owned.device_id)
    assert found["blocked"] is True
    assert (found["owner"]["uid"], found["owner"]["email"]) == (customer.uid, customer.email)
    assert found["presence"]["state"] == "online"
    latest = {one["event"]: one["value"] for one in found["latest"]}
    assert latest["level"] == 11
    done = {one["function"]: (one["status"], one["error"]) for one in found["commands"]}
    assert done["set_target"] == ("succeeded", None)
    assert done["nothing"][0] == "failed"
    assert len(found["events"]) == 10
    assert {one["storedFor"] for one in found["events"]} == {"owner"}
    assert [one["reason"] for one in found["operations"]] == ["tested"]
    assert found["particle"] == {
        "inProduct": True,
        "quarantined": False,
        "owner": shadow.customer_name(customer.uid),
        "ownerAsRegistered": True,
        "online": True,
        "firmwareVersion": 1,
    }
    screen = admin.said("devices", "show", owned.serial_number)
    for shown in (owned.device_id, str(customer.email), "set_target", "failed", "tested"):
        assert shown in screen


def test_personal_data_are_shown_only_when_asked_for(
    owned: Label, customer: Account, admin: CommandLine
) -> None:
    deliver(message(owned.device_id, '"at home"', "note"))
    call("invoke_function", {
        "deviceId": owned.device_id, "function": "set_target", "argument": "17"
    }, customer)  # fmt: skip
    plain = admin.document("devices", "show", owned.device_id)
    assert all("data" not in one for one in plain["events"])
    assert all("argument" not in one for one in plain["commands"])
    told = admin.document("devices", "show", owned.device_id, "--data")
    assert '"at home"' in {one["data"] for one in told["events"]}
    assert {one["argument"] for one in told["commands"]} == {"17"}
    assert "at home" in admin.said("devices", "show", owned.device_id, "--data")
    read = admin.document("audit", "list", "--device", owned.device_id)
    assert [one["action"] for one in read] == ["device-data-read"] * 2
    admin.said("users", "show", str(customer.email))
    (read,) = admin.document("audit", "list", "--user", customer.uid)
    assert (read["action"], bool(read["by"])) == ("user-read", True)


def test_a_device_that_nobody_owns(label: Label, admin: CommandLine) -> None:
    deliver(message(label.device_id, "1"))
    found = admin.document("devices", "show", label.serial_number.lower())
    assert (found["owner"], found["presence"], found["commands"]) == (None, None, [])
    assert [(one["event"], one["storedFor"]) for one in found["events"]] == [
        ("temperature", "nobody")
    ]
    assert "nobody" in admin.said("devices", "show", label.serial_number)


def test_a_claim_code_that_is_out(label: Label, customer: Account, admin: CommandLine) -> None:
    call("create_claim_code", label.claim, customer)
    found = admin.document("devices", "show", label.serial_number)
    assert (found["awaited"]["uid"], found["owner"]) == (customer.uid, None)
    assert found["particle"]["ownerAsRegistered"] is True
    assert str(customer.email) in admin.said("devices", "show", label.serial_number)
    waiting = admin.document("users", "show", customer.uid)["awaiting"]
    assert [one["deviceId"] for one in waiting] == [label.device_id]


def test_another_owner_at_particle_is_pointed_out(owned: Label, admin: CommandLine) -> None:
    connections.particle().release_device(connections.tokens().server, owned.device_id)
    found = admin.document("devices", "show", owned.serial_number)["particle"]
    assert (found["owner"], found["ownerAsRegistered"]) == (None, False)
    assert "devices mismatches" in admin.said("devices", "show", owned.serial_number)


def test_a_device_that_the_product_does_not_have(admin: CommandLine) -> None:
    label = Label(secrets.token_hex(12), f"T{secrets.token_hex(5)}".upper(), "CODE")
    register(label)
    assert admin.document("devices", "show", label.serial_number)["particle"] == {
        "inProduct": False
    }


@pytest.mark.parametrize(
    ("fault", "why"),
    [({"kind": "status", "status": 503}, "503"), ({"kind": "status", "status": 429}, "429")],
)
def test_particle_that_fails_hides_nothing_else(
    fault: dict[str, Any], why: str, owned: Label, admin: CommandLine, simulator: Simulator
) -> None:
    simulator.fail({"route": f"*/devices/{owned.device_id}"}, fault)
    found = admin.document("devices", "show", owned.serial_number)
    assert why in found["particle"]["error"]
    assert found["owner"]
    assert "could not be asked" in admin.said("devices", "show", owned.serial_number)


def test_a_name_that_a_customer_chose_does_no_harm_to_the_terminal(
    owned: Label, customer: Account, admin: CommandLine
) -> None:
    deliver(message(owned.device_id, "1", "a\x1b[31m\nb"))
    assert "\x1b[31m" not in admin.said("devices", "show", owned.serial_number)


@pytest.fixture
def shelf(new_label: Callable[..., Label], customer: Account) -> tuple[str, list[Label]]:
    """Devices of one serial number range; `customer` owns the first."""
    batch = f"SH{secrets.token_hex(4)}".upper()
    labels = [Label(secrets.token_hex(12), f"{batch}-{n:02}", "CODE1234") for n in range(5)]
    for label in labels:
        register(label)
    now = datetime.now(UTC)
    mine = {"ownerUid": customer.uid, "claimedAt": now, "claimEpoch": 1}
    paths.device(labels[0].device_id).update(mine)
    return batch, labels


def test_search_by_the_beginning_of_a_serial_number(
    shelf: tuple[str, list[Label]], customer: Account, admin: CommandLine
) -> None:
    batch, labels = shelf
    found = admin.document("devices", "search", batch.lower())
    assert [row["serialNumber"] for row in found["devices"]] == [x.serial_number for x in labels]
    assert found["next"] is None
    assert [row["ownerEmail"] for row in found["devices"]] == [customer.email, *[None] * 4]
    assert admin.said("devices", "search", batch).count(batch) == 5


def test_search_page_by_page(shelf: tuple[str, list[Label]], admin: CommandLine) -> None:
    batch, labels = shelf
    pages: list[list[str]] = []
    more: list[str] = []
    while True:
        found = admin.document("devices", "search", batch, "--limit", "2", *more)
        pages.append([row["deviceId"] for row in found["devices"]])
        if not found["next"]:
            break
        more = ["--after", found["next"]]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert list(itertools.chain(*pages)) == [label.device_id for label in labels]
    assert admin.run("devices", "search", batch, "--after", "nonsense:1").status == 2


def test_search_by_id_and_by_owner(
    shelf: tuple[str, list[Label]], customer: Account, admin: CommandLine
) -> None:
    batch, labels = shelf

    def found(*arguments: str) -> list[str]:
        return [x["deviceId"] for x in admin.document("devices", "search", *arguments)["devices"]]

    assert found(labels[1].device_id[:20].upper()) == [labels[1].device_id]
    assert customer.email
    for name in (customer.email, customer.uid):
        assert found(name) == found("--owner", name) == [labels[0].device_id]
    assert found(batch, "--owner", customer.uid) == [labels[0].device_id]
    assert found("SOMETHING", "--owner", customer.uid) == []
    assert found(f"{batch}NOT") == []
    assert admin.run("devices", "search").status == 2


def test_what_begins_as_serial_number_and_as_id_is_found_once(admin: CommandLine) -> None:
    start = f"a0{secrets.token_hex(4)}"
    both = Label(start + secrets.token_hex(7), start.upper() + "1", "CODE1234")
    register(both)
    found = admin.document("devices", "search", start)["devices"]
    assert [row["deviceId"] for row in found] == [both.device_id]


def test_a_user(owned: Label, customer: Account, admin: CommandLine) -> None:
    assert customer.email
    found = admin.document("users", "show", customer.email)
    assert (found["uid"], found["email"], found["emailVerified"]) == (
        customer.uid,
        customer.email,
        False,
    )
    assert (found["signIn"], found["providers"]) == ("possible", ["password"])
    assert found["customer"]["status"] == "ready"
    assert found["customer"]["identity"] == shadow.customer_name(customer.uid)
    assert [one["deviceId"] for one in found["devices"]] == [owned.device_id]
    assert found["activity"][0]["action"] == "device-claimed"
    assert found["deletion"]["state"] is None
    assert found["sessionsEndedAt"] is None
    assert found["devices"] == admin.document("users", "devices", customer.uid)
    screen = admin.said("users", "show", customer.uid)
    for shown in (customer.email, "ready", owned.serial_number, "device-claimed"):
        assert shown in screen


def test_a_user_who_was_disabled_and_whose_customer_failed(
    customer: Account, admin: CommandLine
) -> None:
    auth.update_user(customer.uid, disabled=True, app=connections.firebase())
    time.sleep(1 - time.time() % 1)  # Auth counts whole seconds: into the next one
    auth.revoke_refresh_tokens(customer.uid, app=connections.firebase())
    failed = {"status": "error", "reason": "identity-taken"}
    paths.user(customer.uid).set({"particle": failed})
    found = admin.document("users", "show", customer.uid)
    assert found["signIn"] == "disabled"
    assert found["customer"]["reason"] == "identity-taken"
    assert found["sessionsEndedAt"] > found["createdAt"]


def test_nobody_by_that_name(admin: CommandLine) -> None:
    for name in ("nobody@example.org", "no-such-uid", "a/b"):
        ran = admin.run("users", "show", name)
        assert (ran.status, ran.out) == (2, "")
        assert name in ran.err


def test_an_error_number(stack: Stack, client: Client, admin: CommandLine) -> None:
    """From the answer that an app got, by way of what the emulator wrote down."""
    with pytest.raises(CallableError) as refused:
        client.call("list_devices", {})
    error_id = refused.value.details["errorId"]

    def written() -> bool:
        return admin.run("errors", "show", error_id).status == 0

    wait_until("The line of the log", written, 30, stack.check)
    (line,) = admin.document("errors", "show", error_id)
    assert (line["function"], line["reason"]) == ("list_devices", "sign-in-required")
    assert "sign-in-required" in admin.said("errors", "show", f" {error_id.upper()} ")
    assert admin.run("errors", "show", "0" * 12).status == 1
    assert "is not an error number" in admin.run("errors", "show", 'x" OR "y').err
