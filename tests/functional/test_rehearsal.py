"""The rehearsal on the running stack: green, and red at the step that a fault is about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from firebase_admin import auth

from admin.app import main
from admin.commands import rehearse
from admin.doctor.finding import State
from admin.rehearsal import steps
from local.client import Account
from local.runs import ROOT
from local.stack import Stack
from shared import settings
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support import integrations, triggers
from tests.support.simulator import Simulator

pytestmark = pytest.mark.live_triggers

Found = dict[str, dict[str, Any]]
Rehearse = Callable[..., Found]
NAMES = list(steps.Rehearsal(None, None, None)._all())  # type: ignore[arg-type]


BEGIN = steps.Rehearsal.__init__


def be_patient(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    def begin_patiently(self: Any, deployment: Any, services: Any, plan: steps.Plan) -> None:
        plan.patience = steps.Patience(**{"return_": 40, "erasure": 20, **seconds})
        BEGIN(self, deployment, services, plan)

    monkeypatch.setattr(steps.Rehearsal, "__init__", begin_patiently)


@pytest.fixture(autouse=True)
def _at_its_start(stack: Stack, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR_HOST", f"127.0.0.1:{stack.ports.functions}")
    monkeypatch.setenv("HOSTING_EMULATOR_HOST", f"127.0.0.1:{stack.ports.hosting}")
    be_patient(monkeypatch, trigger=15, canary=10, own_event=10)
    paths.health(steps.RECORD).delete()


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], label: Label, monkeypatch: pytest.MonkeyPatch
) -> Rehearse:
    """Rehearses with `label`; the steps by name, when it ends with the expected status."""

    def rehearsed(status: int, *more: str) -> Found:
        settings.particle.cache_clear()
        capsys.readouterr()
        arguments = ["rehearse", label.serial_number, "--code", label.setup_code, "--yes"]
        turn = ["--function", "set_target", "--argument", "21", "--variable", "target"]
        assert main([*arguments, *turn, *more, "--local", "--json"]) == status
        answer = json.loads(capsys.readouterr().out)
        assert answer["state"] == ("broken" if status else "ok")
        assert [step["name"] for step in answer["steps"]] == NAMES
        return {step["name"]: step for step in answer["steps"]}

    return rehearsed


def nothing_is_left(label: Label, simulator: Simulator) -> None:
    assert paths.device(label.device_id).get().get("ownerUid") is None
    assert not simulator.device(label.device_id)["owner"]
    assert not [user for user in auth.list_users().users if "rehearsal" in (user.email or "")]
    assert not paths.health(steps.RECORD).get().exists


def test_all_is_well(
    run: Rehearse,
    label: Label,
    simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def hands(what: str) -> None:
        asked.append(what)
        simulator.set_online(label.device_id, online=what.startswith("Plug"))

    monkeypatch.setattr(rehearse, "_hands", hands)
    page = tmp_path / "report.html"
    found = run(0, "--html", str(page))
    assert {step["state"] for step in found.values()} == {"ok"}, found
    assert len(asked) == 2
    assert "Everything that was tried works." in page.read_text()
    nothing_is_left(label, simulator)


def broken_at(found: Found, said: dict[str, str]) -> None:
    broken = {step["name"]: step for step in found.values() if step["state"] == State.BROKEN}
    assert broken.keys() == said.keys(), found
    for name, text in said.items():
        assert text in broken[name]["found"]
        assert broken[name]["fix"]


DOWN = {"kind": "status", "status": 500, "body": {"error": "no"}}


def test_a_device_that_cannot_be_claimed(run: Rehearse, simulator: Simulator) -> None:
    simulator.fail({"route": "POST /v1/devices"}, DOWN)
    found = run(1, "--no-hands")
    broken_at(found, {"claim": "particle-unavailable"})
    assert found["release"]["state"] == State.UNCHECKED


def test_a_device_that_does_not_come_back(
    run: Rehearse, label: Label, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unplugged, and whoever plugs it in again has the wrong one in hand."""

    def hands(what: str) -> None:
        if what.startswith("Unplug"):
            simulator.set_online(label.device_id, online=False)

    be_patient(monkeypatch, trigger=15, canary=10, own_event=10, return_=3)
    monkeypatch.setattr(rehearse, "_hands", hands)
    found = run(1)
    assert "the queued call is queued after 3 s" in found["queue"]["found"]
    assert found["queue"]["fix"]
    assert found["release"]["state"] == "ok"
    assert found["deletion"]["state"] == "ok"
    nothing_is_left(label, simulator)


def test_triggers_that_do_not_run(
    run: Rehearse, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing will come, however long it waits.
    be_patient(monkeypatch, trigger=2, canary=2, own_event=2)
    with triggers.paused(stack):
        found = run(1, "--no-hands")
    assert "on_user_created does not run" in found["profile"]["found"]
    assert found["claim"]["state"] == State.UNCHECKED
    assert found["deletion"]["state"] == "ok"


def test_open_rules_and_an_integration_that_is_off(run: Rehearse, stack: Stack) -> None:
    rules = f"http://{stack.firestore_host}/emulator/v1/projects/{stack.project_id}:securityRules"
    true = (ROOT / "firestore.rules").read_text(encoding="utf-8")
    open_to_all = """rules_version = '2'; service cloud.firestore {
      match /databases/{d}/documents { match /{path=**} { allow read, write; } } }"""
    for content in (open_to_all, true):
        files = {"rules": {"files": [{"name": "firestore.rules", "content": content}]}}
        requests.put(rules, json=files, timeout=30).raise_for_status()
        if content == open_to_all:
            (one,) = integrations.all_of_them()
            integrations.change(one, disabled=True)
            found = run(1, "--no-hands")
            integrations.change(one)
            assert found["test event"]["found"] == "disabled: all events"
            assert "the rules let the second customer read" in found["strangers"]["found"]


def test_a_device_that_somebody_owns_is_never_touched(
    owned: Label, customer: Account, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    before = paths.device(owned.device_id).get().to_dict()
    simulator.forget()
    arguments = ["rehearse", owned.serial_number, "--code", owned.setup_code, "--yes", "--local"]
    assert main(arguments) == 2
    assert f"has an owner, {customer.uid}" in capsys.readouterr().err
    assert paths.device(owned.device_id).get().to_dict() == before
    assert not simulator.requests()


def test_an_interrupted_one_is_cleaned_up_by_the_next_whose_faults_are_found(
    run: Rehearse, label: Label, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one was killed: not even its own cleaning-up has run."""

    def kill(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(steps.Rehearsal, "clean_up", lambda _: [])
        patch.setattr(steps.Rehearsal, "_strangers", kill)
        with pytest.raises((KeyboardInterrupt, AssertionError)):
            run(0, "--no-hands")
    assert paths.device(label.device_id).get().get("ownerUid") is not None

    simulator.fail({"route": "POST /v1/products/*/integrations/*/test"}, DOWN)
    simulator.fail({"route": "POST /v1/products/*/devices/*/set_target"}, {"kind": "offline"})
    simulator.fail({"route": "GET /v1/products/*/devices/*/target"}, DOWN)
    found = run(1, "--no-hands")
    broken_at(
        found,
        {
            "test event": "Particle",
            "function": "device-offline",
            "variable": "particle-unavailable",
        },
    )
    assert found["queue"]["state"] == State.NOT_HERE
    nothing_is_left(label, simulator)
