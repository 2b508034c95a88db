"""Processes are found by the mark that they inherit, whoever their parent has become."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.processes import MARK, Service, end, leftovers, mark, marked, neutral_environment

# A parent whose child leaves its session; when the parent is killed, the child belongs to nobody.
FAMILY = """
import subprocess, sys, time
child = [sys.executable, "-c", "import time; print('child', flush=True); time.sleep(600)"]
subprocess.Popen(child, start_new_session=True)
time.sleep(600)
"""
PLAIN = "import time; print('up', flush=True); time.sleep(600)"
PATIENT = """
import signal, time
signal.signal(signal.SIGINT, lambda *_: None)
print("deaf", flush=True)
time.sleep(600)
"""


def wait_for(text: str, service: Service) -> None:
    deadline = time.monotonic() + 30
    while text not in service.tail():
        assert time.monotonic() < deadline, service.tail()
        time.sleep(0.02)


class Starter:
    """Starts marked Python programs and ends what is left of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: set[str] = set()
        self.services: list[Service] = []

    def start(self, program: str, value: str) -> Service:
        service = Service(
            "the program",
            [sys.executable, "-c", program],
            folder=self.folder,
            environment={**os.environ, MARK: value},
            log=self.folder / "log",
        )
        self.values.add(value)
        self.services.append(service)
        return service


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    started = Starter(tmp_path)
    yield started
    for service in started.services:
        service.kill()
    for value in started.values:
        end(marked(value))


def test_a_child_that_lost_its_parent_is_found_and_ended(starter: Starter, tmp_path: Path) -> None:
    value = mark(tmp_path, "family")
    parent = starter.start(FAMILY, value)
    wait_for("child", parent)
    assert len(marked(value)) == 2

    os.kill(parent.pid, signal.SIGKILL)
    while parent.exit_status() is None:
        time.sleep(0.02)

    (child,) = marked(value)
    assert child.ppid() != parent.pid
    assert end([child]) == []
    assert marked(value) == []


def test_only_what_carries_the_same_mark_is_found(starter: Starter, tmp_path: Path) -> None:
    mine, other = mark(tmp_path, "mine"), mark(tmp_path, "other")
    first = starter.start(PATIENT, mine)
    second = starter.start(PATIENT, other)

    assert [process.pid for process in marked(mine)] == [first.pid]
    assert [process.pid for process in marked(other)] == [second.pid]


def test_leftovers_are_those_of_this_folder_whose_starter_is_gone(
    starter: Starter, tmp_path: Path
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    living = starter.start(PATIENT, mark(here, "living"))
    # The process id is in use again, by a process that was started at another time.
    reused = starter.start(PATIENT, f"{here}|{os.getpid()}|1.00|reused")
    foreign = starter.start(PATIENT, f"{elsewhere}|{os.getpid()}|1.00|foreign")

    assert [process.pid for process in leftovers(here)] == [reused.pid]
    assert {living.exit_status(), foreign.exit_status()} == {None}


def test_a_service_in_a_session_of_its_own_is_interrupted(starter: Starter, tmp_path: Path) -> None:
    service = starter.start(PLAIN, mark(tmp_path, "plain"))
    wait_for("up", service)

    assert os.getsid(service.pid) == service.pid
    assert service.interrupt(timeout=10)
    assert service.exit_status() == -signal.SIGINT
    assert service.interrupt(timeout=0)


def test_a_deaf_service_is_killed(starter: Starter, tmp_path: Path) -> None:
    service = starter.start(PATIENT, mark(tmp_path, "deaf"))
    wait_for("deaf", service)

    assert not service.interrupt(timeout=0.2)
    service.kill()

    assert service.exit_status() == -signal.SIGKILL
    assert not psutil.pid_exists(service.pid)


def test_a_service_hears_of_no_other_stack_and_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"HOME": "/home/ada", "FIREBASE_EMULATORS_PATH": "/cache", "JAVA_HOME": "/java"}
    foreign = {
        "FUNCTION_TARGET": "ingest",
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
        "GCLOUD_PROJECT": "another",
        "PARTICLE_API_URL": "https://api.particle.io",
        MARK: "another|1|1.00|run",
    }
    for name, value in (kept | foreign).items():
        monkeypatch.setenv(name, value)

    environment = neutral_environment()

    assert kept.items() <= environment.items()
    assert not foreign.keys() & environment.keys()
