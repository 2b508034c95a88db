"""What support is asked on the phone, each answered with one command."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import requests
from firebase_admin import auth

from admin.commands import errors
from local.client import Account, Client
from local.runs import ROOT
from local.stack import Stack
from shared import connections
from shared.firestore import paths
from shared.limits import attempts
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The operator's command line."""
    connections.firebase()
    return CommandLine(capsys)


def audited(admin: CommandLine, label: Label) -> list[str]:
    return [one["action"] for one in admin.document("audit", "list", "--device", label.device_id)]


def test_who_has_typed_wrong_codes_waits_until_support_lets_them_in(
    label: Label, customer: Account, another: Account, admin: CommandLine
) -> None:
    wrong = {**label.claim, "setupCode": "WRONG"}
    for _ in range(attempts.PERSON.free):
        refusal("claim_device", wrong, customer)
    assert refusal("claim_device", label.claim, customer).reason == "too-many-attempts"
    both = ("--user", str(customer.email), "--label", label.serial_number.lower())
    found = admin.document("attempts", "show", *both)
    counts = {one["of"]: one["wrong"] for one in found["counters"]}
    assert counts == {"person": 10, "own": 3, "label": 7}
    assert found["waitSeconds"] > 0
    said = admin.said("attempts", "show", *both)
    assert f"{customer.email} ({customer.uid}), {label.serial_number}" in said
    assert "`attempts reset` ends the wait" in said
    assert admin.document("attempts", "show", "--user", another.uid)["waitSeconds"] == 0
    nowhere = admin.said("attempts", "show", "--label", "NO-SUCH-1")
    assert "No device has the label NO-SUCH-1" in nowhere
    admin.said("attempts", "reset", *both, "--reason", "read 8 for B")
    assert call("claim_device", label.claim, customer)
    assert audited(admin, label) == ["attempts-reset"]
    assert admin.run("attempts", "show").status == 2


def test_is_this_code_right(label: Label, admin: CommandLine) -> None:
    check = ("devices", "check-code", label.serial_number, "--code")
    assert "is right for" in admin.said(*check, label.setup_code.lower())
    assert "is wrong for" in admin.said(*check, "NOPE-1234", status=1)
    assert "is wrong for" in admin.said(*check, "\u00e4", status=1)
    paths.device(label.device_id).update({"blocked": True})
    assert "blocked" in admin.said(*check, label.setup_code)
    assert audited(admin, label) == ["setup-code-checked"] * 4


def test_a_new_code_for_one_device(
    label: Label, customer: Account, admin: CommandLine, tmp_path: Path
) -> None:
    sheet = tmp_path / "label.html"
    new = ("devices", "new-code", label.serial_number, "--reason", "unreadable")
    assert admin.run(*new).status == 2, "there is nobody to ask"
    printed = ("--labels", str(sheet), "--url", "https://app.acme.com")
    code = admin.document(*new, "--yes", *printed)["setupCode"]
    assert code in sheet.read_text()
    assert refusal("claim_device", label.claim, customer).reason == "wrong-serial-or-code"
    assert admin.run(*new, "--yes", *printed).status == 2, "the label may be printed already"
    assert call("claim_device", {**label.claim, "setupCode": code}, customer)
    assert audited(admin, label) == ["setup-code-replaced"]


def test_a_suspended_account_is_let_in_again(
    owned: Label, customer: Account, admin: CommandLine
) -> None:
    app = connections.firebase()
    call("mint_token", {}, customer)
    queued = {"deviceId": owned.device_id, "function": "setTarget", "whenOffline": "queue"}
    paths.command(customer.uid, "waits").set(
        {**queued, "status": "queued", "requestId": "waits", "argument": "21"}
    )
    disable = ("users", "disable", str(customer.email), "--reason", "chargeback")
    assert admin.run(*disable).status == 2
    assert not auth.get_user(customer.uid, app=app).disabled
    for _ in range(2):
        assert str(customer.email) in admin.said(*disable, "--yes")
    assert refusal("mint_token", {}, customer).reason == "sign-in-required"
    assert not paths.token_ending(customer.uid).get().exists
    assert paths.command(customer.uid, "waits").get().get("status") == "cancelled"
    assert "disabled" in admin.said("users", "show", customer.uid)
    assert paths.user_device(customer.uid, owned.device_id).get().exists
    admin.said("users", "enable", customer.uid, "--reason", "paid")
    assert not auth.get_user(customer.uid, app=app).disabled
    admin.said("users", "delete", customer.uid, "--reason", "r", "--yes")
    again = admin.run("users", "enable", customer.uid, "--reason", "r")
    assert (again.status, "was deleted" in again.err) == (2, True)


def test_what_a_device_answers_now(owned: Label, admin: CommandLine, simulator: Simulator) -> None:
    found: dict[str, Any] = admin.document("devices", "read", owned.serial_number, "temperature")
    assert isinstance(found["value"], float)
    unknown = admin.run("devices", "read", owned.serial_number, "no_such")
    assert (unknown.status, "has no variable no_such" in unknown.err) == (2, True)
    assert admin.run("devices", "read", owned.serial_number, "a/b").status == 2
    assert "answers, after" in admin.said("devices", "ping", owned.serial_number)
    simulator.set_online(owned.device_id, online=False)
    assert "does not answer" in admin.said("devices", "ping", owned.serial_number, status=1)
    assert audited(admin, owned).count("variable-read") == 2


def test_a_device_that_publishes_unregistered_is_pointed_to(admin: CommandLine) -> None:
    device_id = "f" * 24
    note = paths.client().collection(paths.UNKNOWN_DEVICES).document(device_id)
    note.set({"lastSeenAt": 1, "events": 1, "lastEvent": "e"})
    ran = admin.run("devices", "show", device_id)
    assert (ran.status, "publishes, but is not registered" in ran.err) == (2, True)
    note.delete()


def test_a_device_is_found_by_its_last_digits_its_name_or_its_owner(
    owned: Label, label: Label, customer: Account, admin: CommandLine
) -> None:
    call("rename_device", {"deviceId": owned.device_id, "name": "Gew\u00e4chshaus"}, customer)

    def found(text: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]]
        rows = admin.document("devices", "search", text, "--anywhere")["devices"]
        return [row for row in rows if row["deviceId"] == owned.device_id]

    serial = owned.serial_number
    assert found(f"{serial[-5:-2]}-{serial[-2:].lower()}")
    assert found(owned.device_id[-6:])
    assert found("W\u00c4CHSHAUS")[0]["ownerEmail"] == customer.email
    assert found(str(customer.email)[3:14])
    assert found("nothing like it") == []
    assert "--anywhere" in admin.run("devices", "search", "ZZZZ9").err
    assert admin.run("devices", "search", " ", "--anywhere").status == 2


def test_a_customer_is_found_by_a_part(customer: Account, admin: CommandLine) -> None:
    auth.update_user(customer.uid, display_name="Ada Lovelace", app=connections.firebase())
    for part in ("LOVELACE", str(customer.email)[2:12], customer.uid[:8]):
        found = admin.document("users", "search", part, "--limit", "1000")
        assert customer.uid in {one["uid"] for one in found}
    paths.user(customer.uid).set({"displayName": "Countess"}, merge=True)
    assert customer.uid in admin.said("users", "search", "countess", "--limit", "1000")
    assert admin.document("users", "search", "nobody of that name") == []
    assert admin.run("users", "search", "a").status == 2


def test_a_customers_refusals_without_an_error_number(
    customer: Account, admin: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "FOLDER", tmp_path)
    (tmp_path / "run").mkdir()
    lines = [
        {"uid": uid, "function": "claim_device", "reason": reason, "errorId": f"{number:012x}"}
        for number, (uid, reason) in enumerate(
            [
                (customer.uid, "wrong-serial-or-code"),
                (customer.uid, "wrong-serial-or-code"),
                (customer.uid, None),
                ("another", "try-again"),
            ]
        )
    ]
    lines.append({"uid": customer.uid, "event": "device-claimed"})
    log = "".join(f">  {json.dumps(line)}\n" for line in lines)
    (tmp_path / "run" / "emulators.log").write_text(log)
    found = admin.document("errors", "list", "--user", str(customer.email))
    assert found["reasons"] == {"wrong-serial-or-code": 2, "internal": 1}
    assert [one["errorId"][-1] for one in found["errors"]] == ["2", "1", "0"]
    said = admin.said("errors", "list", "--user", customer.uid)
    assert f"3 errors of {customer.email} ({customer.uid}): wrong-serial-or-code 2" in said
    assert admin.run("errors", "list", "--user", customer.uid, "--since", "x").status == 2


def test_mails_that_did_not_arrive(
    customer: Account, admin: CommandLine, stack: Stack, client: Client
) -> None:
    who = str(customer.email)
    assert f"Sent to {who}" in admin.said("users", "send-reset", who, "--reason", "asked")
    url = f"{stack.auth_url}/emulator/v1/projects/{stack.project_id}/oobCodes"
    codes = requests.get(url, timeout=30).json()["oobCodes"]
    assert (who, "PASSWORD_RESET") in {(one["email"], one["requestType"]) for one in codes}
    verify = ("users", "send-verification", who, "--reason", "asked")
    ran = admin.run(*verify)
    assert ran.status == 0, ran
    newest = requests.get(f"{stack.mails_url}/mails.json", timeout=10).json()[0]
    assert (newest["to"], newest["subject"]) == ([who], "Confirm your e-mail address")
    assert "mode=verifyEmail" in newest["text"]
    assert "oobCode" not in ran.out + ran.err
    auth.update_user(customer.uid, email_verified=True, app=connections.firebase())
    assert "verified already" in admin.said(*verify)
    auth.update_user(customer.uid, disabled=True, app=connections.firebase())
    assert "is suspended" in admin.run(*verify).err
    nobody = client.sign_up(anonymous=True)
    ran = admin.run("users", "send-reset", nobody.uid, "--reason", "asked")
    assert (ran.status, "has no e-mail address" in ran.err) == (2, True)


def test_each_question_of_a_phone_call_is_answered_with_one_command(
    owned: Label, customer: Account, admin: CommandLine
) -> None:
    """As docs/operator.md writes it."""
    auth.update_user(customer.uid, display_name="Ada Lovelace", app=connections.firebase())
    values = {
        "PT-1001": owned.serial_number,
        "ada@example.org": str(customer.email),
        "001": owned.serial_number[-3:],
        "K7QW-92MX": owned.setup_code,
    }
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    questions = re.findall(r'^\| "[^|]+" \| `([^`]+)` \|$', page, re.MULTILINE)
    assert len(questions) == 10
    for question in questions:
        words = [values.get(word, word) for word in shlex.split(question)]
        ran = admin.run(*words)
        assert ran.status == 0, (question, ran)
        assert owned.serial_number in ran.out or str(customer.email) in ran.out or "read" in words
