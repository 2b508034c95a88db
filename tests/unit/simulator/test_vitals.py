"""Device vitals."""

import json
from typing import Any

import pytest

from tests.unit.simulator.world import PRODUCT, World


def read(world: World, device_id: str, tail: str = "", **more: Any) -> Any:
    path = f"{PRODUCT}/diagnostics/{device_id}{tail}"
    return world.call("GET", path, world.server_token(), **more)


def refresh(world: World, device_id: str) -> None:
    path = f"{PRODUCT}/diagnostics/{device_id}/update"
    answer = world.call("POST", path, world.server_token())
    assert answer.status_code == 202
    assert answer.json() == {"ok": True}


def test_refresh_publishes_and_is_kept(world: World) -> None:
    device = world.device(kind="tracker")["id"]
    with world.stream(f"{PRODUCT}/events/spark", world.server_token()) as stream:
        stream.comment()
        refresh(world, device)
        event = stream.event()
    assert event["name"] == "spark/device/diagnostics/update"
    payload = json.loads(event["data"])
    assert set(payload) == {"device", "service"}
    assert payload["device"]["network"]["signal"]["at"] == "LTE Cat-M1"
    code = payload["device"]["network"]["cellular"]["cell_global_identity"]
    assert isinstance(code["mobile_network_code"], str)
    last = read(world, device, "/last").json()["diagnostics"]
    assert set(last) == {"updated_at", "deviceID", "payload"}
    assert last["payload"] == payload


def test_owner_reads_own_devices_vitals(world: World) -> None:
    device_id, token = world.owned()
    path = f"/v1/diagnostics/{device_id}"
    assert world.call("POST", f"{path}/update", token).status_code == 202
    assert world.call("GET", f"{path}/last", token).status_code == 200
    _, stranger = world.customer()
    assert world.call("GET", f"{path}/last", stranger).status_code == 403


def test_offline_device_reports_nothing(world: World) -> None:
    device = world.device(online=False)["id"]
    refresh(world, device)
    assert read(world, device, "/last").status_code == 404


def test_missing_measurement_is_an_error_leaf(world: World) -> None:
    device = world.device()["id"]
    refresh(world, device)
    payload = read(world, device, "/last").json()["diagnostics"]["payload"]
    assert payload["device"]["power"]["battery"]["charge"] == {"err": -210}
    assert "cellular" not in payload["device"]["network"]


def test_history(world: World) -> None:
    device = world.device()["id"]
    for _ in range(2):
        refresh(world, device)
        world.control("POST", "/clock", {"advance": 3600})
    history = read(world, device).json()["diagnostics"]
    assert len(history) == 2
    later = read(world, device, params={"start_date": history[1]["updated_at"]}).json()
    assert later["diagnostics"] == history[1:]
    csv = read(world, device, headers={"Accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text.splitlines()) == 3


@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_bad_dates(world: World, name: str) -> None:
    device = world.device()["id"]
    answer = read(world, device, params={name: "yesterday"})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "bad_request",
        "description": "start_date and end_date must be ISO8601 formatted",
    }
