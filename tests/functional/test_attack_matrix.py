"""The attack matrix: every callable, tried by everybody who must not, in both access modes.

Each attempt aims at the owner's device, command or account. It has to be refused for the right
reason and to change nothing; at the end the owner sends the very same request, and it succeeds. A
callable that is not in the table fails the test.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from firebase_admin import auth

from local.client import Account, Client
from shared import connections, settings
from shared.accounts import session
from shared.firestore import paths
from shared.privacy import deletion
from tests.functional.conftest import Label, token_at_particle
from tests.support.documents import everything
from tests.support.functions import CALLABLES, call, outcome
from tests.support.sharing import expire, share, token_of, verified
from tests.support.simulator import Simulator
from tests.support.tokens import signed_in_as

OWN = "acts on the caller's own account"
"""There is nothing of the owner's to name in the request: it succeeds, and reaches nothing."""
COMMAND = {"function": "set_target", "argument": "19", "requestId": "used"}
SECRET = "only-the-owner-may-see-this"


@dataclass(frozen=True)
class World:
    """The people, and what belongs to the owner."""

    owner: Account
    revoked: Account
    """The owner's, from before the sessions were revoked."""
    other: Account
    ex_owner: Account
    namesake: Account
    """Has the address that the owner had before."""
    anonymous: Account
    deleted: Account
    """Deleted while a tab is still open: the ID token lives on."""
    leaving: Account
    """Deleted too, by a job that has not come far yet."""
    inside: tuple[Account, ...]
    """Their uids, which the maker has let them choose, are paths to what belongs to the owner."""
    viewer: Account
    """A guest whose role is too low for anything but to look."""
    guests: dict[str, Account]
    """Former managers, whose share counts no longer."""
    leaving_guest: Account
    """A manager whose account is being deleted."""
    invited: Account
    label: Label
    command_id: str
    invitation_id: str
    token: str
    """Of an invitation for `invited`."""
    transfer_token: str
    webhook_id: str
    alert_id: str
    """Of one that fires."""

    @property
    def strangers(self) -> dict[str, Account]:
        """Customers in good standing with whom the device was never shared."""
        return {"other": self.other, "ex-owner": self.ex_owner, "namesake": self.namesake}

    @property
    def others(self) -> dict[str, Account]:
        """Customers in good standing, to whom the device does not belong."""
        return {**self.strangers, **self.guests}


@dataclass(frozen=True)
class Attack:
    """A request that is the owner's to make."""

    request: Callable[[World], dict[str, Any]]
    reason: str = "not-your-device"
    """What another customer and the former owner are told."""
    changes: bool = True
    deleted: str = "sign-in-required"
    """What an account is told that was deleted."""
    guest: str | None = None
    """What a guest is told whose role is too low; None: what another customer is told."""
    ends_the_world: bool = False
    """Whether the owner has nothing left to attack when it succeeds."""
    by_owner: bool = True
    """Else it is the request of somebody whom the owner has invited."""
    modes: tuple[str, ...] = ("customer", "product")
    recorded: bool = False
    """Whether an ended sign-in leaves the record of a call that failed."""


def _device(**more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"deviceId": world.label.device_id, **more}


EVENING = {
    "name": "Evening",
    "function": "set_target",
    "argument": "18",
    "kind": "time",
    "time": "22:00",
    "timeZone": "UTC",
}
FROST = {
    "name": "Frost",
    "kind": "threshold",
    "event": "temperature",
    "op": "below",
    "value": 2,
}
LOW, MAY = "role-too-low", "may do it"
ATTACKS = {
    "accept_invitation": Attack(
        lambda world: {"token": world.token}, "other-address", by_owner=False
    ),
    "accept_transfer": Attack(
        lambda world: {"token": world.transfer_token},
        "other-address",
        ends_the_world=True,
        by_owner=False,
    ),
    "cancel_command": Attack(lambda world: {"commandId": world.command_id}, "unknown-command"),
    "cancel_command of a device": Attack(
        lambda world: {"commandId": world.command_id, "deviceId": world.label.device_id},
        "unknown-command",
        guest=LOW,
    ),
    "cancel_invitation": Attack(
        lambda world: {
            "deviceId": world.label.device_id,
            "invitationId": world.invitation_id,
        },
        guest=LOW,
    ),
    "cancel_transfer": Attack(_device(), guest=LOW),
    "change_share": Attack(
        lambda world: {
            "deviceId": world.label.device_id,
            "uid": world.viewer.uid,
            "expiresAt": "2999-01-01T00:00:00Z",
        },
        guest=LOW,
    ),
    "claim_device": Attack(lambda world: world.label.claim, "claimed-by-another"),
    "claim_device by id": Attack(
        lambda world: {"deviceId": world.label.device_id, "setupCode": world.label.setup_code},
        "claimed-by-another",
    ),
    "create_claim_code": Attack(
        lambda world: world.label.claim, "claimed-by-another", modes=("customer",)
    ),
    "delete_account": Attack(lambda _: {"confirm": "delete"}, OWN, ends_the_world=True),
    "acknowledge_alert": Attack(
        lambda world: {"deviceId": world.label.device_id, "alertId": world.alert_id}, guest=LOW
    ),
    "delete_alert": Attack(_device(alertId="a"), guest=LOW),
    "save_alert": Attack(_device(**FROST), guest=LOW),
    "end_share": Attack(
        lambda world: {"deviceId": world.label.device_id, "uid": world.leaving_guest.uid},
        guest=LOW,
    ),
    "export_account": Attack(lambda _: {}, OWN),
    "invoke_function": Attack(
        _device(function="set_target", argument="20"), guest=LOW, recorded=True
    ),
    "invoke_function of a used requestId": Attack(_device(**COMMAND), guest=LOW),
    "list_devices": Attack(lambda _: {"refresh": True}, OWN, changes=False),
    "mint_token": Attack(lambda _: {}, "no-device", modes=("customer",)),
    "read_variable": Attack(
        _device(variable="target"), changes=False, deleted="not-your-device", guest=MAY
    ),
    "release_device": Attack(_device(), ends_the_world=True),
    "offer_transfer": Attack(_device(), guest=LOW),
    "rename_device": Attack(_device(name="Mine"), guest=LOW),
    "delete_schedule": Attack(_device(scheduleId="a"), guest=LOW),
    "pause_schedules": Attack(_device(until="2999-01-01T00:00:00Z"), guest=LOW),
    "pause_schedules of the account": Attack(lambda _: {"until": "2999-01-01T00:00:00Z"}, OWN),
    "delete_webhook": Attack(lambda _: {"webhookId": "a"}, OWN),
    "save_webhook": Attack(lambda _: {"url": "https://example.com/alerts"}, OWN),
    "save_webhook of the owner": Attack(
        lambda world: {"url": "https://example.com/alerts", "webhookId": world.webhook_id},
        "unknown-webhook",
    ),
    "test_webhook": Attack(lambda world: {"webhookId": world.webhook_id}, "unknown-webhook"),
    "save_schedule": Attack(_device(**EVENING), guest=LOW),
    "save_notifications": Attack(lambda _: {"email": False}, OWN),
    "share_device": Attack(_device(role="manager"), guest=LOW),
    "revoke_tokens": Attack(lambda _: {}, OWN, modes=("customer",)),
}


@pytest.fixture(params=["customer", "product"])
def mode(
    request: pytest.FixtureRequest, stack: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setenv("PARTICLE_ACCESS_MODE", request.param)
    settings.access_mode.cache_clear()
    yield request.param
    monkeypatch.undo()
    settings.access_mode.cache_clear()


def _named(*, ends_the_world: bool) -> list[str]:
    return [name for name, attack in ATTACKS.items() if attack.ends_the_world is ends_the_world]


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    """The world of each mode, for attacks after which it is still good."""
    return {}


@pytest.fixture
def world(request: pytest.FixtureRequest, mode: str, worlds: dict[str, World]) -> World:
    name = request.node.callspec.params.get("name")
    lasting = name is not None and not ATTACKS[str(name)].ends_the_world
    if lasting and mode in worlds:
        return worlds[mode]
    worlds.clear()
    made = _make_world(*map(request.getfixturevalue, ("clean_stack", "client", "label")))
    if lasting:
        worlds[mode] = made
    return made


def _make_world(_: object, client: Client, label: Label) -> World:
    connections.firebase()
    session._noted.empty()
    old, other, ex_owner, deleted, leaving = (client.sign_up() for _ in range(5))
    call("delete_account", {"confirm": "delete"}, deleted)
    deletion.schedule(leaving.uid)
    auth.update_user(leaving.uid, disabled=True)
    call("claim_device", label.claim, ex_owner)
    guests = {name: client.sign_up() for name in ("of the ex-owner", "expired", "ended")}
    share(label, ex_owner, guests["of the ex-owner"], "manager")
    call("release_device", {"deviceId": label.device_id, "keepHistory": True}, ex_owner)
    call("claim_device", label.claim, old)
    invoke = {"deviceId": label.device_id, **COMMAND}
    command_id = call("invoke_function", invoke, old)["commandId"]
    viewer, leaving_guest, invited = client.sign_up(), client.sign_up(), verified(client)
    for guest in (guests["expired"], guests["ended"], leaving_guest):
        share(label, old, guest, "manager")
    share(label, old, viewer)
    expire(label, guests["expired"])
    call("end_share", {"deviceId": label.device_id}, guests["ended"])
    deletion.schedule(leaving_guest.uid)
    auth.update_user(leaving_guest.uid, disabled=True)
    invitation = call("share_device", {"deviceId": label.device_id, "role": "manager"}, old)
    paths.invitation(invitation["invitationId"]).update({"email": invited.email})
    offer = {"deviceId": label.device_id, "email": invited.email}
    transfer_token = token_of(call("offer_transfer", offer, old))
    device = paths.user_device(old.uid, label.device_id)
    receiver = {"url": "http://localhost:9999/alerts"}
    webhook_id = call("save_webhook", receiver, old)["webhookId"]
    alert_id = call("save_alert", {"deviceId": label.device_id, **FROST}, old)["alertId"]
    device.collection(paths.ALERTS).document(alert_id).update({"state": "firing"})
    device.collection(paths.EVENTS).document("e1").set({"data": SECRET})
    assert old.email
    assert old.password
    revoked_at = auth.verify_id_token(old.id_token)["iat"] + 1
    auth._get_client(None)._user_manager.update_user(
        old.uid, valid_since=revoked_at, email=f"new-{old.email}"
    )
    while time.time() < revoked_at:
        time.sleep(0.02)
    session._live.empty()  # as in an instance that did not serve them before
    return World(
        owner=client.sign_in(f"new-{old.email}", old.password),
        revoked=old,
        other=other,
        ex_owner=ex_owner,
        namesake=client.sign_up(old.email),
        anonymous=client.sign_up(anonymous=True),
        deleted=deleted,
        leaving=leaving,
        inside=tuple(
            signed_in_as(client, f"{old.uid}{below}")
            for below in ("/", f"/devices/{label.device_id}", f"/commands/{command_id}")
        ),
        viewer=viewer,
        guests=guests,
        leaving_guest=leaving_guest,
        invited=invited,
        label=label,
        command_id=command_id,
        invitation_id=invitation["invitationId"],
        token=token_of(invitation),
        transfer_token=transfer_token,
        webhook_id=webhook_id,
        alert_id=alert_id,
    )


def state(*, but: Account | None) -> dict[str, Any]:
    """All documents, without counters, notes of sign-ins, and the tree of the account `but`."""

    def is_of_no_matter(path: str) -> bool:
        counter = path.startswith((f"{paths.CLAIM_ATTEMPTS}/", f"{paths.LIMITS}/"))
        return counter or "/sign-in-" in path or (but is not None and but.uid in path)

    return everything(skip=is_of_no_matter)


def test_the_table_is_complete() -> None:
    assert {name.partition(" ")[0] for name in ATTACKS} == set(CALLABLES)


def refusals(
    attack: Attack, request: dict[str, Any], world: World, mode: str
) -> Iterator[tuple[str, Account | None, dict[str, Any], str]]:
    """Who must not, with what, and the reason that they have to hear."""
    yield "stranger", None, request, "sign-in-required"
    yield "garbage", Account("x", "a.b.c"), request, "sign-in-required"
    for account in world.inside:
        yield account.uid, account, request, "sign-in-required"
    yield "anonymous", world.anonymous, request, "anonymous"
    for field in {"userId", "uid", "ownerUid", "particle", "claimEpoch"} - set(request):
        forged = {**request, field: world.owner.uid}
        yield f"forged {field}", world.other, forged, "bad-request"
    yield "deleted", world.deleted, request, attack.deleted
    yield "leaving", world.leaving, request, attack.deleted
    yield "leaving guest", world.leaving_guest, request, attack.deleted
    if attack.changes:
        yield "revoked", world.revoked, request, "sign-in-required"
    if mode not in attack.modes:
        for who, account in {**world.others, "owner": world.owner}.items():
            yield who, account, request, "not-in-this-mode"
    elif attack.reason != OWN:
        for who, account in world.others.items():
            yield who, account, request, attack.reason
        if attack.guest != MAY:
            yield "viewer", world.viewer, request, attack.guest or attack.reason


def reaches_its_own_alone(
    function: str, request: dict[str, Any], account: Account, owner: Account
) -> None:
    before = state(but=account)
    told, answer = outcome(function, request, account)
    assert told == "succeeded"
    assert SECRET not in str(answer)
    assert owner.uid not in str(answer)
    after = state(but=account)
    changed = {path for path in {*after, *before} if after.get(path) != before.get(path)}
    assert not [path for path in changed if not path.startswith(f"{paths.SHADOW_CUSTOMERS}/")]


def forget_failed_call(after: dict[str, Any], before: dict[str, Any], owner: Account) -> None:
    """Take out the one record and the one entry that an ended sign-in leaves."""
    new = {path: fields for path, fields in after.items() if path not in before}
    record, activity = sorted(new, key=lambda path: "/activity/" in path)
    assert record.startswith(f"users/{owner.uid}/commands/")
    assert activity.startswith(f"users/{owner.uid}/activity/")
    assert (new[record]["status"], new[record]["error"]["reason"]) == ("failed", "sign-in-required")
    assert new[activity]["commandId"] == record.rpartition("/")[2]
    del after[record], after[activity]


@pytest.mark.parametrize("name", [*_named(ends_the_world=False), *_named(ends_the_world=True)])
def test_nobody_but_the_owner(name: str, mode: str, world: World, simulator: Simulator) -> None:
    attack, function = ATTACKS[name], name.partition(" ")[0]
    request = attack.request(world)
    in_this_mode = mode in attack.modes
    connections.tokens().server.token()  # as an instance has it that has served before
    simulator.forget()
    before = state(but=None)
    owner_at_particle = simulator.device(world.label.device_id)["owner"]

    for who, account, data, reason in refusals(attack, request, world, mode):
        assert outcome(function, data, account)[0] == reason, who
    after = state(but=None)
    if attack.recorded:
        forget_failed_call(after, before, world.owner)
    assert after == before
    assert simulator.requests() == []
    if attack.reason == OWN and in_this_mode:
        for account in world.strangers.values():
            reaches_its_own_alone(function, request, account, world.owner)
    assert simulator.device(world.label.device_id)["owner"] == owner_at_particle

    if not attack.changes:
        assert outcome(function, request, world.revoked)[0] == "succeeded", "until the token ends"
    if in_this_mode:
        whose = world.owner if attack.by_owner else world.invited
        assert outcome(function, request, whose)[0] == "succeeded", "the positive control"


def test_an_ex_owners_particle_token(
    world: World, mode: str, label: Label, particle: Any, simulator: Simulator
) -> None:
    """Good for nothing that the next owner has; without a device it is not even a token."""
    if mode == "product":
        assert outcome("mint_token", {}, world.ex_owner)[0] == "not-in-this-mode"
        return
    device = f"/v1/devices/{label.device_id}"
    product = f"/v1/products/1319/devices/{label.device_id}"
    token = call("mint_token", {}, world.owner)["accessToken"]
    assert particle("GET", f"{device}/target", token).status_code == 200, "the positive control"
    call("release_device", {"deviceId": label.device_id}, world.owner)
    call("claim_device", label.claim, world.other)
    spare = token_at_particle(world.owner)
    before = simulator.device(label.device_id)
    for method, path in (
        ("GET", device),
        ("GET", f"{device}/target"),
        ("POST", f"{device}/set_target"),
        ("PUT", device),
        ("DELETE", device),
        ("POST", "/v1/devices"),
        ("GET", product),
        ("POST", f"{product}/set_target"),
        ("DELETE", f"{product}/owner"),
        ("GET", "/v1/products/1319/customers"),
    ):
        form = {"id": label.device_id, "arg": "5", "name": "Mine"}
        assert particle(method, path, token, **form).status_code == 401, path
        assert particle(method, path, spare, **form).status_code in {403, 404}, path
    after = simulator.device(label.device_id)
    assert (after["owner"], after["state"]) == (before["owner"], before["state"])


def test_an_upgraded_anonymous_user(world: World, client: Client, label: Label) -> None:
    """The same uid, with an address now: from then on a customer like any other."""
    assert outcome("list_devices", {}, world.anonymous)[0] == "anonymous"
    linked = client._identity(
        "update",
        {
            "idToken": world.anonymous.id_token,
            "email": f"{world.anonymous.uid.lower()}@example.com",
            "password": "correct-horse",
            "returnSecureToken": True,
        },
    )
    upgraded = replace(world.anonymous, id_token=linked["idToken"])
    assert call("list_devices", {}, upgraded) == {"devices": [], "shared": []}
    assert outcome("claim_device", label.claim, upgraded)[0] == "claimed-by-another"
