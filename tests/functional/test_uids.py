"""Uids that the maker lets people choose: those that are paths are refused, all others are good."""

from collections.abc import Callable
from typing import Any

import pytest

from local.client import Account, Client
from shared.accounts import session
from shared.customers import shadow
from shared.firestore import paths
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.documents import everything
from tests.support.functions import CALLABLES, call, created, refusal
from tests.support.simulator import Simulator
from tests.support.tokens import forged, signed_in_as

NO_ID = [".", "..", "/", "a/b", "{victim}/", "{victim}/devices/{device}", "__x__", "____"]
UIDS = [
    "jörg",
    "jo\u0308rg",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "שלום",
    "\u202eabc",
    "a b",
    "a ",
    "a%2Fb",
    "100%",
    "%C3%B6",
    "Ã¶",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "é" * 128,
]


@pytest.fixture(autouse=True)
def _clean(clean_stack: object) -> None:
    """All documents are counted here."""


@pytest.mark.parametrize("function", CALLABLES)
def test_a_uid_that_is_no_single_id(
    function: str,
    owned: Label,
    customer: Account,
    client: Client,
    simulator: Simulator,
    firestore_requests: Callable[[], list[str]],
) -> None:
    """Refused before anything is read, or remembered."""
    before = everything()
    for template in NO_ID:
        uid = template.format(victim=customer.uid, device=owned.device_id)
        account = signed_in_as(client, uid)
        firestore_requests()
        answer = refusal(function, {"confirm": "delete"}, account)
        assert (answer.http_status, answer.reason) == (401, "sign-in-required"), uid
        assert firestore_requests() == [], uid
        assert uid not in {uid for uid, _ in session._noted}
    assert simulator.requests() == []
    assert everything() == before


@pytest.mark.parametrize("function", CALLABLES)
@pytest.mark.parametrize("uid", ["", "x" * 129, 7, None, ["a"], {"a": 1}, "\ud800"])
def test_no_uid_at_all(function: str, uid: Any) -> None:
    assert refusal(function, {}, forged(uid)).reason == "sign-in-required"


@pytest.mark.parametrize(
    "claims",
    [
        {"auth_time": "now"},
        {"auth_time": 1e30},
        {"auth_time": -1},
        {"auth_time": None},
        {"iat": "x"},
        {"firebase": []},
        {"firebase": None},
        {"firebase": {"sign_in_provider": 7}},
    ],
)
def test_claims_that_firebase_never_makes(claims: dict[str, Any], customer: Account) -> None:
    account = forged(customer.uid, **claims)
    assert refusal("list_devices", {}, account).reason == "sign-in-required"


def test_a_path_is_not_built_where_the_door_was_forgotten(
    owned: Label, customer: Account, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "is_uid", lambda _: True)
    inside = signed_in_as(client, f"{customer.uid}/devices/{owned.device_id}")
    before = everything()
    for function, request in (("export_account", {}), ("delete_account", {"confirm": "delete"})):
        answer = refusal(function, request, inside)
        assert (answer.http_status, answer.reason) == (400, "bad-request")
    assert everything() == before


TRIGGERS = {
    "erase_account": "deletedUsers/{}",
    "on_user_created": "users/{}",
    "restore_status": "users/{}",
}


@pytest.mark.parametrize("function", TRIGGERS)
@pytest.mark.parametrize("uid", ["victim/devices/d1", "..", "__x__", "x" * 129])
def test_triggers_ignore_them(
    function: str, uid: str, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    before = everything()
    assert created(function, TRIGGERS[function].format(uid)) < 300, "no use in delivering again"
    assert everything() == before
    assert simulator.requests() == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("uid", UIDS)
def test_any_other_uid_is_a_customer_like_all(
    uid: str, label: Label, client: Client, simulator: Simulator
) -> None:
    """From the sign-up to the end: one profile, one customer, one tombstone."""
    account = signed_in_as(client, uid)
    paths.user(uid).set({"displayName": "Jo"})
    assert created("on_user_created", f"users/{uid}") < 300
    assert paths.user(uid).get().get("particle.status") == "ready"
    assert [s.id for s in paths.client().collection(paths.USERS).list_documents()] == [uid]
    names = [customer["username"] for customer in simulator.customers()]
    assert names.count(shadow.opaque_name(uid)) == 1

    call("claim_device", label.claim, account)
    invoke = {"deviceId": label.device_id, "function": "set_target", "argument": "19"}
    assert call("invoke_function", invoke, account)["status"] == "succeeded"
    lines = call("export_account", {}, account)["lines"]
    assert any(label.device_id in line for line in lines)

    deletion.schedule(uid)
    assert created("erase_account", f"deletedUsers/{uid}") < 300
    assert paths.deleted_user(uid).get().get("erasedAt")
    assert not list(paths.client().collection(paths.USERS).list_documents())
    assert paths.device(label.device_id).get().get("ownerUid") is None


def test_a_trigger_makes_no_profile(simulator: Simulator) -> None:
    """An event that is late, or read wrongly, is of no account."""
    for uid in ("nobody", "jÃ¶rg"):
        for function in ("on_user_created", "restore_status"):
            assert created(function, f"users/{uid}") < 300
    assert not list(paths.client().collection(paths.USERS).list_documents())
    assert not list(paths.client().collection(paths.SHADOW_CUSTOMERS).list_documents())
    assert simulator.customers() == []


def test_operators_get_no_path_either(
    owned: Label, customer: Account, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = f"{customer.uid}/devices/{owned.device_id}"
    signed_in_as(client, uid)
    ran = CommandLine(capsys)
    before = everything()
    for command in (("users", "show"), ("users", "devices"), ("audit", "list", "--user")):
        done = ran.run(*command, uid)
        assert done.status == 2, command
        assert "single Firestore id" in done.err
    assert everything() == before
