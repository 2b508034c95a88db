"""`python -m admin devices import` against the Firestore emulator."""

import csv
import json
import pathlib
import re
import secrets
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import Aborted, FailedPrecondition
from google.cloud.firestore import DELETE_FIELD

from admin.app import main
from admin.stock import rows as stock
from shared.claims import label as setup_codes
from shared.firestore import paths

pytestmark = pytest.mark.usefixtures("stack")

ROOT = pathlib.Path(__file__).parent.parent.parent
PEPPER = "demo-pepper-not-a-secret"
LABEL = tuple[str, str, str]


def label() -> LABEL:
    """A device nobody else has: id, serial number and setup code as printed."""
    number = secrets.token_hex(4).upper()
    return secrets.token_hex(12), f"PT-{number}", f"{secrets.token_hex(4)}-K7QW".upper()


def labels(count: int) -> list[LABEL]:
    return [label() for _ in range(count)]


def write(path: pathlib.Path, devices: Sequence[Sequence[str]]) -> str:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["device_id", "serial_number", "setup_code"])
        table.writerows(devices)
    return str(path)


class Operator:
    """Runs the command in a folder of its own and reads what it printed."""

    def __init__(self, folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.refused = folder / "refused.csv"
        self._capsys = capsys
        self.status = 0
        self.said = ""

    def imports(self, devices: Sequence[Sequence[str]] | pathlib.Path, *options: str) -> Any:
        """The counts of an import; `status` and `said` (standard error) are kept."""
        path = devices if isinstance(devices, pathlib.Path) else self.folder / "stock.csv"
        if not isinstance(devices, pathlib.Path):
            write(path, devices)
        self._capsys.readouterr()
        self.status = main(
            [
                *("--local", "devices", "import", str(path)),
                *("--refused", str(self.refused), "--json", *options),
            ]
        )
        captured = self._capsys.readouterr()
        self.said = captured.err
        return json.loads(captured.out)

    def counts(self, devices: Sequence[Sequence[str]] | pathlib.Path) -> tuple[int, ...]:
        """Added, changed, unchanged, refused."""
        result = self.imports(devices)
        return tuple(result[name] for name in ("added", "changed", "unchanged", "refused"))

    def reasons(self) -> list[str]:
        with self.refused.open(newline="") as file:
            return [row["reason"] for row in csv.DictReader(file)]


@pytest.fixture
def operator(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(tmp_path, capsys)


def registered(device: LABEL) -> dict[str, Any]:
    return paths.device(device[0]).get().to_dict() or {}


def leads_to(serial_number: str) -> str | None:
    serial = setup_codes.normalise_serial(serial_number)
    return (paths.serial_number(serial).get().to_dict() or {}).get("deviceId")


def own(device: LABEL, uid: str = "someone") -> dict[str, Any]:
    """What a claim leaves in the registry; gives the whole entry."""
    fields = {"ownerUid": uid, "claimEpoch": 3, "claimedAt": datetime.now(UTC), "underWay": {}}
    paths.device(device[0]).update(fields)
    return registered(device)


def test_a_new_device_can_be_claimed_by_its_label(operator: Operator) -> None:
    device = label()
    before = datetime.now(UTC) - timedelta(seconds=5)
    assert operator.counts([(device[0].upper(), *device[1:])]) == (1, 0, 0, 0)
    assert operator.status == 0
    entry = registered(device)
    imported_at = entry.pop("importedAt")
    assert before < imported_at < datetime.now(UTC) + timedelta(seconds=5)
    assert entry == {
        "serialNumber": device[1],
        "setupCode": setup_codes.digest(PEPPER, device[0], device[2]),
        "ownerUid": None,
        "claimEpoch": 0,
        "blocked": False,
        "claimedAt": None,
    }
    assert leads_to(device[1].lower().replace("-", " ")) == device[0]
    assert not operator.refused.exists()


def test_a_second_import_of_the_same_file_writes_nothing(operator: Operator) -> None:
    devices = labels(3)
    assert operator.counts(devices) == (3, 0, 0, 0)
    before = [paths.device(device[0]).get().update_time for device in devices]
    assert operator.counts(devices) == (0, 0, 3, 0)
    assert [paths.device(device[0]).get().update_time for device in devices] == before


def test_a_device_that_nobody_owns_gets_its_new_label(operator: Operator) -> None:
    device, new = label(), label()
    operator.counts([device])
    paths.device(device[0]).update({"blocked": True, "claimEpoch": 7})
    assert operator.counts([(device[0], new[1], new[2])]) == (0, 1, 0, 0)
    entry = registered(device)
    assert entry["serialNumber"] == new[1]
    assert entry["setupCode"] == setup_codes.digest(PEPPER, device[0], new[2])
    assert (entry["blocked"], entry["claimEpoch"], entry["ownerUid"]) == (True, 7, None)
    assert leads_to(new[1]) == device[0]
    assert leads_to(device[1]) is None, "the old serial number must be free again"
    other = label()
    assert operator.counts([(other[0], device[1], other[2])]) == (1, 0, 0, 0)


def test_a_label_spelled_anew_is_shown_as_printed(operator: Operator) -> None:
    device = label()
    operator.counts([device])
    spelled = (device[0], device[1].replace("-", " "), device[2].lower())
    assert operator.counts([spelled]) == (0, 1, 0, 0)
    assert registered(device)["serialNumber"] == spelled[1]
    assert leads_to(device[1]) == device[0]


def test_a_customers_device_is_refused_unless_nothing_changes(operator: Operator) -> None:
    device, new = label(), label()
    operator.counts([device])
    entry = own(device)
    for changed in ((device[0], new[1], device[2]), (device[0], device[1], new[2])):
        assert operator.counts([changed]) == (0, 0, 0, 1)
        assert operator.status == 1
        assert operator.reasons() == ["owned by a customer; release it first"]
    assert operator.counts([device]) == (0, 0, 1, 0)
    assert operator.counts([(device[0], device[1].lower(), device[2])]) == (0, 0, 1, 0)
    assert operator.status == 0
    assert registered(device) == entry
    assert leads_to(new[1]) is None


def test_a_device_that_is_being_claimed_keeps_its_code(operator: Operator) -> None:
    device, new = label(), label()
    operator.counts([device])
    reserved = {"reservedBy": "someone", "reservedUntil": datetime.now(UTC) + timedelta(minutes=1)}
    paths.device(device[0]).update(reserved)
    changed = (device[0], device[1], new[2])
    assert operator.counts([changed]) == (0, 0, 0, 1)
    assert "claiming it at this moment" in operator.reasons()[0]
    paths.device(device[0]).update({"reservedUntil": datetime.now(UTC) - timedelta(seconds=1)})
    assert operator.counts([changed]) == (0, 1, 0, 0), "a reservation that was left ends by itself"


def test_a_serial_number_of_another_device_is_refused(operator: Operator) -> None:
    first, second = labels(2)
    operator.counts([first])
    assert operator.counts([(second[0], first[1].lower(), second[2])]) == (0, 0, 0, 1)
    assert operator.reasons() == [f"serial number belongs to device {first[0]}"]
    assert registered(second) == {}
    assert leads_to(first[1]) == first[0]


def test_refused_rows_are_mended_in_the_file_and_imported(operator: Operator) -> None:
    good, bad = labels(2)
    rows = [good, (bad[0], "PT/1", bad[2])]
    assert operator.counts(rows) == (1, 0, 0, 1)
    assert "refused: line 3" not in operator.said, "with --json the result is on standard output"
    text = operator.refused.read_text()
    assert good[0] not in text
    assert operator.counts(operator.refused) == (0, 0, 0, 1), "uncorrected, it is refused again"
    operator.refused.write_text(operator.refused.read_text().replace("PT/1", bad[1]))
    assert operator.counts(operator.refused) == (1, 0, 0, 0)
    assert registered(bad)["serialNumber"] == bad[1]


def test_a_dry_run_says_what_the_import_does_and_writes_nothing(operator: Operator) -> None:
    owned, changed, new, refused = labels(4)
    operator.counts([owned, changed])
    own(owned)
    rows = [
        (owned[0], owned[1], new[2]),
        (changed[0], changed[1], new[2]),
        new,
        (refused[0], new[1] + "/", refused[2]),
    ]
    before = registered(changed)
    dry = operator.imports(rows, "--dry-run")
    assert operator.status == 1
    assert registered(changed) == before
    assert registered(new) == {}
    assert not operator.refused.exists()
    real = operator.imports(rows)
    assert (dry.pop("dryRun"), real.pop("dryRun")) == (True, False)
    assert (dry.pop("refusedFile"), real.pop("refusedFile")) == (None, str(operator.refused))
    assert dry == real
    assert [refusal["line"] for refusal in real["refusals"]] == [2, 5]


def test_a_registry_that_was_damaged_is_mended(operator: Operator) -> None:
    owned, free, orphan = labels(3)
    operator.counts([owned, free, orphan])
    own(owned)
    paths.serial_number(setup_codes.normalise_serial(owned[1])).delete()
    paths.serial_number(setup_codes.normalise_serial(free[1])).delete()
    paths.device(free[0]).update({"blocked": DELETE_FIELD, "serialNumber": 17})
    paths.device(orphan[0]).delete()
    assert operator.counts([owned, free, orphan]) == (1, 2, 0, 0)
    assert [leads_to(device[1]) for device in (owned, free, orphan)] == [
        device[0] for device in (owned, free, orphan)
    ]
    assert registered(owned)["ownerUid"] == "someone"
    assert registered(free)["blocked"] is False
    assert operator.counts([owned, free, orphan]) == (0, 0, 3, 0)


def test_a_claim_between_reading_and_writing_stands(
    tmp_path: pathlib.Path, operator: Operator
) -> None:
    """The very moment: judged as unowned, claimed, then written."""
    from admin.stock.importer import Importer, Outcome  # noqa: PLC0415 - it imports Firestore's client

    devices = labels(40)
    operator.counts(devices)
    anew = [(device[0], *label()[1:]) for device in devices]
    rows = stock.read(pathlib.Path(write(tmp_path / "anew.csv", anew))).rows
    importer = Importer(PEPPER)
    judged = [verdict for chunk in importer.judge(rows) for verdict in chunk]
    claimed = {devices[number][0]: own(devices[number]) for number in (0, 17, 39)}
    taken = label()
    paths.serial_number(rows[5].serial).create({"deviceId": taken[0]})

    done = {v.row.device_id: v for chunk in importer.write(judged) for v in chunk}

    assert len(done) == 40
    for number, device in enumerate(devices):
        verdict, entry = done[device[0]], registered(device)
        if device[0] in claimed:
            assert verdict.outcome is Outcome.REFUSED
            assert verdict.reason == "owned by a customer; release it first"
            assert entry == claimed[device[0]]
            assert leads_to(device[1]) == device[0]
        elif number == 5:
            assert verdict.reason == f"serial number belongs to device {taken[0]}"
            assert entry["serialNumber"] == device[1]
        else:
            assert verdict.outcome is Outcome.CHANGED
            assert entry["serialNumber"] == anew[number][1]
            assert leads_to(device[1]) is None


def test_claims_during_an_import_hold_the_code_they_were_made_with(operator: Operator) -> None:
    devices = labels(300)
    operator.counts(devices)
    claimed: dict[str, str] = {}
    begun = threading.Event()

    def claim() -> None:
        for device in reversed(devices):
            entry = paths.device(device[0]).get()
            begun.set()
            option = paths.client().write_option(last_update_time=entry.update_time)
            try:
                entry.reference.update({"ownerUid": "someone", "claimEpoch": 1}, option=option)
            except (FailedPrecondition, Aborted):
                continue
            claimed[device[0]] = entry.get("setupCode")

    customers = threading.Thread(target=claim)
    customers.start()
    begun.wait(10)
    added, changed, unchanged, refused = operator.counts(
        [(device[0], *label()[1:]) for device in devices]
    )
    customers.join()
    assert (added, unchanged) == (0, 0)
    assert changed + refused == 300
    assert claimed
    for device in devices:
        entry = registered(device)
        if device[0] in claimed:
            assert entry["ownerUid"] == "someone", "an import must not undo a claim"
            assert entry["setupCode"] == claimed[device[0]], "nor change the code it was made with"
        else:
            assert entry["ownerUid"] is None


def test_two_imports_of_the_same_file_at_once(operator: Operator) -> None:
    devices = labels(150)
    path = write(operator.folder / "both.csv", devices)
    command = [sys.executable, "-m", "admin", "--local", "devices", "import", path, "--json"]
    running = [
        subprocess.Popen(  # noqa: S603 - fixed argv
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    finished = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], finished
    results = [json.loads(out) for out, _ in finished]
    assert sum(result["added"] for result in results) == 150
    assert sum(result["unchanged"] for result in results) == 150
    assert all(leads_to(device[1]) == device[0] for device in devices)


def test_what_the_operator_reads(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    good, weak, bad = labels(3)
    path = write(operator.folder / "s.csv", [good, (*weak[:2], "1234"), *[("x", "", "")] * 25, bad])
    options = ["devices", "import", path, "--refused", str(operator.refused), "--local"]
    assert main(options) == 1
    captured = capsys.readouterr()
    assert captured.out == "added 3, changed 0, unchanged 0, refused 25\n"
    said = captured.err.splitlines()
    assert said[0] == "warning: line 3: setup code is a sequence"
    assert said[1] == "refused: line 4: device id is not 24 hexadecimal digits"
    assert said[-3:] == [
        "refused: 5 more",
        "refused: 25 x device id is not 24 hexadecimal digits",
        f"Correct the refused rows in {operator.refused} and import that file.",
    ]
    assert len(said) == 24
    assert not re.search(r"\x1b|%", captured.err), "no progress bar where nobody watches"
    for device in (good, weak, bad):
        assert device[2] not in captured.out + captured.err


def test_the_demos_fleet_can_be_imported(operator: Operator) -> None:
    fleet = ROOT / "demo" / "fleet.csv"
    result = operator.imports(fleet, "--dry-run")
    assert (result["refused"], result["warnings"]) == (0, [])


def test_a_thousand_devices_take_few_round_trips(
    operator: Operator, firestore_requests: Callable[[], list[str]]
) -> None:
    assert operator.counts(labels(1000)) == (1000, 0, 0, 0)
    made = Counter(firestore_requests())
    # Looked at by 200, written by 100; and the entry in the audit trail.
    assert made["BatchGetDocuments"] <= 5
    assert made["Commit"] <= 11
