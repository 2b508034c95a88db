"""The operator's commands about owners and users, against the running stack."""

import csv
import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from firebase_admin import auth

from admin.app import main
from admin.particle import fleet
from admin.stock import codes
from admin.support import audit
from local.client import Account, Client
from shared import cache, connections, sweep
from shared.claims import label as setup_codes
from shared.customers import shadow
from shared.firestore import paths
from shared.registry import hold
from shared.registry.entry import Entry
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator


@pytest.fixture
def operator(stack: object, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command; gives its exit status and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main([*arguments, "--local"])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    connections.firebase()
    return run


def owner(label: Label) -> str | None:
    found: str | None = paths.device(label.device_id).get().get("ownerUid")
    return found


def recorded(label: Label) -> list[dict[str, Any]]:
    """What operators did with the device, oldest first."""
    return audit.operations(device_id=label.device_id, limit=100)[::-1]


@pytest.mark.parametrize("named", ["serial", "id"])
def test_release(
    named: str, owned: Label, customer: Account, operator: Any, simulator: Simulator
) -> None:
    name = owned.serial_number if named == "serial" else owned.device_id
    assert operator("devices", "release", name, "--reason", "sold", "--yes") == (
        0,
        f"Released from {customer.email} ({customer.uid})\n",
    )
    assert owner(owned) is None
    assert simulator.device(owned.device_id)["owner"] is None
    (entry,) = recorded(owned)
    assert (entry["action"], entry["reason"]) == ("device-released", "sold")
    assert entry["uid"] == customer.uid
    assert entry["by"] == getpass.getuser()
    actions = [a.to_dict() or {} for a in paths.activity(customer.uid).stream()]
    assert [a["by"] for a in actions if a["action"] == "device-released"] == ["operator"]


def test_block_and_unblock(label: Label, customer: Account, operator: Any) -> None:
    assert operator("devices", "block", label.serial_number, "--reason", "stolen")[0] == 0
    assert refusal("claim_device", label.claim, customer).reason == "wrong-serial-or-code"
    assert operator("devices", "unblock", label.serial_number, "--reason", "found")[0] == 0
    assert call("claim_device", label.claim, customer)
    assert [entry["reason"] for entry in recorded(label)] == ["stolen", "found"]


def test_reassign(
    owned: Label, customer: Account, another: Account, operator: Any, simulator: Simulator
) -> None:
    assert another.email
    given: tuple[str, ...] = ("devices", "reassign", owned.serial_number, "--to", another.email)
    given += ("--reason", "rma")
    status, said = operator(*given)
    assert (status, owner(owned)) == (2, customer.uid), "there is no terminal to ask on"
    assert f"Give {owned.serial_number} ({owned.device_id}) to {another.email}" in said
    assert f"take it from {customer.email} ({customer.uid}), and erase its history?" in said
    given += ("--yes",)
    assert operator(*given)[0] == 0
    assert owner(owned) == another.uid
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(another.uid)
    assert not paths.user_device(customer.uid, owned.device_id).get().exists
    assert operator(*given) == (0, "They own it already\n")
    done = sorted((entry["action"], entry["uid"]) for entry in recorded(owned))
    assert done == [("device-assigned", another.uid), ("device-released", customer.uid)]


class Killed(BaseException):
    """The end of a process: no code handles it."""


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("when", ["before a commit", "after it"])
@pytest.mark.parametrize("history", ["erased", "kept"])
def test_a_reassignment_that_is_killed_is_whole(
    number: int,
    when: str,
    history: str,
    owned: Label,
    customer: Account,
    another: Account,
    operator: Any,
    commits: Callable[..., None],
    simulator: Simulator,
) -> None:
    """Killed at each commit. One of the two has the device, and the sweep does the rest."""
    committed, keep = when == "after it", history == "kept"
    shadow.ensure(another.uid)
    event = paths.user_device(customer.uid, owned.device_id).collection("events").document("e")
    event.set({"event": "e"})
    commits(*[None] * number, [Killed] if committed else Killed)
    given = ("devices", "reassign", owned.device_id, "--to", another.uid, "--reason", "r", "--yes")
    with pytest.raises(Killed):
        operator(*given, *["--keep-history"] * keep)
    commits()
    has = owner(owned)
    assert has == (another.uid if number or committed else customer.uid)
    both = [paths.user_device(one.uid, owned.device_id).get().exists for one in (customer, another)]
    assert both == [has == customer.uid, has == another.uid]
    assert len(recorded(owned)) == (2 if has == another.uid else 0)
    cache.empty_all()
    sweep._continue_jobs(datetime.now(UTC))
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(str(has))
    assert [job.get("deviceId") for job in paths.releases().stream()].count(owned.device_id) == 0
    assert event.get().exists == (keep or has == customer.uid)
    assert operator(*given)[0] == 0
    assert owner(owned) == another.uid


@pytest.mark.parametrize("what", ["device", "user"])
def test_nobody_by_that_name(what: str, label: Label, operator: Any) -> None:
    device = "NO-SUCH" if what == "device" else label.serial_number
    arguments = ("devices", "reassign", device, "--to", "x@example.org", "--reason", "r")
    status, said = operator(*arguments)
    assert status == 2
    assert ("NO-SUCH" if what == "device" else "x@example.org") in said


def test_mismatches_are_listed_and_repaired(
    clean_stack: object,
    owned: Label,
    new_label: Callable[..., Label],
    another: Account,
    operator: Any,
    particle: Any,
    simulator: Simulator,
) -> None:
    squatted = new_label()
    token = token_at_particle(another)
    assert particle("POST", "/v1/devices", token, id=squatted.device_id).status_code == 200
    server = connections.tokens().server
    connections.particle().release_device(server, owned.device_id)
    status, said = operator("devices", "mismatches")
    assert status == 1
    assert {line.split()[0] for line in said.splitlines() if line} >= {
        owned.device_id,
        squatted.device_id,
    }
    assert operator("devices", "mismatches", "--repair", "--yes")[0] == 0
    assert simulator.device(squatted.device_id)["owner"] is None
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(str(owner(owned)))
    assert operator("devices", "mismatches") == (0, "No mismatches\n")


def test_an_outdated_page_repairs_nothing_for_a_former_owner(
    clean_stack: object,
    owned: Label,
    customer: Account,
    another: Account,
    operator: Any,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Listed as the one's who has given it back since; then another claims it."""
    connections.particle().release_device(connections.tokens().server, owned.device_id)
    (listed,) = fleet.registered()
    call("release_device", {"deviceId": owned.device_id}, customer)
    call("claim_device", owned.claim, another)
    monkeypatch.setattr(fleet, "registered", lambda: iter([listed]))
    assert operator("devices", "mismatches", "--repair", "--yes")[0] == 0
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(another.uid)


def test_a_claim_code_that_is_over_hides_no_mismatch(
    clean_stack: object,
    label: Label,
    customer: Account,
    another: Account,
    operator: Any,
    simulator: Simulator,
    particle: Any,
) -> None:
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    simulator.connect(label.device_id, code)
    mismatches = ("devices", "mismatches")
    assert operator(*mismatches)[0] == 0, "they are about to become the owner"
    entry = paths.device(label.device_id)
    entry.update({"awaitedBy": another.uid})
    assert operator(*mismatches)[0] == 1, "it is another's code"
    entry.update({"awaitedBy": customer.uid, "awaitedUntil": datetime.now(UTC)})
    assert operator(*mismatches)[0] == 1, "it was never confirmed"
    assert operator(*mismatches, "--repair", "--yes")[0] == 0
    assert simulator.device(label.device_id)["owner"] is None


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ([["a", "b"], ["b", "c"], []], ["a", "b", "c"]),
        ([["a", "b"], ["a", "b"], ["c"]], ["a", "b"]),
    ],
    ids=["one moved to the next page", "the same page for ever"],
)
def test_pages_at_particle_end_when_nothing_new_comes(
    pages: list[list[str]], found: list[str], stack: object
) -> None:
    read = fleet.pages(lambda _, number: pages[number - 1], str)
    assert [name for page in read for name in page] == found


def test_backfill(clean_stack: object, client: Client, operator: Any) -> None:
    shadow._ready.empty()
    users = [client.sign_up() for _ in range(3)]
    client.sign_up(anonymous=True)
    shadow.ensure(users[0].uid)
    assert operator("users", "backfill", "--dry-run") == (0, "would make 2, ready 1, refused 0\n")
    assert operator("users", "backfill", "--yes") == (0, "made 2, ready 1, refused 0\n")
    assert operator("users", "backfill", "--yes") == (0, "made 0, ready 3, refused 0\n")
    for user in users:
        assert paths.user(user.uid).get().get("particle.status") == "ready"


def test_adopting_a_product_that_had_customers(
    clean_stack: object,
    client: Client,
    new_label: Callable[..., Label],
    operator: Any,
    particle: Any,
) -> None:
    shadow._ready.empty()
    label, nobodys = new_label(), new_label()
    user = client.sign_up()
    assert user.email
    auth.update_user(user.uid, email_verified=True)
    for name, device in ((user.email, label), ("gone@example.org", nobodys)):
        shadow._create(name)
        credentials = connections.tokens().customer(name)
        connections.particle().claim_device(credentials, device.device_id)
    unverified, ready = client.sign_up(), client.sign_up()
    shadow.ensure(ready.uid)
    for one in (unverified, ready):
        assert one.email
        shadow._create(one.email)
        credentials = connections.tokens().customer(one.email)
        connections.particle().claim_device(credentials, new_label().device_id)
    adopted = ("users", "adopt", "--yes")
    not_verified = "the user's address is not verified (--unverified binds them all the same)"
    assert operator("users", "adopt", "--dry-run")[1] == "".join(
        f"{line}\n"
        for line in (
            "would bind 1, left alone 3",
            "left alone: gone@example.org: no user has this address",
            *(f"left alone: {one.email}: {not_verified}" for one in (unverified, ready)),
        )
    )
    status, said = operator(*adopted[:2], "--unverified", "--dry-run")
    assert (status, said.splitlines()[0]) == (0, "would bind 2, left alone 2")
    assert f"left alone: {ready.email}: the user has a customer already" in said
    assert operator(*adopted[:2])[0] == 2, "there is no terminal to ask on"
    assert operator(*adopted)[1].startswith("bound 1, left alone 3\n")
    assert operator(*adopted)[1].startswith("bound 0, left alone 4\n")
    assert operator(*adopted, "--unverified")[1].startswith("bound 1, left alone 3\n")
    adopt = ("devices", "adopt", "--from-particle", "--yes")
    # A customer of this product who has claimed at Particle with their own token, by the id alone.
    squatter, squatted = client.sign_up(), new_label()
    token = token_at_particle(squatter)
    assert particle("POST", "/v1/devices", token, id=squatted.device_id).status_code == 200
    status, said = operator(*adopt, "--dry-run")
    assert said.startswith("would adopt 2;")
    assert f"left alone: {squatted.serial_number}, which " in said
    assert owner(label) is None
    reservation = hold.reserve("somebody", Entry.read(label.device_id))
    status, said = operator(*adopt)
    assert (status, f"{label.device_id}: changing hands" in said) == (1, True)
    reservation.release()
    assert operator(*adopt)[1].startswith("adopted 1;"), "the other one was not reserved"
    assert operator(*adopt)[1].startswith("adopted 0;")
    assert (owner(label), owner(nobodys), owner(squatted)) == (user.uid, None, None)
    assert call("mint_token", {}, user)["customerId"] == user.email
    assert operator("devices", "mismatches")[0] == 1, "the one whose customer is nobody's"


def test_codes_are_strong_and_printed(tmp_path: Path, operator: Any) -> None:
    stock = tmp_path / "stock.csv"
    stock.write_text("device_id,serial_number\n" + "".join(f"{n:024x},A-{n}\n" for n in range(20)))
    written = (tmp_path / "codes.csv", tmp_path / "labels.html")
    url = ("--url", "https://app.acme.com")
    arguments = ("devices", "codes", str(stock), *url, "--output", str(written[0]), "--labels")
    assert operator(*arguments, str(written[1]))[0] == 0
    with written[0].open() as lines:
        rows = list(csv.DictReader(lines))
    made = [row["setup_code"] for row in rows]
    assert len(set(made)) == 20
    for row in rows:
        code = row["setup_code"]
        assert (set(code) - {"-"} <= set(codes.ALPHABET), len(code)) == (True, codes.LENGTH + 2)
        assert setup_codes.weakness(row["setup_code"], row["serial_number"]) is None
    sheet = written[1].read_text()
    assert sheet.count("<svg") == 20
    assert operator(*arguments, str(written[1]))[0] == 2, "printed codes are not overwritten"
    assert [file.stat().st_mode & 0o077 for file in written] == [0, 0]
