"""`particle check | integrate | disintegrate`, against a simulator alone: nothing is deployed."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import requests

from admin.app import main
from admin.doctor.finding import State
from local import runs
from shared import settings
from shared.particle import Integration, Particle, TokenCache
from tests.contract.test_python_client import CLIENT, PRODUCT, Boundless
from tests.support.simulator import Simulator

TOPIC = "projects/demo-particle/topics/particle-events"
Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def world(simulator_url: str) -> Iterator[Simulator]:
    """The demo's settings, with this simulator; nothing else listens."""
    requests.post(f"{simulator_url}/control/reset", timeout=10).raise_for_status()
    caches = (settings.particle, settings.access_mode)
    nowhere = dict.fromkeys(runs.ADDRESSES, "127.0.0.1:9")
    with mock.patch.dict(os.environ, nowhere | {"PARTICLE_API_URL": simulator_url}):
        for name in ("PARTICLE_CLIENT_ID", "PARTICLE_CLIENT_SECRET"):
            os.environ.pop(name, None)
        for cache in caches:
            cache.cache_clear()
        yield Simulator(simulator_url)
    for cache in caches:
        cache.cache_clear()


UNRECORDED = re.compile(r"This is not in the audit trail\. .*\n")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; gives its exit status and what it printed.

    But for the word that there is no Firestore here, and so no audit trail.
    """

    def command(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        settings.particle.cache_clear()
        settings.access_mode.cache_clear()
        status = main([*arguments, "--local"])
        captured = capsys.readouterr()
        said = captured.out + captured.err
        return status, UNRECORDED.sub("", said)

    return command


@pytest.fixture
def integrations(simulator_url: str) -> Callable[[], list[Integration]]:
    """What Particle has."""
    particle = Particle(simulator_url, PRODUCT)
    tokens = TokenCache(particle, *CLIENT, Boundless())
    return lambda: [one for one in particle.integrations.list(tokens.server) if one.topic]


def states(said: str) -> dict[str, str]:
    """The state of each link in what `check` printed, by its name."""
    lines = [line for line in said.splitlines() if not line.startswith(" ")]
    found = {line[13:31].strip(): line[:11].strip() for line in lines}
    return {name: state for name, state in found.items() if state in set(State)}


CHECKED = ["secrets", "settings", "OAuth client", "product", "access mode", "customers' tokens"]


def test_all_fits_as_far_as_can_be_known(run: Run) -> None:
    status, said = run("particle", "check")
    assert (status, list(states(said))) == (0, CHECKED)
    assert {name for name, state in states(said).items() if state != "ok"} == {"customers' tokens"}
    assert "cannot be known" in said


def test_a_customers_token_is_proved_and_leaves_nothing(
    run: Run, world: Simulator, simulator_url: str
) -> None:
    particle = Particle(simulator_url, PRODUCT)
    tokens = TokenCache(particle, *CLIENT, Boundless())
    particle.create_customer(CLIENT, "jo")
    particle.claim_device(tokens.customer("jo"), world.add_device(kind="pump")["id"])
    world.forget()
    status, said = run("particle", "check")
    assert (status, set(states(said).values())) == (0, {"ok"})
    assert [r["status"] for r in world.requests("DELETE", "/v1/access_tokens/current")] == [200]
    assert {r["method"] for r in world.requests("", "/v1/products")} == {"GET"}


@pytest.mark.parametrize(
    ("settings_", "broken", "fix"),
    [
        ({"PARTICLE_CLIENT_SECRET": "wrong"}, "OAuth client", "Two-Legged Auth (Server)"),
        ({"PARTICLE_PRODUCT": "99"}, "product", "correct PARTICLE_PRODUCT in .env.demo-particle"),
        ({"PARTICLE_ACCESS_MODE": "both"}, "settings", "correct it in .env.demo-particle"),
        ({"PARTICLE_API_URL": "http://127.0.0.1:9"}, "OAuth client", "start the demo"),
    ],
)
def test_what_does_not_fit_is_named_with_its_fix(
    settings_: dict[str, str], broken: str, fix: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings_.items():
        monkeypatch.setenv(name, value)
    status, said = run("particle", "check")
    assert status == 1
    assert [name for name, state in states(said).items() if state == "broken"] == [broken]
    after = CHECKED[CHECKED.index(broken) + 1 :]
    assert {states(said)[name] for name in after} == {"not checked"}
    (line,) = [line for line in said.splitlines() if "->" in line]
    assert fix in line


def product_client(url: str, **fields: str) -> tuple[str, str]:
    """A new OAuth client of the product, as its team makes them."""
    login = {"grant_type": "password", "username": "maker@example.com", "password": "demo-password"}
    answer = requests.post(
        f"{url}/oauth/token", data=login, auth=("particle", "particle"), timeout=10
    )
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    made: dict[str, Any] = requests.post(
        f"{url}/v1/products/{PRODUCT}/clients", data=fields, headers=headers, timeout=10
    ).json()["client"]
    return made["id"], made["secret"]


@pytest.mark.parametrize("scope", ["customers:create", "none"])
def test_only_a_servers_client_will_do(
    scope: str, run: Run, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, secret = product_client(simulator_url, name="x", type="installed", scope=scope)
    monkeypatch.setenv("PARTICLE_CLIENT_ID", client)
    monkeypatch.setenv("PARTICLE_CLIENT_SECRET", secret)
    status, said = run("particle", "check")
    assert status == (scope != "none")
    if status:
        assert states(said)["product"] == "broken"
        assert "type Two-Legged Auth (Server)" in said


def test_a_client_for_web_pages_will_not_do(
    run: Run, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, secret = product_client(
        simulator_url, name="x", type="web", redirect_uri="https://example.com"
    )
    monkeypatch.setenv("PARTICLE_CLIENT_ID", client)
    monkeypatch.setenv("PARTICLE_CLIENT_SECRET", secret)
    status, said = run("particle", "check")
    assert (status, states(said)["access mode"]) == (1, "broken")


def test_what_particle_does_not_show_is_said(run: Run, world: Simulator) -> None:
    refused = {"kind": "status", "status": 403, "body": {"ok": False, "error": "no"}}
    world.fail({"route": "*/clients"}, refused)
    status, said = run("particle", "check")
    assert (status, states(said)["access mode"]) == (0, "ok")
    assert "does not show what type" in said


def test_mode_product_warns_of_claimed_devices(
    run: Run, world: Simulator, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTICLE_ACCESS_MODE", "product")
    assert "needs none" in run("particle", "check")[1]
    particle = Particle(simulator_url, PRODUCT)
    tokens = TokenCache(particle, *CLIENT, Boundless())
    particle.create_customer(CLIENT, "jo")
    particle.claim_device(tokens.customer("jo"), world.add_device(kind="pump")["id"])
    status, said = run("particle", "check")
    assert (status, states(said)["access mode"]) == (0, "warning")
    assert "devices mismatches" in said


def test_integrate_makes_each_once(run: Run, integrations: Any) -> None:
    assert run("particle", "integrate", "--event", "temp", "--event", "flow") == (
        0,
        "Created: temp…\nCreated: flow…\nCreated: spark/…\nCreated: particle/…\n",
    )
    for _ in range(2):
        assert run("particle", "integrate") == (0, "The integrations are in place\n")
    assert run("particle", "integrate", "--event", "temperature")[0] == 0
    assert [(one.event, one.topic) for one in integrations()] == [
        ("temp", TOPIC),
        ("flow", TOPIC),
        ("spark/", TOPIC),
        ("particle/", TOPIC),
    ]


def test_the_setting_names_events_and_an_integration_for_all_is_then_too_much(
    run: Run, integrations: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Particle may have taken the one for all, and forward nothing for it."""
    run("particle", "integrate")
    monkeypatch.setenv("PARTICLE_EVENTS", "temp, flow")
    status, said = run("particle", "integrate", "--delete-superfluous", "--yes")
    assert (status, "all events" in said) == (0, True)
    assert [one.event for one in integrations()] == ["temp", "flow", "spark/", "particle/"]
    assert run("particle", "integrate") == (0, "The integrations are in place\n")


def test_without_names_it_is_one_for_all_events(run: Run, integrations: Any) -> None:
    status, said = run("particle", "integrate", "--topic", "projects/p/topics/other")
    assert status == 0
    assert "Created: all events" in said
    assert "If none of your devices' events arrive" in said
    assert [(one.event, one.topic) for one in integrations()] == [("", "projects/p/topics/other")]


def test_where_particle_wants_a_name_it_is_asked_for(
    run: Run, world: Simulator, integrations: Any
) -> None:
    refused = {"kind": "status", "status": 400, "body": {"ok": False, "error": "event is required"}}
    world.fail({"route": "POST */integrations"}, refused)
    status, said = run("particle", "integrate")
    assert status == 2
    assert "(event is required)" in said
    assert integrations() == []
    world.heal()
    (remedy,) = re.findall(r"particle integrate( --event .*)", said)
    assert run("particle", "integrate", *remedy.split())[0] == 0
    assert [one.event for one in integrations()][:2] == ["temperature", "pump/"]


def test_a_disabled_one_works_again_and_superfluous_ones_go(
    run: Run, simulator_url: str, integrations: Any
) -> None:
    run("particle", "integrate", "--event", "temp")
    particle = Particle(simulator_url, PRODUCT)
    server = TokenCache(particle, *CLIENT, Boundless()).server
    one = integrations()[0]
    url = f"{simulator_url}/v1/products/{PRODUCT}/integrations/{one.id}"
    body = {"event": one.event, "topic": TOPIC, "disabled": True}
    headers = {"Authorization": f"Bearer {server.token()}"}
    requests.put(url, json=body, headers=headers, timeout=10).raise_for_status()
    assert run("particle", "integrate") == (0, "Enabled: temp…\n")
    particle.integrations.create(server, "temp", TOPIC)
    particle.integrations.create(server, "temp", "projects/p/topics/another")
    status, said = run("particle", "integrate")
    assert status == 0
    assert "--delete-superfluous" in said
    assert len(integrations()) == 5
    assert run("particle", "integrate", "--delete-superfluous", "--yes")[0] == 0
    assert [each.event for each in integrations()] == ["temp", "spark/", "particle/", "temp"]
    assert integrations()[0] == Integration(one.id, "temp", TOPIC, name=integrations()[0].name)
    assert run("particle", "disintegrate", "--yes")[1].startswith("Deleted 3: temp…")
    assert run("particle", "disintegrate", "--yes") == (0, "There are none\n")
    assert [each.topic for each in integrations()] == ["projects/p/topics/another"]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("token", [None, "f" * 40])
def test_who_may_not_is_told_who_may(
    token: str | None, status: int, run: Run, world: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if token:
        monkeypatch.setenv("PARTICLE_ACCESS_TOKEN", token)
    world.fail(
        {"route": "*/integrations"},
        {"kind": "status", "status": status, "body": {"error": "Permission denied"}},
    )
    code, said = run("particle", "integrate")
    assert code == 2
    assert "PARTICLE_ACCESS_TOKEN" in said
    assert "f" * 40 not in said


def test_another_token_may_manage_integrations(
    run: Run, world: Simulator, monkeypatch: pytest.MonkeyPatch, simulator_url: str
) -> None:
    login = {"grant_type": "password", "username": "maker@example.com", "password": "demo-password"}
    answer = requests.post(
        f"{simulator_url}/oauth/token", data=login, auth=("particle", "particle"), timeout=10
    )
    monkeypatch.setenv("PARTICLE_ACCESS_TOKEN", answer.json()["access_token"])
    world.forget()
    assert run("particle", "integrate", "--event", "temp", "--json")[0] == 0
    assert world.requests("POST", "/oauth/token") == []


INGEST = "http://127.0.0.1:5001/demo-particle/us-central1/ingest_webhook"


@pytest.fixture
def webhooks(simulator_url: str) -> Callable[[], list[dict[str, Any]]]:
    """What Particle has, as its API shows it."""
    server = TokenCache(Particle(simulator_url, PRODUCT), *CLIENT, Boundless()).server
    url = f"{simulator_url}/v1/products/{PRODUCT}/integrations"

    def listed() -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {server.token()}"}
        found = requests.get(url, headers=headers, timeout=10).json()
        return [one for one in found if one["integration_type"] == "Webhook"]

    return listed


def test_webhooks_are_made_once_and_work_again(
    run: Run, webhooks: Callable[[], list[dict[str, Any]]], integrations: Any, simulator_url: str
) -> None:
    before = integrations()
    there = ("particle", "integrate", "--webhook", INGEST)
    assert run(*there, "--event", "hp/")[1].startswith("Created: hp/…\nCreated: spark/…\n")
    assert run(*there) == (0, "The integrations are in place\n")
    (first, *_others) = webhooks()
    assert (first["event"], first["url"]) == ("hp/", INGEST)
    assert first["headers"] == {"X-Ingest-Key": "demo-webhook-secret-not-a-secret-at-all"}
    assert first["form"]["device_id"] == "{{{PARTICLE_DEVICE_ID}}}"
    assert len(webhooks()) == 3
    assert integrations() == before, "those to a topic are others"

    server = TokenCache(Particle(simulator_url, PRODUCT), *CLIENT, Boundless()).server
    one = f"{simulator_url}/v1/products/{PRODUCT}/integrations/{first['id']}"
    disabled = {"event": "hp/", "url": INGEST, "disabled": True}
    bearer = {"Authorization": f"Bearer {server.token()}"}
    requests.put(one, json=disabled, headers=bearer, timeout=10).raise_for_status()
    assert run(*there, "--key-secret", "INGEST_KEY")[1].startswith("Enabled: hp/…")
    (again,) = [one for one in webhooks() if one["event"] == "hp/"]
    assert again["headers"] == {"X-Ingest-Key": "{{{INGEST_KEY}}}"}
    assert not again.get("disabled")

    assert run("particle", "disintegrate", "--yes", "--webhook", INGEST)[1].startswith(
        "Deleted 3: hp/…"
    )
    assert webhooks() == []
    assert integrations() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--webhook", INGEST), "the beginnings of your events' names"),
        (("--webhook", "ftp://x", "--event", "a"), "needs the https:// address"),
        (("--key-secret", "X", "--event", "a"), "--key-secret goes with --webhook"),
    ],
)
def test_a_webhook_that_cannot_be(
    arguments: tuple[str, ...], said: str, run: Run, webhooks: Callable[[], list[dict[str, Any]]]
) -> None:
    status, found = run("particle", "integrate", *arguments)
    assert (status, said in found) == (2, True), found
    assert webhooks() == []
