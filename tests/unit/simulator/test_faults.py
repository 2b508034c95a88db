"""Faults in answers, devices and the delivery of events; the journal of what arrived."""

import time
from typing import Any

import httpx
import pytest

from tests.unit.simulator.receiver import receiving
from tests.unit.simulator.world import CLIENT, PRODUCT, Stream, World, until


def target(world: World, device_id: str) -> float:
    state: dict[str, float] = world.control("GET", f"/devices/{device_id}")["state"]
    return state["target"]


def set_target(world: World, device_id: str, token: str, arg: str = "25") -> httpx.Response:
    path = f"{PRODUCT}/devices/{device_id}/set_target"
    return world.call("POST", path, token, data={"arg": arg})


# Answers


def test_status_for_a_count(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    headers = {"Retry-After": "7"}
    world.fault(
        {"kind": "status", "status": 429, "headers": headers},
        {"route": "POST /v1/products/*/set_target"},
        count=2,
    )
    for _ in range(2):
        answer = set_target(world, device, token)
        assert answer.status_code == 429
        assert answer.json() == {"ok": False, "error": "Too many requests"}
        assert answer.headers["retry-after"] == "7"
        assert answer.headers["access-control-allow-origin"] == "*"
    assert target(world, device) == 21.0
    assert set_target(world, device, token).status_code == 200


def test_status_with_body_after_the_effect(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    world.fault(
        {"kind": "status", "status": 502, "body": {"err": "x"}, "effect": True},
        {"device": device},
    )
    answer = set_target(world, device, token)
    assert answer.status_code == 502
    assert answer.json() == {"err": "x"}
    assert target(world, device) == 25.0


def test_route_must_match(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    world.fault({"kind": "status", "status": 500}, {"route": "POST /oauth/token"})
    assert set_target(world, device, token).status_code == 200
    assert world.grant(grant_type="client_credentials").status_code == 500
    world.control("DELETE", "/faults")
    assert world.grant(grant_type="client_credentials").status_code == 200


def test_path_without_method(world: World) -> None:
    token = world.server_token()
    world.fault({"kind": "status", "status": 503}, {"route": "/v1/products/*"})
    assert world.call("GET", PRODUCT, token).status_code == 503
    assert world.call("GET", "/v1/devices", token).status_code == 200


def test_device_in_the_body_of_a_claim(world: World) -> None:
    device, other = world.device()["id"], world.device()["id"]
    _, token = world.customer()
    world.fault({"kind": "status", "status": 500}, {"device": device})
    assert world.claim(other, token).status_code == 200
    assert world.claim(device, token).status_code == 500


def test_for_some_seconds(world: World) -> None:
    token = world.server_token()
    world.fault({"kind": "status", "status": 500}, {"route": "*"}, seconds=0.2)
    assert world.call("GET", PRODUCT, token).status_code == 500
    until(lambda: world.control("GET", "/faults")["faults"] == [])
    assert world.call("GET", PRODUCT, token).status_code == 200


def test_slow(world: World) -> None:
    token = world.server_token()
    world.fault({"kind": "slow", "seconds": 0.2})
    start = time.monotonic()
    assert world.call("GET", PRODUCT, token).status_code == 200
    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize(("kind", "expected"), [("cut-before", 21.0), ("cut-after", 25.0)])
def test_cut(world: World, kind: str, expected: float) -> None:
    device, token = world.device()["id"], world.server_token()
    world.fault({"kind": kind}, {"device": device}, count=1)
    with pytest.raises(httpx.TransportError):
        set_target(world, device, token)
    assert target(world, device) == expected
    assert world.journal()[-1]["status"] is None
    assert world.journal()[-1]["fault"] == kind
    assert set_target(world, device, token).status_code == 200


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        ("token-expired", "The access token provided has expired."),
        ("token-revoked", "The access token provided is invalid."),
    ],
)
def test_token_ends_early(world: World, kind: str, description: str) -> None:
    token, other = world.server_token(), world.server_token()
    world.fault({"kind": kind}, {"route": "GET /v1/products/*"}, count=1)
    for _ in range(2):
        answer = world.call("GET", PRODUCT, token)
        assert answer.status_code == 401
        assert answer.json()["error_description"] == description
    assert world.call("GET", PRODUCT, other).status_code == 200


def test_several_at_once(world: World) -> None:
    token = world.server_token()
    world.fault({"kind": "slow", "seconds": 0.1})
    world.fault({"kind": "status", "status": 500})
    start = time.monotonic()
    assert world.call("GET", PRODUCT, token).status_code == 500
    assert time.monotonic() - start >= 0.1


# Devices


def test_offline(world: World) -> None:
    device, other, token = world.device()["id"], world.device()["id"], world.server_token()
    world.fault({"kind": "offline"}, {"device": device}, count=1)
    assert set_target(world, other, token).status_code == 200
    assert set_target(world, device, token).status_code == 408
    assert world.control("GET", f"/devices/{device}")["online"] is True
    assert set_target(world, device, token).status_code == 200


@pytest.mark.parametrize(("effect", "expected"), [(False, 21.0), (True, 25.0)])
def test_hang(world: World, effect: bool, expected: float) -> None:  # noqa: FBT001 - a parameter
    device, token = world.device()["id"], world.server_token()
    world.fault({"kind": "hang", "effect": effect}, {"device": device})
    start = time.monotonic()
    assert set_target(world, device, token).status_code == 408
    assert time.monotonic() - start >= world.server.cloud.settings.device_timeout
    assert target(world, device) == expected


# Events


def received(stream: Stream, count: int) -> list[str]:
    return [stream.event()["data"] for _ in range(count)]


def test_duplicate(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with world.stream(f"{PRODUCT}/events", token) as stream:
        stream.comment()
        world.fault({"kind": "duplicate", "copies": 2}, {"device": device}, count=1)
        world.publish(device, "e", "1")
        world.publish(device, "e", "2")
        events = [stream.event() for _ in range(4)]
    assert [event["data"] for event in events] == ["1", "1", "1", "2"]
    assert len({event["published_at"] for event in events[:3]}) == 1


def test_late(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with world.stream(f"{PRODUCT}/events", token) as stream:
        stream.comment()
        world.fault({"kind": "late", "seconds": 0.2}, {"device": device}, count=1)
        for data in ("1", "2"):
            world.publish(device, "e", data)
        second, first = stream.event(), stream.event()
    assert (first["data"], second["data"]) == ("1", "2")
    assert first["published_at"] <= second["published_at"]


def test_reorder(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with world.stream(f"{PRODUCT}/events", token) as stream:
        stream.comment()
        world.fault({"kind": "reorder", "window": 3}, {"device": device})
        for data in "123456":
            world.publish(device, "e", data)
        assert received(stream, 6) == ["3", "2", "1", "6", "5", "4"]


def test_end_of_reordering_releases_what_was_held(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with world.stream(f"{PRODUCT}/events", token) as stream:
        stream.comment()
        world.fault({"kind": "reorder", "window": 9}, {"device": device}, count=2)
        for data in "123":
            world.publish(device, "e", data)
        assert received(stream, 3) == ["2", "1", "3"]
        fault = world.fault({"kind": "reorder", "window": 9}, {"device": device})
        for data in "45":
            world.publish(device, "e", data)
        world.control("DELETE", f"/faults/{fault}")
        assert received(stream, 2) == ["5", "4"]


def hook(world: World, url: str, token: str) -> str:
    body = {"event": "e", "url": url, "body": "{{{PARTICLE_EVENT_VALUE}}}"}
    answer = world.call("POST", f"{PRODUCT}/webhooks", token, json=body)
    made: str = answer.json()["id"]
    return made


def test_silent_integration(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with receiving() as quiet, receiving() as other:
        silenced = hook(world, quiet.url, token)
        hook(world, other.url, token)
        world.fault({"kind": "silent"}, {"integration": silenced})
        world.publish(device, "e", "1")
        assert other.next().body == "1"
        world.control("DELETE", "/faults")
        world.publish(device, "e", "2")
        assert quiet.next().body == "2"


def test_all_integrations_silent_for_a_device(world: World) -> None:
    device, other, token = world.device()["id"], world.device()["id"], world.server_token()
    with receiving() as receiver, world.stream(f"{PRODUCT}/events/e", token) as stream:
        stream.comment()
        hook(world, receiver.url, token)
        world.fault({"kind": "silent"}, {"device": device})
        world.publish(device, "e", "1")
        world.publish(other, "e", "2")
        assert receiver.next().body == "2"
        assert received(stream, 1) == ["1"]


def test_reordering_of_one_integration_alone(world: World) -> None:
    device, token = world.device()["id"], world.server_token()
    with receiving() as receiver, world.stream(f"{PRODUCT}/events/e", token) as stream:
        stream.comment()
        made = hook(world, receiver.url, token)
        world.fault({"kind": "reorder", "window": 5}, {"integration": made}, count=2)
        world.publish(device, "e", "1")
        assert received(stream, 1) == ["1"]
        assert receiver.requests.empty()
        world.publish(device, "e", "2")
        assert {receiver.next().body, receiver.next().body} == {"1", "2"}


# The control API


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": {"kind": "earthquake"}},
        {"fault": {"kind": "slow"}, "where": {"rote": "*"}},
        {"fault": {"kind": "slow", "secs": 1}},
    ],
)
def test_unknown_fault_is_refused(world: World, body: dict[str, Any]) -> None:
    answer = world.http.post("/control/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


def test_list_and_remove(world: World) -> None:
    first, second = world.fault({"kind": "slow"}), world.fault({"kind": "hang"}, count=3)
    faults = world.control("GET", "/faults")["faults"]
    assert [(f["id"], f["fault"]["kind"], f["remaining"]) for f in faults] == [
        (first, "slow", None),
        (second, "hang", 3),
    ]
    world.control("DELETE", f"/faults/{first}")
    assert [f["id"] for f in world.control("GET", "/faults")["faults"]] == [second]
    assert world.http.delete(f"/control/faults/{first}").status_code == 404


# The journal


def test_journal_tells_who_did_what(world: World) -> None:
    world.control("DELETE", "/journal")
    device_id, customer = world.owned()
    world.call("GET", f"/v1/devices/{device_id}", customer)
    world.call("GET", "/v1/devices", "f" * 40)
    world.call("GET", "/v1/devices")
    create, claim, get, invalid, none = world.journal()
    assert create["identity"] == {"kind": "client", "client": CLIENT[0]}
    assert create["form"]["no_password"] == "true"
    assert create["status"] == 201
    name = create["form"]["email"]
    assert claim["identity"] == {"kind": "customer", "customer": name, "product": 1319}
    assert (claim["method"], claim["path"]) == ("POST", "/v1/devices")
    assert claim["form"] == {"id": device_id}
    assert get["n"] == claim["n"] + 1
    assert (invalid["identity"]["kind"], invalid["status"]) == ("invalid", 401)
    assert (none["identity"]["kind"], none["status"]) == ("none", 400)
    after = world.control("GET", f"/journal?after={get['n']}")["requests"]
    assert [entry["n"] for entry in after] == [invalid["n"], none["n"]]


def test_journal_holds_no_secret(world: World) -> None:
    world.control("DELETE", "/journal")
    settings = world.server.cloud.settings
    token = world.user_token()
    world.grant(
        ("", ""),
        grant_type="client_credentials",
        client_id=CLIENT[0],
        client_secret=CLIENT[1],
    )
    refresh = world.token(grant_type="client_credentials").refresh
    world.token(grant_type="refresh_token", refresh_token=refresh)
    world.call("GET", f"/v1/user?access_token={token}")
    world.call("PUT", "/v1/user", token, json={"password": "new-one", "current_password": "x"})
    hook_fields = {"event": "e", "url": "https://example.com", "headers": {"X-Key": "hidden"}}
    world.call("POST", f"{PRODUCT}/webhooks", token, json=hook_fields)
    world.call("DELETE", f"/v1/access_tokens/{token}")
    text = world.http.get("/control/journal").text
    for secret in (token, refresh, settings.password, settings.client_secret, "new-one", "hidden"):
        assert secret not in text
    assert "/v1/access_tokens/***" in text


def test_control_api_is_not_in_the_journal(world: World) -> None:
    world.control("DELETE", "/journal")
    world.device()
    assert world.journal() == []
