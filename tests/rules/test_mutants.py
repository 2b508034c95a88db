"""The rules' tests would notice: every loosened rule and every dropped condition lets somebody in.

Each mutant of `firestore.rules` replaces the rules in the emulator, and a set of attempts runs, of
which at least one has to end otherwise than with the true rules.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    "commands/c1",
    "activity/a1",
]
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
    for condition in ("request.auth != null", "request.auth.uid == uid"):
        found[f"{condition} is true"] = RULES.replace(condition, "true", 1)
    for old, new in (
        ("hasOnly(['displayName', 'timeZone', 'locale'])", "hasAny(['displayName'])"),
        ("{0,200}", "{0,201}"),
        ("{0,200}", "{0,100}"),
        ("[^/]{1,128}", "[^/]{1,129}"),
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


@pytest.fixture(scope="module")
def app(stack: Stack) -> Iterator[Client]:
    client = Client(stack)
    yield client
    client.close()


@pytest.fixture(scope="module")
def people(app: Client) -> People:
    made = People(app.sign_up(), app.sign_up(), app.sign_up(anonymous=True), app.sign_up())
    for account in (made.customer, made.anonymous, made.deleted):
        paths.user(account.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
        for path in READABLE:
            paths.client().document(f"users/{account.uid}/{path}").set({"event": "t"})
    paths.deleted_user(made.deleted.uid).set({})
    paths.device(DEVICE).set({"ownerUid": made.customer.uid})
    return made


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


def outcomes(app: Client, people: People) -> list[bool]:
    """Whether each attempt was let through; what it wrote is put back."""
    customer = people.customer
    tree = f"users/{customer.uid}"
    found = []
    for account in (None, people.another, people.anonymous, customer):
        found += [allowed(app.read, f"{tree}/{path}", account) for path in READABLE]
        found += [
            allowed(app.documents, f"{tree}/{path}".rpartition("/")[0], account)
            for path in READABLE
        ]
        found += [
            allowed(app.read, tree, account),
            allowed(app.documents, "users", account),
            allowed(app.update, tree, {"locale": "de"}, account),
            allowed(app.update, tree, {"particle": {"status": "error"}}, account),
            allowed(app.update, tree, {"displayName": "x", "admin": True}, account),
            # Without a mask the document is replaced, without what the server has written.
            allowed(app.replace, tree, {"displayName": "x"}, account),
            allowed(app.replace, tree, {"particle": {"status": "ready"}}, account),
            allowed(app.replace, tree, {"particle": {"status": "error"}}, account),
            *(allowed(app.update, tree, {"displayName": name}, account) for name in NAMES),
            allowed(app.update, tree, {"timeZone": "x" * 201}, account),
            allowed(app.update, tree, {"locale": "x" * 201}, account),
            allowed(app.update, tree, {"displayName": 7}, account),
            allowed(app.read, f"devices/{DEVICE}", account),
        ]
        paths.user(customer.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
    paths.user(customer.uid).set({"displayName": "Jo", "beta": True})
    found.append(allowed(app.replace, tree, {"displayName": "x"}, customer))
    paths.user(customer.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
    for uid in ("u" * 128, "u" * 129):
        found.append(allowed(app.update, f"users/{uid}", {"locale": "fr"}, account_of(uid)))
        paths.user(uid).delete()
    for path in READABLE:
        document = f"{tree}/{path}"
        found += [
            allowed(app.create, document + "2", {"event": "x"}, customer),
            allowed(app.update, document, {"event": "x"}, customer),
            allowed(app.delete, document, customer),
        ]
        paths.client().document(document + "2").delete()
        paths.client().document(document).set({"event": "t"})
    for account in (people.anonymous, people.deleted):
        own = f"users/{account.uid}"
        found += [allowed(app.read, f"{own}/{path}", account) for path in READABLE]
        found += [allowed(app.read, own, account)]
        found += [allowed(app.update, own, {"locale": "fr"}, account)]
        paths.user(account.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
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
            found.append(allowed(app.create, profile, fields, account))
            paths.user(account.uid).delete()
        found.append(allowed(app.create, f"users/{customer.uid}x", {}, account))
        paths.user(customer.uid + "x").delete()
        paths.user(account.uid).set({"displayName": "Jo"})
        found.append(allowed(app.delete, profile, account))
        paths.user(account.uid).set({"displayName": "Jo", "particle": {"status": "ready"}})
    return found


@pytest.fixture(scope="module")
def true_outcomes(app: Client, people: People) -> list[bool]:
    return outcomes(app, people)


@pytest.mark.parametrize("name", mutants())
def test_a_mutant_is_noticed(
    name: str,
    true_outcomes: list[bool],
    app: Client,
    people: People,
    set_rules: Callable[[str], None],
) -> None:
    set_rules(mutants()[name])
    assert outcomes(app, people) != true_outcomes


def test_there_are_mutants_of_every_rule() -> None:
    assert len(ALLOW.findall(RULES)) == RULES.count("allow ")
    assert len(mutants()) > 2 * RULES.count("allow ")
