"""Publishing and server-sent events."""

import pytest

from tests.unit.simulator.world import PRODUCT, World, until


def test_product_stream(world: World) -> None:
    device = world.device()
    with world.stream(f"{PRODUCT}/events", world.server_token()) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.comment() == ":ok"
        world.publish(device["id"], "temperature", "25.34")
        event = stream.event()
        assert event.pop("published_at").endswith("Z")
        assert event == {
            "name": "temperature",
            "data": "25.34",
            "ttl": 60,
            "coreid": device["id"],
            "userid": "",
            "version": 1,
            "public": False,
            "productID": 1319,
        }


def test_customer_stream_has_four_keys(world: World) -> None:
    device_id, token = world.owned()
    with world.stream("/v1/devices/events", token) as stream:
        stream.comment()
        world.publish(device_id, "a/b", None)
        event = stream.event()
    assert set(event) == {"name", "data", "ttl", "published_at", "coreid"}
    assert event["data"] is None


def test_prefix_is_case_sensitive_and_may_hold_slashes(world: World) -> None:
    device_id, token = world.owned()
    path = f"/v1/devices/{device_id}/events/hook%2FTemp"
    with world.stream(path, token) as stream:
        stream.comment()
        world.publish(device_id, "hook/temp")
        world.publish(device_id, "x/hook/Temp")
        world.publish(device_id, "hook/Temperature")
        assert stream.event()["name"] == "hook/Temperature"


def test_customer_sees_own_devices_only(world: World) -> None:
    mine, token = world.owned()
    other, _ = world.owned()
    unclaimed = world.device()["id"]
    with world.stream("/v1/devices/events", token) as stream:
        stream.comment()
        world.publish(other, "not-mine")
        world.publish(unclaimed, "nobodys")
        world.publish(mine, "mine")
        assert stream.event()["name"] == "mine"


def test_stream_ends_for_the_former_owner(world: World) -> None:
    device_id, token = world.owned()
    with world.stream(f"/v1/devices/{device_id}/events", token) as stream:
        stream.comment()
        world.call("DELETE", f"{PRODUCT}/devices/{device_id}/owner", world.server_token())
        _, next_owner = world.customer()
        world.claim(device_id, next_owner)
        world.publish(device_id, "secret")
        world.call("DELETE", f"{PRODUCT}/devices/{device_id}/owner", world.server_token())
        world.claim(device_id, token)
        world.publish(device_id, "back")
        assert stream.event()["name"] == "back"


def test_product_device_stream(world: World) -> None:
    first, second = world.device()["id"], world.device()["id"]
    path = f"{PRODUCT}/devices/{first}/events/te"
    with world.stream(path, world.server_token()) as stream:
        stream.comment()
        world.publish(second, "temperature")
        world.publish(first, "other")
        world.publish(first, "temperature")
        assert stream.event()["coreid"] == first


def test_idle_stream_gets_empty_lines(world: World) -> None:
    with world.stream(f"{PRODUCT}/events", world.server_token()) as stream:
        stream.comment()
        assert [next(stream.lines) for _ in range(3)] == ["", "", ""]


def test_own_events_need_a_prefix(world: World) -> None:
    token = world.user_token()
    answer = world.call("GET", "/v1/events", token)
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "event prefix filter is required"}
    with world.stream("/v1/events/no", token) as stream:
        stream.comment()
        form = {"name": "note", "data": "x", "ttl": "60", "private": "true"}
        assert world.call("POST", "/v1/devices/events", token, data=form).json() == {"ok": True}
        event = stream.event()
    assert (event["coreid"], event["data"]) == ("api", "x")


def test_wrong_token_gets_an_answer_not_a_stream(world: World) -> None:
    answer = world.call("GET", "/v1/devices/events", "f" * 40)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_publish_as_a_device(world: World) -> None:
    device, token = world.device(), world.server_token()
    with world.stream(f"{PRODUCT}/events", token) as stream:
        stream.comment()
        form = {"name": "n", "as_device_id": device["id"]}
        world.call("POST", f"{PRODUCT}/events", token, data=form)
        assert stream.event()["coreid"] == device["id"]
    form["as_device_id"] = world.device(product=None)["id"]
    assert world.call("POST", f"{PRODUCT}/events", token, data=form).status_code == 403


@pytest.mark.parametrize("path", ["/v1/devices/events", f"{PRODUCT}/events"])
def test_event_without_name(world: World, path: str) -> None:
    answer = world.call("POST", path, world.user_token(), data={"data": "x"})
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "name is required"}


@pytest.mark.parametrize("path", ["/v1/devices/events", f"{PRODUCT}/events"])
@pytest.mark.parametrize(
    ("field", "longest", "error"),
    [
        ("name", 64, "Event name is too long"),
        ("data", 16_384, "Event data is too long"),
    ],
)
def test_event_over_the_limits_in_bytes(
    world: World, path: str, field: str, longest: int, error: str
) -> None:
    token = world.user_token()
    # Two bytes each.
    text = "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * (longest // 2)
    event = {"name": "n", field: text}
    assert world.call("POST", path, token, data=event).status_code == 200
    for longer in (text + "x", "x" * (longest + 1)):
        answer = world.call("POST", path, token, json={**event, field: longer})
        assert answer.status_code == 400
        assert answer.json() == {"ok": False, "error": error}


def test_unclaimed_developer_device_speaks_to_nobody(world: World) -> None:
    lone, token = world.device(product=None)["id"], world.user_token()
    with world.stream("/v1/devices/events", token) as stream:
        stream.comment()
        world.publish(lone, "unheard")
        world.claim(lone, token)
        world.publish(lone, "heard")
        assert stream.event()["name"] == "heard"


def test_streams_are_closed_with_the_connection(world: World) -> None:
    hub = world.server.cloud.hub
    until(lambda: hub.open_streams == 0)
    with world.stream(f"{PRODUCT}/events", world.server_token()) as stream:
        stream.comment()
        assert hub.open_streams == 1
    until(lambda: hub.open_streams == 0)


def test_cut_streams(world: World) -> None:
    with world.stream(f"{PRODUCT}/events", world.server_token()) as stream:
        stream.comment()
        world.control("DELETE", "/streams")
        assert [line for line in stream.lines if line] == []


def test_preflight(world: World) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-particle-tool,x-other",
    }
    answer = world.call("OPTIONS", "/v1/devices", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == "Authorization, Content-Type, x-particle-tool"
