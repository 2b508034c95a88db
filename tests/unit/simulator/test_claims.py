"""Claiming devices, by id and by claim code, and letting go of them."""

from typing import Any

import pytest

from tests.unit.simulator.world import PRODUCT, World


def test_customer_claims(world: World) -> None:
    device = world.device()
    name, token = world.customer()
    answer = world.claim(device["id"], token)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"customer_id", "product_id", "updated_at", "id", "connected", "ok"}
    assert (body["ok"], body["product_id"], body["connected"]) == (True, 1319, True)
    assert world.control("GET", f"/devices/{device['id']}")["owner"] == name
    # Again: success, and nothing else.
    assert world.claim(device["id"], token).json()["ok"] is True


def test_user_claims(world: World) -> None:
    device = world.device(product=None)
    body = world.claim(device["id"], world.user_token()).json()
    assert set(body) == {"user_id", "id", "connected", "ok"}


def test_product_device_may_be_offline(world: World) -> None:
    device = world.device(online=False)
    _, token = world.customer()
    body = world.claim(device["id"], token).json()
    assert body["ok"] is True
    assert body["connected"] is False


def test_developer_device_must_be_online(world: World) -> None:
    device = world.device(online=False, product=None)
    answer = world.claim(device["id"], world.user_token())
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "errors": [["Core isn't online", 404]]}


def test_somebody_elses(world: World) -> None:
    device_id, _ = world.owned()
    _, other = world.customer()
    answer = world.claim(device_id, other)
    assert answer.status_code == 403
    assert answer.json() == {"errors": ["That belongs to someone else."]}


def test_transfer(world: World) -> None:
    device_id, _ = world.owned()
    _, other = world.customer()
    body = {"id": device_id, "request_transfer": True}
    answer = world.call("POST", "/v1/devices", other, json=body)
    assert answer.status_code == 200
    assert "transfer_id" in answer.json()
    assert answer.json()["ok"] is False


def test_unknown_device(world: World) -> None:
    _, token = world.customer()
    answer = world.claim("f" * 24, token)
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "errors": ["device does not exist"]}


@pytest.mark.parametrize("more", [{"product": None}, {"quarantined": True}])
def test_device_outside_the_product(world: World, more: dict[str, Any]) -> None:
    device = world.device(**more)
    _, token = world.customer()
    assert world.claim(device["id"], token).status_code == 403


def test_product_token_claims_nothing(world: World) -> None:
    device = world.device()
    assert world.claim(device["id"], world.server_token()).status_code == 403


def test_owner_lets_go(world: World) -> None:
    device_id, token = world.owned()
    world.control("PATCH", f"/devices/{device_id}", {"online": False})
    answer = world.call("DELETE", f"/v1/devices/{device_id}", token)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True}
    assert world.control("GET", f"/devices/{device_id}")["owner"] is None
    again = world.call("DELETE", f"/v1/devices/{device_id}", token)
    assert again.status_code == 403
    assert again.json()["error"] == "Permission Denied"


def test_product_releases(world: World) -> None:
    device_id, token = world.owned()
    path = f"{PRODUCT}/devices/{device_id}/owner"
    assert world.call("DELETE", path, token).status_code == 403
    answer = world.call("DELETE", path, world.server_token())
    assert answer.status_code == 200
    assert answer.json() == {"ok": True}
    assert world.call("GET", "/v1/devices", token).json() == []
    assert world.control("GET", f"/devices/{device_id}")["productId"] == 1319


# Claim codes


def code(world: World, token: str, **form: str) -> dict[str, Any]:
    answer = world.call("POST", f"{PRODUCT}/device_claims", token, data=form)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def connect(world: World, device_id: str, claim_code: str) -> Any:
    return world.control("POST", f"/devices/{device_id}/connect", {"claimCode": claim_code})


def test_code_claims_once(world: World) -> None:
    name, token = world.customer()
    made = code(world, token)
    assert len(made["claim_code"]) == 63
    assert made["device_ids"] == []
    first, second = world.device(online=False), world.device(online=False)
    assert connect(world, first["id"], made["claim_code"])["owner"] == name
    assert connect(world, second["id"], made["claim_code"])["owner"] is None
    assert code(world, token)["device_ids"] == [first["id"]]


def test_code_lives_an_hour(world: World) -> None:
    _, token = world.customer()
    made = code(world, token)
    world.control("POST", "/clock", {"advance": 3601})
    assert connect(world, world.device()["id"], made["claim_code"])["owner"] is None


def test_code_does_not_take_a_device_from_its_owner(world: World) -> None:
    device_id, token = world.owned()
    _, other = world.customer()
    before = world.control("GET", f"/devices/{device_id}")["owner"]
    assert connect(world, device_id, code(world, other)["claim_code"])["owner"] == before
    assert world.call("GET", f"/v1/devices/{device_id}", token).status_code == 200


def test_wrong_code_has_no_effect(world: World) -> None:
    device = world.device(online=False)
    connected = connect(world, device["id"], "x" * 63)
    assert connected["online"] is True
    assert connected["claimed"] is False


def test_code_of_a_modem(world: World) -> None:
    name, token = world.customer()
    device = world.device(kind="tracker", online=False)
    view = world.call("GET", f"{PRODUCT}/devices/{device['id']}", world.server_token()).json()
    assert code(world, token, iccid=view["iccid"])["claim_code"] == view["iccid"]
    connected = world.control("POST", f"/devices/{device['id']}/connect", {})
    assert connected["owner"] == name


def test_code_for_a_customer_needs_the_customers_token(world: World) -> None:
    path = f"{PRODUCT}/device_claims"
    assert world.call("POST", path, world.server_token()).status_code == 403
    assert world.call("POST", path, world.user_token()).status_code == 403
    _, customer = world.customer()
    assert world.call("POST", "/v1/device_claims", customer).status_code == 403
    assert world.call("POST", "/v1/device_claims", world.user_token()).status_code == 200
