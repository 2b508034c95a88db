"""Sharing: invitations, what each role may do, and ends that end."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from firebase_admin import auth
from google.cloud.firestore import FieldFilter

from local.client import Account, Client
from local.stack import Stack
from shared import connections
from shared.customers import shadow
from shared.firestore import paths
from shared.sharing import invitations
from shared.times import iso
from tests.functional.conftest import Label
from tests.functional.test_queue import came_online
from tests.support.functions import call, created, deliver, outcome, refusal
from tests.support.functions import client as function
from tests.support.sharing import (
    check,
    expire,
    invite,
    mirror,
    pointer,
    share,
    token_of,
    verified,
)
from tests.support.simulator import Simulator
from tests.support.telemetry import events, message

LATER = "2999-01-01T00:00:00.000Z"
ROLES = ("viewer", "controller", "manager")


@pytest.fixture
def guest(client: Client) -> Account:
    return verified(client)


@pytest.fixture
def manager(owned: Label, customer: Account, client: Client) -> Account:
    account = client.sign_up()
    share(owned, customer, account, "manager")
    return account


def reason(name: str, data: Any, account: Account) -> str:
    return outcome(name, data, account)[0]


def activity(account: Account, action: str) -> list[dict[str, Any]]:
    found = (one.to_dict() or {} for one in paths.activity(account.uid).stream())
    return [one for one in found if one["action"] == action]


def test_an_invitation_is_made_and_accepted(
    owned: Label, customer: Account, guest: Account, another: Account
) -> None:
    paths.user(customer.uid).set({"displayName": "Ada"}, merge=True)
    paths.user(guest.uid).set({"displayName": "Grace"}, merge=True)
    device = {"deviceId": owned.device_id}
    made = call("share_device", {**device, "role": "controller", "expiresAt": LATER}, customer)
    token = token_of(made)
    assert made["link"].endswith(f"/join#{token}")
    assert not made["mailed"]
    week = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6) < week < timedelta(days=8)
    open_one = paths.device_invitation(customer.uid, owned.device_id, made["invitationId"])
    assert open_one.get().get("createdBy") == customer.uid
    assert token not in str(paths.invitation(made["invitationId"]).get().to_dict())

    accepted = call("accept_invitation", {"token": token}, guest)
    assert accepted == {
        **device,
        "ownerUid": customer.uid,
        "role": "controller",
        "expiresAt": LATER,
    }
    assert check(owned, customer, [guest, another]) == {guest.uid}
    mine = pointer(owned, guest)
    assert (mine["role"], mine["ownerName"], mine["guestName"]) == ("controller", "Ada", "Grace")
    shown = mirror(owned, customer, guest)
    assert (shown["email"], shown["name"], shown["invitedBy"]) == (
        guest.email,
        "Grace",
        customer.uid,
    )
    assert not open_one.get().exists
    assert not paths.invitation(made["invitationId"]).get().exists
    (noted,) = activity(customer, "share-accepted")
    assert (noted["guestUid"], noted["guestName"]) == (guest.uid, "Grace")
    assert [one["ownerUid"] for one in activity(guest, "share-accepted")] == [customer.uid]

    listed = call("list_devices", {}, guest)
    assert listed["devices"] == []
    (one,) = listed["shared"]
    assert (one["deviceId"], one["ownerUid"], one["role"]) == (
        owned.device_id,
        customer.uid,
        "controller",
    )
    assert one["name"] == owned.serial_number
    assert one["ownerName"] == "Ada"
    assert call("list_devices", {}, customer)["shared"] == []

    assert call("accept_invitation", {"token": token}, guest) == accepted, "again"
    assert reason("accept_invitation", {"token": token}, another) == "unknown-invitation"
    assert check(owned, customer, [guest, another]) == {guest.uid}


ALLOWED: dict[str, set[str]] = {
    "read_variable": {"viewer", "controller", "manager"},
    "invoke_function": {"controller", "manager"},
    "rename_device": {"manager"},
    "share_device viewer": {"manager"},
    "share_device controller": {"manager"},
    "share_device manager": set(),
    "cancel_invitation": {"manager"},
    "change_share": {"manager"},
    "end_share of a viewer": {"manager"},
    "end_share of a manager": set(),
    "offer_transfer": set(),
    "cancel_transfer": set(),
    "end_share of one's own": {"viewer", "controller", "manager"},
}
"""Which roles may do what; everything else is the owner's."""


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_may_do(
    role: str, owned: Label, customer: Account, guest: Account, client: Client
) -> None:
    viewer, boss = client.sign_up(), client.sign_up()
    share(owned, customer, viewer, "viewer")
    share(owned, customer, boss, "manager")
    share(owned, customer, guest, role)
    device = {"deviceId": owned.device_id}
    pending = call("share_device", {**device, "role": "viewer"}, customer)["invitationId"]
    wishes: dict[str, dict[str, Any]] = {
        "read_variable": {"variable": "target"},
        "invoke_function": {"function": "set_target", "argument": "21"},
        "rename_device": {"name": "Greenhouse"},
        "share_device viewer": {"role": "viewer"},
        "share_device controller": {"role": "controller"},
        "share_device manager": {"role": "manager"},
        "cancel_invitation": {"invitationId": pending},
        "change_share": {"uid": viewer.uid, "role": "controller"},
        "end_share of a viewer": {"uid": viewer.uid},
        "end_share of a manager": {"uid": boss.uid},
        "offer_transfer": {},
        "cancel_transfer": {},
        "end_share of one's own": {},
    }
    assert set(wishes) == set(ALLOWED)
    for name, request in wishes.items():
        told = reason(name.partition(" ")[0], {**device, **request}, guest)
        expected = "succeeded" if role in ALLOWED[name] else "role-too-low"
        assert told == expected, name
    assert reason("release_device", device, guest) == "not-your-device"
    assert reason("read_variable", {**device, "variable": "target"}, guest) == "not-your-device"


def test_nobody_gets_a_particle_token_by_a_share(
    owned: Label, customer: Account, guest: Account
) -> None:
    share(owned, customer, guest, "manager")
    assert reason("mint_token", {}, guest) == "no-device"


def test_an_invitation_with_an_address(client: Client, label: Label) -> None:
    customer = verified(client)
    call("claim_device", label.claim, customer)
    address = f"Guest-{secrets.token_hex(4)}@Example.com"
    token = invite(label, customer, "viewer", email=address)
    stranger = verified(client)
    failure = refusal("accept_invitation", {"token": token}, stranger)
    assert failure.reason == "other-address"
    assert failure.details["hint"] == "g…@e….com"
    unverified = client.sign_up(address)
    assert reason("accept_invitation", {"token": token}, unverified) == "other-address"
    auth.update_user(unverified.uid, email_verified=True, app=connections.firebase())
    assert unverified.email
    assert unverified.password
    guest = client.sign_in(unverified.email, unverified.password)
    assert call("accept_invitation", {"token": token}, guest)["role"] == "viewer"
    assert check(label, customer, [stranger, guest]) == {guest.uid}


def test_an_invitation_that_is_mailed(
    owned: Label, client: Client, customer: Account, stack: Stack
) -> None:
    """The mail has the link that the answer has; and it needs a verified inviter."""
    request = {"deviceId": owned.device_id, "role": "viewer", "email": "guest@example.org"}
    assert reason("share_device", request, customer) == "email-unverified"
    auth.update_user(customer.uid, email_verified=True, app=connections.firebase())
    assert customer.email
    assert customer.password
    host = client.sign_in(customer.email, customer.password)
    made = call("share_device", request, host)
    assert made["mailed"]
    newest = requests.get(f"{stack.mails_url}/mails.json", timeout=10).json()[0]
    assert made["link"] in newest["text"]
    assert made["link"].startswith(f"{stack.hosting_url}/join#")


VOID: dict[str, Callable[[Label, Account, dict[str, Any]], object]] = {
    "cancelled": lambda label, owner, made: call(
        "cancel_invitation",
        {"deviceId": label.device_id, "invitationId": made["invitationId"]},
        owner,
    ),
    "expired": lambda _label, _owner, made: paths.invitation(made["invitationId"]).update(
        {"expireAt": datetime.now(UTC)}
    ),
    "to a share that would have ended": lambda _label, _owner, made: paths.invitation(
        made["invitationId"]
    ).update({"shareExpiresAt": datetime.now(UTC)}),
    "of a released device": lambda label, owner, _: call(
        "release_device", {"deviceId": label.device_id}, owner
    ),
    "of an earlier tenure": lambda label, owner, _: (
        call("release_device", {"deviceId": label.device_id}, owner),
        call("claim_device", label.claim, owner),
    ),
    "of a blocked device": lambda label, _owner, _: paths.device(label.device_id).update(
        {"blocked": True}
    ),
    "of a deleted owner": lambda _label, owner, _: paths.deleted_user(owner.uid).set({}),
}


@pytest.mark.parametrize("why", VOID)
def test_an_invitation_that_is_void(
    why: str, owned: Label, customer: Account, guest: Account
) -> None:
    made = call("share_device", {"deviceId": owned.device_id, "role": "viewer"}, customer)
    VOID[why](owned, customer, made)
    void = refusal("accept_invitation", {"token": token_of(made)}, guest)
    missing = refusal("accept_invitation", {"token": secrets.token_urlsafe(16)}, guest)
    words = str(void).replace(void.details["errorId"], missing.details["errorId"])
    assert (void.reason, words) == ("unknown-invitation", str(missing))
    assert not pointer(owned, guest)


@pytest.mark.parametrize("token", ["a", "x" * 200, "../..", "🙂"])
def test_a_token_that_is_none(token: str, guest: Account) -> None:
    assert reason("accept_invitation", {"token": token}, guest) == "unknown-invitation"


def test_invitations_of_a_manager_end_with_their_role(
    owned: Label, customer: Account, manager: Account, guest: Account
) -> None:
    tokens = [invite(owned, manager) for _ in range(2)]
    assert reason("accept_invitation", {"token": tokens[0]}, manager) == "own-device"
    assert reason("accept_invitation", {"token": tokens[0]}, customer) == "own-device"
    change = {"deviceId": owned.device_id, "uid": manager.uid, "role": "controller"}
    call("change_share", change, customer)
    for token in tokens:
        assert reason("accept_invitation", {"token": token}, guest) == "unknown-invitation"
    assert not list(
        paths.user_device(customer.uid, owned.device_id).collection(paths.INVITATIONS).stream()
    )
    assert check(owned, customer, [manager, guest]) == {manager.uid}


def test_a_manager_cannot_prolong_themselves(
    owned: Label, customer: Account, guest: Account
) -> None:
    soon = iso(datetime.now(UTC) + timedelta(hours=1))
    share(owned, customer, guest, "manager", expiresAt=soon)
    own = {"deviceId": owned.device_id, "uid": guest.uid, "noEnd": True}
    assert reason("change_share", own, guest) == "role-too-low"
    assert pointer(owned, guest)["expiresAt"]


def test_a_share_is_changed(owned: Label, customer: Account, guest: Account) -> None:
    share(owned, customer, guest, "viewer")
    whose = {"deviceId": owned.device_id, "uid": guest.uid}
    answers = [
        call("change_share", {**whose, **change}, customer)
        for change in ({"role": "manager"}, {"expiresAt": LATER}, {"noEnd": True})
    ]
    assert answers == [
        {"uid": guest.uid, "role": "manager", "expiresAt": None},
        {"uid": guest.uid, "role": "manager", "expiresAt": LATER},
        {"uid": guest.uid, "role": "manager", "expiresAt": None},
    ]
    assert mirror(owned, customer, guest)["role"] == pointer(owned, guest)["role"] == "manager"
    for bad in ({}, {"expiresAt": "2020-01-01T00:00:00Z"}, {"expiresAt": LATER, "noEnd": True}):
        assert reason("change_share", {**whose, **bad}, customer) == "bad-request"
    for unknown in ("nobody", "a.b", customer.uid):
        missing = {**whose, "uid": unknown, "role": "viewer"}
        assert reason("change_share", missing, customer) == "unknown-share"


@pytest.mark.parametrize("by", ["owner", "manager", "guest"])
def test_a_share_ends(
    by: str,
    owned: Label,
    customer: Account,
    manager: Account,
    guest: Account,
    simulator: Simulator,
) -> None:
    share(owned, customer, guest, "controller")
    simulator.set_online(owned.device_id, online=False)
    queued = _queue(owned, guest)
    kept = _queue(owned, customer)
    device = {"deviceId": owned.device_id}
    who = {"owner": customer, "manager": manager, "guest": guest}[by]
    request = device if by == "guest" else {**device, "uid": guest.uid}
    for _ in range(2):
        assert call("end_share", request, who)["endedAt"]
    assert check(owned, customer, [guest, manager]) == {manager.uid}
    assert [one["why"] for one in activity(guest, "share-ended")] == [by]
    (noted,) = activity(customer, "share-ended")
    assert (noted["guestUid"], noted["guestName"], noted["why"]) == (guest.uid, "c…@e….com", by)
    invoke = {**device, "function": "set_target", "argument": "20"}
    assert reason("invoke_function", invoke, guest) == "not-your-device"
    assert reason("read_variable", {**device, "variable": "target"}, guest) == "not-your-device"
    assert call("list_devices", {}, guest)["shared"] == []
    assert _status(customer, queued) == "cancelled"
    assert _status(customer, kept) == "queued"


def test_an_expired_share_is_refused_before_it_is_ended(
    owned: Label, customer: Account, guest: Account
) -> None:
    share(owned, customer, guest, "manager")
    token = invite(owned, guest)
    expire(owned, guest)
    device = {"deviceId": owned.device_id}
    for name, data in {
        "invoke_function": {"function": "set_target", "argument": "20"},
        "read_variable": {"variable": "target"},
        "rename_device": {"name": "Mine"},
        "share_device": {"role": "viewer"},
    }.items():
        assert reason(name, {**device, **data}, guest) == "not-your-device", name
    assert call("list_devices", {}, guest)["shared"] == []
    assert reason("accept_invitation", {"token": token}, customer) == "unknown-invitation"
    change = {**device, "uid": guest.uid, "role": "viewer"}
    assert reason("change_share", change, customer) == "unknown-share"
    assert function("run_due").post("/").status_code == 200
    assert check(owned, customer, [guest]) == set()


def test_who_called_is_recorded(
    owned: Label, customer: Account, guest: Account, manager: Account, simulator: Simulator
) -> None:
    """Each has request ids of their own; the owner sees every call, and who made it."""
    share(owned, customer, guest, "controller")
    invoke = {
        "deviceId": owned.device_id,
        "function": "set_target",
        "argument": "20",
        "requestId": "r1",
    }
    made = [call("invoke_function", invoke, who) for who in (customer, guest, manager)]
    again = [call("invoke_function", invoke, who) for who in (customer, guest, manager)]
    assert again == made
    assert len(simulator.requests("POST", "/set_target")) == 3
    ids = [one["commandId"] for one in made]
    assert len(set(ids)) == 3
    by = [(paths.command(customer.uid, one).get().to_dict() or {}).get("by") for one in ids]
    assert by == [None, guest.uid, manager.uid]
    assert not paths.command(guest.uid, ids[1]).get().exists
    called = {one["commandId"]: one for one in activity(customer, "function-called")}
    assert called[ids[1]]["byName"] == "c…@e….com"
    assert [one["commandId"] for one in activity(guest, "function-called")] == [ids[1]]
    # The owner's request id is chosen so that its digest is that of the guest's.
    stolen = {**invoke, "requestId": f"{guest.uid}/r1"}
    assert reason("invoke_function", stolen, customer) == "bad-request"
    cancel = {"commandId": ids[0], "deviceId": owned.device_id}
    assert reason("cancel_command", cancel, guest) == "unknown-command"
    assert call("cancel_command", {**cancel, "commandId": ids[1]}, guest)["status"] == "succeeded"
    assert call("cancel_command", cancel, manager)["status"] == "succeeded"
    assert reason("cancel_command", {"commandId": ids[1]}, guest) == "unknown-command"


def _queue(label: Label, account: Account, **more: Any) -> str:
    request = {"deviceId": label.device_id, "function": "set_target", "argument": "20", **more}
    return str(call("invoke_function", {**request, "whenOffline": "queue"}, account)["commandId"])


def _status(owner: Account, command_id: str) -> str:
    return str(paths.command(owner.uid, command_id).get().get("status"))


def _back_online(label: Label, simulator: Simulator) -> None:
    simulator.set_online(label.device_id, online=True)
    assert came_online(label) < 300


def test_the_queue_with_guests_in_it(
    owned: Label,
    customer: Account,
    guest: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    share(owned, customer, guest, "controller")
    share(owned, customer, another, "controller")
    simulator.set_online(owned.device_id, online=False)
    device = {"deviceId": owned.device_id}
    theirs = [_queue(owned, guest) for _ in range(5)]
    request = {**device, "function": "set_target", "argument": "20", "whenOffline": "queue"}
    assert reason("invoke_function", request, guest) == "device-offline", "five of one guest"
    others = [_queue(owned, who) for who in (another, customer)]
    # A guest takes the place of their own calls alone.
    last = _queue(owned, another, coalesce=True)
    assert _status(customer, others[0]) == "cancelled"
    cancel = {**device, "commandId": theirs[0]}
    assert reason("cancel_command", cancel, another) == "unknown-command"
    assert call("cancel_command", cancel, guest)["status"] == "cancelled"
    assert call("cancel_command", {"commandId": theirs[1]}, customer)["status"] == "cancelled"
    # Ended in a way that has not cancelled what waits: the look before sending has to.
    expire(owned, guest)
    paths.device(owned.device_id).update({"waitingUntil": 2**52})
    simulator.forget()
    _back_online(owned, simulator)
    assert {_status(customer, one) for one in theirs} == {"cancelled"}
    assert [_status(customer, one) for one in (others[1], last)] == ["succeeded"] * 2
    assert len(simulator.requests("POST", "/set_target")) == 2


def test_a_demoted_guests_calls_are_cancelled(
    owned: Label, customer: Account, guest: Account, simulator: Simulator
) -> None:
    share(owned, customer, guest, "controller")
    simulator.set_online(owned.device_id, online=False)
    queued = _queue(owned, guest)
    change = {"deviceId": owned.device_id, "uid": guest.uid, "role": "viewer"}
    call("change_share", change, customer)
    assert _status(customer, queued) == "cancelled"
    assert reason("invoke_function", {"deviceId": owned.device_id, "function": "f"}, guest) == (
        "role-too-low"
    )


@pytest.mark.parametrize("how", ["release", "keep", "delete owner"])
def test_shares_end_with_the_tenure(
    how: str, owned: Label, customer: Account, guest: Account, manager: Account
) -> None:
    share(owned, customer, guest, "controller")
    made = call("share_device", {"deviceId": owned.device_id, "role": "viewer"}, manager)
    if how == "delete owner":
        call("delete_account", {"confirm": "delete"}, customer)
    else:
        request = {"deviceId": owned.device_id, "keepHistory": how == "keep"}
        call("release_device", request, customer)
    assert check(owned, None, [guest, manager]) == set()
    assert not list(paths.shares_of_device(owned.device_id).stream())
    assert not paths.invitation(made["invitationId"]).get().exists
    assert [one["why"] for one in activity(guest, "share-ended")] == ["released"]
    call("claim_device", owned.claim, manager)
    assert check(owned, manager, [guest, manager]) == set()
    variable = {"deviceId": owned.device_id, "variable": "target"}
    assert reason("read_variable", variable, guest) == "not-your-device"


def test_a_deleted_guest_has_no_share(
    owned: Label, customer: Account, guest: Account, simulator: Simulator
) -> None:
    share(owned, customer, guest, "controller")
    simulator.set_online(owned.device_id, online=False)
    queued = _queue(owned, guest)
    paths.deleted_user(guest.uid).set({})
    _back_online(owned, simulator)
    assert _status(customer, queued) == "cancelled"
    invoke = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    assert reason("invoke_function", invoke, guest) == "not-your-device"
    paths.deleted_user(guest.uid).delete()
    call("delete_account", {"confirm": "delete"}, guest)
    assert check(owned, customer, [guest]) == set()
    assert not list(paths.user(guest.uid).collections())


def test_limits(
    owned: Label, customer: Account, guest: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = {"deviceId": owned.device_id}
    tokens = [invite(owned, customer) for _ in range(invitations.MAX_INVITATIONS)]
    failure = refusal("share_device", {**device, "role": "viewer"}, customer)
    assert (failure.reason, failure.details["limit"]) == ("too-many", 20)
    paths.device(owned.device_id).update({"shares": invitations.MAX_SHARES})
    failure = refusal("accept_invitation", {"token": tokens[0]}, guest)
    assert (failure.reason, failure.details["limit"]) == ("too-many", 20)
    paths.device(owned.device_id).update({"shares": 0})
    monkeypatch.setattr(invitations, "MAX_SHARED", 0)
    assert reason("accept_invitation", {"token": tokens[0]}, guest) == "too-many"
    monkeypatch.undo()
    assert call("accept_invitation", {"token": tokens[0]}, guest)
    paths.device(owned.device_id).update({"blocked": True})
    assert reason("share_device", {**device, "role": "viewer"}, customer) == "not-allowed"


def test_a_guest_accepts_again_with_another_role(
    owned: Label, customer: Account, guest: Account
) -> None:
    share(owned, customer, guest, "viewer")
    assert share(owned, customer, guest, "manager")["role"] == "manager"
    assert check(owned, customer, [guest]) == {guest.uid}
    assert mirror(owned, customer, guest)["role"] == "manager"


def test_requests_that_are_none(owned: Label, customer: Account) -> None:
    device = {"deviceId": owned.device_id}
    wrong: dict[str, list[dict[str, Any]]] = {
        "share_device": [
            {},
            {"role": "owner"},
            {"role": "viewer", "email": "nobody"},
            {"role": "viewer", "validFor": 31 * 86400},
            {"role": "viewer", "expiresAt": "2999-01-01T00:00:00"},
            {"role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"},
        ],
        "cancel_invitation": [{"invitationId": "../x"}],
        "end_share": [{"uid": "a/b"}, {"uid": ".."}],
    }
    for name, bad in wrong.items():
        for fields in bad:
            assert reason(name, {**device, **fields}, customer) == "bad-request", (name, fields)


def test_of_twenty_who_accept_one_wins(
    owned: Label, customer: Account, client: Client, new_label: Callable[[], Label]
) -> None:
    people = [client.sign_up() for _ in range(20)]
    token = invite(owned, customer)
    with ThreadPoolExecutor(20) as pool:
        told = list(
            pool.map(lambda who: reason("accept_invitation", {"token": token}, who), people)
        )
    assert sorted(told) == ["succeeded", *["unknown-invitation"] * 19]
    assert check(owned, customer, people) == {people[told.index("succeeded")].uid}


@pytest.fixture(params=["customer", "product"])
def mode(request: pytest.FixtureRequest) -> str:
    if request.param == "product":
        request.getfixturevalue("product_mode")
    return str(request.param)


def test_a_device_is_handed_over(
    mode: str,
    label: Label,
    customer: Account,
    guest: Account,
    another: Account,
    simulator: Simulator,
) -> None:
    """A new tenure, an empty history, and nothing that was shared."""
    call("claim_device", label.claim, customer)
    call("rename_device", {"deviceId": label.device_id, "name": "Bedroom"}, customer)
    share(label, customer, another, "manager")
    assert deliver(message(label.device_id, "21", "temperature")) < 300
    device = {"deviceId": label.device_id}
    earlier = call("offer_transfer", device, customer)
    offer = call("offer_transfer", device, customer)
    assert offer["link"].endswith(f"/transfer#{token_of(offer)}")
    assert reason("accept_transfer", {"token": token_of(earlier)}, guest) == "unknown-invitation"
    assert reason("accept_transfer", {"token": token_of(offer)}, customer) == "own-device"
    assert reason("accept_invitation", {"token": token_of(offer)}, guest) == "unknown-invitation"
    assert reason("accept_transfer", {"token": invite(label, customer)}, guest) == (
        "unknown-invitation"
    )

    accepted = call("accept_transfer", {"token": token_of(offer)}, guest)
    assert (accepted["deviceId"], accepted["name"]) == (label.device_id, label.serial_number)
    assert call("accept_transfer", {"token": token_of(offer)}, guest) == accepted, "again"
    assert reason("accept_transfer", {"token": token_of(offer)}, another) == "unknown-invitation"
    entry = paths.device(label.device_id).get().to_dict() or {}
    assert (entry["ownerUid"], entry["claimEpoch"]) == (guest.uid, 2)
    assert "reservedBy" not in entry
    assert "releasePending" not in entry
    mine = paths.user_device(guest.uid, label.device_id).get().to_dict() or {}
    assert (mine["claimEpoch"], mine["latest"], mine["claimedAt"]) == (2, {}, entry["claimedAt"])
    assert mine["platformId"] is not None
    assert not paths.user_device(customer.uid, label.device_id).get().exists
    assert check(label, guest, [another, customer]) == set()
    expected = shadow.opaque_name(guest.uid) if mode == "customer" else None
    assert simulator.device(label.device_id)["owner"] == expected
    assert not activity(guest, "foreign-claim-ended")
    invoke = {**device, "function": "set_target", "argument": "20"}
    assert [reason("invoke_function", invoke, who) for who in (customer, another, guest)] == [
        "not-your-device",
        "not-your-device",
        "succeeded",
    ]
    (job,) = paths.releases().where(filter=FieldFilter("uid", "==", customer.uid)).get()
    assert created("finish_release", f"releases/{job.id}") < 300
    assert not list(paths.user_device(customer.uid, label.device_id).collections())
    assert deliver(message(label.device_id, "22", "temperature")) < 300
    assert len(events(guest, label)) == 1


def test_a_hand_over_that_particle_does_not_take_part_in(
    owned: Label, customer: Account, guest: Account, simulator: Simulator
) -> None:
    """The job does what is left, and takes the former owner for no stranger."""
    offer = call("offer_transfer", {"deviceId": owned.device_id}, customer)
    shadow.ensure(guest.uid)
    simulator.fail({"route": "POST /v1/devices"}, {"kind": "status", "status": 503})
    assert call("accept_transfer", {"token": token_of(offer)}, guest)["deviceId"]
    (job,) = paths.releases().where(filter=FieldFilter("uid", "==", customer.uid)).get()
    assert created("finish_release", f"releases/{job.id}") >= 500
    simulator.heal()
    assert created("finish_release", f"releases/{job.id}") < 300
    assert simulator.device(owned.device_id)["owner"] == shadow.opaque_name(guest.uid)
    assert "releasePending" not in (paths.device(owned.device_id).get().to_dict() or {})
    assert not activity(guest, "foreign-claim-ended")


def test_a_hand_over_is_withdrawn_or_waits(
    owned: Label, customer: Account, guest: Account, simulator: Simulator
) -> None:
    device = {"deviceId": owned.device_id}
    for _ in range(2):
        offer = call("offer_transfer", device, customer)
        assert [call("cancel_transfer", device, customer) for _ in range(2)] == [{}, {}]
        assert reason("accept_transfer", {"token": token_of(offer)}, guest) == "unknown-invitation"
    offer = call("offer_transfer", {**device, "email": "other@example.com"}, customer)
    assert reason("accept_transfer", {"token": token_of(offer)}, guest) == "other-address"
    offer = call("offer_transfer", {**device, "email": str(guest.email).upper()}, customer)
    under_way = {"underWay": {"c": (datetime.now(UTC).timestamp() + 60) * 1000}}
    paths.device(owned.device_id).update(under_way)
    assert reason("accept_transfer", {"token": token_of(offer)}, guest) == "in-progress"
    paths.device(owned.device_id).update({"underWay": {}})
    assert call("accept_transfer", {"token": token_of(offer)}, guest)["deviceId"]


def test_nothing_is_done_for_guests_of_an_owner_who_is_being_deleted(
    owned: Label, customer: Account, guest: Account
) -> None:
    share(owned, customer, guest, "manager")
    token = invite(owned, guest)
    paths.deleted_user(customer.uid).set({})
    device = {"deviceId": owned.device_id}
    for name, data in {
        "invoke_function": {"function": "set_target", "argument": "20"},
        "read_variable": {"variable": "target"},
        "rename_device": {"name": "Mine"},
        "share_device": {"role": "viewer"},
    }.items():
        assert reason(name, {**device, **data}, guest) == "not-your-device", name
    assert reason("accept_invitation", {"token": token}, customer) == "sign-in-required"
    assert call("list_devices", {}, guest)["shared"] == []
    paths.deleted_user(customer.uid).delete()
