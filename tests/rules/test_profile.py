"""The rules of the one document that customers write: their profile.

Requests go to the emulator's REST API with ID tokens, as an app's would.
"""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.stack import Stack
from shared.firestore import paths

pytestmark = pytest.mark.usefixtures("no_triggers")

DEVICE = "e00fce68ece1d3d21a73dcc9"
STRANGERS = ["another", "anonymous", "stranger"]


@pytest.fixture(scope="module")
def app(stack: Stack) -> Client:
    return Client(stack)


@pytest.fixture(scope="module")
def customer(app: Client) -> Account:
    """A customer with a profile."""
    account = app.sign_up()
    paths.user(account.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
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


def test_a_customer_reads_their_profile(app: Client, customer: Account) -> None:
    profile = app.read(f"users/{customer.uid}", customer)
    assert profile == {"displayName": "Jo", "particle": {"status": "ready"}}


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
    paths.user_device(account.uid, DEVICE).set({})
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
    paths.user(customer.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})


def test_a_deleted_account_stays_deleted(app: Client) -> None:
    account, other = app.sign_up(), app.sign_up()
    app.create(f"users/{other.uid}", PROFILE, other)
    for uid in (account.uid, other.uid):
        paths.deleted_user(uid).set({})
    assert is_refused(app.create, f"users/{account.uid}", PROFILE, account)
    assert is_refused(app.update, f"users/{other.uid}", {"locale": "fr"}, other)
