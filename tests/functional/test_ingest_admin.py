"""The operator's commands for events: dead letters, recordings, devices that nobody registered."""

import base64
import json
import pathlib
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from admin.app import main
from local.client import Account
from shared import settings
from shared.firestore import paths
from shared.telemetry import ingest
from shared.telemetry.writer import Outcome
from tests.functional.conftest import Label, register
from tests.support.functions import deliver
from tests.support.telemetry import again, dead_letters, device, events, message, outside, rollups


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints."""
    capsys.readouterr()
    assert main([*arguments, "--local"]) == status
    return capsys.readouterr().out


def poison(label: Label, **attributes: Any) -> tuple[dict[str, Any], str]:
    body = message(label.device_id, "1")
    body["message"]["messageId"] = secrets.token_hex(8)
    body["message"]["attributes"] |= attributes
    assert deliver(body) < 300
    return body, body["message"]["messageId"]


def test_dead_letters_are_listed_with_their_reasons(
    owned: Label, capsys: pytest.CaptureFixture[str]
) -> None:
    _, letter = poison(owned, device_id="non\nsense")
    lines = run(capsys, "dead-letters", "list", "--reason", "bad-device-id").splitlines()
    (mine,) = [line for line in lines if letter in line]
    assert "non\\nsense" in mine
    found = json.loads(run(capsys, "dead-letters", "list", "--json"))
    assert {"bad-device-id"} == {one["reason"] for one in found if one["id"] == letter}


def test_a_dead_letter_that_can_be_stored_now_is(
    owned: Label,
    customer: Account,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = datetime.now(UTC) - timedelta(days=100)
    _, letter = poison(owned, published_at=at.isoformat())
    assert dead_letters()[letter]["reason"] == "too-old"
    assert "still dead 1" in run(capsys, "dead-letters", "replay", letter, status=1)
    assert letter in dead_letters()
    monkeypatch.setattr(settings, "event_retention_days", lambda: 365)
    assert "stored 1" in run(capsys, "dead-letters", "replay", letter)
    assert letter not in dead_letters()
    assert [event["value"] for event in outside(owned.device_id)] == [1]


def test_what_was_too_old_is_stored_and_not_counted_again(
    owned: Label,
    customer: Account,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first copy may have been counted, and deleted since."""
    at = datetime.now(UTC) - timedelta(days=100)
    paths.device(owned.device_id).update({"claimedAt": at - timedelta(days=1)})
    _, letter = poison(owned, published_at=at.isoformat())
    monkeypatch.setattr(settings, "event_retention_days", lambda: 365)
    assert "stored 1" in run(capsys, "dead-letters", "replay", letter)
    (event,) = events(customer, owned)
    assert (event["value"], event["uncounted"]) == (1, True)
    assert rollups(customer, owned) == {}


@pytest.mark.parametrize("command", ["dead-letters", "events"])
def test_what_is_broken_off_is_on_record_as_far_as_it_went(
    command: str,
    owned: Label,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what cannot be stored at this moment is said, not thrown."""
    answers = iter([Outcome.STORED, TimeoutError(), Outcome.STORED, KeyboardInterrupt()])
    lock = threading.Lock()

    def answer(*_: Any, **__: Any) -> Any:
        with lock:
            found = next(answers)
        if isinstance(found, BaseException):
            raise found
        return found

    arguments = ["events", "replay", str(tmp_path / "messages.jsonl")]
    if command == "events":
        lines = [json.dumps(message(owned.device_id, str(n))) for n in range(4)]
        pathlib.Path(arguments[-1]).write_text("\n".join(lines))
        monkeypatch.setattr("admin.commands.events._THREADS", 1)
    else:
        letters = [poison(owned, device_id="x")[1] for _ in range(4)]
        arguments = ["dead-letters", "replay", *letters]
    monkeypatch.setattr(ingest, "ingest", answer)
    monkeypatch.setattr(ingest, "store", answer)
    assert main([*arguments, "--local"]) not in {0, 1}
    monkeypatch.undo()
    (last, *_) = json.loads(run(capsys, "audit", "list", "--json"))
    assert last["action"] == f"{command}-replayed"
    assert last["outcomes"] == {"stored": 2, "come again: TimeoutError": 1}


def test_a_letter_that_was_cut_stays(owned: Label, capsys: pytest.CaptureFixture[str]) -> None:
    body = message(owned.device_id, None)
    body["message"]["data"] = base64.b64encode(b"x" * 1_000_000).decode()
    body["message"]["messageId"] = letter = secrets.token_hex(8)
    deliver(body)
    run(capsys, "dead-letters", "replay", letter, status=1)
    assert letter in dead_letters()


def test_dropped_letters_are_gone(owned: Label, capsys: pytest.CaptureFixture[str]) -> None:
    (_, one), (_, other) = poison(owned, device_id="x"), poison(owned, device_id="x")
    run(capsys, "dead-letters", "drop", one, "no-such-letter", "--yes", status=2)
    assert one in dead_letters(), "one of two names is wrong"
    assert "dropped 1" in run(capsys, "dead-letters", "drop", one, "--yes")
    left = dead_letters()
    assert one not in left
    assert other in left


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_nothing_is_worked_off_unasked(command: str, owned: Label) -> None:
    _, letter = poison(owned, device_id="x")
    assert main(["dead-letters", command, "--local"]) == 2
    assert main(["dead-letters", command, letter, "--all", "--local"]) == 2
    assert letter in dead_letters()


def test_a_recording_can_be_replayed_twice(
    owned: Label, customer: Account, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime.now(UTC)
    bodies = [
        message(owned.device_id, str(n), at=start + timedelta(milliseconds=n)) for n in range(100)
    ]
    lines = [json.dumps(body if n % 2 else body["message"]) for n, body in enumerate(bodies)]
    too_old = message(owned.device_id, "1", at=start - timedelta(days=100))
    lines += [json.dumps(again(bodies[7])), "", json.dumps(too_old)]
    file = tmp_path / "messages.jsonl"
    file.write_text("\n".join(lines))
    said = run(capsys, "events", "replay", str(file), status=1)
    assert said.splitlines()[-1] == "stored 100, copies 1, dead letters 1"

    def state() -> Any:
        return events(customer, owned), device(customer, owned), rollups(customer, owned)

    before, letters = state(), set(dead_letters())
    ingest.writer.cache_clear()
    said = run(capsys, "events", "replay", str(file), status=1)
    assert said.splitlines()[-1] == "stored 0, copies 101, dead letters 1"
    assert (state(), set(dead_letters())) == (before, letters)
    assert device(customer, owned)["latest"]["temperature"]["value"] == 99


FORMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "message": lambda body: json.dumps(body["message"]),
    "gcloud pubsub subscriptions pull": lambda body: json.dumps(
        [{"ackId": "RVNEU", "message": body["message"] | {"data": _unpadded(body)}}], indent=2
    ),
    "bq query": lambda body: json.dumps([_row(body)]),
    "bq extract": lambda body: json.dumps(_row(body) | {"data": _published(body)}),
    "webhook": lambda body: json.dumps(_event(body, "event")),
    "webhook's form": lambda body: urlencode(_event(body, "event")),
    "event stream": lambda body: (
        f":ok\r\n\r\nevent: {body['message']['attributes']['event']}\r\n"
        f"data: {json.dumps(_event(body))}\r\n\r\n"
    ),
    "particle subscribe": lambda body: json.dumps(_event(body, "name")),
}


def _published(body: dict[str, Any]) -> str:
    return base64.b64decode(body["message"]["data"]).decode()


def _unpadded(body: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(_published(body).encode()).decode().rstrip("=")


def _row(body: dict[str, Any]) -> dict[str, Any]:
    message = body["message"]
    return {
        "subscription_name": "projects/p/subscriptions/archive",
        "message_id": message["messageId"],
        "publish_time": message["publishTime"].replace("T", " ").replace("+00:00", ""),
        "data": message["data"],
        "attributes": json.dumps(message["attributes"]),
    }


def _event(body: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    attributes = body["message"]["attributes"]
    named = {name: attributes["event"]} if name else {}
    return {
        **named,
        "data": _published(body),
        "published_at": attributes["published_at"].replace("+00:00", "Z"),
        "coreid": attributes["device_id"],
        "userid": "",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("form", FORMS)
def test_what_arrived_already_is_a_copy_in_every_form(
    form: str,
    encoding: str,
    owned: Label,
    customer: Account,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = datetime.now(UTC)
    bodies = [
        message(owned.device_id, f'{{"t": {n}, "unit": "\u00b0C"}}', "a/b", start + timedelta(0, n))
        for n in range(2)
    ]
    assert deliver(bodies[0]) < 300
    file = tmp_path / "recording"
    file.write_bytes("\n".join(FORMS[form](body) for body in bodies).encode(encoding))
    ingest.writer.cache_clear()
    assert run(capsys, "events", "replay", str(file)) == "stored 1, copies 1, dead letters 0\n"
    stored = events(customer, owned)
    assert [event["value"]["t"] for event in stored] == [0, 1]
    assert [event["data"] for event in stored] == [_published(body) for body in bodies]
    cells = [list(one["metrics"]["t"].values()) for one in rollups(customer, owned).values()]
    assert sum(cell["count"] for day in cells for cell in day) == 2


@pytest.mark.parametrize(
    "bad", ["no JSON", "{}", json.dumps({"message": 7}), json.dumps({"data": "MQ=="}), "event: x"]
)
def test_a_recording_that_cannot_be_read_writes_nothing(
    bad: str,
    owned: Label,
    customer: Account,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "recording"
    file.write_text(f"{json.dumps(message(owned.device_id, '1'))}\n{bad}\n")
    letters = dead_letters()
    before = json.loads(run(capsys, "audit", "list", "--json"))
    assert main(["events", "replay", str(file), "--local"]) == 2
    assert "record 2 (line 2)" in capsys.readouterr().err
    assert (events(customer, owned), dead_letters()) == ([], letters)
    assert json.loads(run(capsys, "audit", "list", "--json")) == before


def test_a_file_that_is_not_there(tmp_path: pathlib.Path) -> None:
    assert main(["events", "replay", str(tmp_path / "none"), "--local"]) == 2


def test_devices_that_nobody_registered_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    device_id = secrets.token_hex(12)
    for n in range(3):
        deliver(message(device_id, str(n), "a\nb"))
    deliver(message("api", "test"))
    found = json.loads(run(capsys, "devices", "unknown", "--json"))
    (mine,) = [one for one in found if one["deviceId"] == device_id]
    assert (mine["events"], mine["lastEvent"]) == (3, "a\nb")
    assert "api" not in {one["deviceId"] for one in found}
    assert "a\\nb" in run(capsys, "devices", "unknown")
    register(Label(device_id, "T" + secrets.token_hex(4).upper(), "CODE"))
    found = json.loads(run(capsys, "devices", "unknown", "--json"))
    assert device_id not in {one["deviceId"] for one in found}
    assert len(list(paths.device(device_id).collection(paths.EVENTS).stream())) == 3
