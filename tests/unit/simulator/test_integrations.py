"""Integrations: their routes, and webhooks sent for real."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.unit.simulator.receiver import receiving
from tests.unit.simulator.world import PRODUCT, World, until

INTEGRATIONS = f"{PRODUCT}/integrations"
WEBHOOKS = f"{PRODUCT}/webhooks"


def hook(world: World, url: str, **fields: Any) -> dict[str, Any]:
    body = {"event": "test", "url": url, **fields}
    answer = world.call("POST", WEBHOOKS, world.server_token(), json=body)
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


# Routes


def test_webhook_as_created(world: World) -> None:
    made = hook(world, "https://example.com/x")
    assert made.pop("id")
    assert made.pop("created_at").endswith("Z")
    assert made.pop("hookUrl").startswith("https://api.particle.io/v1/webhooks/")
    assert made == {
        "event": "test",
        "integration_type": "Webhook",
        "url": "https://example.com/x",
        "name": "test for x",
        "noDefaults": False,
        "rejectUnauthorized": True,
        "requestType": "POST",
        "ok": True,
    }


def test_pubsub_as_created(world: World) -> None:
    form = {
        "integration_type": "GoogleCloudPubSub",
        "event": "foo",
        "topic": "your/topic/name",
    }
    answer = world.call("POST", INTEGRATIONS, world.server_token(), data=form)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {
        "id",
        "event",
        "created_at",
        "integration_type",
        "topic",
        "name",
        "ok",
        "integrationUrl",
    }
    assert made["name"] == "foo for name"


def test_put_replaces_the_whole_configuration(world: World) -> None:
    made = hook(world, "https://example.com/x", headers={"X-Key": "k"}, name="mine")
    path = f"{INTEGRATIONS}/{made['id']}"
    token = world.server_token()
    fields = {"event": "other", "url": "https://example.com/y"}
    changed = world.call("PUT", path, token, json=fields).json()["integration"]
    assert changed["event"] == "other"
    assert "headers" not in changed
    assert changed["name"] == "other for y"


def test_get_list_delete(world: World) -> None:
    made = hook(world, "https://example.com/x")
    token = world.server_token()
    one = world.call("GET", f"{INTEGRATIONS}/{made['id']}", token).json()["integration"]
    assert one["logs"] == []
    alias = world.call("GET", f"{WEBHOOKS}/{made['id']}", token).json()["webhook"]
    assert (alias["logs"], alias["errors"], alias["counters"]) == ([], [], [])
    assert [i["id"] for i in world.call("GET", WEBHOOKS, token).json()] == [made["id"]]
    assert world.call("DELETE", f"{WEBHOOKS}/{made['id']}", token).status_code == 204
    gone = world.call("GET", f"{WEBHOOKS}/{made['id']}", token)
    assert gone.status_code == 404
    assert gone.json() == {"ok": False, "error": "Webhook not found"}


@pytest.mark.parametrize(
    "fields",
    [
        {"integration_type": "Webhook", "url": "https://example.com"},
        {"integration_type": "Webhook", "event": "e"},
        {"integration_type": "GoogleCloudPubSub", "event": "e"},
        {"integration_type": "GoogleCloudPlatform", "event": "e", "topic": "t"},
        {
            "integration_type": "Webhook",
            "event": "e",
            "url": "https://example.com",
            "json": {},
            "body": "x",
        },
    ],
)
def test_refused(world: World, fields: dict[str, Any]) -> None:
    answer = world.call("POST", INTEGRATIONS, world.server_token(), json=fields)
    assert answer.status_code == 400


def test_sandbox_hooks_belong_to_the_user(world: World) -> None:
    user = world.user_token()
    body = {"event": "e", "url": "https://example.com"}
    assert world.call("POST", "/v1/webhooks", user, json=body).status_code == 201
    assert len(world.call("GET", "/v1/webhooks", user).json()) == 1
    assert world.call("GET", WEBHOOKS, user).json() == []
    _, customer = world.customer()
    assert world.call("POST", "/v1/webhooks", customer, json=body).status_code == 403


# Webhooks


def test_default_request(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, f"{receiver.url}/hook")
        world.publish(device["id"], "test/sub", '{"a":1}')
        request = receiver.next()
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["user-agent"].startswith("ParticleBot/1.1")
    form = dict(parse_qsl(request.body))
    assert list(form) == ["event", "data", "published_at", "coreid"]
    assert (form["event"], form["data"], form["coreid"]) == ("test/sub", '{"a":1}', device["id"])


def test_event_is_a_case_sensitive_prefix(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url)
        for name in ("Test", "a-test", "test2"):
            world.publish(device["id"], name)
        assert dict(parse_qsl(receiver.next().body))["event"] == "test2"
        assert receiver.requests.empty()


def test_templates(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(
            world,
            receiver.url + "/{{{PARTICLE_DEVICE_ID}}}",
            requestType="PUT",
            noDefaults=True,
            headers={"X-Product": "{{PRODUCT_ID}}"},
            query={"t": "{{PARTICLE_PUBLISHED_AT}}"},
            auth={"username": "u", "password": "{{{a.b.0}}}"},
            json={
                "deep": "{{{a.b.1}}}",
                "escaped": "{{text}}",
                "plain": "{{{text}}}",
                "list": ["{{SPARK_EVENT_NAME}}"],
            },
        )
        data = '{"a":{"b":[1,2]},"text":"<&>"}'
        world.publish(device["id"], "test", data)
        request = receiver.next()
    assert request.method == "PUT"
    assert request.path.startswith(f"/{device['id']}?t=20")
    assert request.headers["x-product"] == "1319"
    basic = base64.b64encode(b"u:1").decode()
    assert request.headers["authorization"] == f"Basic {basic}"
    assert json.loads(request.body) == {
        "deep": "2",
        "escaped": "&lt;&amp;&gt;",
        "plain": "<&>",
        "list": ["test"],
    }


def test_text_template_inlines_the_data(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url, json='{"v": {{{PARTICLE_EVENT_VALUE}}} }')
        world.publish(device["id"], "test", "21.5")
        request = receiver.next()
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"v": 21.5}


def test_json_object_gets_the_default_keys(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url, json={"x": "1"})
        world.publish(device["id"], "test", "d")
        body = json.loads(receiver.next().body)
    assert set(body) == {"event", "data", "published_at", "coreid", "x"}


def test_get_puts_the_default_keys_into_the_query(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url, requestType="GET", auth={"bearer": "t"})
        world.publish(device["id"], "test", "a b")
        request = receiver.next()
    query = dict(parse_qsl(request.path.partition("?")[2]))
    assert (query["event"], query["data"]) == ("test", "a b")
    assert request.headers["authorization"] == "Bearer t"


def test_body_has_no_content_type(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url, body="<{{{PARTICLE_EVENT_NAME}}}>")
        world.publish(device["id"], "test", "x")
        request = receiver.next()
    assert request.body == "<test>"
    assert "content-type" not in request.headers


def test_response_comes_back_in_parts(world: World) -> None:
    device, token = world.device(), world.server_token()
    with receiving((200, "x" * 600)) as receiver:
        hook(world, receiver.url)
        with world.stream(f"{PRODUCT}/events", token) as stream:
            stream.comment()
            world.publish(device["id"], "test")
            events = [stream.event() for _ in range(4)]
    sent = next(event for event in events if event["name"] == "hook-sent/test")
    assert sent["coreid"] == "particle-internal"
    parts = {e["name"]: e["data"] for e in events if "hook-response" in e["name"]}
    prefix = f"{device['id']}/hook-response/test"
    assert parts == {f"{prefix}/0": "x" * 512, f"{prefix}/1": "x" * 88}


def answered(world: World, answer: str | bytes, count: int, **fields: Any) -> list[str]:
    """The data of the events, in the order of their numbers, that carry the answer to a webhook."""
    device, token = world.device(), world.server_token()
    with receiving((200, answer)) as receiver:
        made = hook(world, receiver.url, responseTopic="back", **fields)
        with world.stream(f"{PRODUCT}/events/back", token) as stream:
            stream.comment()
            world.publish(device["id"], "test")
            found = {e["name"]: e["data"] for e in (stream.event() for _ in range(count))}
        world.call("DELETE", f"{WEBHOOKS}/{made['id']}", token)
    assert found.keys() == (
        {"back"} if "unchunked" in fields else set(map("back/{}".format, range(count)))
    )
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("\N{EURO SIGN}" * 171, [170, 1]),
        ("x" + "\N{EURO SIGN}" * 200, [171, 30]),
        ("\N{GRINNING FACE}" * 128 + "!", [128, 1]),
        ("x" * 511 + "\N{LATIN SMALL LETTER U WITH DIAERESIS}y", [511, 2]),
        ("x" * 510 + "\N{LATIN SMALL LETTER U WITH DIAERESIS}y", [511, 1]),
        ("x" * 512, [512]),
        ("x" * 1025, [512, 512, 1]),
    ],
)
def test_parts_of_a_response_are_512_bytes_and_whole_characters(
    world: World, text: str, lengths: list[int]
) -> None:
    parts = answered(world, text, len(lengths))
    assert "".join(parts) == text
    assert [len(part) for part in parts] == lengths
    assert max(len(part.encode()) for part in parts) <= 512


def test_rendered_response_is_parted_too(world: World) -> None:
    template = "{{#list}}\N{EURO SIGN}{{.}}\n{{/list}}"
    answer = json.dumps({"list": list(range(150))})
    parts = answered(world, answer, 2, responseTemplate=template)
    assert "".join(parts) == "".join(f"\N{EURO SIGN}{n}\n" for n in range(150))
    assert max(len(part.encode()) for part in parts) <= 512


def test_unchunked_response_has_at_most_100_kilobytes(world: World) -> None:
    (data,) = answered(world, "x" + "\N{EURO SIGN}" * 40_000, 1, unchunked=True)
    assert data == "x" + "\N{EURO SIGN}" * 33_333


def test_data_url_holds_the_bytes_of_the_response(world: World) -> None:
    picture = bytes(range(256))
    (data,) = answered(world, picture, 1, dataUrlResponseEvent=True)
    assert data == f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def test_response_template_and_topic(world: World) -> None:
    device, token = world.device(), world.server_token()
    with receiving((200, '{"main":{"temp":7}}')) as receiver:
        hook(
            world,
            receiver.url,
            responseTemplate="{{main.temp}} C",
            responseTopic="weather/{{{PARTICLE_DEVICE_ID}}}",
        )
        with world.stream(f"{PRODUCT}/events/weather", token) as stream:
            stream.comment()
            world.publish(device["id"], "test")
            event = stream.event()
    assert (event["name"], event["data"]) == (f"weather/{device['id']}/0", "7 C")


def test_failure_is_told_and_tried_three_times(world: World) -> None:
    device, token = world.device(), world.server_token()
    with receiving((404, ""), (500, ""), (200, "")) as receiver:
        made = hook(world, receiver.url)
        with world.stream(f"{PRODUCT}/events/hook", token) as stream:
            stream.comment()
            world.publish(device["id"], "test")
            errors = [stream.event() for _ in range(3)]
        bodies = [receiver.next().body for _ in range(3)]
    assert [(e["name"], e["data"]) for e in errors] == [
        ("hook-error/test/0", "error status 404 from 127.0.0.1"),
        ("hook-error/test/0", "error status 500 from 127.0.0.1"),
        ("hook-sent/test", None),
    ]
    assert len(set(bodies)) == 1
    one = world.call("GET", f"{WEBHOOKS}/{made['id']}", token).json()["webhook"]
    assert [entry["type"] for entry in one["logs"]] == ["success", "error", "error"]
    assert len(one["errors"]) == 2


def test_broken_templates_are_failures(world: World) -> None:
    device, token = world.device(), world.server_token()
    with receiving((200, "{}")) as receiver:
        broken = {"body": "{{#open}}", "errorResponseTopic": "{{/open}}"}
        made = hook(world, receiver.url, **broken)
        with world.stream(f"{PRODUCT}/events/hook-error", token) as stream:
            stream.comment()
            world.publish(device["id"], "test")
            error = stream.event()
        assert (error["name"], error["data"]) == (
            "hook-error/test/0",
            'Unclosed section "open" at 9',
        )
        assert receiver.requests.empty()
        tried = world.call("POST", f"{WEBHOOKS}/{made['id']}/test", token).json()
        assert tried == {"pass": False, "error": 'Unclosed section "open" at 9'}
        answered = hook(world, receiver.url, event="other", responseTemplate="{{a")
        tried = world.call("POST", f"{WEBHOOKS}/{answered['id']}/test", token).json()
        assert tried == {"pass": False, "error": "Unclosed tag at 3"}


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"X-Name": "{{{name}}}"}, 'Invalid character in header content ["X-Name"]'),
        ({"X-Name": "a\nb"}, 'Invalid character in header content ["X-Name"]'),
        ({"{{{name}}}": "x"}, 'Header name must be a valid HTTP token ["\N{EURO SIGN}"]'),
    ],
)
def test_headers_that_http_does_not_allow_are_failures(
    world: World, headers: dict[str, str], error: str
) -> None:
    with receiving() as receiver:
        made = hook(world, receiver.url, headers=headers)
        path = f"{WEBHOOKS}/{made['id']}/test"
        form = {"data": '{"name":"\N{EURO SIGN}"}'}
        tried = world.call("POST", path, world.server_token(), data=form).json()
        assert tried == {"pass": False, "error": error}
        assert receiver.requests.empty()


def test_header_beyond_ascii(world: World) -> None:
    device = world.device()
    with receiving() as receiver:
        hook(world, receiver.url, headers={"X-Name": "{{{name}}}"})
        world.publish(device["id"], "test", '{"name":"J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg"}')
        assert receiver.next().headers["x-name"] == "J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg"


def test_long_errors_are_parted_too(world: World) -> None:
    device, token = world.device(), world.server_token()
    name = "\N{EURO SIGN}" * 200
    hook(world, "http://127.0.0.1:9/", body=f"{{{{#{name}}}}}")
    with world.stream(f"{PRODUCT}/events/hook-error", token) as stream:
        stream.comment()
        world.publish(device["id"], "test")
        parts = {e["name"]: e["data"] for e in (stream.event() for _ in range(2))}
    assert parts.keys() == {"hook-error/test/0", "hook-error/test/1"}
    whole = parts["hook-error/test/0"] + parts["hook-error/test/1"]
    assert whole == f'Unclosed section "{name}" at 205'
    assert max(len(part.encode()) for part in parts.values()) <= 512


def test_host_with_many_errors_is_left_alone(world: World) -> None:
    device = world.device()
    with receiving((500, "")) as receiver:
        made = hook(world, receiver.url)
        for _ in range(5):
            world.publish(device["id"], "test")
        token = world.server_token()
        path = f"{WEBHOOKS}/{made['id']}"

        def sleeps() -> bool:
            logs = world.call("GET", path, token).json()["webhook"]["logs"]
            return any(str(entry["message"]).startswith("Sleeping") for entry in logs)

        until(sleeps)
        assert 10 <= receiver.requests.qsize() < 15


def test_unreachable_target(world: World) -> None:
    made = hook(world, "http://127.0.0.1:9/")
    path = f"{WEBHOOKS}/{made['id']}/test"
    body = world.call("POST", path, world.server_token()).json()
    assert body["pass"] is False
    assert body["error"]


def test_test_call(world: World) -> None:
    with receiving() as receiver:
        made = hook(world, receiver.url)
        path = f"{INTEGRATIONS}/{made['id']}/test"
        body = world.call("POST", path, world.server_token()).json()
        assert body == {"pass": True, "data": None}
        form = dict(parse_qsl(receiver.next().body))
    assert (form["data"], form["coreid"]) == ("test-event", "api")


def test_disabled_and_deleted_hooks_are_silent(world: World) -> None:
    device, token = world.device(), world.server_token()
    with receiving() as receiver:
        hook(world, f"{receiver.url}/disabled", disabled=True)
        deleted = hook(world, f"{receiver.url}/deleted")
        world.call("DELETE", f"{WEBHOOKS}/{deleted['id']}", token)
        hook(world, f"{receiver.url}/live")
        world.publish(device["id"], "test")
        assert receiver.next().path == "/live"
        assert receiver.requests.empty()


def test_hooks_are_not_triggered_by_hooks(world: World) -> None:
    device = world.device()
    with receiving((200, "answer")) as receiver:
        hook(world, f"{receiver.url}/all", event="")
        world.publish(device["id"], "test")
        receiver.next()
        world.publish(device["id"], "second")
        assert dict(parse_qsl(receiver.next().body))["event"] == "second"
        assert receiver.requests.empty()


def test_sandbox_hook_is_for_claimed_devices_and_may_name_one(world: World) -> None:
    user = world.user_token()
    mine, mine_too, other = (world.device(product=None)["id"] for _ in range(3))
    for device_id in (mine, mine_too):
        world.claim(device_id, user)
    with receiving() as receiver:
        body = {"event": "test", "url": receiver.url, "deviceid": mine}
        world.call("POST", "/v1/integrations", user, json={**body, "integration_type": "Webhook"})
        for device_id in (other, mine_too, mine):
            world.publish(device_id, "test")
        assert dict(parse_qsl(receiver.next().body))["coreid"] == mine
        assert receiver.requests.empty()
