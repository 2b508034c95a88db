"""Reading and changing devices; product membership."""

from typing import Any

import pytest

from tests.unit.simulator.world import PRODUCT, World

DEVICES = f"{PRODUCT}/devices"
DENIED = {
    "error": "Permission Denied",
    "info": "I didn't recognize that device name or ID, "
    "try opening https://api.particle.io/v1/devices?access_token=undefined",
}


def test_own_devices(world: World) -> None:
    device_id, token = world.owned(name="den")
    (listed,) = world.call("GET", "/v1/devices", token).json()
    assert listed["id"] == device_id
    assert "owner" not in listed
    assert (listed["cellular"], listed["platform_id"], listed["product_id"]) == (False, 32, 1319)
    got = world.call("GET", f"/v1/devices/{device_id}", token).json()
    assert got["variables"] == {
        "heating": "bool",
        "mode": "string",
        "target": "double",
        "temperature": "double",
    }
    by_name = world.call("GET", "/v1/devices/den", token).json()
    assert by_name == got
    assert got["owner"].startswith("customer")


def test_list_is_sorted_by_last_handshake(world: World) -> None:
    _, token = world.customer()
    ids = [world.device()["id"] for _ in range(3)]
    for device_id in ids:
        world.claim(device_id, token)
    world.control("POST", f"/devices/{ids[0]}/connect", {})
    listed = [device["id"] for device in world.call("GET", "/v1/devices", token).json()]
    assert listed == [ids[0], ids[2], ids[1]]


def test_device_that_never_connected_has_reported_nothing(world: World) -> None:
    device_id, token = world.owned(online=False)
    got = world.call("GET", f"/v1/devices/{device_id}", token).json()
    assert got["functions"] is None
    assert got["variables"] is None
    assert got["last_handshake_at"] is None


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("PUT", "/ping"),
        ("GET", "/target"),
        ("POST", "/set_target"),
        ("GET", "/events"),
    ],
)
def test_foreign_and_unknown_devices_look_alike(world: World, method: str, tail: str) -> None:
    device_id, _ = world.owned()
    _, stranger = world.customer()
    for id_ in (device_id, "f" * 24, device_id.upper()):
        answer = world.call(method, f"/v1/devices/{id_}{tail}", stranger)
        assert answer.status_code == 403
        assert answer.json() == DENIED
        if method != "DELETE":
            answer = world.call(method, f"{DEVICES}/{'f' * 24}{tail}", world.server_token())
            assert answer.json() == DENIED


def test_customer_token_is_refused_on_product_routes(world: World) -> None:
    device_id, token = world.owned()
    for method, path in (
        ("GET", DEVICES),
        ("GET", f"{DEVICES}/{device_id}"),
        ("POST", f"{DEVICES}/{device_id}/set_target"),
        ("GET", f"{DEVICES}/{device_id}/target"),
        ("GET", f"{PRODUCT}/events"),
        ("POST", DEVICES),
    ):
        answer = world.call(method, path, token)
        assert answer.status_code == 403
        assert answer.json() == {"ok": False, "error": "Permission denied"}


def test_product_token_owns_no_device_but_sees_the_products(world: World) -> None:
    device_id, _ = world.owned()
    token = world.server_token()
    assert world.call("GET", "/v1/devices", token).json() == []
    assert world.call("GET", f"/v1/devices/{device_id}", token).json()["id"] == device_id
    path = f"/v1/devices/{device_id}/set_target"
    assert world.call("POST", path, token, data={"arg": "20"}).status_code == 403


def test_product_view(world: World) -> None:
    device = world.device(kind="tracker")
    view = world.call("GET", f"{DEVICES}/{device['id']}", world.server_token()).json()
    assert view["owner"] is None
    assert view["firmware_product_id"] == 1319
    assert (view["quarantined"], view["development"], view["denied"]) == (False, False, False)
    assert view["groups"] == []
    assert view["imei"]
    assert "mac_wifi" not in view


def listed(world: World, **query: str) -> Any:
    return world.call("GET", DEVICES, world.server_token(), params=query).json()


def test_filters_and_pages(world: World) -> None:
    names = ["alpha", "beta", "alphabet"]
    made = {name: world.device(name=name) for name in names}
    by_name = listed(world, deviceName="alpha", sortAttr="deviceName", sortDir="asc")
    assert [d["name"] for d in by_name["devices"]] == ["alpha", "alphabet"]
    by_id = listed(world, deviceId=made["beta"]["id"])
    assert [d["name"] for d in by_id["devices"]] == ["beta"]
    by_serial = listed(world, serialNumber=made["beta"]["serialNumber"])
    assert [d["name"] for d in by_serial["devices"]] == ["beta"]
    page = listed(world, sortAttr="deviceName", sortDir="desc", perPage="2", page="2")
    assert [d["name"] for d in page["devices"]] == ["alpha"]
    assert page["meta"] == {"total_pages": 2}
    assert listed(world, perPage="2", page="3")["devices"] == []
    assert listed(world, per_page="1")["meta"] == {"total_pages": 3}


def test_list_names_the_owners(world: World) -> None:
    device_id, _ = world.owned()
    (customer,) = listed(world, deviceId=device_id)["customers"]
    assert customer["username"].startswith("customer")


def test_changes(world: World) -> None:
    device_id, token = world.owned()
    own, product = f"/v1/devices/{device_id}", f"{DEVICES}/{device_id}"
    renamed = world.call("PUT", own, token, data={"name": "attic"}).json()
    assert set(renamed) == {"id", "name", "updated_at"}
    server = world.server_token()
    noted = world.call("PUT", product, server, json={"notes": "sold"}).json()
    assert set(noted) == {"id", "notes", "updated_at"}
    assert world.call("PUT", own, token, data={"signal": "1"}).json() == {
        "id": device_id,
        "connected": True,
        "signaling": True,
    }
    forced = world.call("PUT", product, server, json={"firmware_updates_forced": True}).json()
    assert forced == {"id": device_id, "firmware_updates_forced": True}
    view = world.call("GET", product, server).json()
    assert (view["name"], view["notes"], view["firmware_updates_forced"]) == (
        "attic",
        "sold",
        True,
    )
    # A product's change on the user's route is none.
    assert world.call("PUT", own, token, data={"development": "true"}).status_code == 400


def test_signal_to_an_offline_device(world: World) -> None:
    device_id, token = world.owned(online=False)
    answer = world.call("PUT", f"/v1/devices/{device_id}", token, data={"signal": "1"})
    assert answer.status_code == 500
    assert answer.json()["errors"] == [{"error": "Timed out, didn't hear back from device service"}]


def test_ping(world: World) -> None:
    device_id, token = world.owned()
    path = f"/v1/devices/{device_id}/ping"
    assert world.call("PUT", path, token).json() == {"online": True, "ok": True}
    world.control("PATCH", f"/devices/{device_id}", {"online": False})
    answer = world.call("PUT", path, token)
    assert answer.status_code == 200
    assert answer.json() == {"online": False, "ok": True}


def test_serial_number(world: World) -> None:
    device = world.device(kind="pump", serialNumber="PM-1")
    body = world.call("GET", "/v1/serial_numbers/PM-1", world.user_token()).json()
    assert (body["ok"], body["deviceID"]) == (True, device["id"])
    assert body["iccid"]
    assert world.call("GET", "/v1/serial_numbers/PM-2", world.user_token()).status_code == 404


# Membership


def imported(world: World, **more: Any) -> dict[str, Any]:
    answer = world.call("POST", DEVICES, world.server_token(), **more)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_import(world: World) -> None:
    new, member = world.device(product=None), world.device()
    body = imported(world, data={"ids[]": [new["id"], member["id"], "f" * 24]})
    assert body == {
        "updated": 1,
        "updatedDeviceIds": [new["id"]],
        "existingDeviceIds": [member["id"]],
        "nonmemberDeviceIds": [],
        "invalidDeviceIds": ["f" * 24],
        "protectedDeviceIds": [],
    }
    assert imported(world, json={"id": new["id"]})["existingDeviceIds"] == [new["id"]]


def test_import_by_file_with_any_identifier(world: World) -> None:
    devices = [world.device(kind="tracker", product=None) for _ in range(3)]
    user = world.user_token()
    for device in devices:
        world.claim(device["id"], user)
    views = {d["id"]: d for d in world.call("GET", "/v1/devices", user).json()}
    lines = [
        devices[0]["serialNumber"],
        views[devices[1]["id"]]["imei"],
        views[devices[2]["id"]]["iccid"],
    ]
    body = imported(world, files={"file": ("devices.txt", "\r\n".join(lines).encode())})
    assert body["updatedDeviceIds"] == [device["id"] for device in devices]


def test_device_of_a_user_outside_the_team(world: World) -> None:
    world.call("POST", "/v1/users", json={"username": "u@example.com", "password": "p"})
    user = world.token(
        ("particle", "particle"), grant_type="password", username="u@example.com", password="p"
    ).access
    device = world.device(product=None)
    world.claim(device["id"], user)
    assert imported(world, data={"id": device["id"]})["nonmemberDeviceIds"] == [device["id"]]


def test_import_and_claim_for_a_team_member(world: World) -> None:
    device = world.device(product=None)
    claimant = world.server.cloud.settings.username
    imported(world, data={"id": device["id"], "claim_user": claimant})
    assert world.control("GET", f"/devices/{device['id']}")["owner"] == claimant


def test_removal(world: World) -> None:
    device_id, token = world.owned()
    answer = world.call("DELETE", f"{DEVICES}/{device_id}", world.server_token())
    assert answer.status_code == 204
    assert world.call("GET", "/v1/devices", token).json() == []
    assert world.control("GET", f"/devices/{device_id}")["productId"] is None


def test_quarantine(world: World) -> None:
    first, second = world.device(quarantined=True), world.device(quarantined=True)
    assert listed(world)["devices"] == []
    waiting = listed(world, quarantined="true")["devices"]
    assert {device["id"] for device in waiting} == {first["id"], second["id"]}
    imported(world, data={"id": first["id"]})
    denied = world.call(
        "DELETE", f"{DEVICES}/{second['id']}", world.server_token(), params={}, headers={}
    )
    assert denied.status_code == 204
    assert [device["id"] for device in listed(world)["devices"]] == [first["id"]]
    assert listed(world, quarantined="true")["devices"] == []


def test_denied_device_is_gone(world: World) -> None:
    device = world.device(quarantined=True)
    path = f"{DEVICES}/{device['id']}"
    answer = world.call("DELETE", path, world.server_token(), data={"deny": "true"})
    assert answer.status_code == 204
    assert world.claim(device["id"], world.user_token()).status_code == 404
    assert world.control("GET", f"/devices/{device['id']}")["online"] is False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PRODUCT}/firmware"),
        ("GET", f"{PRODUCT}/groups/x"),
        ("PUT", DEVICES),
        ("GET", "/v1/orgs/acme/devices/events"),
        ("GET", "/v1/sims"),
        ("POST", "/v1/ledgers"),
        ("PATCH", "/v1/env"),
        ("POST", "/v1/binaries"),
    ],
)
def test_left_out(world: World, method: str, path: str) -> None:
    answer = world.call(method, path, world.server_token())
    assert answer.status_code == 501
    assert answer.json()["error"] == "not simulated"
    assert answer.json()["info"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing"), ("PATCH", "/v1/devices")])
def test_no_such_route(world: World, method: str, path: str) -> None:
    answer = world.call(method, path, world.server_token())
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error": "Not found"}
