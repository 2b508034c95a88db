"""The server as a process, its state file, and the control API's own answers."""

import csv
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from simulator.settings import Settings
from tests.unit.simulator.world import CLIENT, PRODUCT, World, world_of

ROOT = Path(__file__).parents[3]


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The simulator as a user starts it; its URL."""
    command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as started:
        try:
            assert started.stdout
            line = started.stdout.readline()
            assert line.startswith("simulator ready on http://127.0.0.1:"), line
            yield started, line.split()[-1]
        finally:
            started.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stops_cleanly_with_an_open_stream_and_a_hanging_call(how: signal.Signals) -> None:
    with process() as (simulator, url), httpx.Client(base_url=url) as http:
        form = {"grant_type": "client_credentials"}
        token = http.post("/oauth/token", auth=CLIENT, data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        made = {"kind": "pump", "interval": 0}
        device = http.post("/control/devices", json=made).json()["id"]
        http.patch(f"/control/devices/{device}", json={"hang": True})
        hanging = HTTPConnection(urlsplit(url).netloc)
        hanging.request("POST", f"{PRODUCT}/devices/{device}/start", headers=headers)
        with http.stream("GET", f"{PRODUCT}/events", headers=headers) as stream:
            assert next(stream.iter_lines()) == ":ok"
            start = time.monotonic()
            simulator.send_signal(how)
            assert simulator.wait(5) == 0
            assert time.monotonic() - start < 2
        hanging.close()
        assert simulator.stdout
        assert simulator.stdout.read() == ""


def test_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "simulator", "--port", str(taken.getsockname()[1])]
        run = subprocess.run(  # noqa: S603 - our own module
            command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
        )
    assert run.returncode != 0
    assert "address already in use" in run.stderr
    assert "ready" not in run.stdout


def test_help_needs_no_server() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    for option in ("--fleet", "--topic", "--state", "--rate-limits", "--kinds"):
        assert option in run.stdout
    assert CLIENT[1] not in run.stdout


# State


def test_state_survives_a_restart(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state.db", interval=0)
    with world_of(settings) as world:
        device_id, token = world.owned(name="kept")
        refresh = world.token(grant_type="client_credentials").refresh
        path = f"/v1/devices/{device_id}/set_target"
        world.call("POST", path, token, data={"arg": "27"})
        hook = {"event": "e", "url": "https://example.com"}
        world.call("POST", f"{PRODUCT}/webhooks", world.server_token(), json=hook)
        gone = world.device()["id"]
        world.control("DELETE", f"/devices/{gone}")
    with world_of(settings) as world:
        view = world.call("GET", "/v1/devices/kept", token).json()
        assert view["owner"].startswith("customer")
        path = f"/v1/devices/{device_id}/target"
        assert world.call("GET", path, token).json()["result"] == 27.0
        assert world.grant(grant_type="refresh_token", refresh_token=refresh).status_code == 200
        assert len(world.call("GET", f"{PRODUCT}/webhooks", world.server_token()).json()) == 1
        assert [d["id"] for d in world.control("GET", "/devices")["devices"]] == [device_id]
        world.control("POST", "/reset")
    with world_of(settings) as world:
        assert world.control("GET", "/devices")["devices"] == []
        assert world.call("GET", "/v1/devices", token).status_code == 401


def test_answered_is_saved_without_a_clean_stop(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with process("--state", str(file)) as (simulator, url), httpx.Client(base_url=url) as http:
        form = {"email": "jane@example.com", "no_password": "true"}
        assert http.post(f"{PRODUCT}/customers", auth=CLIENT, data=form).status_code == 201
        simulator.kill()
        simulator.wait()
    with world_of(Settings(state=file)) as world:
        assert world.shadow("jane@example.com").status_code == 400


def test_state_file_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    settings = Settings(state=file)
    with world_of(settings) as world:
        tokens = [world.server_token(), world.customer()[1]]
    database = sqlite3.connect(file)
    text = str(database.execute("SELECT json FROM rows").fetchall())
    database.close()
    for secret in (*tokens, settings.client_secret, settings.password):
        assert secret not in text


def test_fleet_and_topic_join_an_existing_state(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with world_of(Settings(state=state)) as world:
        first = world.device(name="first")
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(
        "device_id,serial_number,kind,name\n"
        f"{first['id']},{first['serialNumber']},thermostat,renamed\n"
        f"{'a' * 24},SN-2,pump,second\n",
        encoding="utf-8",
    )
    topic = "projects/p/topics/t"
    settings = Settings(state=state, fleet=fleet, interval=0, topic=topic)
    for _ in range(2):
        with world_of(settings) as world:
            names = {d["name"] for d in world.control("GET", "/devices")["devices"]}
            assert names == {"first", "second"}
            integrations = world.control("GET", "/integrations")["integrations"]
            assert [i["config"] for i in integrations] == [{"topic": topic}]


def test_ten_thousand_devices(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    with fleet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["device_id", "serial_number", "kind", "name"])
        for number in range(10_000):
            writer.writerow([f"{number:024x}", f"SN-{number}", "pump", f"Pump {number}"])
    with world_of(Settings(fleet=fleet, interval=0)) as world:
        token = world.server_token()
        page = world.call("GET", f"{PRODUCT}/devices?page=400", token).json()
        assert len(page["devices"]) == 25
        assert page["meta"] == {"total_pages": 400}
        last = f"{9_999:024x}"
        path = f"{PRODUCT}/devices/{last}/set_speed"
        assert world.call("POST", path, token, data={"arg": "7"}).json()["return_value"] == 7


# The control API


def test_page_and_health(world: World) -> None:
    page = world.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "Particle simulator" in page.text
    assert world.control("GET", "/health") == {"ok": True}


def test_control_stream_has_every_event(world: World) -> None:
    with world.http.stream("GET", "/control/events") as response:
        lines = response.iter_lines()
        assert next(lines) == ":ok"
        device = world.device()
        world.publish(device["id"], "e", "x")
        data = next(line for line in lines if line.startswith("data: "))
    assert '"name":"e"' in data
    assert device["id"] in data


def test_new_device(world: World) -> None:
    fields = {
        "kind": "pump",
        "id": "b" * 24,
        "serialNumber": "PM-7",
        "name": "well",
        "online": False,
        "state": {"speed": 10},
    }
    made = world.control("POST", "/devices", fields)
    assert made["id"] == "b" * 24
    assert (made["serialNumber"], made["online"], made["owner"]) == ("PM-7", False, None)
    assert made["state"]["speed"] == 10
    assert world.http.post("/control/devices", json=fields).status_code == 409
    changed = world.control("PATCH", f"/devices/{made['id']}", {"state": {"speed": 20}})
    assert changed["state"] == {"running": False, "speed": 20, "litres": 0.0}
    assert world.control("GET", "/devices?limit=0") == {"devices": [], "total": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/devices", {"kind": "toaster"}, 400),
        ("POST", "/devices", {"kind": "pump", "colour": "red"}, 400),
        ("POST", "/devices", {"kind": "pump", "product": 7}, 400),
        ("POST", "/devices", {}, 400),
        ("PATCH", "/devices/nobody", {}, 404),
        ("GET", "/journal?after=x", None, 400),
        ("POST", "/clock", {"advance": "soon"}, 400),
    ],
)
def test_refusals(world: World, method: str, path: str, body: object, status: int) -> None:
    answer = world.http.request(method, f"/control{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["ok"] is False


def test_reset(world: World) -> None:
    device_id, token = world.owned()
    world.fault({"kind": "slow"})
    world.control("POST", "/clock", {"advance": 10**6})
    world.control("POST", "/reset")
    assert world.control("GET", "/devices")["devices"] == []
    assert world.control("GET", "/customers") == {"customers": []}
    assert world.control("GET", "/faults") == {"faults": []}
    assert world.journal() == []
    assert abs(world.server.cloud.clock.now() - time.time()) < 1
    assert world.call("GET", f"/v1/devices/{device_id}", token).status_code == 401


def test_body_that_is_no_json(world: World) -> None:
    headers = {"Content-Type": "application/json"}
    token = world.server_token()
    answer = world.call("POST", f"{PRODUCT}/devices", token, content="{", headers=headers)
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "invalid request body"}


# What a person gets wrong at the start


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,kind\n1,pump\n", "has no column device_id, name, serial_number"),
        ("device_id,serial_number,kind,name\n1,2,toaster,x\n", "'toaster' is none of thermostat"),
        (None, "No such file or directory"),
    ],
)
def test_bad_fleet(tmp_path: Path, text: str | None, reason: str) -> None:
    fleet = tmp_path / "fleet.csv"
    if text is not None:
        fleet.write_text(text, encoding="utf-8")
    assert reason in refused("--fleet", str(fleet))


def test_bad_state_file(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.write_text("this is no database, whatever its name says" * 100, encoding="utf-8")
    assert "file is not a database" in refused("--state", str(file))


def test_state_with_a_kind_that_is_gone(tmp_path: Path) -> None:
    kinds, state = tmp_path / "lamp.py", tmp_path / "state.db"
    kinds.write_text(
        "from simulator.world.kinds import Kind\n\n\nclass Lamp(Kind):\n    pass\n",
        encoding="utf-8",
    )
    with world_of(Settings(kinds=(kinds,), state=state)) as world:
        world.device(kind="lamp")
    assert "devices of kind lamp" in refused("--state", str(state))


def refused(*arguments: str) -> str:
    """What the simulator says when it does not start."""
    run = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "simulator", "--port", "0", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "ready" not in run.stdout
    return run.stderr
