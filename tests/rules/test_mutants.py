"""The rules' tests would notice: every loosened rule and every dropped condition lets somebody in.

Each mutant of `firestore.rules` replaces the rules in the emulator, and a set of attempts runs, of
which at least one has to end otherwise than with the true rules.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.runs import ROOT
from local.stack import Stack
from shared.firestore import paths
from tests.support.tokens import forged as account_of

pytestmark = pytest.mark.usefixtures("no_triggers")
RULES = (Path(ROOT) / "firestore.rules").read_text(encoding="utf-8")
DEVICE = "e00fce68ece1d3d21a73dcc9"
READABLE = [
    f"devices/{DEVICE}",
    f"devices/{DEVICE}/events/e1",
    f"devices/{DEVICE}/rollups/r1",
    f"devices/{DEVICE}/alerts/a1",
    f"devices/{DEVICE}/alertLog/l1",
    f"devices/{DEVICE}/schedules/s1",
    f"devices/{DEVICE}/shares/s1",
    f"devices/{DEVICE}/invitations/i1",
    "commands/c1",
    "activity/a1",
    f"shared/{DEVICE}",
    "preferences/notifications",
    "webhooks/w1",
]
GUESTS = ("viewer", "manager", "expired", "of another device", "of another owner", "anonymous")
PROFILE = {"displayName": "Jo", "particle": {"status": "ready"}}
NAMES = ("x" * 200, "x" * 201, "\U0001f600" * 200, "a\tb", "a\u202eb", " ", "\u3164", "")
ALLOW = re.compile(r"allow (\w+): if [^;]+;")

# Mutants that behave like the true rules, with the reason.
EQUIVALENT: dict[str, str] = {
    "request.auth != null": (
        "without it, request.auth.uid of a stranger is an error, and an error refuses"
    ),
    "allow update #2 for all verbs": (
        "reads, creates and deletes lack request.resource or resource, which is an error"
    ),
}


def mutants() -> dict[str, str]:
    """Each `allow` without its condition, each condition dropped, each limit widened; by name."""
    found = {}
    for number, match in enumerate(ALLOW.finditer(RULES)):
        loose = f"allow {match[1]}: if true;"
        name = f"allow {match[1]} #{number} to everybody"
        found[name] = RULES[: match.start()] + loose + RULES[match.end() :]
        if match[1] != "read":
            wider = match[0].replace(f"allow {match[1]}:", "allow read, write:")
            name = f"allow {match[1]} #{number} for all verbs"
            found[name] = RULES[: match.start()] + wider + RULES[match.end() :]
    for number, match in enumerate(re.finditer(r"\s*&& ([^\n&;]+)", RULES)):
        # A bracket that was opened before the condition stays.
        rest = ")" * (match[1].count(")") - match[1].count("("))
        dropped = RULES[: match.start()] + rest + RULES[match.end() :]
        found[f"without && {match[1].strip()} #{number}"] = dropped
    for condition in ("request.auth != null", "found.ownerUid == uid"):
        found[f"{condition} is true"] = RULES.replace(condition, "true", 1)
    for old, new in (
        ("hasOnly(['displayName', 'timeZone', 'locale'])", "hasAny(['displayName'])"),
        ("{0,200}", "{0,201}"),
        ("{0,200}", "{0,100}"),
        ("[^/]{1,128}", "[^/]{1,129}"),
        ("return isSignedIn()\n        && request", "return true\n        && request"),
        ("return isSignedIn()\n        && share", "return true\n        && share"),
        ("found.expiresAt == null", "found.expiresAt != null"),
        ("> request.time", "!= request.time"),
        ("allow list: if isCustomer(uid)", "allow list: if isSignedIn()"),
        ("|| (resource.data.by", "|| (true || resource.data.by"),
        ("|| (resource.data.by == request.auth.uid && ", "|| ("),
        ("== 'manager'", "!= 'viewr'"),
        ("/shared/$(deviceId)", "/shared/" + DEVICE),
        ("is string", "is list"),
        (", 'particle'", ""),
        ("\\\\p{Cc}\\\\p{Zl}", ""),
        ("\\\\x{202A}-\\\\x{202E}", ""),
        ("\\\\x{3164}", ""),
    ):
        found[f"{old} becomes {new}"] = RULES.replace(old, new, 1)
    return {
        name: text
        for name, text in found.items()
        if text != RULES and not any(equivalent in name for equivalent in EQUIVALENT)
    }


@dataclass(frozen=True)
class People:
    """Who tries."""

    customer: Account
    another: Account
    anonymous: Account
    deleted: Account
    guests: dict[str, Account]
    """Who has, or had, a share of the customer's device, or one that is not of that."""


@pytest.fixture(scope="module")
def app(stack: Stack) -> Iterator[Client]:
    client = Client(stack)
    yield client
    client.close()


@pytest.fixture(scope="module")
def people(app: Client) -> People:
    guests = {
        name: app.sign_up(anonymous=name == "anonymous") for name in (*GUESTS, "deleted guest")
    }
    guests["inside"] = account_of(f"{guests['manager'].uid}/x/y")
    return People(app.sign_up(), app.sign_up(), app.sign_up(anonymous=True), app.sign_up(), guests)


def put_in_place(people: People) -> None:
    """The documents as each run of the attempts finds them."""
    customer, client = people.customer, paths.client()
    batch = client.batch()
    for account in (customer, people.another, people.anonymous, people.deleted):
        batch.set(paths.user(account.uid), PROFILE)
    for account in (customer, people.anonymous, people.deleted):
        for path in READABLE:
            batch.set(client.document(f"users/{account.uid}/{path}"), {"event": "t"})
            batch.delete(client.document(f"users/{account.uid}/{path}2"))
    for account in (people.deleted, people.guests["deleted guest"]):
        batch.set(paths.deleted_user(account.uid), {})
    batch.delete(paths.deleted_user(customer.uid))
    batch.set(paths.device(DEVICE), {"ownerUid": customer.uid})
    for name, guest in people.guests.items():
        share = {
            "ownerUid": people.another.uid if name == "of another owner" else customer.uid,
            "role": "viewer" if name == "viewer" else "manager",
            "expiresAt": datetime.now(UTC) if name == "expired" else None,
        }
        device_id = DEVICE[::-1] if name == "of another device" else DEVICE
        batch.set(client.document(f"users/{guest.uid}/shared/{device_id}"), share)
        batch.set(paths.command(customer.uid, f"by-{name}"), {"by": guest.uid, "deviceId": DEVICE})
    batch.commit()


@pytest.fixture
def set_rules(stack: Stack) -> Iterator[Callable[[str], None]]:
    url = f"http://{stack.firestore_host}/emulator/v1/projects/{stack.project_id}:securityRules"

    def put(text: str) -> None:
        body = {"rules": {"files": [{"name": "firestore.rules", "content": text}]}}
        answer = requests.put(url, json=body, timeout=30)
        assert answer.ok, answer.text

    yield put
    put(RULES)


def allowed(act: Callable[..., Any], *arguments: Any) -> bool:
    try:
        act(*arguments)
    except requests.HTTPError as error:
        # 404 and 409 come after the rules have let the request through.
        return error.response.status_code not in {401, 403}
    return True


def outcomes(app: Client, people: People) -> Iterator[bool]:
    """Whether each attempt is let through, one after the other."""
    put_in_place(people)
    yield from _owner_and_strangers(app, people)
    yield from _guests(app, people)
    yield from _writes(app, people)
    yield from _own_trees(app, people)


def _owner_and_strangers(app: Client, people: People) -> Iterator[bool]:
    customer = people.customer
    tree = f"users/{customer.uid}"
    for account in (None, people.another, people.anonymous, customer):
        for path in READABLE:
            yield allowed(app.read, f"{tree}/{path}", account)
            yield allowed(app.documents, f"{tree}/{path}".rpartition("/")[0], account)
        yield allowed(app.read, tree, account)
        yield allowed(app.documents, "users", account)
        yield allowed(app.update, tree, {"locale": "de"}, account)
        yield allowed(app.update, tree, {"particle": {"status": "error"}}, account)
        yield allowed(app.update, tree, {"displayName": "x", "admin": True}, account)
        # Without a mask the document is replaced, without what the server has written.
        yield allowed(app.replace, tree, {"displayName": "x"}, account)
        yield allowed(app.replace, tree, {"particle": {"status": "ready"}}, account)
        yield allowed(app.replace, tree, {"particle": {"status": "error"}}, account)
        for name in NAMES:
            yield allowed(app.update, tree, {"displayName": name}, account)
        yield allowed(app.update, tree, {"timeZone": "x" * 201}, account)
        yield allowed(app.update, tree, {"locale": "x" * 201}, account)
        yield allowed(app.update, tree, {"displayName": 7}, account)
        yield allowed(app.read, f"devices/{DEVICE}", account)
        paths.user(customer.uid).set(PROFILE)
    paths.user(customer.uid).set({"displayName": "Jo", "beta": True})
    yield allowed(app.replace, tree, {"displayName": "x"}, customer)
    paths.user(customer.uid).set(PROFILE)
    for uid in ("u" * 128, "u" * 129):
        yield allowed(app.update, f"users/{uid}", {"locale": "fr"}, account_of(uid))
        paths.user(uid).delete()


def _guests(app: Client, people: People) -> Iterator[bool]:
    tree = f"users/{people.customer.uid}"
    shared = [path for path in READABLE if path.startswith("devices")]
    for name, guest in people.guests.items():
        for path in shared:
            yield allowed(app.read, f"{tree}/{path}", guest)
            yield allowed(app.documents, f"{tree}/{path}".rpartition("/")[0], guest)
        for made_by in {name, "viewer"}:
            yield allowed(app.read, f"{tree}/commands/by-{made_by}", guest)
    guest = people.guests["manager"]
    for path in ("commands", "activity", "shared", "activity/a1", f"shared/{DEVICE}", ""):
        act = app.read if "/" in path or not path else app.documents
        yield allowed(act, f"{tree}/{path}".rstrip("/"), guest)
    yield allowed(app.read, f"{tree}/devices/{DEVICE[::-1]}", guest)
    for path in shared:
        yield allowed(app.update, f"{tree}/{path}", {"role": "manager"}, guest)
    paths.deleted_user(people.customer.uid).set({})
    for path in (*shared, "commands/by-manager"):
        yield allowed(app.read, f"{tree}/{path}", guest)
    paths.deleted_user(people.customer.uid).delete()


def _writes(app: Client, people: People) -> Iterator[bool]:
    customer = people.customer
    for path in READABLE:
        document = f"users/{customer.uid}/{path}"
        yield allowed(app.create, document + "2", {"event": "x"}, customer)
        yield allowed(app.update, document, {"event": "x"}, customer)
        yield allowed(app.delete, document, customer)
        paths.client().document(document + "2").delete()
        paths.client().document(document).set({"event": "t"})


def _own_trees(app: Client, people: People) -> Iterator[bool]:
    for account in (people.anonymous, people.deleted):
        own = f"users/{account.uid}"
        for path in READABLE:
            yield allowed(app.read, f"{own}/{path}", account)
        yield allowed(app.read, own, account)
        yield allowed(app.update, own, {"locale": "fr"}, account)
    for account in (people.another, people.anonymous, people.deleted):
        profile = f"users/{account.uid}"
        paths.user(account.uid).delete()
        forged: list[dict[str, Any]] = [
            {"particle": {}},
            {"displayName": "x", "admin": True},
            {"displayName": "x" * 201},
            {"timeZone": 7},
            {"locale": "x" * 201},
            {},
        ]
        for fields in forged:
            yield allowed(app.create, profile, fields, account)
            paths.user(account.uid).delete()
        yield allowed(app.create, f"users/{people.customer.uid}x", {}, account)
        paths.user(people.customer.uid + "x").delete()
        paths.user(account.uid).set({"displayName": "Jo"})
        yield allowed(app.delete, profile, account)


@pytest.fixture(scope="module")
def true_outcomes(app: Client, people: People) -> list[bool]:
    return list(outcomes(app, people))


@pytest.mark.parametrize("name", mutants())
def test_a_mutant_is_noticed(
    name: str,
    true_outcomes: list[bool],
    app: Client,
    people: People,
    set_rules: Callable[[str], None],
) -> None:
    set_rules(mutants()[name])
    found = outcomes(app, people)
    assert any(outcome != true for outcome, true in zip(found, true_outcomes, strict=True))


def test_there_are_mutants_of_every_rule() -> None:
    assert len(ALLOW.findall(RULES)) == RULES.count("allow ")
    assert len(mutants()) > 2 * RULES.count("allow ")
