"""The doctor on the running stack: all is well, and a link broken on purpose is the one named."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import main as functions
from admin.app import main
from admin.doctor import in_public
from admin.doctor.chain import LINKS
from local.runs import ROOT
from local.stack import Stack
from shared import connections, settings
from shared.firestore import paths
from shared.particle import OAuthClient, Particle
from shared.particle.client import Product
from shared.telemetry import ingest
from tests.support import integrations, triggers
from tests.support.functions import deliver
from tests.support.simulator import Simulator
from tests.support.telemetry import message

pytestmark = pytest.mark.live_triggers

Findings = dict[str, dict[str, Any]]
Doctor = Callable[[int], Findings]
ONLY_IN_THE_CLOUD = {link.name for link in LINKS if link.cloud_only}


@pytest.fixture(autouse=True)
def _at_its_start(clean_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FUNCTIONS_EMULATOR_HOST", f"127.0.0.1:{clean_stack.ports.functions}")
    monkeypatch.setenv("HOSTING_EMULATOR_HOST", f"127.0.0.1:{clean_stack.ports.hosting}")
    connections.tokens.cache_clear()
    ingest.writer.cache_clear()
    yield
    monkeypatch.undo()
    settings.particle.cache_clear()
    settings.access_mode.cache_clear()


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Runs it; its findings by the links' names, when it ends with the expected status."""

    def run(status: int) -> Findings:
        settings.particle.cache_clear()
        settings.access_mode.cache_clear()
        capsys.readouterr()
        assert main(["doctor", "--local", "--json"]) == status
        answer = json.loads(capsys.readouterr().out)
        assert answer["state"] == ("broken" if status else "ok")
        assert [link["name"] for link in answer["links"]] == [link.name for link in LINKS]
        return {link["name"]: link for link in answer["links"]}

    return run


def in_state(findings: Findings, state: str) -> set[str]:
    return {name for name, finding in findings.items() if finding["state"] == state}


def is_broken(findings: Findings, link: str, fix: str, *, unchecked: set[str]) -> None:
    """It alone is broken; what cannot be examined without it is not said to be."""
    assert in_state(findings, "broken") == {link}
    assert fix in findings[link]["fix"]
    assert in_state(findings, "not checked") == unchecked
    assert in_state(findings, "not here") == ONLY_IN_THE_CLOUD - unchecked


@pytest.fixture
def in_use(doctor: Doctor, owned: Any, simulator: Simulator) -> None:
    """As in the demo: a customer owns a device, which publishes."""
    assert deliver(message(owned.device_id, "21")) < 300


@pytest.mark.usefixtures("in_use")
def test_all_is_well(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor(0)
    assert in_state(found, "not here") == ONLY_IN_THE_CLOUD
    assert in_state(found, "ok") == {link.name for link in LINKS} - ONLY_IN_THE_CLOUD
    assert main(["doctor", "--local"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[13 : 13 + len(link.name)] for line, link in zip(lines, LINKS, strict=True)] == [
        link.name for link in LINKS
    ]


def test_a_wrong_file_of_the_product(
    doctor: Doctor, in_use: None, telemetry_rules: Callable[[object], None]
) -> None:
    telemetry_rules({"events": {"log": {"samples": {"list": "readings"}}}})
    found = doctor(1)
    is_broken(found, "product files", "correct it", unchecked=set())
    assert found["product files"]["found"].startswith("telemetry.json, line 1: events > log")
    telemetry_rules({"identity": "req_id"})
    assert "telemetry.json can be read" in doctor(0)["product files"]["found"]


def test_what_nobody_uses_yet_is_a_warning(doctor: Doctor) -> None:
    for document in paths.client().collection(paths.HEALTH).select([]).stream():
        document.reference.delete()
    found = doctor(0)
    assert in_state(found, "warning") == {"customers' tokens", "events"}
    assert "particle integrate --event" in found["events"]["fix"]


AT_PARTICLE = {"product", "access mode", "customers' tokens", "integrations", "canary"}


def test_a_wrong_secret(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTICLE_CLIENT_SECRET", "f" * 40)
    is_broken(doctor(1), "OAuth client", "Two-Legged Auth (Server)", unchecked=AT_PARTICLE)


def test_a_product_that_is_not_there(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTICLE_PRODUCT", "99")
    is_broken(doctor(1), "product", "PARTICLE_PRODUCT", unchecked=AT_PARTICLE - {"product"})


def test_particle_is_away(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTICLE_API_URL", "http://127.0.0.1:9")
    found = doctor(1)
    assert in_state(found, "warning") >= {"clocks"}
    is_broken(found, "OAuth client", "start the demo", unchecked=AT_PARTICLE)


def test_particle_fails(doctor: Doctor, simulator: Simulator) -> None:
    simulator.fail({"route": "GET */integrations"}, {"kind": "status", "status": 500})
    is_broken(doctor(1), "integrations", "status.particle.io", unchecked={"canary"})


def test_a_customers_token_is_refused(doctor: Doctor, in_use: None, simulator: Simulator) -> None:
    body = {"error": "invalid_grant", "error_description": "Customer not found"}
    refused = {"kind": "status", "status": 400, "body": body}
    doctor(0)
    with second_only(simulator, refused):
        found = doctor(1)
    is_broken(found, "customers' tokens", "Two-Legged Auth (Server)", unchecked=set())


@contextlib.contextmanager
def second_only(simulator: Simulator, fault: dict[str, Any]) -> Iterator[None]:
    """The fault strikes when customers have been listed."""
    original = Particle.customers

    def listed(self: Particle, *arguments: Any) -> list[str]:
        found = original(self, *arguments)
        simulator.fail({"route": "/oauth/token"}, fault, count=1)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Particle, "customers", listed)
        yield


def test_other_rules(stack: Stack, doctor: Doctor) -> None:
    rules = (ROOT / "firestore.rules").read_text()
    load_rules(stack, rules.replace("// Default deny.", "// Default allow."))
    try:
        is_broken(doctor(1), "rules", "make demo", unchecked=set())
    finally:
        load_rules(stack, rules)
    doctor(0)


def load_rules(stack: Stack, rules: str) -> None:
    url = f"http://{stack.firestore_host}/emulator/v1/projects/{stack.project_id}:securityRules"
    body = {"rules": {"files": [{"name": "firestore.rules", "content": rules}]}}
    requests.put(url, json=body, timeout=30).raise_for_status()


def test_a_function_that_was_not_loaded(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    # The framework, which serves functions in this process, has loaded the module again.
    monkeypatch.setattr(sys.modules["main"], "FUNCTIONS", (*functions.FUNCTIONS, "brew_coffee"))
    found = doctor(1)
    assert "brew_coffee" in found["functions"]["found"]
    unchecked = {"callables", "subscription", "canary"}
    is_broken(found, "functions", "make demo", unchecked=unchecked)


def test_a_callable_that_does_not_answer(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_public, "IN_DEMO", ("list_devices", "brew_coffee"))
    found = doctor(1)
    is_broken(found, "callables", "logs", unchecked=set())
    assert "brew_coffee (404)" in found["callables"]["found"]


def test_a_web_app_that_is_another(
    doctor: Doctor, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTING_EMULATOR_HOST", f"127.0.0.1:{stack.ports.simulator}")
    is_broken(doctor(1), "web app", "make demo", unchecked=set())


def test_a_topic_that_was_deleted(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one than the emulators', which end when theirs is deleted under them."""
    monkeypatch.setattr(settings, "TOPIC", "deleted")
    (one,) = integrations.all_of_them()
    integrations.change(one, topic=settings.topic())
    is_broken(doctor(1), "topic", "make demo", unchecked={"subscription", "canary"})


def test_a_topic_that_nobody_reads(
    stack: Stack, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TOPIC", "unread")
    topic = f"http://{stack.pubsub_host}/v1/{settings.topic()}"
    requests.put(topic, timeout=30).raise_for_status()
    (one,) = integrations.all_of_them()
    integrations.change(one, topic=settings.topic())
    is_broken(doctor(1), "subscription", "make demo", unchecked={"canary"})


def test_integrations_that_are_disabled_elsewhere_or_gone(doctor: Doctor) -> None:
    (one,) = integrations.all_of_them()
    integrations.change(one, disabled=True)
    found = doctor(1)
    is_broken(found, "integrations", "particle integrate", unchecked={"canary"})
    assert "disabled: all events" in found["integrations"]["found"]
    integrations.change(one, topic="projects/p/topics/anothers")
    found = doctor(1)
    is_broken(found, "integrations", "particle integrate", unchecked={"canary"})
    assert "there are some to projects/p/topics/anothers" in found["integrations"]["found"]
    assert main(["particle", "integrate", "--local"]) == 0
    doctor(0)


@pytest.mark.usefixtures("in_use")
def test_events_that_no_integration_forwards(doctor: Doctor) -> None:
    (one,) = integrations.all_of_them()
    integrations.change(one, event="pump/")
    found = doctor(0)["events"]
    assert found["state"] == "warning"
    assert "no integration forwards temperature, which" in found["found"]
    assert found["fix"].endswith("particle integrate --event temperature")


def test_changes_of_integrations_are_in_the_trail(
    clean_stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (("disintegrate", "--yes"), ("integrate",), ("integrate",)):
        assert main(["particle", *command, "--local"]) == 0
    capsys.readouterr()
    assert main(["audit", "list", "--local", "--json"]) == 0
    made, deleted = json.loads(capsys.readouterr().out)
    assert (deleted["action"], deleted["deleted"]) == ("integrations-deleted", [""])
    assert (made["action"], made["created"]) == ("integrations-changed", [""])
    assert made["by"]
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    assert main(["particle", "disintegrate", "--local", "--yes"]) == 0
    assert "not in the audit trail" in capsys.readouterr().err
    assert integrations.all_of_them() == []


def test_integrations_that_forward_too_much_or_too_little(doctor: Doctor) -> None:
    (one,) = integrations.all_of_them()
    particle, server = connections.particle(), connections.tokens().server
    particle.integrations.create(server, "pump", one.topic)
    found = doctor(0)["integrations"]
    assert (found["state"], found["fix"].split()[-1]) == ("warning", "--delete-superfluous")
    particle.integrations.delete(server, one.id)
    found = doctor(0)["integrations"]
    assert (found["state"], found["fix"].split()[-1]) == ("warning", "spark/status")


def test_what_particle_does_not_show_to_the_server(doctor: Doctor, simulator: Simulator) -> None:
    refused = {"kind": "status", "status": 403, "body": {"error": "Permission denied"}}
    simulator.fail({"route": "*/integrations*"}, refused)
    found = doctor(0)
    assert in_state(found, "warning") >= {"integrations", "canary"}
    assert "PARTICLE_ACCESS_TOKEN" in found["integrations"]["fix"]
    assert "HEALTH_CHECK" in found["canary"]["fix"]


def test_a_delivery_that_failed_and_works_again(doctor: Doctor, simulator: Simulator) -> None:
    (one,) = integrations.all_of_them()
    log = [{"type": "error", "created_at": "2026-01-02", "message": "denied"}]
    body = {"integration": {"id": one.id, "event": "", "topic": one.topic, "logs": log}}
    answer = {"kind": "status", "status": 200, "body": body}
    simulator.fail({"route": f"GET */{one.id}"}, answer, count=1)
    found = doctor(0)
    assert found["integrations"]["state"] == "warning"
    assert "denied" in found["integrations"]["found"]
    assert found["canary"]["state"] == "ok"


def test_a_canary_that_particle_cannot_publish(doctor: Doctor, simulator: Simulator) -> None:
    body = {"pass": False, "error": "quota"}
    simulator.fail({"route": "*/test"}, {"kind": "status", "status": 200, "body": body})
    found = doctor(1)
    is_broken(found, "canary", "logs", unchecked=set())
    assert "quota" in found["canary"]["found"]


def test_a_canary_that_nobody_stores(
    stack: Stack, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CANARY_TIMEOUT", 1.5)
    with triggers.paused(stack):
        found = doctor(1)
    is_broken(found, "canary", "logs", unchecked=set())
    assert "not stored within" in found["canary"]["found"]


def test_a_dead_letter(doctor: Doctor) -> None:
    assert deliver(message("nobody", "1")) < 300
    found = doctor(0)["dead letters"]
    assert (found["state"], found["found"][0]) == ("warning", "1")
    assert found["fix"].endswith("--local dead-letters list")


def test_no_demo_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    assert main(["doctor", "--local"]) == 2


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize("how", ["setting", "quarantine", "client"])
def test_what_makes_it_easy_for_strangers(
    how: str, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To claim a device at Particle by its id, and to keep it."""
    off = False
    if how == "setting":
        monkeypatch.setattr(settings, "end_foreign_claims", lambda: off)
    elif how == "quarantine":
        product = Product("Demo", quarantine=False)
        monkeypatch.setattr(Particle, "product", lambda *_: product)
    else:
        clients = Particle.clients
        simple = OAuthClient("app-17", "App", "installed", "customers:create")
        monkeypatch.setattr(Particle, "clients", lambda *given: [*clients(*given), simple])
    found = doctor(0)
    assert in_state(found, "warning") == {"access mode"}
    said = {"setting": "END_FOREIGN_CLAIMS", "quarantine": "approves", "client": "app-17"}
    assert said[how] in found["access mode"]["found"]
