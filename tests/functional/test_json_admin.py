"""Every command, with good and with bad words, interrupted, and twice.

The table of what became of each is written to `.local/admin-commands.md`.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from admin.app import COMMANDS
from admin.cli.lazy import Group, Table
from admin.cli.target import Target
from local.client import Account
from local.runs import ROOT
from shared import connections
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine, Ran
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
    "deliveries list": ["--user", "{uid}", "--status", "failed"],
    "deliveries retry": ["{delivery}"],
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
    delivery = paths.delivery("f" * 32)
    delivery.set({"status": "failed", "uid": customer.uid, "deviceId": owned.device_id})
    delivery.update({"createdAt": datetime.now(UTC), "attempts": 6})
    return {
        "stock": str(stock),
        "folder": str(tmp_path),
        "recording": str(recording),
        "serial": owned.serial_number,
        "uid": customer.uid,
        "guest": another.uid,
        "delivery": delivery.id,
        "quarantined": new_label(quarantined=True).device_id,
        "spare": spare.serial_number,
        "spare_code": spare.setup_code,
    }


BAD = {
    "empty": "",
    "unknown": "NO-SUCH-9",
    "malformed": "../a/\u202eb\x1b" + "\u00fc" * 400,
    "no text": "PT-\udcff",
}
NAMES = {"{serial}", "{uid}", "{guest}", "{quarantined}", "{stock}", "{recording}", "{delivery}"}
NAMES |= {"0123456789ab", "example"}
"""The words that name something that has to exist."""
SEARCHES = {"users search", "devices search", "attempts show"}
"""What they do not find is no failure."""
_SLOW = {"doctor", "particle check", "rehearse"}
"""They wait for functions that do not run here. Examined in detail elsewhere."""


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, dict[str, str]]]:
    """What became of each command in each case, by exit status."""
    rows: dict[str, dict[str, str]] = {}
    yield rows
    cases = ["good", *BAD, "interrupted", "twice"]
    lines = [f"| Command | {' | '.join(cases)} |", "|---" * (len(cases) + 1) + "|"]
    for command, row in rows.items():
        cells = " | ".join(row.get(case, "-") for case in cases)
        lines.append(f"| `{command}` | {cells} |")
    file = ROOT / ".local" / "admin-commands.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


class Commanded:
    """Runs a command, and checks what is true of every end."""

    def __init__(self, command: str, row: dict[str, str], line: CommandLine) -> None:
        """`row` is the command's in the table."""
        self.command, self._row, self._line = command, row, line

    def __call__(self, case: str, arguments: list[str], statuses: set[int]) -> Ran:
        ran = self._line.run(*self.command.split(), *arguments)
        said = ran.out + ran.err
        assert ran.status in statuses, (case, arguments, ran)
        # No traceback, no raw answer of a library, no log line between the words.
        for raw in ("Traceback", "fault of its own", "Pool(", '{"severity"', "grpc", "<html"):
            assert raw not in said, (case, ran)
        assert "\x1b" not in said
        assert ran.status in {0, 1} or ran.err.strip(), (case, "it says why")
        ends = self._row.setdefault(case, "").split(", ") if self._row.get(case) else []
        self._row[case] = ", ".join(sorted({*ends, str(ran.status)}))
        return ran


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_in_every_case(
    command: str,
    values: dict[str, str],
    commits: Callable[..., None],
    table: dict[str, dict[str, str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections.firebase()
    given = ARGUMENTS.get(command, [])
    good = [argument.format(**values) for argument in given]
    run = Commanded(command, table.setdefault(command, {}), CommandLine(capsys))
    failed = {0, 1, 2} if command in SEARCHES else {1, 2}
    for number in [at for at, argument in enumerate(given) if argument in NAMES]:
        for case, bad in BAD.items():
            run(case, [*good[:number], bad, *good[number + 1 :]], failed)
    if command != "devices codes":
        with monkeypatch.context() as patch:
            patch.setattr(Target, "of", mock.Mock(side_effect=KeyboardInterrupt))
            assert "Stopped. Nothing was changed" in run("interrupted", good, {130}).err
        if command not in _SLOW:
            commits(KeyboardInterrupt)
            ran = run("interrupted", good, {0, 1, 130})
            with contextlib.suppress(KeyboardInterrupt):
                # Of a command that commits nothing, the interruption is left over.
                paths.limit("interruption").delete()
            assert ran.status != 130 or "Stopped" in ran.err
    if command not in _SLOW:
        ran = run("good", [*good, "--json"], {0, 1})
        assert isinstance(json.loads(ran.out), dict | list)
        run("twice", good, {0, 1, 2})
