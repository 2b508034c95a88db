"""Virtual devices: what they do over time, the events of their sessions, new kinds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from simulator.settings import Settings
from simulator.world.appliances import Pump, Thermostat, Tracker
from simulator.world.kinds import Kind, function, load_kinds, variable
from simulator.world.state.devices import Device
from tests.unit.simulator.world import PRODUCT, World, world_of

ROOT = Path(__file__).parents[3]
Published = list[tuple[str, str]]


def made(kind: type[Kind], **state: Any) -> tuple[Any, Published]:
    """A device of a kind on its own, and what it publishes."""
    published: Published = []
    device = Device(
        id="e00fce681f3a9c5d7b204e61",
        kind=kind.kind,
        platform_id=kind.platform_id,
        serial_number="X",
        mobile_secret="",
        last_ip_address="",
        system_firmware_version=kind.system_firmware_version,
        created_at=0.0,
        state={**kind.initial, **state},
    )
    return kind(device, lambda name, data: published.append((name, data))), published


# Kinds


def test_thermostat_heats_to_its_target() -> None:
    thermostat, published = made(Thermostat)
    assert thermostat.call("set_target", "23") == 230
    assert json.loads(published[-1][1]) == {"target": 23.0, "mode": "heat", "heating": True}
    for _ in range(600):
        thermostat.tick(5)
    assert thermostat.read("temperature") == pytest.approx(23, abs=0.5)
    name, data = published[-1]
    assert name == "temperature"
    assert float(data) == thermostat.read("temperature")


def test_thermostat_that_is_off_cools_down() -> None:
    thermostat, _ = made(Thermostat)
    assert thermostat.call("set_mode", "off") == 0
    assert thermostat.call("set_mode", "freeze") == -1
    for _ in range(2000):
        thermostat.tick(5)
    assert thermostat.read("temperature") < 10
    assert thermostat.read("heating") is False


@pytest.mark.parametrize(
    ("argument", "answer"), [("", -1), ("warm", -1), ("nan", -1), ("inf", -1), ("99", -2)]
)
def test_refused_target(argument: str, answer: int) -> None:
    thermostat, published = made(Thermostat)
    assert thermostat.call("set_target", argument) == answer
    assert thermostat.read("target") == 21.0
    assert published == []


def test_pump_pumps_only_while_it_runs() -> None:
    pump, published = made(Pump)
    pump.tick(60)
    assert pump.read("litres") == 0.0
    assert pump.call("start", "") == 1
    assert pump.call("set_speed", "50") == 50
    pump.tick(60)
    assert pump.read("litres") == pytest.approx(20.0)
    assert pump.call("stop", "") == 0
    flow = json.loads(published[-1][1])
    assert published[-1][0] == "flow"
    assert flow["running"] is False
    assert flow["rate"] == 0.0
    pump.press()
    assert pump.read("running") is True
    assert pump.call("reset_litres", "") == 0
    assert pump.read("litres") == 0.0


def locations(published: Published) -> list[dict[str, Any]]:
    assert {name for name, _ in published} <= {"loc"}
    return [json.loads(data) for _, data in published]


def test_tracker_publishes_the_form_of_particles_own_firmware() -> None:
    tracker, published = made(Tracker)
    tracker.now = lambda: 1_772_356_510.9
    tracker.tick(5)
    (message,) = locations(published)
    assert list(message) == ["cmd", "time", "loc", "trig", "req_id"]
    assert message["cmd"] == "loc"
    assert message["time"] == 1_772_356_510
    assert message["trig"] == ["lock"]
    assert message["req_id"] == 1
    where = message["loc"]
    assert " ".join(where) == "lck time lat lon alt hd h_acc v_acc spd cell batt temp"
    assert where["lck"] == 1
    assert 0 <= message["time"] - where["time"] <= 2
    assert (where["lat"], where["lon"]) == pytest.approx((48.1374, 11.5755), abs=0.01)
    assert 0 <= where["hd"] < 360
    assert where["spd"] == pytest.approx(tracker.read("speed"), abs=0.05)
    assert where["batt"] == tracker.read("battery") <= 93.0
    assert len(published[0][1].encode()) <= 622


def test_tracker_moves_as_fast_as_it_says() -> None:
    tracker, _ = made(Tracker)
    before = json.loads(tracker.read("position"))
    tracker.tick(10)
    after = json.loads(tracker.read("position"))
    metres = abs(after["lat"] - before["lat"]) * 111_320
    assert 0 < metres <= after["spd"] * 10 + 1


@pytest.mark.parametrize("step", [1, 5, 7])
def test_tracker_that_drives_publishes_every_half_minute(step: int) -> None:
    tracker, published = made(Tracker, speed=20.0)
    tracker.drive = lambda seconds: setattr(tracker, "driven", tracker.driven + 20 * seconds)
    for _ in range(600 // step):
        tracker.tick(step)
    messages = locations(published)
    assert messages[0]["trig"][0] == "lock"
    assert {tuple(m["trig"]) for m in messages[1:]} == {("radius",)}
    assert len(messages) == 1 + (600 // step - 1) // -(-30 // step)
    assert [m["req_id"] for m in messages] == list(range(1, len(messages) + 1))


def test_tracker_that_stands_publishes_every_five_minutes() -> None:
    tracker, published = made(Tracker)
    tracker.drive = lambda _seconds: None
    for _ in range(1 + 900 // 5):
        tracker.tick(5)
    assert [m["trig"] for m in locations(published)] == [["lock"], ["time"], ["time"], ["time"]]


def test_tracker_without_a_fix_reports_no_position() -> None:
    tracker, published = made(Tracker)
    tracker.tick(5)
    tracker.state["fix"] = False
    for _ in range(6):
        tracker.tick(5)
    tracker.state["fix"] = True
    tracker.tick(30)
    _, lost, found = locations(published)
    assert lost["trig"] == ["lock"]
    assert list(lost["loc"]) == ["lck", "cell", "batt", "temp"]
    assert lost["loc"]["lck"] == 0
    assert "lock" in found["trig"]
    assert found["loc"]["lck"] == 1


def test_tracker_publishes_when_asked() -> None:
    tracker, published = made(Tracker)
    assert tracker.call("locate", "") == 1
    assert locations(published)[0]["trig"] == ["user"]
    tracker.press()
    name, data = published[-1]
    assert name == "sos"
    assert json.loads(data).keys() >= {"lck", "lat", "lon"}


def test_tracker_knows_its_driver() -> None:
    tracker, _ = made(Tracker)
    assert tracker.call("set_driver", "Ada") == 3
    assert tracker.call("set_driver", "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg") == 5
    assert tracker.call("set_driver", "\N{GRINNING FACE}" * 40) == 160
    assert tracker.call("set_driver", "\N{GRINNING FACE}" * 40 + "A") < 0
    assert tracker.read("driver") == "\N{GRINNING FACE}" * 40


def test_a_device_of_an_older_state_file_gets_what_its_kind_has_since() -> None:
    with world_of(Settings()) as world:
        device = world.device(kind="tracker", online=False)["id"]
        row = world.server.cloud.state.devices[device]
        world.server.cloud.fleet.forget(device)
        row.state = {"lat": 1.0}
        state = world.control("GET", f"/devices/{device}")["state"]
        assert state["lat"] == 1.0
        assert state["fix"] is True


def test_results_are_cut_to_32_bits() -> None:
    class Counter(Kind):
        @function
        def big(self, argument: str) -> int:
            return int(argument)

    counter, _ = made(Counter)
    assert counter.call("big", str(2**31)) == -(2**31)
    assert counter.call("big", "-1") == -1


def test_types_of_variables_come_from_annotations() -> None:
    class Mixed(Kind):
        @variable
        def count(self) -> int:
            return 1

        @variable
        def label(self) -> str:
            return "x"

    assert Mixed.variables == {"count": "int32", "label": "string"}


def test_same_device_behaves_alike() -> None:
    first, second = made(Tracker)[0], made(Tracker)[0]
    for tracker in (first, second):
        tracker.tick(5)
    assert first.state == second.state


# A kind from a file, as the documentation shows it


def test_documented_kind(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "lamp.py"
    file.write_text(code, encoding="utf-8")
    (lamp,) = load_kinds(file)
    assert (lamp.kind, lamp.functions, lamp.variables) == (
        "lamp",
        ["switch"],
        {"hours": "double"},
    )
    with world_of(Settings(kinds=(file,))) as world:
        device_id, token = world.owned(kind="lamp")
        path = f"/v1/devices/{device_id}/switch"
        answer = world.call("POST", path, token, data={"arg": "on"})
        assert answer.json()["return_value"] == 1
        # It subscribes to an event, which its owner publishes.
        world.call("POST", "/v1/devices/events", token, data={"name": "all-off"})
        assert world.control("GET", f"/devices/{device_id}")["state"]["on"] is False
        world.control("POST", f"/devices/{device_id}/press")
        assert world.control("GET", f"/devices/{device_id}")["state"]["on"] is True


# Sessions


def names(world: World, device: dict[str, Any], last: str, do: Any) -> list[tuple[str, Any]]:
    """Names and data of the events of a device while something is done, up to the last."""
    path = f"{PRODUCT}/devices/{device['id']}/events"
    with world.stream(path, world.server_token()) as stream:
        stream.comment()
        do()
        events: list[tuple[str, Any]] = []
        while not events or events[-1][0] != last:
            event = stream.event()
            events.append((event["name"], event["data"]))
    return events


def change(world: World, device: dict[str, Any], **fields: Any) -> None:
    world.control("PATCH", f"/devices/{device['id']}", fields)


def test_presence(world: World) -> None:
    device = world.device()

    def twice() -> None:
        for _ in range(2):
            change(world, device, online=False)
        world.publish(device["id"], "offline-marker")
        for _ in range(2):
            change(world, device, online=True)
        world.publish(device["id"], "end")

    assert names(world, device, "end", twice) == [
        ("spark/status", "offline"),
        ("offline-marker", None),
        ("spark/status", "online"),
        ("end", None),
    ]


def test_events_after_a_connection(world: World) -> None:
    device = world.device(interval=3600, online=False)
    events = names(
        world,
        device,
        "spark/device/diagnostics/update",
        lambda: world.control(
            "POST", f"/devices/{device['id']}/connect", {"resetReason": "pin_reset"}
        ),
    )
    assert [name for name, _ in events] == [
        "spark/status",
        "spark/device/last_reset",
        "particle/device/updates/enabled",
        "particle/device/updates/forced",
        "spark/device/diagnostics/update",
    ]
    assert events[1][1] == "pin_reset"


def test_update_over_the_air(world: World) -> None:
    device = world.device(interval=3600)
    token = world.server_token()
    path = f"{PRODUCT}/devices/{device['id']}"
    form = {"desired_firmware_version": "4", "flash": "true"}
    events = names(
        world,
        device,
        "particle/device/updates/pending",
        lambda: world.call("PUT", path, token, data=form),
    )
    assert events[:5] == [
        ("spark/status", "auto-update"),
        ("spark/flash/status", "started "),
        ("spark/flash/status", "success "),
        ("spark/status", "offline"),
        ("spark/status", "online"),
    ]
    rest = dict(events[5:])
    assert rest["spark/device/last_reset"] == "update"
    assert re.fullmatch("[0-9a-f]{64}", rest["spark/device/app-hash"])
    assert world.call("GET", path, token).json()["firmware_version"] == 4


def test_claim_ends_the_session(world: World) -> None:
    device = world.device(interval=3600)
    _, token = world.customer()
    events = names(
        world,
        device,
        "spark/device/diagnostics/update",
        lambda: world.claim(device["id"], token),
    )
    assert [data for name, data in events if name == "spark/status"] == ["offline", "online"]
    assert world.call("GET", f"/v1/devices/{device['id']}", token).json()["online"] is True


def test_quiet_device_says_nothing_when_claimed(world: World) -> None:
    device = world.device()
    _, token = world.customer()

    def claimed() -> None:
        world.claim(device["id"], token)
        world.publish(device["id"], "end")

    assert names(world, device, "end", claimed) == [("end", None)]


def test_functions_and_button_speak_even_of_a_quiet_device(world: World) -> None:
    device, token = world.device(), world.server_token()

    def act() -> None:
        path = f"{PRODUCT}/devices/{device['id']}/set_target"
        world.call("POST", path, token, data={"arg": "20"})
        world.control("POST", f"/devices/{device['id']}/press")
        world.publish(device["id"], "end")

    events = names(world, device, "end", act)
    assert [json.loads(data)["target"] for _, data in events[:2]] == [20.0, 20.5]


def test_safe_mode(world: World) -> None:
    device = world.device(kind="pump")
    ((name, data),) = names(
        world, device, "spark/status/safe-mode", lambda: change(world, device, safeMode=True)
    )
    assert name == "spark/status/safe-mode"
    assert json.loads(data)["p"] == 13


def test_quarantined_device_is_not_heard(world: World) -> None:
    quarantined, member = world.device(quarantined=True), world.device()
    with world.stream(f"{PRODUCT}/events", world.server_token()) as stream:
        stream.comment()
        world.publish(quarantined["id"], "unheard")
        world.publish(member["id"], "heard")
        assert stream.event()["name"] == "heard"


def test_devices_speak_at_their_interval(world: World) -> None:
    device = world.device(interval=0.05)
    with world.stream(f"{PRODUCT}/events/temperature", world.server_token()) as stream:
        stream.comment()
        events = [stream.event() for _ in range(3)]
        change(world, device, interval=0)
    assert {event["coreid"] for event in events} == {device["id"]}
    ticks = world.server.cloud.state.devices[device["id"]].ticks
    speaker = world.device(interval=0.05)
    with world.stream(f"{PRODUCT}/events/temperature", world.server_token()) as stream:
        for _ in range(3):
            assert stream.event()["coreid"] == speaker["id"]
    assert world.server.cloud.state.devices[device["id"]].ticks == ticks


def test_reconnection_after_a_claim_takes_its_time() -> None:
    with world_of(Settings(reconnect_after_claim=0.2)) as world:
        device = world.device(interval=3600)
        _, token = world.customer()
        events = names(
            world,
            device,
            "spark/device/diagnostics/update",
            lambda: world.claim(device["id"], token),
        )
        assert ("spark/status", "offline") in events


def test_demo_fleet() -> None:
    with world_of(Settings(fleet=ROOT / "demo" / "fleet.csv", interval=0)) as world:
        devices = world.control("GET", "/devices")["devices"]
        assert 6 <= len(devices) <= 8
        assert {device["kind"] for device in devices} == {"thermostat", "pump", "tracker"}
        assert all(re.fullmatch("[0-9a-f]{24}", device["id"]) for device in devices)
        assert all(device["productId"] == 1319 for device in devices)
