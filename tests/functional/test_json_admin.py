"""Every command of the command line answers in JSON when it is asked to."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from admin.app import COMMANDS
from admin.cli.lazy import Group, Table
from local.client import Account
from shared import connections
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.sharing import share
from tests.support.telemetry import message

ARGUMENTS = {
    "rehearse": ["{spare}", "--code", "{spare_code}", "--no-hands", "--yes"],
    "devices import": ["{stock}", "--refused", "{folder}/refused.csv"],
    "devices codes": [
        *("{stock}", "--output", "{folder}/codes.csv", "--labels", "{folder}/l.html"),
        *("--url", "https://app.acme.com"),
    ],
    "devices show": ["{serial}"],
    "devices search": ["{serial}"],
    "devices check-code": ["{serial}", "--code", "WRONG"],
    "devices new-code": ["{serial}", "--reason", "r", "--yes"],
    "devices ping": ["{serial}"],
    "devices read": ["{serial}", "temperature"],
    "attempts show": ["--user", "{uid}", "--label", "{serial}"],
    "attempts reset": ["--user", "{uid}", "--reason", "r"],
    "users disable": ["{uid}", "--reason", "r", "--yes"],
    "users send-reset": ["{uid}", "--reason", "r"],
    "users send-verification": ["{uid}", "--reason", "r"],
    "users enable": ["{uid}", "--reason", "r"],
    "devices release": ["{serial}", "--reason", "r", "--yes"],
    "devices block": ["{serial}", "--reason", "r"],
    "devices unblock": ["{serial}", "--reason", "r"],
    "devices reassign": ["{serial}", "--to", "{uid}", "--reason", "r", "--yes"],
    "devices adopt": ["--from-particle", "--dry-run"],
    "devices quarantine approve": ["{quarantined}", "--reason", "r", "--yes"],
    "devices quarantine deny": ["{quarantined}", "--reason", "r", "--yes"],
    "shares end": ["{serial}", "{guest}", "--reason", "r", "--yes"],
    "users show": ["{uid}"],
    "users devices": ["{uid}"],
    "users delete": ["{uid}", "--reason", "r", "--yes"],
    "users backfill": ["--dry-run"],
    "users adopt": ["--dry-run"],
    "errors show": ["0123456789ab"],
    "errors list": ["--user", "{uid}"],
    "users search": ["example"],
    "fleet status": ["--list"],
    "events replay": ["{recording}"],
    "dead-letters replay": ["--reason", "no-such-reason"],
    "dead-letters drop": ["--reason", "no-such-reason"],
    "particle integrate": ["--topic", "nowhere", "--event", "nothing"],
    "particle disintegrate": ["--topic", "nowhere", "--yes"],
}
"""Of commands that need some; a new one needs a line here, and each an `answer`."""


def commands(table: Table = COMMANDS, before: str = "") -> Iterator[str]:
    """The names of all commands."""
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from commands(entry.commands, f"{before}{name} ")
        else:
            yield before + name


@pytest.fixture
def values(
    owned: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    tmp_path: Path,
) -> dict[str, str]:
    share(owned, customer, another)
    stock = tmp_path / "stock.csv"
    stock.write_text("device_id,serial_number,setup_code\n")
    recording = tmp_path / "messages.jsonl"
    recording.write_text(json.dumps(message(owned.device_id, "1")))
    with stock.open("a") as lines:
        lines.write(f"{owned.device_id},{owned.serial_number},{owned.setup_code}\n")
    spare = new_label()
    return {
        "stock": str(stock),
        "folder": str(tmp_path),
        "recording": str(recording),
        "serial": owned.serial_number,
        "uid": customer.uid,
        "guest": another.uid,
        "quarantined": new_label(quarantined=True).device_id,
        "spare": spare.serial_number,
        "spare_code": spare.setup_code,
    }


@pytest.mark.parametrize("command", list(commands()))
def test_the_answer_is_one_document(
    command: str, values: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    connections.firebase()
    arguments = [argument.format(**values) for argument in ARGUMENTS.get(command, [])]
    ran = CommandLine(capsys).run(*command.split(), *arguments, "--json")
    assert ran.status in {0, 1}, ran
    assert isinstance(json.loads(ran.out), dict | list)
