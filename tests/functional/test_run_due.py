"""What is due every minute: expired shares end. Who watches it, what operators see, and mails."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.api_core.exceptions import FailedPrecondition, InternalServerError
from google.cloud.firestore import Increment

from local.client import Account, Client
from local.stack import Stack
from shared import connections, due, mail, settings
from shared.errors import EmailUnverified, TooManyAttempts
from shared.firestore import paths
from shared.registry.share import Role
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.functions import client as function

NOW = datetime.now(UTC)
AGO = NOW - timedelta(minutes=11)


@pytest.fixture(autouse=True)
def _nothing_due(clean_stack: Stack) -> None:
    """No share of an earlier test has expired meanwhile."""


@pytest.fixture
def admin(stack: Stack, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    return CommandLine(capsys)


def share(
    label: Label, owner: Account, guest: str, until: datetime | None, role: Role = Role.VIEWER
) -> None:
    """Write a share as an acceptance does."""
    epoch = paths.device(label.device_id).get().get("claimEpoch")
    common = {"role": role.value, "expiresAt": until, "claimEpoch": epoch, "since": NOW}
    batch = paths.client().batch()
    batch.set(
        paths.shared_device(guest, label.device_id),
        common
        | {
            "ownerUid": owner.uid,
            "deviceId": label.device_id,
            "ownerName": "",
            "invitationId": "i",
        },
    )
    batch.set(
        paths.share(owner.uid, label.device_id, guest),
        common | {"invitedBy": owner.uid, "email": "guest@example.org", "name": ""},
    )
    batch.update(paths.device(label.device_id), {"shares": Increment(1)})
    batch.commit()


def guests(label: Label, owner: Account) -> set[str]:
    """Who has a share, where the mirror and the registry agree."""
    found = [one.reference.parent.parent for one in paths.shares_of_device(label.device_id).get()]
    mirrors = paths.user_device(owner.uid, label.device_id).collection(paths.SHARES).get()
    assert {mirror.id for mirror in mirrors} == {one.id for one in found}
    assert paths.device(label.device_id).get().get("shares") == len(found)
    return {one.id for one in found}


def run() -> dict[str, Any]:
    """Run it as the scheduler does; what it recorded."""
    assert function("run_due").post("/").status_code == 200
    found: dict[str, Any] = paths.health("sweep").get().to_dict() or {}
    assert abs(found["at"] - datetime.now(UTC)) < timedelta(seconds=5)
    return found


def test_expired_shares_end_and_no_others(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than a page holds, in one run."""
    monkeypatch.setattr("shared.sharing.ending.PAGE", 2)
    for number in range(5):
        share(owned, customer, f"expired{number}", AGO + timedelta(seconds=number))
    share(owned, customer, "later", datetime.now(UTC) + timedelta(hours=1))
    share(owned, customer, "always", None, Role.MANAGER)
    assert run()["oldestDueAt"] is None
    assert guests(owned, customer) == {"later", "always"}
    assert run()["oldestDueAt"] is None
    assert guests(owned, customer) == {"later", "always"}
    done = [one.to_dict() or {} for one in paths.activity(customer.uid).get()]
    ended = [(one["guestUid"], one["why"]) for one in done if one["action"] == "share-ended"]
    assert sorted(ended) == [(f"expired{number}", "expired") for number in range(5)]


def test_one_that_cannot_be_ended_holds_up_no_other(
    owned: Label,
    customer: Account,
    commits: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is logged, `health/sweep` has its time, and a later run ends it."""
    monkeypatch.setattr("shared.sharing.ending.PAGE", 1)
    for number in range(3):
        share(owned, customer, f"guest{number}", AGO + timedelta(seconds=number))
    capsys.readouterr()
    commits(InternalServerError)
    assert run()["oldestDueAt"] == AGO
    assert guests(owned, customer) == {"guest0"}
    [line] = [one for one in capsys.readouterr().out.splitlines() if "share-not-ended" in one]
    assert f'"deviceId": "{owned.device_id}", "guestUid": "guest0"' in line
    assert run()["oldestDueAt"] is None
    assert guests(owned, customer) == set()


@pytest.fixture
def health_logs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the scheduled check without its canary; what it logged."""
    monkeypatch.setattr(settings, "health_check", lambda: False)

    def logs() -> list[tuple[str, str, int | None]]:
        capsys.readouterr()
        assert function("check_health").post("/").status_code == 200
        captured = capsys.readouterr()
        lines = [json.loads(line) for line in (captured.out + captured.err).splitlines()]
        return [(one["severity"], one["event"], one["seconds"]) for one in lines]

    return logs


def test_what_it_does_not_get_to_and_runs_that_are_missing_are_reported(
    owned: Label, customer: Account, health_logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health_logs() == [("ERROR", "sweep-late", None)], "there was none yet"
    monkeypatch.setattr(settings, "DUE_BUDGET", 0)
    due_at = datetime.now(UTC) - timedelta(minutes=11)
    share(owned, customer, "second", due_at + timedelta(seconds=1))
    share(owned, customer, "first", due_at)
    assert run()["oldestDueAt"] == due_at
    assert guests(owned, customer) == {"first", "second"}
    [(severity, event, seconds)] = health_logs()
    assert (severity, event) == ("ERROR", "due-late")
    assert seconds is not None
    assert 660 <= seconds < 720

    paths.health("sweep").update({"oldestDueAt": datetime.now(UTC) - timedelta(minutes=9)})
    assert health_logs() == []
    monkeypatch.undo()
    paths.health("sweep").update({"at": datetime.now(UTC) - timedelta(minutes=4, seconds=50)})
    assert not due.Sweep.last().is_late(datetime.now(UTC))
    paths.health("sweep").update({"at": datetime.now(UTC) - timedelta(seconds=301)})
    assert due.Sweep.last().is_late(datetime.now(UTC))
    assert run()["oldestDueAt"] is None
    assert guests(owned, customer) == set()


def test_operators_see_shares_and_end_them(
    owned: Label, customer: Account, client: Client, admin: CommandLine
) -> None:
    guest = client.sign_up()
    until = NOW.replace(microsecond=0) + timedelta(days=2)
    share(owned, customer, guest.uid, until, Role.CONTROLLER)
    share(owned, customer, "gone", None)
    row = {
        "deviceId": owned.device_id,
        "serialNumber": owned.serial_number,
        "guestUid": guest.uid,
        "guestEmail": guest.email,
        "ownerUid": customer.uid,
        "ownerEmail": customer.email,
        "role": "controller",
        "since": NOW.isoformat().replace("+00:00", "Z"),
        "until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }
    other = row | {"guestUid": "gone", "guestEmail": None, "role": "viewer", "until": None}

    def shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(found, key=lambda one: one["guestUid"] == "gone")

    assert shown(admin.document("devices", "show", owned.serial_number)["shares"]) == [row, other]
    theirs = admin.document("users", "show", customer.uid)
    assert shown(theirs["sharedByThem"]) == [row, other]
    assert theirs["sharedWithThem"] == []
    mine = admin.document("users", "show", guest.email or "")
    assert (mine["sharedByThem"], mine["sharedWithThem"]) == ([], [row])
    for screen, who in (
        (admin.said("devices", "show", owned.device_id), guest.email),
        (admin.said("users", "show", customer.uid), guest.email),
        (admin.said("users", "show", guest.uid), customer.email),
    ):
        assert f"{who} " in screen
        assert "controller" in screen

    end = ("shares", "end", owned.serial_number, "--yes")
    reason = ("--reason", "asked by phone")
    assert guest.email
    assert admin.document(*end, guest.email, *reason)["guestUid"] == guest.uid
    assert guests(owned, customer) == {"gone"}
    assert admin.run(*end, guest.uid, *reason).status == 2, "there is none any more"
    [entry] = admin.document("audit", "list", "--device", owned.device_id)
    assert (entry["action"], entry["reason"], entry["uid"]) == (
        "share-ended",
        "asked by phone",
        guest.uid,
    )
    for account in (customer, guest):
        [noted] = [
            one.to_dict() or {}
            for one in paths.activity(account.uid).get()
            if one.get("action") == "share-ended"
        ]
        assert (noted["why"], noted["deviceId"]) == ("operator", owned.device_id)


def test_a_part_that_fails_holds_up_no_other(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while an index is being built; it is no completed run."""
    share(owned, customer, "expired", AGO)
    before = paths.health("sweep").get().to_dict()

    def building(_: float) -> None:
        raise FailedPrecondition("the index is being built")  # type: ignore[no-untyped-call]

    done: list[float] = []
    monkeypatch.setattr("shared.due.alerts_due.run", building)
    monkeypatch.setattr("shared.due.outbox.wake_due", done.append)
    assert function("run_due").post("/").status_code == 500
    assert guests(owned, customer) == set()
    assert done
    assert paths.health("sweep").get().to_dict() == before


INVITATION = mail.Invitation(
    id=secrets.token_hex(16),
    to="invited-once@example.org",
    link="http://127.0.0.1/join#token",
    role=Role.VIEWER,
    device_name="Living room",
    inviter_name="Ada",
    inviter_email="ada@example.com",
    until=NOW,
)


def test_invitations_are_mailed_thirty_a_day_for_each_owner(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EmailUnverified):
        mail.admit_invitation("owner", email_verified=False)
    for _ in range(mail.INVITATIONS_A_DAY):
        mail.admit_invitation("owner", email_verified=True)
    with pytest.raises(TooManyAttempts) as refused:
        mail.admit_invitation("owner", email_verified=True)
    assert 0 < refused.value.details["retryAfter"] <= 24 * 3600 + 1
    mail.admit_invitation("another", email_verified=True)
    counters = list(paths.client().collection(paths.LIMITS).stream())
    assert sorted(one.get("count") for one in counters) == [1, 31]
    assert all("owner" not in one.id for one in counters)

    def mails() -> list[dict[str, Any]]:
        # The stack's mail server also holds what other tests had it send.
        every = requests.get(f"{stack.mails_url}/mails.json", timeout=10).json()
        return [one for one in every if one["to"] in (["new@example.org"], [INVITATION.to])]

    assert mail.send_invitation(replace(INVITATION, to="new@example.org"))
    [got] = mails()
    assert got["to"] == ["new@example.org"]
    assert INVITATION.link in got["text"]

    monkeypatch.setattr(settings, "mail_server", lambda: None)
    mail.admit_invitation("owner", email_verified=False)
    assert not mail.send_invitation(INVITATION)
    assert mails() == [got]
