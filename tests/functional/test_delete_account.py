"""Deleting an account: unreadable at once, erased by a job that can be stopped and run again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from firebase_admin import auth
from google.cloud.firestore import FieldFilter

from local.client import Account, CallableError, Client
from shared import settings
from shared.audit import Operation
from shared.claims import release
from shared.customers import app_tokens, shadow
from shared.firestore import erase, paths
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support import functions
from tests.support.documents import everything
from tests.support.functions import call, created, deliver, refusal
from tests.support.simulator import Simulator
from tests.support.telemetry import message

DELETE = {"confirm": "delete"}


def run_job(account: Account) -> int:
    return created("erase_account", f"deletedUsers/{account.uid}")


def left(account: Account) -> list[str]:
    tree = erase.collections(account.uid)
    found = [document.id for collection in tree for document in collection.list_documents()]
    return found + ([account.uid] if paths.user(account.uid).get().exists else [])


def in_auth(account: Account) -> bool:
    try:
        auth.get_user(account.uid)
    except auth.UserNotFoundError:
        return False
    return True


@pytest.fixture
def full(owned: Label, customer: Account, new_label: Callable[..., Label]) -> Account:
    """A customer with everything: a device, a kept history, commands, events, a profile."""
    earlier = new_label()
    call("claim_device", earlier.claim, customer)
    for label in (owned, earlier):
        device = paths.user_device(customer.uid, label.device_id)
        for number in range(3):
            device.collection("events").document(f"e{number}").set({"event": "t"})
            device.collection("rollups").document(f"r{number}").set({"event": "t"})
    call("release_device", {"deviceId": earlier.device_id, "keepHistory": True}, customer)
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    call("invoke_function", request, customer)
    paths.user(customer.uid).set({"displayName": "Jo"}, merge=True)
    return customer


def is_gone(account: Account, label: Label) -> bool:
    entry = paths.device(label.device_id).get()
    return left(account) == [] and entry.get("ownerUid") is None and not in_auth(account)


def test_everything_is_gone(
    full: Account, owned: Label, simulator: Simulator, client: Client
) -> None:
    assert call("delete_account", DELETE, full) == {"status": "deleted"}
    assert is_gone(full, owned)
    assert simulator.device(owned.device_id)["owner"] is None
    tombstone = paths.deleted_user(full.uid).get().to_dict() or {}
    assert set(tombstone) == {"at", "forgottenAt", "erasedAt"}
    assert run_job(full) < 300
    # An opaque name says nothing about anybody.
    assert shadow.customer_name(full.uid) in {c["username"] for c in simulator.customers()}


STAYS = {"deletedUsers", "operations", "shadowCustomers"}
"""Collections that `docs/security.md` says keep the uid."""


def test_nothing_else_names_the_customer(
    full: Account, owned: Label, new_label: Callable[..., Label]
) -> None:
    """Neither the uid nor the address: not even what was begun and never ended, or released."""
    begun, coded, reassigned = new_label(), new_label(), new_label()
    soon = datetime.now(UTC) + timedelta(minutes=1)
    paths.device(begun.device_id).update({"reservedBy": full.uid, "reservedUntil": soon})
    call("create_claim_code", coded.claim, full)
    operation = Operation("device-released", "operator", "sold")
    call("claim_device", reassigned.claim, full)
    release.release(full.uid, reassigned.device_id, keep_history=False, operation=operation)
    for label in (owned, reassigned):
        assert deliver(message(label.device_id, "21")) < 300
    record = paths.device(owned.device_id).collection(paths.TENURES).document("1")
    assert record.get().get("uid") == full.uid, "there is something to erase"
    assert call("delete_account", DELETE, full) == {"status": "deleted"}
    for job in paths.releases().where(filter=FieldFilter("uid", "==", full.uid)).stream():
        assert created("finish_release", job.reference.path) < 300
    assert full.email
    named = {
        path: fields
        for path, fields in everything().items()
        if any(name in f"{path} {fields}" for name in (full.uid, full.email))
    }
    assert {path.rpartition("/")[0] for path in named} == STAYS
    assert full.email not in str(named)


def test_an_open_tab_reads_and_writes_nothing(full: Account, owned: Label, client: Client) -> None:
    deletion.schedule(full.uid)
    device = f"users/{full.uid}/devices/{owned.device_id}"
    profile = f"users/{full.uid}"
    attempts: list[Callable[[], Any]] = [
        lambda: client.read(profile, full),
        lambda: client.read(device, full),
        lambda: client.documents(f"{device}/events", full),
        lambda: client.documents(f"users/{full.uid}/commands", full),
        lambda: client.update(profile, {"displayName": "Back"}, full),
    ]
    for attempt in attempts:
        with pytest.raises(requests.HTTPError, match="403"):
            attempt()
    for function in ("list_devices", "export_account"):
        assert refusal(function, {}, full).reason == "sign-in-required"
    reading = {"deviceId": owned.device_id, "variable": "target"}
    assert refusal("read_variable", reading, full).reason == "not-your-device"
    assert run_job(full) < 300
    with pytest.raises(requests.HTTPError, match="403"):
        client.create(profile, {"displayName": "Back"}, full)
    for function, request in (
        ("claim_device", owned.claim),
        ("mint_token", {}),
        ("invoke_function", {"deviceId": owned.device_id, "function": "set_target"}),
        ("delete_account", DELETE),
    ):
        assert refusal(function, request, full).reason == "sign-in-required"
    assert is_gone(full, owned)


@pytest.mark.parametrize("data", [{}, {"confirm": True}, {"confirm": "yes"}])
def test_it_has_to_be_meant(data: dict[str, Any], customer: Account, stack: object) -> None:
    answer = refusal("delete_account", data, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "confirm")


def test_it_asks_for_a_recent_sign_in(
    full: Account, owned: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RECENT_SIGN_IN", 0)
    answer = refusal("delete_account", DELETE, full)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "recent-sign-in-required")
    assert not paths.deleted_user(full.uid).get().exists
    assert in_auth(full)
    assert owned.device_id in left(full)


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "cut-after"}, {"kind": "cut-before"}]
)
def test_when_particle_fails_the_job_goes_on_later(
    fault: dict[str, Any],
    full: Account,
    owned: Label,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "delete_customers", lambda: "always")
    simulator.fail({"route": "DELETE /v1/products/*/customers/*"}, fault)
    assert call("delete_account", DELETE, full) == {"status": "scheduled"}
    assert auth.get_user(full.uid).disabled
    assert run_job(full) == 500
    simulator.heal()
    assert run_job(full) < 300
    assert is_gone(full, owned)


def test_one_bad_device_keeps_none_of_the_others(
    full: Account, owned: Label, new_label: Callable[..., Label]
) -> None:
    labels = [owned, *(new_label() for _ in range(2))]
    for label in labels[1:]:
        call("claim_device", label.claim, full)
    bad = min(label.device_id for label in labels)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    paths.device(bad).update({"underWay": {"a-call": round(soon.timestamp() * 1000)}})
    deletion.schedule(full.uid)
    assert run_job(full) == 500
    owners = {label.device_id: paths.device(label.device_id).get() for label in labels}
    kept = [key for key, entry in owners.items() if entry.get("ownerUid") is not None]
    assert kept == [bad]


def test_what_the_platform_gave_up_the_schedule_goes_on_with(
    full: Account, owned: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = {"uid": full.uid, "deviceId": owned.device_id, "keepHistory": False}
    paths.releases().document().set(job)
    deletion.schedule(full.uid)
    assert functions.client("settle_commands").post("/").status_code == 200
    assert not is_gone(full, owned), "not before its own trigger has tried"
    monkeypatch.setattr(settings, "JOB_OVERDUE", 0)
    assert functions.client("settle_commands").post("/").status_code == 200
    assert is_gone(full, owned)
    # Deleting gave the device back, which is a job of its own.
    assert functions.client("settle_commands").post("/").status_code == 200
    assert list(paths.releases().where(filter=FieldFilter("uid", "==", full.uid)).stream()) == []


@pytest.mark.parametrize("step", ["_give_devices_back", "_erase", "forget", "delete_user"])
def test_a_job_that_died_is_finished_by_the_next(
    step: str, full: Account, owned: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if killed: what came after that step never happened."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    deletion.schedule(full.uid)
    with monkeypatch.context() as patch:
        if step == "forget":
            patch.setattr(app_tokens, "forget", die)
        elif step == "delete_user":
            patch.setattr(auth, "delete_user", die)
        else:
            patch.setattr(deletion, step, die)
        with pytest.raises(KeyboardInterrupt):
            deletion.run(full.uid)
    assert not is_gone(full, owned)
    assert run_job(full) < 300
    assert is_gone(full, owned)


def test_it_stops_when_its_time_is_over(
    full: Account, owned: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DELETION_PATIENCE", -1)
    assert call("delete_account", DELETE, full) == {"status": "scheduled"}
    assert run_job(full) < 300
    assert is_gone(full, owned)


def test_delete_against_commands(full: Account, owned: Label, simulator: Simulator) -> None:
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}

    def attempt(_: int) -> str | None:
        try:
            call("invoke_function", request, full)
        except CallableError as error:
            return error.reason
        return "done"

    with ThreadPoolExecutor(6) as pool:
        commands = pool.map(attempt, range(5))
        deleting = pool.submit(call, "delete_account", DELETE, full)
        assert deleting.result()["status"] in {"deleted", "scheduled"}
        assert set(commands) <= {"done", "sign-in-required", "not-your-device"}
    while run_job(full) >= 300:
        pass
    assert is_gone(full, owned)
    assert simulator.device(owned.device_id)["owner"] is None


def test_the_devices_next_owner(
    full: Account, owned: Label, another: Account, simulator: Simulator
) -> None:
    call("delete_account", DELETE, full)
    call("claim_device", owned.claim, another)
    assert paths.device(owned.device_id).get().get("ownerUid") == another.uid
    assert run_job(full) < 300
    assert paths.device(owned.device_id).get().get("ownerUid") == another.uid


def test_the_customer_at_particle_goes_where_a_setting_says_so(
    full: Account, owned: Label, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "delete_customers", lambda: "always")
    call("delete_account", DELETE, full)
    names = {customer["username"] for customer in simulator.customers()}
    assert shadow.opaque_name(full.uid) not in names


def test_in_mode_product(product_mode: None, label: Label, customer: Account) -> None:
    call("claim_device", label.claim, customer)
    assert call("delete_account", DELETE, customer) == {"status": "deleted"}
    assert is_gone(customer, label)
