"""`fleet status` against the running stack."""

import csv
import io
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from admin.support import fleet_report
from shared import connections
from shared.firestore import paths
from tests.functional.conftest import Label, register
from tests.support.command_line import CommandLine

NOW = datetime.now(UTC)
HOUR_AGO = round((NOW - timedelta(hours=1)).timestamp() * 1000)
JUST_NOW = round(NOW.timestamp() * 1000)


@pytest.fixture
def admin(stack: object, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    connections.firebase()
    return CommandLine(capsys)


def device(*, blocked: bool = False, **mine: Any) -> Label:
    """A registered device; one that somebody owns when its owner's document is given."""
    label = Label(secrets.token_hex(12), f"F{secrets.token_hex(5)}".upper(), "CODE1234")
    register(label)
    paths.device(label.device_id).update({"blocked": blocked})
    if mine:
        paths.device(label.device_id).update({"ownerUid": "someone", "claimedAt": NOW})
        paths.user_device("someone", label.device_id).set({"statusAt": NOW, **mine})
    return label


@pytest.fixture
def fleet(clean_stack: object) -> dict[str, Label]:
    """A device in each state."""
    long_ago = NOW - timedelta(days=1)
    return {
        "online": device(status="online", lastSeenAt=JUST_NOW, firmwareVersion=7),
        "silent": device(
            status="online", statusAt=long_ago, lastSeenAt=HOUR_AGO, firmwareVersion=7
        ),
        "asleep": device(status="asleep", lastSeenAt=HOUR_AGO, firmwareVersion=8),
        "offline": device(status="offline", lastSeenAt=HOUR_AGO),
        "neverSeen": device(status="offline"),
        "nobody's": device(),
        "blocked": device(blocked=True),
    }


def test_numbers(fleet: dict[str, Label], admin: CommandLine) -> None:
    assert admin.document("fleet", "status") == {
        "registered": 7,
        "blocked": 1,
        "owned": 5,
        "states": {"online": 1, "asleep": 1, "silent": 1, "offline": 1, "neverSeen": 1},
        "firmware": [
            {"version": 8, "devices": 1},
            {"version": 7, "devices": 2},
            {"version": None, "devices": 2},
        ],
    }
    said = admin.said("fleet", "status")
    assert "never seen" in said
    assert "registered" in said


def test_each_device(
    fleet: dict[str, Label],
    admin: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet_report, "_PAGE", 3)  # also a last page that is not full
    states = {
        label.device_id: None if name in {"nobody's", "blocked"} else name
        for name, label in fleet.items()
    }
    listed = admin.document("fleet", "status", "--list")["devices"]
    assert {one["deviceId"]: one["state"] for one in listed} == states
    file = tmp_path / "fleet.csv"
    assert "registered" in admin.said("fleet", "status", "--csv", str(file))
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["deviceId"]: row["state"] or None for row in rows} == states
    assert list(csv.DictReader(io.StringIO(admin.said("fleet", "status", "--csv", "-")))) == rows
    (seen,) = [row for row in rows if row["deviceId"] == fleet["online"].device_id]
    assert datetime.fromisoformat(seen["lastSeenAt"]) == NOW.replace(microsecond=0)
    assert seen["serialNumber"] == fleet["online"].serial_number
    shown = admin.said("fleet", "status", "--list")
    assert all(label.serial_number in shown for label in fleet.values())


def test_reads_are_as_many_as_the_help_says(
    fleet: dict[str, Label], admin: CommandLine, firestore_requests: Any
) -> None:
    firestore_requests()
    admin.said("fleet", "status")
    assert firestore_requests() == ["RunQuery", "BatchGetDocuments"], "a page of each"


def test_csv_and_json_do_not_share_standard_output(admin: CommandLine, tmp_path: Path) -> None:
    assert admin.run("fleet", "status", "--csv", "-", "--json").status == 2
    assert admin.run("fleet", "status", "--csv", str(tmp_path / "none" / "x.csv")).status == 2
