"""Tokens that apps were given end with their reason, whichever instance gave them."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from firebase_admin import auth

from local.client import Account, Client
from local.runs import ROOT
from local.stack import Stack
from shared import cache, connections, settings, sweep
from shared.customers import app_tokens, shadow
from shared.firestore import paths
from shared.particle import Share, Token
from shared.particle.tokens import LIFETIME
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support.command_line import CommandLine
from tests.support.functions import call, client, created, refusal
from tests.support.limits import forget_limits
from tests.support.simulator import Simulator

Particle = Callable[..., requests.Response]
END = {"route": "DELETE /v1/access_tokens"}


def mint(account: Account) -> str:
    token: str = call("mint_token", {}, account)["accessToken"]
    return token


def another_instance() -> None:
    """What this process remembers is gone, as in one that has served nobody yet."""
    cache.empty_all()
    connections.tokens.cache_clear()


@pytest.fixture
def works(particle: Particle) -> Callable[[str], bool]:
    """Whether a token works at Particle."""
    return lambda token: particle("GET", "/v1/devices", token).status_code == 200


def job(account: Account) -> int:
    """Deliver the job that ends the customer's tokens; the HTTP status of the answer."""
    return created("end_tokens", f"tokenEndings/{account.uid}")


def is_done(account: Account) -> bool:
    return not paths.token_ending(account.uid).get().exists


_MINT = """
import sys
from local.client import Account
from tests.support.functions import call
print("token", call("mint_token", {}, Account(sys.argv[1], sys.argv[2]))["accessToken"])
"""


@pytest.fixture
def given(owned: Label, customer: Account) -> str:
    """A token that another instance has given to an app: this process remembers nothing of it."""
    token = mint(customer)
    another_instance()
    return token


@pytest.fixture
def given_by_a_process(owned: Label, customer: Account, stack: Stack) -> str:
    """A token that another process has given to an app."""
    ran = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", _MINT, customer.uid, customer.id_token],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    (token,) = (line.split()[1] for line in ran.stdout.splitlines() if line.startswith("token "))
    return token


def revocation(label: Label, customer: Account) -> None:
    assert call("revoke_tokens", {}, customer) == {}


def release(label: Label, customer: Account) -> None:
    call("release_device", {"deviceId": label.device_id}, customer)


def deletion_of_the_account(label: Label, customer: Account) -> None:
    assert call("delete_account", {"confirm": "delete"}, customer) == {"status": "deleted"}


def disabling_in_the_console(label: Label, customer: Account) -> None:
    auth.update_user(customer.uid, disabled=True)
    assert client("settle_commands").post("/").status_code == 200


def deletion_in_the_console(label: Label, customer: Account) -> None:
    auth.delete_user(customer.uid)
    assert client("settle_commands").post("/").status_code == 200


def end_of_the_sessions_in_the_console(label: Label, customer: Account) -> None:
    later = int(datetime.now(UTC).timestamp()) + 1
    auth._get_client(None)._user_manager.update_user(customer.uid, valid_since=later)
    assert client("settle_commands").post("/").status_code == 200


WAYS = (
    revocation,
    release,
    deletion_of_the_account,
    disabling_in_the_console,
    deletion_in_the_console,
    end_of_the_sessions_in_the_console,
)


def test_a_token_of_another_process_is_dead(
    owned: Label, customer: Account, given_by_a_process: str, works: Callable[[str], bool]
) -> None:
    assert works(given_by_a_process)
    revocation(owned, customer)
    assert not works(given_by_a_process)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_token_of_another_instance_is_dead(
    way: Callable[[Label, Account], None],
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    particle: Particle,
    simulator: Simulator,
) -> None:
    connections.firebase()
    assert works(given)
    way(owned, customer)
    assert not works(given)
    assert is_done(customer)
    assert particle("POST", "/v1/devices", given, id=owned.device_id).status_code == 401


def test_blocking_a_device_ends_its_owners_tokens(
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    CommandLine(capsys).said("devices", "block", owned.serial_number, "--reason", "stolen")
    assert not works(given)


def test_not_with_a_device_that_is_not_the_last(
    owned: Label,
    new_label: Callable[..., Label],
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    simulator: Simulator,
) -> None:
    other = new_label()
    call("claim_device", other.claim, customer)
    release(other, customer)
    assert works(given)
    release(owned, customer)
    assert not works(given)


def test_others_and_those_who_have_none_cost_particle_nothing(
    owned: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    works: Callable[[str], bool],
    simulator: Simulator,
) -> None:
    call("claim_device", new_label().claim, another)
    token = mint(another)
    simulator.forget()
    revocation(owned, customer)
    assert simulator.requests() == []
    release(owned, customer)
    assert simulator.requests("POST", "/oauth/token") == []
    assert works(token)
    assert mint(another) == token


@pytest.mark.parametrize("instance", ["the same", "another"])
def test_a_token_that_was_ended_is_not_given_again(
    instance: str, owned: Label, customer: Account, works: Callable[[str], bool]
) -> None:
    """Though the instance that minted it still holds it, and is not the one that ended it."""
    first = mint(customer)
    held = app_tokens._minted.get(customer.uid)
    assert held
    assert mint(customer) == first
    if instance == "another":
        another_instance()
    revocation(owned, customer)
    app_tokens._minted.put(customer.uid, held)
    second = mint(customer)
    assert second != first
    assert works(second)
    assert mint(customer) == second
    actions = [a.get("action") for a in paths.activity(customer.uid).stream()]
    assert actions.count("tokens-revoked") == 1


@pytest.mark.parametrize("when", ["before Particle is asked", "after the minting"])
def test_a_token_that_is_minted_while_all_are_ended(
    when: str,
    owned: Label,
    customer: Account,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Never is a dead one given, and none that was minted in vain lives on."""
    earlier = mint(customer)
    another_instance()
    minted: list[str] = []
    tokens = connections.tokens()
    original = tokens.mint

    def meanwhile(name: str, share: Share) -> Token:
        monkeypatch.setattr(tokens, "mint", original)
        if when == "before Particle is asked":
            revocation(owned, customer)
        token = original(name, share)
        minted.append(token.value)
        if when == "after the minting":
            revocation(owned, customer)
        return token

    monkeypatch.setattr(tokens, "mint", meanwhile)
    given = mint(customer)
    assert works(given)
    assert given not in {earlier, *minted}
    assert not any(works(token) for token in (earlier, *minted))


def test_a_release_while_a_token_is_minted(
    owned: Label,
    customer: Account,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The release finds none to end; the token is not given."""
    another_instance()
    tokens = connections.tokens()
    original = tokens.mint
    minted: list[str] = []

    def meanwhile(name: str, share: Share) -> Token:
        monkeypatch.setattr(tokens, "mint", original)
        release(owned, customer)
        token = original(name, share)
        minted.append(token.value)
        return token

    monkeypatch.setattr(tokens, "mint", meanwhile)
    assert refusal("mint_token", {}, customer).reason == "no-device"
    assert not works(minted[-1])


def test_what_the_releases_request_did_not_see_its_job_ends(
    owned: Label,
    customer: Account,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A token that was given between the request's look and its commit."""
    monkeypatch.setattr(app_tokens, "are_out", lambda _: False)
    token = mint(customer)
    release(owned, customer)
    monkeypatch.undo()
    assert works(token)
    (of_it,) = (
        one.id for one in paths.releases().stream() if one.get("deviceId") == owned.device_id
    )
    assert created("finish_release", f"releases/{of_it}") < 300
    assert not works(token)


FAULTS: dict[str, dict[str, Any]] = {
    "away": {"kind": "status", "status": 503},
    "limit": {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    "cut before": {"kind": "cut-before"},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("next_run", ["trigger", "schedule"])
def test_what_particle_does_not_do_now_the_job_does(
    fault: str,
    next_run: str,
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    simulator: Simulator,
) -> None:
    simulator.fail(END, FAULTS[fault])
    revocation(owned, customer)
    assert works(given)
    assert not is_done(customer)
    assert job(customer) == 500, "the platform delivers it again"
    simulator.heal()
    if next_run == "trigger":
        assert job(customer) < 300
    else:
        sweep.run()
    assert not works(given)
    assert is_done(customer)
    assert job(customer) < 300, "delivered twice"


def test_a_cut_answer_is_no_failure(
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    simulator: Simulator,
) -> None:
    """The second try is told that its token is dead, which is what was asked for."""
    simulator.fail(END, {"kind": "cut-after"}, count=1)
    revocation(owned, customer)
    assert not works(given)
    assert is_done(customer)


def test_while_the_budget_is_spent_the_job_comes_again(
    owned: Label, customer: Account, given: str, works: Callable[[str], bool]
) -> None:
    """Apps and claims alone cannot spend the share that tokens are ended with."""
    budget = connections.tokens()._budget
    for _ in range(200):
        try:
            budget.acquire(Share.CLAIM)
        except Exception:  # noqa: BLE001 - it is spent
            break
    revocation(owned, customer)
    assert not works(given)
    forget_limits()

    token = mint(customer)
    for _ in range(200):
        try:
            budget.acquire(Share.ENDING)
        except Exception:  # noqa: BLE001 - it is spent
            break
    revocation(owned, customer)
    assert works(token)
    assert job(customer) == 500
    # Nobody gets another one meanwhile.
    assert refusal("mint_token", {}, customer).reason == "particle-rate-limited"
    forget_limits()
    assert job(customer) < 300
    assert not works(token)


def test_tokens_that_have_expired_need_no_ending(
    owned: Label, customer: Account, given: str, simulator: Simulator
) -> None:
    simulator.fail(END, {"kind": "status", "status": 503})
    revocation(owned, customer)
    past = datetime.now(UTC) - timedelta(seconds=1)
    paths.app_tokens(customer.uid).update({"until": round(past.timestamp() * 1000)})
    simulator.forget()
    assert job(customer) < 300
    assert is_done(customer)
    assert simulator.requests() == []
    simulator.heal()
    assert mint(customer)


def test_asked_for_again_while_it_is_done(
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second one may be about a token that the first one came too early for."""
    particle = connections.particle()
    revoke_tokens = particle.revoke_tokens
    ended: list[str] = []

    def meanwhile(token: str) -> None:
        if not ended:
            app_tokens.request_end(customer.uid)
        ended.append(token)
        revoke_tokens(token)

    monkeypatch.setattr(particle, "revoke_tokens", meanwhile)
    revocation(owned, customer)
    assert len(ended) == 2
    assert is_done(customer)
    assert mint(customer)


def test_two_runs_at_once_do_no_harm(
    owned: Label, customer: Account, given: str, works: Callable[[str], bool], simulator: Simulator
) -> None:
    simulator.fail(END, {"kind": "status", "status": 503})
    revocation(owned, customer)
    simulator.heal()
    runs = [threading.Thread(target=app_tokens.finish, args=(customer.uid,)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert not works(given)
    assert is_done(customer)
    assert works(mint(customer))


def test_nothing_of_a_deleted_account_is_kept(
    owned: Label, customer: Account, given: str, simulator: Simulator
) -> None:
    simulator.fail(END, {"kind": "status", "status": 503})
    assert call("delete_account", {"confirm": "delete"}, customer) == {"status": "scheduled"}
    assert not is_done(customer)
    simulator.heal()
    deletion.run(customer.uid)
    for reference in (paths.app_tokens(customer.uid), paths.token_ending(customer.uid)):
        assert not reference.get().exists


def test_a_customer_who_is_deleted_at_particle_takes_all_tokens_along(
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = connections.tokens().server
    connections.particle().delete_customer(server, shadow.customer_name(customer.uid))
    revocation(owned, customer)
    assert is_done(customer)
    assert not works(given)


def test_all_that_were_given_end(
    owned: Label,
    customer: Account,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = mint(customer)
    with monkeypatch.context() as patch:  # as after five minutes
        patch.setattr(app_tokens, "VALID_FOR", LIFETIME + 1)
        second = mint(customer)
    assert first != second
    revocation(owned, customer)
    assert not any(map(works, (first, second)))
    assert works(mint(customer))


def test_twice_is_no_failure(owned: Label, customer: Account) -> None:
    mint(customer)
    for _ in range(2):
        revocation(owned, customer)


def test_the_server_itself_goes_on(
    owned: Label, new_label: Callable[..., Label], customer: Account, particle: Particle
) -> None:
    """With the token that it holds for claiming, which is dead as well."""
    mint(customer)
    revocation(owned, customer)
    label = new_label()
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id


def test_what_auth_says_of_a_customer_in_good_standing_ends_nothing(
    owned: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where several pages of users have tokens."""
    call("claim_device", new_label().claim, another)
    tokens = [mint(customer), mint(another)]
    monkeypatch.setattr(app_tokens, "AUTH_PAGE", 1)
    auth.update_user(another.uid, disabled=True)
    sweep.run()
    assert list(map(works, tokens)) == [True, False]


def test_in_mode_product_there_are_none(
    owned: Label, customer: Account, client: Client, product_mode: None
) -> None:
    answer = refusal("revoke_tokens", {}, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "not-in-this-mode")


def test_after_the_mode_was_changed_those_that_are_out_still_end(
    owned: Label,
    customer: Account,
    given: str,
    works: Callable[[str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARTICLE_ACCESS_MODE", "product")
    settings.access_mode.cache_clear()
    try:
        release(owned, customer)
    finally:
        monkeypatch.undo()
        settings.access_mode.cache_clear()
    assert not works(given)
