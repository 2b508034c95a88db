"""A stranger who has claimed a device at Particle by its id alone: found and ended, in any mode."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.client import Account
from local.stack import Stack
from shared import cache, connections, settings
from shared.claims import at_particle, strangers
from shared.customers import shadow
from shared.firestore import paths
from shared.particle import client as particle_client
from shared.registry import hold
from shared.registry.entry import Entry
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, client, created, refusal
from tests.support.limits import forget_limits
from tests.support.simulator import Simulator

Particle = Callable[..., requests.Response]
DEVELOPER = "stranger@example.com"


@pytest.fixture(autouse=True)
def _few_devices(clean_stack: Stack) -> None:
    """So that one run of the schedule looks at all of them."""


@pytest.fixture
def developer(clean_stack: Stack) -> str:
    """The token of an account at Particle that is nobody's here."""
    url, login = clean_stack.simulator_url, {"username": DEVELOPER, "password": "secret"}
    requests.post(f"{url}/v1/users", data=login, timeout=30)
    grant = {"grant_type": "password", "client_id": "particle", "client_secret": "particle"}
    answer = requests.post(f"{url}/oauth/token", data={**grant, **login}, timeout=30)
    token: str = answer.json()["access_token"]
    return token


@pytest.fixture
def customers_token(clean_stack: Stack, another: Account) -> str:
    """The token of a customer who owns nothing, such as a former owner."""
    return token_at_particle(another)


@pytest.fixture(params=["customer", "product"])
def mode(
    request: pytest.FixtureRequest,
    developer: str,
    customers_token: str,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The access mode; the strangers have their tokens from before."""
    monkeypatch.setenv("PARTICLE_ACCESS_MODE", request.param)
    settings.access_mode.cache_clear()
    shadow._ready.empty()
    yield request.param
    monkeypatch.undo()
    settings.access_mode.cache_clear()


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], None]:
    """Gives a setting a value."""
    return lambda name, value: monkeypatch.setattr(settings, name, lambda: value)


def take(label: Label, token: str, particle: Particle) -> None:
    """Free the device at Particle, which needs no stranger's trick, and let a stranger claim it."""
    connections.particle().release_device(connections.tokens().server, label.device_id)
    assert particle("POST", "/v1/devices", token, id=label.device_id).status_code == 200


def right(mode: str, customer: Account | None) -> str | None:
    """Who is to own the device at Particle when that customer owns it here."""
    return shadow.opaque_name(customer.uid) if customer and mode == "customer" else None


def found(account: Account) -> list[dict[str, Any]]:
    activity = [snapshot.to_dict() or {} for snapshot in paths.activity(account.uid).stream()]
    return [entry for entry in activity if entry["action"] == "foreign-claim-ended"]


def alarms(capsys: pytest.CaptureFixture[str]) -> int:
    """Lines of the log that alarms watch, since it was last looked at."""
    return capsys.readouterr().out.count('"foreign-owner-found"')


def comes_online(label: Label, account: Account) -> None:
    paths.online(label.device_id).set({"since": datetime.now(UTC)})
    assert created("send_queued", f"devices/{label.device_id}/presence/online") < 300


def is_listed(label: Label, account: Account) -> None:
    call("list_devices", {"refresh": True}, account)


def is_claimed_again(label: Label, account: Account) -> None:
    assert call("claim_device", label.claim, account)["deviceId"] == label.device_id


def is_met_by_the_schedule(label: Label, account: Account) -> None:
    assert client("settle_commands").post("/").status_code == 200


OCCASIONS = (comes_online, is_listed, is_claimed_again, is_met_by_the_schedule)


@pytest.mark.parametrize("who", ["developer", "customers_token"])
@pytest.mark.parametrize("occasion", OCCASIONS, ids=lambda occasion: occasion.__name__)
def test_of_a_device_with_an_owner(
    occasion: Callable[[Label, Account], None],
    who: str,
    mode: str,
    label: Label,
    customer: Account,
    developer: str,
    customers_token: str,
    particle: Particle,
    simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call("claim_device", label.claim, customer)
    take(label, developer if who == "developer" else customers_token, particle)
    path = f"/v1/devices/{label.device_id}/set_target"
    token = developer if who == "developer" else customers_token
    assert particle("POST", path, token, arg="30").status_code == 200, "they control it"
    cache.empty_all()
    capsys.readouterr()
    occasion(label, customer)
    assert simulator.device(label.device_id)["owner"] == right(mode, customer)
    assert alarms(capsys) == 1
    (entry,) = found(customer)
    assert entry["deviceId"] == label.device_id
    registry = paths.device(label.device_id).get().to_dict() or {}
    assert registry["ownerUid"] == customer.uid
    assert "reservedBy" not in registry
    assert particle("POST", path, token, arg="30").status_code == 403
    # When all is as it should be, nothing is done.
    simulator.forget()
    occasion(label, customer)
    assert [r for r in simulator.requests() if r["method"] != "GET"] == []
    assert (alarms(capsys), len(found(customer))) == (0, 1)


def publishes(label: Label) -> None:
    path = f"devices/{label.device_id}/events/e1"
    assert created("confirm_claim", path) < 300


@pytest.mark.parametrize("who", ["developer", "customers_token"])
@pytest.mark.parametrize("occasion", ["publishes", "schedule"])
def test_of_stock(
    occasion: str,
    who: str,
    mode: str,
    label: Label,
    developer: str,
    customers_token: str,
    particle: Particle,
    simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    take(label, developer if who == "developer" else customers_token, particle)
    capsys.readouterr()
    if occasion == "publishes":
        publishes(label)
    else:
        is_met_by_the_schedule(label, Account("", ""))
    assert simulator.device(label.device_id)["owner"] is None
    assert alarms(capsys) == 1
    assert "reservedBy" not in (paths.device(label.device_id).get().to_dict() or {})


def test_a_former_owner(
    mode: str,
    label: Label,
    another: Account,
    customers_token: str,
    particle: Particle,
    simulator: Simulator,
) -> None:
    """Whose name at Particle has been the right one, when the schedule last looked."""
    call("claim_device", label.claim, another)
    is_met_by_the_schedule(label, another)
    call("release_device", {"deviceId": label.device_id}, another)
    assert particle("POST", "/v1/devices", customers_token, id=label.device_id).status_code == 200
    is_met_by_the_schedule(label, another)
    assert simulator.device(label.device_id)["owner"] is None


def test_what_is_nobodys_business(
    mode: str,
    label: Label,
    new_label: Callable[..., Label],
    developer: str,
    particle: Particle,
    simulator: Simulator,
) -> None:
    """Devices that are not registered here, or not in the product."""
    unknown = simulator.add_device(kind="thermostat")["id"]
    assert particle("POST", "/v1/devices", developer, id=unknown).status_code == 200
    elsewhere = new_label(product=None)
    for device in (unknown, elsewhere.device_id):
        publishes(Label(device, "", ""))
    is_met_by_the_schedule(label, Account("", ""))
    assert simulator.device(unknown)["owner"] == DEVELOPER


def test_not_while_somebody_claims_it(
    mode: str,
    label: Label,
    customer: Account,
    developer: str,
    particle: Particle,
    simulator: Simulator,
) -> None:
    """Particle may know the new owner before the registry does."""
    take(label, developer, particle)
    reservation = hold.reserve(customer.uid, Entry.read(label.device_id))
    publishes(label)
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == DEVELOPER
    reservation.release()
    publishes(label)
    assert simulator.device(label.device_id)["owner"] is None


def test_not_while_a_release_is_pending(
    mode: str,
    label: Label,
    customer: Account,
    simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its own job ends the former owner's claim, who is no stranger."""
    call("claim_device", label.claim, customer)
    release = {"route": "DELETE /v1/products/*/devices/*/owner"}
    simulator.fail(release, {"kind": "status", "status": 400})
    call("release_device", {"deviceId": label.device_id}, customer)
    simulator.heal()
    capsys.readouterr()
    publishes(label)
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == right(mode, customer)
    assert alarms(capsys) == 0


def test_a_claim_code_that_is_out(
    label: Label, customer: Account, developer: str, particle: Particle, simulator: Simulator
) -> None:
    """Whoever awaits the device is no stranger; somebody else is in their way."""
    code = call("create_claim_code", label.claim, customer)["claimCode"]
    take(label, developer, particle)
    publishes(label)
    assert simulator.device(label.device_id)["owner"] is None
    simulator.connect(label.device_id, code)
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.opaque_name(customer.uid)
    publishes(label)
    assert paths.device(label.device_id).get().get("ownerUid") == customer.uid
    # When the hour is over, it is somebody who has not become the owner.
    paths.device(label.device_id).update(
        {"ownerUid": None, "awaitedBy": customer.uid, "awaitedUntil": datetime.now(UTC)}
    )
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] is None


def test_the_makers_own_account(
    mode: str,
    label: Label,
    customer: Account,
    developer: str,
    particle: Particle,
    simulator: Simulator,
    setting: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    setting("own_accounts", frozenset({DEVELOPER}))
    take(label, developer, particle)
    capsys.readouterr()
    publishes(label)
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == DEVELOPER
    call("claim_device", label.claim, customer)
    kept = DEVELOPER if mode == "product" else right(mode, customer)
    assert simulator.device(label.device_id)["owner"] == kept
    # In the field, for support: a claim of its owner alone ends it.
    take(label, developer, particle)
    for occasion in (comes_online, is_listed, is_met_by_the_schedule):
        occasion(label, customer)
        assert simulator.device(label.device_id)["owner"] == DEVELOPER
    is_claimed_again(label, customer)
    assert simulator.device(label.device_id)["owner"] == kept
    # A release frees it, in mode product for everybody but the maker.
    call("release_device", {"deviceId": label.device_id}, customer)
    assert simulator.device(label.device_id)["owner"] == (kept if mode == "product" else None)
    assert "releasePending" not in (paths.device(label.device_id).get().to_dict() or {})
    assert alarms(capsys) == (0 if mode == "product" else 1)


def test_a_setting_turns_it_off(
    mode: str,
    label: Label,
    customer: Account,
    developer: str,
    particle: Particle,
    simulator: Simulator,
    setting: Callable[[str, object], None],
) -> None:
    """While owners at Particle are still to be taken over. A claim with the code ends it anyway."""
    off = False
    setting("end_foreign_claims", off)
    call("claim_device", label.claim, customer)
    take(label, developer, particle)
    for occasion in (comes_online, is_listed, is_met_by_the_schedule):
        occasion(label, customer)
        assert simulator.device(label.device_id)["owner"] == DEVELOPER
    is_claimed_again(label, customer)
    assert simulator.device(label.device_id)["owner"] == right(mode, customer)


def test_particle_fails_and_the_next_look_ends_it(
    mode: str,
    label: Label,
    customer: Account,
    developer: str,
    particle: Particle,
    simulator: Simulator,
) -> None:
    call("claim_device", label.claim, customer)
    take(label, developer, particle)
    release = {"route": "DELETE /v1/products/*/devices/*/owner"}
    simulator.fail(release, {"kind": "status", "status": 400})
    for occasion in (comes_online, is_listed, is_met_by_the_schedule):
        occasion(label, customer)
    assert refusal("claim_device", label.claim, customer).reason == "particle-unavailable"
    assert simulator.device(label.device_id)["owner"] == DEVELOPER
    assert "reservedBy" not in (paths.device(label.device_id).get().to_dict() or {})
    simulator.heal()
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == right(mode, customer)


def test_without_a_token_for_the_owner_nothing_is_ended(
    label: Label,
    customer: Account,
    developer: str,
    particle: Particle,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nobody would own it, and the next stranger could. The schedule stays at that page."""
    call("claim_device", label.claim, customer)
    take(label, developer, particle)
    cache.empty_all()
    connections.tokens().server.token()
    simulator.fail({"route": "POST /oauth/token"}, {"kind": "status", "status": 429})
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == DEVELOPER
    simulator.heal()
    forget_limits()
    is_met_by_the_schedule(label, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.opaque_name(customer.uid)


def test_the_schedule_goes_through_all_pages_a_few_at_a_time(
    mode: str,
    new_label: Callable[..., Label],
    developer: str,
    particle: Particle,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(particle_client, "PER_PAGE", 2)
    monkeypatch.setattr(strangers, "PER_PAGE", 2)
    monkeypatch.setattr(strangers, "PAGES", 2)
    labels = [new_label() for _ in range(9)]
    for label in labels:
        take(label, developer, particle)

    def left() -> int:
        return sum(simulator.device(label.device_id)["owner"] is not None for label in labels)

    def run() -> int:
        """Of the schedule; the pages that it reads."""
        simulator.forget()
        assert client("settle_commands").post("/").status_code == 200
        return sum(r["path"].endswith("/devices") for r in simulator.requests("GET"))

    progress = paths.health("ownersAtParticle")
    devices = int(requests.get(simulator._url + "/devices?limit=0", timeout=30).json()["total"])
    runs = 0
    while progress.get().to_dict() is None or progress.get().get("page") != 1:
        pages = run()
        runs += 1
        assert pages == 2 or progress.get().get("page") == 1
        assert left() >= 9 - 4 * runs
    assert (left(), runs) == (0, devices // 4 + 1)
    assert progress.get().get("finishedAt") is not None

    # What costs many reads ends a run too, and so does the time. Then the next one goes on.
    for label in labels:
        take(label, developer, particle)
    monkeypatch.setattr(strangers, "PAGES", 99)
    monkeypatch.setattr(strangers, "READS", 3)
    run()
    assert 0 < 9 - left() <= 4
    monkeypatch.setattr(strangers, "READS", 99)
    before, page = left(), progress.get().get("page")
    strangers.sweep(-1)
    assert left() == before
    assert progress.get().get("page") - page in {0, 1}, "the next run goes on there"
    run()
    assert left() == 0


def test_a_device_that_comes_and_goes_asks_particle_a_few_times_a_minute(
    mode: str, label: Label, customer: Account, simulator: Simulator
) -> None:
    call("claim_device", label.claim, customer)
    cache.empty_all()
    simulator.forget()
    for _ in range(20):
        comes_online(label, customer)
        publishes(label)
    assert len(simulator.requests("GET")) <= 5


def test_customers_with_addresses_for_names(
    label: Label,
    customer: Account,
    simulator: Simulator,
    firestore_requests: Callable[[], list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are read for a whole page at once."""
    name = f"jo-{secrets.token_hex(4)}@example.com"
    setting = settings.particle()
    pair = (setting.client_id, setting.client_secret)
    connections.particle().create_customer(pair, name)
    assert shadow.adopt(customer.uid, name)
    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == name
    shadow._ready.empty()
    connections.tokens().server.token()
    capsys.readouterr()
    firestore_requests()
    strangers.sweep(10)
    made = firestore_requests()
    assert made == ["BatchGetDocuments"] * 3 + ["Commit"], "progress, entries, names; progress"
    assert simulator.device(label.device_id)["owner"] == name
    assert alarms(capsys) == 0


def test_what_the_release_of_another_mode_has_left(
    mode: str,
    label: Label,
    customer: Account,
    simulator: Simulator,
    developer: str,
    particle: Particle,
) -> None:
    """`mismatches --repair` and the schedule do the same, and so do not differ."""
    call("claim_device", label.claim, customer)
    take(label, developer, particle)
    device = at_particle.in_product(label.device_id)
    assert not at_particle.agrees(device, Entry.read(label.device_id))
    at_particle.put_right(Entry.read(label.device_id), "test")
    device = at_particle.in_product(label.device_id)
    assert at_particle.agrees(device, Entry.read(label.device_id))
    assert datetime.now(UTC) - found(customer)[0]["at"] < timedelta(minutes=1)
