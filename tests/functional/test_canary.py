"""The scheduled check: an event from Particle the whole way, and what is said when it is lost."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.stack import Stack
from shared import connections, settings
from shared.firestore import paths
from tests.support import integrations, triggers
from tests.support.functions import client
from tests.support.simulator import Simulator
from tests.support.telemetry import dead_letters, outside

pytestmark = pytest.mark.live_triggers

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _at_its_start(clean_stack: Stack, fresh_tokens: None) -> None:
    """The simulator's one integration, for all events; nothing recorded."""


def check(capsys: Said) -> list[dict[str, Any]]:
    """Run the function as the scheduler does; the lines it logged."""
    capsys.readouterr()
    assert client("check_health").post("/").status_code == 200
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in (captured.out + captured.err).splitlines()]
    return [line for line in lines if line["event"].startswith("canary")]


def recorded() -> dict[str, Any]:
    return paths.health("canary").get().to_dict() or {}


def arrives(capsys: Said) -> None:
    started = datetime.now(UTC)
    (line,) = check(capsys)
    assert (line["severity"], line["event"]) == ("INFO", "canary-arrived")
    found = recorded()
    assert found["delayMs"] == line["delayMs"]
    assert 0 < found["delayMs"] < 45_000
    assert started <= found["sentAt"] < found["arrivedAt"] == found["lastSuccessAt"]
    assert found["arrivedAt"] - found["sentAt"] == timedelta(milliseconds=found["delayMs"])
    assert (found["failures"], found["error"]) == (0, None)


def is_lost(capsys: Said, cause: str, failures: int) -> None:
    (line,) = check(capsys)
    assert (line["severity"], line["event"]) == ("ERROR", "canary-lost")
    assert cause in line["message"]
    assert line["failures"] == failures
    found = recorded()
    assert cause in found["error"]
    assert (found["failures"], found["arrivedAt"], found["delayMs"]) == (failures, None, None)


def test_a_webhook_has_a_canary_of_its_own(stack: Stack, capsys: Said) -> None:
    """It is found by its address; and where there is one alone, it is the way."""
    one = integrations.all_of_them()[0]
    particle, server = connections.particle().integrations, connections.tokens().server
    secret = stack.environment["WEBHOOK_SECRET"]
    url = f"{stack.functions_url}/ingest_webhook"
    particle.create_webhook(server, "t", url, {"X-Ingest-Key": secret})
    arrives(capsys)
    particle.delete(server, one.id)
    arrives(capsys)
    (hook,) = integrations.all_of_them()
    particle.replace_webhook(server, hook, url, {"X-Ingest-Key": "another"})
    is_lost(capsys, "Particle could not publish it", failures=1)


def test_it_arrives_and_leaves_nothing_behind(capsys: Said, simulator: Simulator) -> None:
    arrives(capsys)
    assert outside("api") == []
    assert dead_letters() == {}
    assert len(simulator.requests("POST", "/test")) == 1


def test_it_takes_each_of_our_ways_and_no_other(capsys: Said, simulator: Simulator) -> None:
    (one,) = integrations.all_of_them()
    server = connections.tokens().server
    connections.particle().integrations.create(server, "pump/", one.topic)
    connections.particle().integrations.create(server, "pump/", "projects/p/topics/anothers")
    arrives(capsys)
    assert len(simulator.requests("POST", "/test")) == 2


def test_a_way_that_is_blocked_is_told_and_counted_until_it_is_free(capsys: Said) -> None:
    arrives(capsys)
    last = recorded()["lastSuccessAt"]
    (one,) = integrations.all_of_them()
    integrations.change(one, disabled=True)
    is_lost(capsys, "disabled integrations: ''", 1)
    integrations.change(one, topic="projects/p/topics/anothers")
    is_lost(capsys, "no integration publishes to projects/demo-particle/topics/particle-", 2)
    assert recorded()["lastSuccessAt"] == last
    integrations.change(one)
    arrives(capsys)
    assert recorded()["lastSuccessAt"] > last


def test_a_topic_that_takes_nothing(capsys: Said, simulator: Simulator) -> None:
    refused = {"kind": "status", "status": 200, "body": {"pass": False, "error": "no such topic"}}
    simulator.fail({"route": "*/test"}, refused)
    is_lost(capsys, "Particle could not publish it: no such topic", 1)


def test_particle_is_away(capsys: Said, simulator: Simulator) -> None:
    simulator.fail({"route": "*/integrations"}, {"kind": "status", "status": 503})
    is_lost(capsys, "503", 1)


def test_what_particle_does_not_allow_is_no_alarm(capsys: Said, simulator: Simulator) -> None:
    refused = {"kind": "status", "status": 403, "body": {"error": "Permission denied"}}
    simulator.fail({"route": "*/test"}, refused)
    (line,) = check(capsys)
    assert (line["severity"], line["event"]) == ("WARNING", "canary-refused")
    assert recorded()["error"].startswith("not permitted")


def test_it_can_be_turned_off(
    capsys: Said, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "health_check", lambda: False)
    assert check(capsys) == []
    assert recorded() == {}
    assert simulator.requests("POST", "/test") == []


def test_nothing_is_stored(stack: Stack, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CANARY_TIMEOUT", 2.0)
    with triggers.paused(stack):
        is_lost(capsys, "was not stored within", 1)
