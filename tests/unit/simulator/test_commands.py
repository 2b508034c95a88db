"""Functions and variables."""

import time
from typing import Any

import pytest

from simulator.world.platforms import argument_limit, variable_limit
from tests.unit.simulator.world import PRODUCT, World


def function(world: World, device_id: str, name: str = "set_target", **form: str) -> Any:
    path = f"{PRODUCT}/devices/{device_id}/{name}"
    return world.call("POST", path, world.server_token(), data=form)


def variable(world: World, device_id: str, name: str, query: str = "") -> Any:
    path = f"{PRODUCT}/devices/{device_id}/{name}{query}"
    return world.call("GET", path, world.server_token())


def test_function(world: World) -> None:
    device = world.device(name="gongbot")
    answer = function(world, device["id"], arg="22.5")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": device["id"],
        "name": "gongbot",
        "connected": True,
        "return_value": 225,
    }
    assert variable(world, device["id"], "target").json()["result"] == 22.5


@pytest.mark.parametrize("key", ["arg", "args", "params"])
def test_names_of_the_argument(world: World, key: str) -> None:
    device_id, token = world.owned()
    path = f"/v1/devices/{device_id}/set_target"
    assert world.call("POST", path, token, json={key: "20"}).json()["return_value"] == 200
    assert world.call("POST", path, token, data={key: "19"}).json()["return_value"] == 190


def test_no_argument_is_an_empty_text(world: World) -> None:
    device = world.device()
    assert function(world, device["id"]).json()["return_value"] == -1


def test_negative_return_is_no_error(world: World) -> None:
    device = world.device()
    answer = function(world, device["id"], arg="99")
    assert answer.status_code == 200
    assert answer.json()["return_value"] == -2


def test_raw(world: World) -> None:
    device = world.device()
    answer = function(world, device["id"], arg="20", format="raw")
    assert answer.text == "200"
    assert variable(world, device["id"], "target", "?format=raw").text == "20.0"
    assert variable(world, device["id"], "mode", "?format=raw").text == "heat"
    assert variable(world, device["id"], "heating", "?format=raw").text == "true"


def test_variable(world: World) -> None:
    device = world.device(name="mydev")
    body = variable(world, device["id"], "mode").json()
    assert body["name"] == "mode"
    assert body["result"] == "heat"
    assert set(body["coreInfo"]) == {"name", "deviceID", "connected", "last_handshake_at"}


def test_unknown_names(world: World) -> None:
    device = world.device()
    answer = function(world, device["id"], "blahblah")
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error": "Function blahblah not found"}
    answer = variable(world, device["id"], "NOPE")
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error": "Unknown Variable: NOPE"}
    # Neither methods of the simulator nor a function as a variable.
    assert variable(world, device["id"], "press").status_code == 404
    assert variable(world, device["id"], "set_target").status_code == 404
    assert function(world, device["id"], "tick").status_code == 404


def test_offline_answers_at_once(world: World) -> None:
    device = world.device(online=False)
    start = time.monotonic()
    for name in ("set_target", "blahblah"):
        answer = function(world, device["id"], name)
        assert answer.status_code == 408
        assert answer.json() == {"ok": False, "error": "timed out"}
    assert variable(world, device["id"], "mode").status_code == 408
    assert time.monotonic() - start < world.server.cloud.settings.device_timeout


def test_hanging_device_costs_the_full_time(world: World) -> None:
    device = world.device()
    world.control("PATCH", f"/devices/{device['id']}", {"hang": True})
    start = time.monotonic()
    answer = function(world, device["id"], arg="25")
    assert time.monotonic() - start >= world.server.cloud.settings.device_timeout
    assert answer.status_code == 408
    assert world.control("GET", f"/devices/{device['id']}")["state"]["target"] == 21.0
    assert world.control("GET", f"/devices/{device['id']}")["online"] is True


def test_safe_mode_registers_nothing(world: World) -> None:
    device = world.device()
    world.control("PATCH", f"/devices/{device['id']}", {"safeMode": True})
    assert function(world, device["id"]).status_code == 404
    assert variable(world, device["id"], "mode").status_code == 404


def test_argument_over_the_devices_limit(world: World) -> None:
    device = world.device()
    assert function(world, device["id"], arg="ü" * 512).status_code == 200
    answer = function(world, device["id"], arg="ü" * 512 + "x")
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "argument too long"}


@pytest.mark.parametrize(
    ("platform", "version", "argument", "variable"),
    [
        (6, "0.7.0", 63, 622),
        (6, "2.3.1", 622, 622),
        (6, "3.3.0", 864, 864),
        (13, "3.3.0", 1024, 1024),
        (32, "6.3.0", 1024, 1024),
    ],
)
def test_limits_by_device_os(platform: int, version: str, argument: int, variable: int) -> None:
    assert argument_limit(platform, version) == argument
    assert variable_limit(platform, version) == variable


def test_text_of_a_variable_over_the_devices_limit_is_cut(world: World) -> None:
    long = "x" + "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 512
    device = world.device(state={"mode": long})
    assert variable(world, device["id"], "mode").json()["result"] == long[:-1]
    assert variable(world, device["id"], "mode", "?format=raw").text == long[:-1]
    device = world.device(state={"mode": long[1:]})
    assert variable(world, device["id"], "mode").json()["result"] == long[1:]
