"""The rules of the one document that customers write: their profile.

Requests go to the emulator's REST API with ID tokens, as an app's would.
"""

import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.stack import Stack
from shared.api.names import given_name
from shared.firestore import paths
from tests.support.tokens import forged

pytestmark = pytest.mark.usefixtures("no_triggers")

DEVICE = "e00fce68ece1d3d21a73dcc9"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
UNREADABLE = [
    " ",
    "\u00a0\u3000",
    "\u200b",
    "\ufeff\u2060\u00ad",
    "\u200d",
    "\u3164",
    "\u2800",
    "\u115f\u1160",
    "\u0301",
    "\ufe0f",
    "\U000e0041",
    "a\u0000b",
    "a\nb",
    "a\tb",
    "a\u007fb",
    "a\u0085b",
    "a\u2028b",
    *(f"a{mark}b" for mark in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069"),
]
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
    for particle in ({"status": "error"}, {"status": "ready", "customerId": "x"}, "ready", None):
        assert is_refused(app.update, profile, {"particle": particle}, customer)
        assert is_refused(app.replace, profile, PROFILE | {"particle": particle}, customer)
    kept = app.read(profile, customer)
    assert kept is not None
    assert (kept["locale"], kept["particle"]) == ("fr", {"status": "ready"})
    paths.user(customer.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})


def test_a_profile_is_written_whole_before_and_after_the_servers_part(app: Client) -> None:
    """Without a mask the whole document is replaced, as by `setDoc` without `merge`."""
    account = app.sign_up()
    profile = f"users/{account.uid}"
    app.replace(profile, PROFILE, account)
    paths.user(account.uid).set({"particle": {"status": "ready"}}, merge=True)
    app.replace(profile, PROFILE | {"locale": "fr"}, account)
    assert app.read(profile, account) == PROFILE | {"locale": "fr"}
    assert is_refused(app.update, profile, {"particle": {"status": "ready"}}, account)
    paths.user(account.uid).set({"particle": {"status": "ready"}, "beta": True}, merge=True)
    assert is_refused(app.replace, profile, PROFILE, account), "nothing else can be removed"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 200,
        "\U0001f600" * 200,
        "e\u0301" * 100,
        FAMILY,
        "\u05e9\u05dc\u05d5\u05dd",
        "a b",
        "\U0001fae8",
    ],
)
def test_names_are_counted_in_characters(name: str, app: Client) -> None:
    account = app.sign_up()
    app.create(f"users/{account.uid}", {"displayName": name}, account)
    app.update(f"users/{account.uid}", {"displayName": name + "x" * (len(name) < 200)}, account)


@pytest.mark.parametrize("name", UNREADABLE)
def test_names_that_cannot_be_read_are_refused(name: str, app: Client, customer: Account) -> None:
    """By the same rule as the functions': what either refuses the other does too."""
    with pytest.raises(ValueError, match="name"):
        given_name(name)
    account = app.sign_up()
    assert is_refused(app.create, f"users/{account.uid}", {"displayName": name}, account)
    assert is_refused(app.update, f"users/{customer.uid}", {"displayName": name}, customer)


def test_a_name_from_before_there_was_a_rule_stays(app: Client) -> None:
    account = app.sign_up()
    paths.user(account.uid).set({"displayName": "a\u202eb"})
    app.update(f"users/{account.uid}", {"locale": "fr"}, account)


@pytest.mark.parametrize(
    "uid", ["{victim}/devices/{device}", "{victim}/", "{victim}/devices", "u" * 129]
)
def test_a_uid_that_is_no_single_id_reaches_nothing(
    uid: str, app: Client, customer: Account
) -> None:
    """Custom authentication lets the maker choose uids, perhaps by what people typed."""
    device = f"users/{customer.uid}/devices/{DEVICE}"
    paths.user_device(customer.uid, DEVICE).set({"name": "theirs"})
    attacker = forged(uid.format(victim=customer.uid, device=DEVICE))
    for path in (device, f"users/{customer.uid}", f"{device}/events/e1", f"users/{attacker.uid}"):
        for place in {path, path.replace("/", "%2F").replace("users%2F", "users/")}:
            for look in (app.read, app.documents, app.delete):
                assert is_refused_or_no_path(look, place, attacker)
            for write in (app.create, app.update, app.replace):
                assert is_refused_or_no_path(write, place, {"displayName": "x"}, attacker)
    assert paths.user_device(customer.uid, DEVICE).get().to_dict() == {"name": "theirs"}


def is_refused_or_no_path(act: Callable[..., Any], *arguments: Any) -> bool:
    try:
        return is_refused(act, *arguments)
    except AssertionError:  # neither 401 nor 403
        return "INVALID_ARGUMENT" in traceback.format_exc()


def test_a_deleted_account_stays_deleted(app: Client) -> None:
    account, other = app.sign_up(), app.sign_up()
    app.create(f"users/{other.uid}", PROFILE, other)
    for uid in (account.uid, other.uid):
        paths.deleted_user(uid).set({})
    assert is_refused(app.create, f"users/{account.uid}", PROFILE, account)
    assert is_refused(app.update, f"users/{other.uid}", {"locale": "fr"}, other)
