"""Firestore's rules: every rule lets the right one in and keeps everybody else out.

Requests go to the emulator's REST API with ID tokens, as an app's would. `Admin` writes without
rules what there is to read.
"""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.stack import Stack
from shared import store

pytestmark = pytest.mark.usefixtures("no_triggers")

DEVICE = "e00fce68ece1d3d21a73dcc9"
READABLE = [
    f"devices/{DEVICE}",
    f"devices/{DEVICE}/events/e1",
    f"devices/{DEVICE}/rollups/r1",
    "commands/c1",
    "activity/a1",
]
SERVER_ONLY = [
    f"devices/{DEVICE}",
    f"devices/{DEVICE}/events/e1",
    f"devices/{DEVICE}/log/l1",
    "serialNumbers/A1",
    "claimAttempts/a1",
    "erasures/e1",
    "deadLetters/m1",
    "shadowCustomers/s1",
    "deletedUsers/u1",
    "health/canary",
    "anythingElse/x",
]
STRANGERS = ["another", "anonymous", "stranger"]


@pytest.fixture(scope="module")
def app(stack: Stack) -> Client:
    return Client(stack)


@pytest.fixture(scope="module")
def customer(app: Client) -> Account:
    """A customer with one document at every path of their tree."""
    account = app.sign_up()
    store.user(account.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
    for path in READABLE:
        store.client().document(f"users/{account.uid}/{path}").set({"event": "t"})
    for path in SERVER_ONLY:
        store.client().document(path).set({"ownerUid": account.uid})
    return account


@pytest.fixture(scope="module")
def who(app: Client) -> Callable[[str], Account | None]:
    people = {"another": app.sign_up(), "anonymous": app.sign_up(anonymous=True), "stranger": None}
    return people.__getitem__


def is_refused(act: Callable[..., Any], *arguments: Any) -> bool:
    try:
        act(*arguments)
    except requests.HTTPError as error:
        assert error.response.status_code in {401, 403}, error.response.text
        return True
    return False


@pytest.mark.parametrize("path", READABLE)
def test_a_customer_reads_their_own_tree(path: str, app: Client, customer: Account) -> None:
    document = f"users/{customer.uid}/{path}"
    assert app.read(document, customer) == {"event": "t"}
    collection, _, name = document.rpartition("/")
    assert name in app.documents(collection, customer)


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("person", STRANGERS)
def test_nobody_else_reads_it(
    path: str, person: str, app: Client, customer: Account, who: Callable[[str], Account | None]
) -> None:
    document = f"users/{customer.uid}/{path}"
    assert is_refused(app.read, document, who(person))
    assert is_refused(app.read, document + "-that-does-not-exist", who(person))
    assert is_refused(app.documents, document.rpartition("/")[0], who(person))


@pytest.mark.parametrize("person", [*STRANGERS, "customer"])
@pytest.mark.parametrize("path", READABLE)
def test_nobody_writes_it(
    path: str, person: str, app: Client, customer: Account, who: Callable[[str], Account | None]
) -> None:
    account = customer if person == "customer" else who(person)
    document = f"users/{customer.uid}/{path}"
    assert is_refused(app.create, document + "2", {"event": "x"}, account)
    assert is_refused(app.update, document, {"event": "x"}, account)
    assert is_refused(app.delete, document, account)
    assert app.read(document, customer) == {"event": "t"}


def test_a_customer_reads_their_profile(app: Client, customer: Account) -> None:
    profile = app.read(f"users/{customer.uid}", customer)
    assert profile == {"displayName": "Jo", "particle": {"status": "ready"}}


@pytest.mark.parametrize("person", STRANGERS)
def test_nobody_else_reads_or_writes_a_profile(
    person: str, app: Client, customer: Account, who: Callable[[str], Account | None]
) -> None:
    profile = f"users/{customer.uid}"
    assert is_refused(app.read, profile, who(person))
    assert is_refused(app.update, profile, {"displayName": "Mine"}, who(person))
    assert is_refused(app.delete, profile, who(person))
    assert is_refused(app.create, f"users/{customer.uid}-2", {"displayName": "x"}, who(person))


def test_nobody_lists_users_or_deletes_a_profile(app: Client, customer: Account) -> None:
    assert is_refused(app.documents, "users", customer)
    assert is_refused(app.delete, f"users/{customer.uid}", customer)


PROFILE = {"displayName": "Jo", "timeZone": "Europe/Berlin", "locale": "de"}


@pytest.mark.parametrize("fields", [PROFILE, {}, {"displayName": "x" * 200}])
def test_a_new_customer_creates_their_profile(app: Client, fields: dict[str, Any]) -> None:
    account = app.sign_up()
    app.create(f"users/{account.uid}", fields, account)
    assert app.read(f"users/{account.uid}", account) == fields


@pytest.mark.parametrize("person", STRANGERS)
def test_nobody_creates_it_for_them(
    person: str, app: Client, who: Callable[[str], Account | None]
) -> None:
    account = app.sign_up()
    assert is_refused(app.create, f"users/{account.uid}", PROFILE, who(person))
    assert app.read(f"users/{account.uid}", account) is None


def test_anonymous_users_have_no_profile(app: Client) -> None:
    account = app.sign_up(anonymous=True)
    assert is_refused(app.create, f"users/{account.uid}", PROFILE, account)
    assert is_refused(app.read, f"users/{account.uid}", account)
    store.user_device(account.uid, DEVICE).set({})
    assert is_refused(app.read, f"users/{account.uid}/devices/{DEVICE}", account)


FORGED = [
    {"particle": {"status": "ready"}},
    {"ownerUid": "me"},
    {"admin": True},
    {"displayName": "x" * 201},
    {"displayName": 7},
    {"timeZone": None},
    {"timeZone": "x" * 201},
    {"locale": ["de"]},
    {"locale": "x" * 201},
]


@pytest.mark.parametrize("forged", FORGED)
def test_a_profile_holds_nothing_else(app: Client, forged: dict[str, Any]) -> None:
    account = app.sign_up()
    profile = f"users/{account.uid}"
    assert is_refused(app.create, profile, PROFILE | forged, account)
    app.create(profile, PROFILE, account)
    assert is_refused(app.update, profile, forged, account)
    assert app.read(profile, account) == PROFILE


def test_a_customer_updates_their_profile_and_not_the_servers_part(
    app: Client, customer: Account
) -> None:
    profile = f"users/{customer.uid}"
    app.update(profile, {"locale": "fr"}, customer)
    assert is_refused(app.update, profile, {"particle": {"status": "error"}}, customer)
    # Without a mask the whole document is replaced, `particle` with it.
    assert is_refused(app.replace, profile, PROFILE, customer)
    kept = app.read(profile, customer)
    assert kept is not None
    assert (kept["locale"], kept["particle"]) == ("fr", {"status": "ready"})
    store.user(customer.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})


def test_a_deleted_account_stays_deleted(app: Client) -> None:
    account, other = app.sign_up(), app.sign_up()
    app.create(f"users/{other.uid}", PROFILE, other)
    for uid in (account.uid, other.uid):
        store.deleted_user(uid).set({})
    assert is_refused(app.create, f"users/{account.uid}", PROFILE, account)
    assert is_refused(app.update, f"users/{other.uid}", {"locale": "fr"}, other)


@pytest.mark.parametrize("person", [*STRANGERS, "customer"])
@pytest.mark.parametrize("path", SERVER_ONLY)
def test_the_servers_collections_are_the_servers_alone(
    path: str, person: str, app: Client, customer: Account, who: Callable[[str], Account | None]
) -> None:
    account = customer if person == "customer" else who(person)
    assert is_refused(app.read, path, account)
    assert is_refused(app.documents, path.rpartition("/")[0], account)
    assert is_refused(app.create, path + "2", {"ownerUid": "me"}, account)
    assert is_refused(app.update, path, {"ownerUid": "me"}, account)
    assert is_refused(app.delete, path, account)
    assert store.client().document(path).get().to_dict() == {"ownerUid": customer.uid}


@pytest.mark.parametrize("group", ["devices", "events", "rollups", "commands", "activity", "users"])
def test_no_query_reaches_across_customers(group: str, app: Client, customer: Account) -> None:
    assert is_refused(app.query_group, group, customer)
