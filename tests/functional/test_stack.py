"""The stack itself: two beside each other, parts that die, schedules, and that nothing is left."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import requests

import main
from local import Stack, StackError
from local.client import CallableError, Client
from local.ports import HOST, Ports, is_free
from local.processes import MARK
from local.runs import ROOT, configuration_file
from local.schedules import ScheduleError, scheduled_functions
from local.waiting import wait_until
from shared.firestore import paths
from tests.support.triggers import paused

pytestmark = pytest.mark.live_triggers


SCHEDULED = {
    name
    for name in main.FUNCTIONS
    if getattr(main, name).__firebase_endpoint__.scheduleTrigger is not None
}


def started_by(pid: int) -> list[psutil.Process]:
    """The living processes of all stacks that this process has started."""
    found = []
    for process in psutil.process_iter():
        try:
            value = process.environ().get(MARK, "")
            if f"|{pid}|" in value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def of(stack: Stack) -> list[psutil.Process]:
    """The living processes of one stack of this process."""
    return [
        process
        for process in started_by(os.getpid())
        if process.environ()[MARK].endswith(stack.logs.name)
    ]


@pytest.fixture(scope="module")
def second(stack: Stack) -> Iterator[Stack]:
    """Another stack beside the first, with settings of its own."""
    assert stack.project_id
    with Stack("second", settings={"PARTICLE_ACCESS_MODE": "product"}) as running:
        yield running


def test_two_stacks_beside_each_other_share_nothing(stack: Stack, second: Stack) -> None:
    assert not set(stack.ports.services().values()) & set(second.ports.services().values())
    answers = {}
    for name, running in (("first", stack), ("second", second)):
        app = Client(running)
        customer = app.sign_up(email="same@example.com")
        app.create(f"users/{customer.uid}", {"displayName": name}, customer)
        with pytest.raises(CallableError) as refused:
            app.call("mint_token", {}, customer)
        answers[name] = refused.value.reason
        profile = app.read(f"users/{customer.uid}", customer)
        assert profile
        assert profile["displayName"] == name
        app.close()

    assert answers["second"] == "not-in-this-mode"
    assert answers["first"] == "no-device"


def test_each_service_says_where_it_is(second: Stack) -> None:
    environment = second.environment

    assert environment["FIRESTORE_EMULATOR_HOST"] == second.firestore_host
    assert environment["FIREBASE_AUTH_EMULATOR_HOST"] == second.auth_url.removeprefix("http://")
    assert environment["PUBSUB_EMULATOR_HOST"] == second.pubsub_host
    assert environment["PARTICLE_API_URL"] == second.simulator_url
    assert environment["PARTICLE_ACCESS_MODE"] == "product"
    assert MARK not in environment
    topics = requests.get(
        f"http://{second.pubsub_host}/v1/projects/{second.project_id}/topics", timeout=10
    ).json()
    names = [topic["name"] for topic in topics["topics"]]
    assert f"projects/{second.project_id}/topics/particle-events" in names


def test_parts_that_die_are_noticed_and_the_rest_still_ends(stack: Stack, second: Stack) -> None:
    second.check_listening()
    for part in ("pubsub", "simulator"):
        port = second.ports.public()[part]
        (victim,) = (
            process
            for process in of(second)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        )
        victim.kill()
        victim.wait()

        with pytest.raises(StackError, match=f"{part}.* by itself"):
            second.check_listening()

    second.stop()

    assert of(second) == []
    assert all(map(is_free, second.ports.services().values()))
    assert not configuration_file(second.logs.name).exists()
    # The one beside it has noticed nothing.
    stack.check_listening()


def test_a_test_runs_scheduled_functions_when_it_wants(stack: Stack) -> None:
    assert not [process for process in of(stack) if "local.schedules" in process.cmdline()]
    functions = {one.name: one for one in scheduled_functions(stack.functions_emulator)}
    assert functions.keys() == SCHEDULED
    command = paths.command("nobody", "waited-too-long")
    hour = timedelta(hours=1)
    waited = {
        "deviceId": "e00fce681f3a9c5d7b204e61",
        "function": "set_target",
        "argument": "21",
        "status": "queued",
        "createdAt": datetime.now(UTC) - 2 * hour,
        "expiresAt": datetime.now(UTC) - hour,
    }
    command.set(waited)

    # The address stays the same when the triggers have been switched off and on.
    with paused(stack), pytest.raises(ScheduleError, match="204"):
        functions["settle_commands"].run()
    assert command.get().get("status") == "queued"
    functions["settle_commands"].run()

    assert command.get().get("status") == "expired"


def test_a_taken_port_is_named_and_nothing_is_started() -> None:
    stack = Stack("refused")
    with (
        socket.create_server((HOST, stack.ports.firestore)),
        pytest.raises(StackError, match=rf"\(firestore\) is taken by process {os.getpid()}"),
    ):
        stack.start()

    assert of(stack) == []
    assert not configuration_file(stack.logs.name).exists()


def test_the_demo_gets_ready_and_ends_without_a_trace(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with (
        errors.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "local", "demo", "--free-ports"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as demo,
    ):
        try:
            assert demo.stdout
            said = []
            for line in demo.stdout:
                said.append(line)
                if line == "ready\n":
                    break
            text = "".join(said)
            assert said[-1] == "ready\n", text + errors.read_text(encoding="utf-8")
            check_what_the_demo_offers(text)
            check_what_the_demo_runs_by_itself(text)
            ports = ports_of(text)
            assert started_by(demo.pid)

            demo.send_signal(signal.SIGINT)

            assert demo.wait(60) == 0, errors.read_text(encoding="utf-8")
            assert started_by(demo.pid) == []
            assert [port for port in ports.services().values() if not is_free(port)] == []
        finally:
            # When an assertion fails, the demo must end all the same.
            demo.terminate()


def logs_of(text: str) -> Path:
    """The folder with the logs of a demo."""
    logs = re.search(r"^  Logs +(\S+)", text, re.MULTILINE)
    assert logs
    return ROOT / logs[1]


def ports_of(text: str) -> Ports:
    """The ports of a demo that was started on free ones, from the name of its logs."""
    return Ports.of_block(int(logs_of(text).name.rpartition("-")[2]))


def check_what_the_demo_runs_by_itself(text: str) -> None:
    """Every function that has a schedule."""
    log = logs_of(text) / "schedules.log"

    def running() -> set[str]:
        lines = log.read_text(encoding="utf-8")
        return set(re.findall(r"^\S+ (\w+) runs every \d+ ", lines, re.MULTILINE))

    wait_until("The schedules", lambda: running() == SCHEDULED, 20, lambda: None)


def check_what_the_demo_offers(text: str) -> None:
    """The web app, the simulator and the mails, a device that is owned, and others that are not."""
    page = re.search(r"^  Web app +(\S+)", text, re.MULTILINE)
    particle = re.search(r"^  Particle +(\S+)", text, re.MULTILINE)
    owned = re.search(r'owns "(.+)"', text)
    mails = re.search(r"^  Mails +(\S+)", text, re.MULTILINE)
    assert page
    assert mails
    assert "None yet" in requests.get(mails[1], timeout=10).text
    assert particle
    assert owned
    assert requests.get(f"{page[1]}/__/firebase/init.json", timeout=10).json()["projectId"]
    devices = requests.get(f"{particle[1]}/control/devices", timeout=10).json()["devices"]
    owners = {device["name"]: device["owner"] for device in devices}
    assert owners.pop(owned[1])
    assert set(owners.values()) == {None}
    for device in devices:
        printed = re.search(rf"{re.escape(device['serialNumber'])} +(\S+)", text)
        assert (printed is None) == (device["name"] == owned[1])
