"""Who may do what with which document: every path, every verb, everybody, from one table.

The paths are those that `shared/firestore/paths.py` lists: one without an entry here fails a test.
Requests go to the emulator's REST API with ID tokens, as an app's would.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from firebase_admin import auth

from local.client import Account, Client
from local.stack import Stack
from shared import connections
from shared.firestore import paths
from tests.support.tokens import forged

pytestmark = pytest.mark.usefixtures("no_triggers")

DEVICE = "e00fce68ece1d3d21a73dcc9"
HOUR = timedelta(hours=1)
READS = frozenset({"get", "list", "count"})
NOTHING: frozenset[str] = frozenset()

ALLOWED = {
    "users/{uid}": frozenset({"get", "write profile"}),
    "users/{uid}/devices/{deviceId}": READS,
    "users/{uid}/devices/{deviceId}/events/{eventId}": READS,
    "users/{uid}/devices/{deviceId}/rollups/{id}": READS,
    "users/{uid}/devices/{deviceId}/alerts/{alertId}": READS,
    "users/{uid}/devices/{deviceId}/alertLog/{id}": READS,
    "users/{uid}/devices/{deviceId}/schedules/{id}": READS,
    "users/{uid}/devices/{deviceId}/shares/{guestUid}": READS,
    "users/{uid}/devices/{deviceId}/invitations/{id}": READS,
    "users/{uid}/commands/{commandId}": READS,
    "users/{uid}/activity/{id}": READS,
    "users/{uid}/shared/{deviceId}": READS,
    "users/{uid}/webhooks/{webhookId}": READS,
    "users/{uid}/preferences/{name}": READS,
    "devices/{deviceId}": NOTHING,
    "devices/{deviceId}/events/{eventId}": NOTHING,
    "devices/{deviceId}/presence/online": NOTHING,
    "devices/{deviceId}/tenures/{claimEpoch}": NOTHING,
    "serialNumbers/{normalised serial}": NOTHING,
    "customers/{uid}": NOTHING,
    "shadowCustomers/{SHA-256 of the customer name}": NOTHING,
    "appTokens/{uid}": NOTHING,
    "tokenEndings/{uid}": NOTHING,
    "claimAttempts/{hash}": NOTHING,
    "releases/{id}": NOTHING,
    "invitations/{id}": NOTHING,
    "operations/{id}": NOTHING,
    "deliveries/{id}": NOTHING,
    "scheduleRuns/{id}": NOTHING,
    "deletedUsers/{uid}": NOTHING,
    "deadLetters/{messageId}": NOTHING,
    "limits/{name}": NOTHING,
    "health/{name}": NOTHING,
    "unknownDevices/{deviceId}": NOTHING,
}
"""What the owner may do. Guests may do what `GUESTS` says, and nobody else anything."""

LOOK = {
    "users/{uid}/devices/{deviceId}": frozenset({"get"}),
    "users/{uid}/devices/{deviceId}/events/{eventId}": READS,
    "users/{uid}/devices/{deviceId}/rollups/{id}": READS,
    "users/{uid}/devices/{deviceId}/alerts/{alertId}": READS,
    "users/{uid}/devices/{deviceId}/alertLog/{id}": READS,
    "users/{uid}/devices/{deviceId}/schedules/{id}": READS,
}
MANAGE = {
    "users/{uid}/devices/{deviceId}/shares/{guestUid}": READS,
    "users/{uid}/devices/{deviceId}/invitations/{id}": READS,
}
GUESTS: dict[str, dict[str, frozenset[str]]] = {
    "viewer": LOOK,
    "controller": LOOK,
    "manager": LOOK | MANAGE,
    "manager for a while": LOOK | MANAGE,
    # These have a share with the role `manager`, and none that counts.
    "expired": {},
    "of another device": {},
    "of another owner": {},
    "anonymous guest": {},
    "deleted guest": {},
    "guest inside": {},
}
"""What guests of the owner's device may do, by the path in the owner's tree."""

UNHEARD_OF = (
    "anything/{id}",
    "users/{uid}/anything/{id}",
    "users/{uid}/devices/{deviceId}/anything/{id}",
)
"""Paths that the product does not have: nobody may do anything there either."""

OWNERS = ("owner", "revoked session")
"""A revoked session is the owner's until its ID token ends, an hour at most: rules cannot ask Auth,
as `docs/security.md` says."""
OTHERS = ("stranger", "anonymous", "other customer", "ex-owner", "deleted")
PLACES = [path for path in ALLOWED if path.startswith("users/")]
PLACES += ["devices/{deviceId}", "invitations/{id}"]
"""Where guests are tried: what is shared, and what is beside it."""

Verb = Callable[[Client, str, Account | None], object]


def _query(app: Client, path: str, account: Account | None, kind: str, **query: Any) -> None:
    parent, _, collection = path.rpartition("/")[0].rpartition("/")
    group = query.pop("group", False)
    selector = {"collectionId": collection, "allDescendants": group}
    structured: Any = {"structuredQuery": {"from": [selector], **query}}
    if kind == "runAggregationQuery":
        structured["aggregations"] = [{"alias": "n", "count": {}}]
        structured = {"structuredAggregationQuery": structured}
    where = f"{'' if group else parent}:{kind}"
    app._documents("POST", where, account, None, structured).raise_for_status()


def _mine(account: Account | None) -> dict[str, Any]:
    """A condition that asks for what is one's own alone."""
    uid = account.uid if account else "nobody"
    equal = {"field": {"fieldPath": "ownerUid"}, "op": "EQUAL", "value": {"stringValue": uid}}
    return {"fieldFilter": equal}


FORGED: dict[str, Any] = {
    "ownerUid": "me",
    "userId": "me",
    "serialNumber": "X1",
    "particle": {"status": "ready"},
}


def _update(field: str) -> Verb:
    return lambda app, path, who: app.update(path, {field: FORGED[field]}, who)


VERBS: dict[str, Verb] = {
    "get": lambda app, path, who: app.read(path, who),
    "get a missing one": lambda app, path, who: app.read(f"{path}-missing", who),
    "list": lambda app, path, who: app.documents(path.rpartition("/")[0], who),
    "list one's own": lambda app, path, who: _query(app, path, who, "runQuery", where=_mine(who)),
    "count": lambda app, path, who: _query(app, path, who, "runAggregationQuery"),
    "list the group": lambda app, path, who: _query(app, path, who, "runQuery", group=True),
    "count the group": lambda app, path, who: _query(
        app, path, who, "runAggregationQuery", group=True
    ),
    "create": lambda app, path, who: app.create(f"{path}-new", {"displayName": "x"}, who),
    **{f"update {field}": _update(field) for field in FORGED},
    "write profile": lambda app, path, who: app.update(path, {"displayName": "Jo"}, who),
    "replace": lambda app, path, who: app.replace(path, {"displayName": "x"}, who),
    "delete": lambda app, path, who: app.delete(path, who),
}
IMPLIED = {"get": {"get a missing one"}, "list": {"list one's own"}}
"""What somebody may do who may do that."""


@dataclass(frozen=True)
class World:
    """The people, and a document of the owner's at every path."""

    app: Client
    people: dict[str, Account | None]

    def place(self, template: str) -> str:
        """The owner's document at a path."""
        owner = self.people["owner"]
        assert owner
        names = {"uid": owner.uid, "deviceId": DEVICE}
        if template.startswith(paths.DELETED_USERS):
            names = {}  # with a tombstone, the owner would be none
        return re.sub(r"{([^}]+)}", lambda match: names.get(match[1], "x1"), template)


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    app = Client(stack)
    revoked = app.sign_up()
    connections.firebase()
    revoked_at = auth.verify_id_token(revoked.id_token)["iat"] + 1
    auth._get_client(None)._user_manager.update_user(revoked.uid, valid_since=revoked_at)
    while time.time() < revoked_at:
        time.sleep(0.02)
    assert revoked.email
    assert revoked.password
    owner = app.sign_in(revoked.email, revoked.password)
    other, ex_owner, deleted = app.sign_up(), app.sign_up(), app.sign_up()
    people = {
        "owner": owner,
        "revoked session": revoked,
        "stranger": None,
        "anonymous": app.sign_up(anonymous=True),
        "other customer": other,
        "ex-owner": ex_owner,
        "deleted": deleted,
    }
    people |= _guests(app, owner, other)
    made = World(app, people)
    for template in (*ALLOWED, *UNHEARD_OF):
        paths.client().document(made.place(template)).set({"ownerUid": owner.uid})
    for former in (ex_owner, deleted):
        # Kept when they gave the device back.
        kept = paths.user_device(former.uid, DEVICE).collection(paths.EVENTS)
        kept.document("x0").set({"event": "t"})
    paths.deleted_user(deleted.uid).set({})
    yield made
    app.close()


def _guests(app: Client, owner: Account, other: Account) -> dict[str, Account | None]:
    """Guests, each with a share like that which a guest has, or would like to have."""
    now = datetime.now(UTC)
    guests: dict[str, Account | None] = {
        name: app.sign_up(anonymous=name == "anonymous guest")
        for name in GUESTS
        if name != "guest inside"
    }
    # With a uid that the maker has let them choose.
    guests["guest inside"] = inside = forged(f"{owner.uid}/devices/{DEVICE}")
    for name, account in guests.items():
        assert account
        share = {
            "ownerUid": other.uid if name == "of another owner" else owner.uid,
            "role": name if name in {"viewer", "controller"} else "manager",
            "expiresAt": {"expired": now, "manager for a while": now + HOUR}.get(name),
        }
        device_id = DEVICE[::-1] if name == "of another device" else DEVICE
        if account is inside:
            paths.client().document(f"users/{owner.uid}/devices/{DEVICE}/shared/{DEVICE}").set(
                share
            )
        else:
            paths.shared_device(account.uid, device_id).set(share)
            by = {"by": account.uid, "deviceId": DEVICE}
            paths.command(owner.uid, f"by-{name}").set(by)
    deleted = guests["deleted guest"]
    assert deleted
    paths.deleted_user(deleted.uid).set({})
    return guests


def is_refused(verb: Verb, app: Client, path: str, account: Account | None) -> bool:
    try:
        verb(app, path, account)
    except requests.HTTPError as error:
        assert error.response.status_code in {401, 403}, error.response.text
        return True
    return False


def documents_beside(path: str) -> dict[str, Any]:
    return {s.id: s.to_dict() for s in paths.client().document(path).parent.stream()}


def test_the_table_is_complete() -> None:
    listed = re.findall(r"^    (\S.*?)  ", paths.__doc__ or "", re.MULTILINE)
    assert set(ALLOWED) == set(listed), "paths of shared/firestore/paths.py"
    collections = {part for path in ALLOWED for part in path.split("/")[::2]}
    names = {v for k, v in vars(paths).items() if k.isupper() and isinstance(v, str)}
    assert collections == names, "names of shared/firestore/paths.py"


@pytest.mark.parametrize(
    ("template", "person"),
    [
        *((template, who) for template in (*ALLOWED, *UNHEARD_OF) for who in (*OWNERS, *OTHERS)),
        *((template, guest) for template in PLACES for guest in GUESTS),
    ],
)
def test_who_may_do_what(template: str, person: str, world: World) -> None:
    account = world.people[person]
    path = world.place(template)
    allowed = set(ALLOWED.get(template, NOTHING)) if person in OWNERS else set()
    allowed |= GUESTS.get(person, {}).get(template, NOTHING)
    for verb in list(allowed):
        allowed |= IMPLIED.get(verb, set())
    if template == "users/{uid}" or (person in GUESTS and template.endswith("s/{deviceId}")):
        allowed.discard("get a missing one")  # it would be another customer's, or another device
    before = documents_beside(path)
    done = set()
    for verb, act in VERBS.items():
        if not is_refused(act, world.app, path, account):
            done.add(verb)
        if verb == "write profile" and verb in allowed:
            assert documents_beside(path) != before, "the positive control"
            paths.client().document(path).set(before[account.uid if account else ""])
    assert done == allowed
    assert documents_beside(path) == before


def test_a_former_owner_keeps_what_they_kept(world: World) -> None:
    """And nothing else: the control for those who are refused above."""
    person = world.people["ex-owner"]
    assert person
    events = f"users/{person.uid}/devices/{DEVICE}/events"
    assert world.app.documents(events, person) == {"x0": {"event": "t"}}


def test_a_deleted_account_reads_not_even_its_own(world: World) -> None:
    person = world.people["deleted"]
    assert person
    path = f"users/{person.uid}/devices/{DEVICE}/events/x0"
    for verb in ("get", "list", "count", "write profile", "delete"):
        assert is_refused(VERBS[verb], world.app, path, person), verb


@pytest.mark.parametrize("person", GUESTS)
def test_a_guest_gets_their_own_calls_while_they_have_a_share(person: str, world: World) -> None:
    owner, account = world.people["owner"], world.people[person]
    assert owner
    for made_by in GUESTS:
        path = f"users/{owner.uid}/commands/by-{made_by}"
        their_own = made_by == person and bool(GUESTS[person])
        assert is_refused(VERBS["get"], world.app, path, account) != their_own, made_by


@pytest.mark.parametrize("person", GUESTS)
def test_a_deleted_owner_shares_nothing(person: str, world: World) -> None:
    owner, account = world.people["owner"], world.people[person]
    assert owner
    tombstone = paths.deleted_user(owner.uid)
    tombstone.set({})
    try:
        for template in (*LOOK, *MANAGE):
            for verb in READS:
                path = world.place(template)
                assert is_refused(VERBS[verb], world.app, path, account), (template, verb)
        path = f"users/{owner.uid}/commands/by-{person}"
        assert is_refused(VERBS["get"], world.app, path, account)
    finally:
        tombstone.delete()


@pytest.mark.parametrize("person", [name for name, places in GUESTS.items() if places])
def test_a_guest_cannot_write_their_own_share(person: str, world: World) -> None:
    account = world.people[person]
    assert account
    path = f"users/{account.uid}/shared/{DEVICE}"
    before = documents_beside(path)
    done = {verb for verb, act in VERBS.items() if not is_refused(act, world.app, path, account)}
    assert done == {*READS, "get a missing one", "list one's own"}
    assert documents_beside(path) == before
