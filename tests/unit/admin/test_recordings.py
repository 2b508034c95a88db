"""Recordings of events in the forms that people have, and what is refused as a whole."""

import base64
import contextlib
import gzip
import json
import os
import pathlib
import re
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.cli.errors import CannotRun
from admin.commands.events import _ingested
from admin.recordings import records, text
from admin.recordings.bigquery import DataType
from admin.recordings.recording import opened
from shared.telemetry.message import Event, event_in, read

DEVICE = "e00fce68a1b2c3d4e5f60718"
AT = datetime(2024, 5, 13, 10, 55, 40, 306000, tzinfo=UTC)
PUBLISHED_AT = "2024-05-13T10:55:40.306Z"
PUBLISH_TIME = "2024-05-13T10:55:40.512Z"
SUBSCRIPTION = "projects/acme/subscriptions/archive"


def base64_of(data: str) -> str:
    return base64.b64encode(data.encode()).decode()


def attributes(name: str = "hp/telemetry") -> dict[str, str]:
    return {"device_id": DEVICE, "event": name, "published_at": PUBLISHED_AT}


def message(data: str | None = "21.5", name: str = "hp/telemetry") -> dict[str, Any]:
    """A message of Pub/Sub."""
    found: dict[str, Any] = {
        "attributes": attributes(name),
        "messageId": "8213409187234",
        "publishTime": PUBLISH_TIME,
    }
    return found if data is None else {**found, "data": base64_of(data)}


def webhook(data: Any = "21.5", **more: Any) -> dict[str, Any]:
    event = {"event": "hp/telemetry", "published_at": PUBLISHED_AT, "coreid": DEVICE}
    return {"data": data, **event, **more}


def stream(data: Any = "21.5") -> dict[str, Any]:
    found = {"ttl": 60, "published_at": PUBLISHED_AT, "coreid": DEVICE, "userid": "", "version": 7}
    return {"data": data, **found, "public": False, "productID": 20418}


def row(data: Any = None, **more: Any) -> dict[str, Any]:
    """Of BigQuery, as `bq query --format=json` prints it."""
    return {
        "subscription_name": SUBSCRIPTION,
        "message_id": "8213409187234",
        "publish_time": "2024-05-13 10:55:40.512000",
        "data": base64_of("21.5") if data is None else data,
        "attributes": json.dumps(attributes()),
        **more,
    }


def without(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


def lines(*found: Any) -> str:
    return "".join(json.dumps(one) + "\n" for one in found)


def ingested(path: pathlib.Path, data_type: DataType | None = None) -> list[Event]:
    """The events that `ingest` reads in the messages of a recording."""
    with opened(path, data_type) as recording:
        checked = sum(1 for _ in recording.check())
        found = [event_in(read(one), datetime.now(UTC)) for one in recording.messages()]
        assert checked == recording.count == len(found)
    return found


def refusal(path: pathlib.Path, data_type: DataType | None = None) -> str:
    with opened(path, data_type) as recording, pytest.raises(CannotRun) as refused:
        for _ in recording.check():
            pass
    return str(refused.value)


def identity(data: str | None = "21.5", name: str = "hp/telemetry") -> str:
    """Of the event when it arrives by Pub/Sub."""
    return event_in(read({"message": message(data, name)}), datetime.now(UTC)).id


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "recording"


PULLED = {"ackId": "RVNEUAYWLF1", "ackStatus": "SUCCESS", "message": message()}
PUSHED = {"message": message(), "subscription": SUBSCRIPTION, "deliveryAttempt": 1}
SNAKE = {
    "message": {
        **without(message(), "messageId", "publishTime"),
        "message_id": "8213409187234",
        "publish_time": PUBLISH_TIME,
    }
}
BOTH = {"message": {**message(), **SNAKE["message"]}}
SSE = f"event: hp/telemetry\ndata: {json.dumps(stream())}\n\n"


@pytest.mark.parametrize(
    "content",
    [
        # Messages of Pub/Sub
        lines(PUSHED),
        lines(message()),
        lines(SNAKE),
        lines(BOTH),
        lines(SNAKE["message"]),
        lines(PULLED),
        lines(without(message(), "messageId", "publishTime")),
        json.dumps([PULLED], indent=2),
        json.dumps(PULLED, indent=2),
        lines({"receivedMessages": [PULLED]}),
        json.dumps({"received_messages": [PULLED]}, indent=1),
        lines({"messages": [message()]}),
        lines({"specversion": "1.0", "type": "…messagePublished", "id": "1", "data": PUSHED}),
        lines({**message(), "data": "MjEuNQ"}),
        lines({**message(), "data": "MjEu\nNQ=="}),
        lines(
            {
                "attributes": {
                    "deviceId": DEVICE,
                    "event": "hp/telemetry",
                    "publishedAt": PUBLISHED_AT,
                },
                "data": "MjEuNQ==",
            }
        ),
        # Rows of BigQuery
        lines(row()),
        json.dumps([row()]),
        lines(row("21.5")),
        lines(row(attributes=attributes())),
        lines(without(row(), "subscription_name")),
        lines(without(row(), "subscription_name", "message_id", "publish_time")),
        lines(row(publish_time="2024-05-13 10:55:40.512 UTC")),
        lines(row(publish_time="1.715597740512E9", attributes=attributes())),
        lines({**row("21.5", attributes=attributes(), publish_time="2024-05-13 10:55:40 UTC")}),
        lines(row(ordering_key="", t=21.5)),
        # Bodies of webhooks
        lines(webhook()),
        lines(webhook(userid="5f", fw_version=7, public=False, productID=20418, ttl=60)),
        lines(webhook(name="Kitchen", event_id="0b62", t=21.5)),
        lines(webhook(coreid=DEVICE.upper())),
        lines(without(webhook(), "coreid") | {"device_id": DEVICE}),
        lines(
            without(webhook(), "coreid", "published_at")
            | {"deviceId": DEVICE, "publishedAt": "2024-05-13T12:55:40.306+02:00"}
        ),
        lines(webhook(published_at=1715597740306)),
        lines(webhook(published_at="1715597740306")),
        lines(webhook(published_at=1715597740.306)),
        lines(webhook(published_at="2024-05-13 10:55:40.306 UTC")),
        urlencode(without(webhook(), "x")),
        urlencode(webhook(userid="", version=7)) + "\r\n",
        # The event stream
        f":ok\n\n{SSE}",
        f":ok\r\n\r\n\r\n{SSE}".replace("\n", "\r\n"),
        SSE.strip(),
        SSE.replace(": ", ":"),
        f"id: 1\nretry: 10\n{SSE}:\n\n:\n",
        SSE.replace("data: {", "data: {\ndata: "),
        f'{json.dumps(stream())[:-1]}, "name": "hp/telemetry"}}',
        "Subscribing to all events from my personal stream (my devices only) \n"
        + lines({"name": "hp/telemetry", **stream()}),
    ],
)
def test_an_event_in_every_form_is_the_event_that_pubsub_delivers(
    path: pathlib.Path, content: str
) -> None:
    path.write_text(content, newline="")
    (event,) = ingested(path)
    assert event.id == identity()
    assert (event.device_id, event.name, event.data) == (DEVICE, "hp/telemetry", "21.5")
    assert event.published_at == AT


FORMS: dict[str, Callable[[str], str]] = {
    "pubsub": lambda data: lines(PUSHED | {"message": message(data)}),
    "gcloud": lambda data: json.dumps(
        [{"message": {**message(data), "data": base64.urlsafe_b64encode(data.encode()).decode()}}]
    ),
    "unpadded": lambda data: lines({**message(data), "data": base64_of(data).rstrip("=")}),
    "bigquery bytes": lambda data: lines(row(base64_of(data)), row()),
    "bigquery string": lambda data: lines(row(data), row("not base64")),
    "webhook": lambda data: lines(webhook(data)),
    "form": lambda data: urlencode(webhook(data)),
    "stream": lambda data: f"event: hp/telemetry\ndata: {json.dumps(stream(data))}\n\n",
    "stream as JSON": lambda data: lines({"name": "hp/telemetry", **stream(data)}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "data",
    [
        '{"t": 21.4,  "h":40 }',
        "21.4\u00b0C \U0001f321",
        "~~~???>>>",
        " two  spaces\tand a tab\n",
        "a=b&c=d+e%20f",
        "data:application/octet-stream;base64,AAEC",
        "online",
        "null",
        'a "quoted" \\ back\\u0041slash',
    ],
)
def test_data_are_the_same_byte_by_byte(path: pathlib.Path, form: str, data: str) -> None:
    path.write_text(FORMS[form](data), newline="", encoding="utf-8")
    assert ingested(path)[0].id == identity(data)


@pytest.mark.parametrize(
    "content",
    [
        lines({"message": message(None)}),
        lines({**message(None), "data": ""}),
        lines({**message(None), "data": None}),
        lines(row("")),
        lines({**row(), "data": None}),
        lines(without(row(), "data")),
        lines(webhook(None)),
        lines(webhook("")),
        lines(without(webhook(), "data")),
        urlencode(webhook("")),
        lines({"name": "hp/telemetry", **stream(None)}),
    ],
)
def test_an_event_without_data_has_none(path: pathlib.Path, content: str) -> None:
    path.write_text(content)
    (event,) = ingested(path)
    assert (event.id, event.data) == (identity(None), None)


def test_a_recording_may_be_of_several_forms(path: pathlib.Path) -> None:
    parts = [lines(PUSHED), json.dumps([PULLED, row()], indent=2), SSE, urlencode(webhook()) + "\n"]
    parts += ["\n", SSE.strip() + "\n" + lines(webhook())]
    path.write_text("\ufeff".join(parts), encoding="utf-8-sig")
    assert [event.id for event in ingested(path)] == [identity()] * 7


TWO = json.dumps(PULLED) + "@" + json.dumps(webhook())


@pytest.mark.parametrize(
    "content",
    [
        TWO.replace("@", "\n"),
        TWO.replace("@", "\r\n\r\n"),
        TWO.replace("@", "\r"),
        TWO.replace("@", ""),
        TWO.replace("@", ",\n") + ",\n",
        "\x1e" + TWO.replace("@", "\n\x1e"),
        f"[{TWO.replace('@', ', ')}]",
        f"[\n{TWO.replace('@', chr(10))}\n]",
        f"[\n{TWO.replace('@', ',')},\n]",
        f"[{TWO.replace('@', ']' + chr(10) + '[')}]",
        f"[[{TWO.replace('@', '], [')}]]",
        f"[] [{TWO.replace('@', ',')}] []",
    ],
)
def test_records_are_separated_in_many_ways(path: pathlib.Path, content: str) -> None:
    path.write_text(content, newline="")
    assert [event.id for event in ingested(path)] == [identity()] * 2


@pytest.mark.parametrize("content", ["", "\n \n", "[]", "[\n]\n", ":ok\n\n\n:\n"])
def test_a_recording_of_nothing_has_no_messages(path: pathlib.Path, content: str) -> None:
    path.write_text(content)
    assert ingested(path) == []


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("compressed", [False, True])
def test_encodings_and_compression(path: pathlib.Path, encoding: str, *, compressed: bool) -> None:
    data = "21.4 \u00b0C"
    written = json.dumps([webhook(data)] * 3, ensure_ascii=False, indent=2)
    content = written.replace("\n", "\r\n").encode(encoding)
    if compressed:
        half = len(content) // 2
        content = gzip.compress(content[:half]) + gzip.compress(content[half:])
    path.write_bytes(content)
    assert [event.id for event in ingested(path)] == [identity(data)] * 3


def test_a_recording_can_come_through_a_pipe(tmp_path: pathlib.Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(lines(webhook(), PUSHED),))
    writer.start()
    assert [event.id for event in ingested(pipe)] == [identity()] * 2
    writer.join()


NO_FORM = "has neither the attributes of a message of Pub/Sub nor the coreid"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({}, NO_FORM),
        ({"message": 7}, NO_FORM),
        ({"temperature": 21.5, "time": PUBLISHED_AT}, NO_FORM),
        ({"data": "MjEuNQ==", "messageId": "1"}, NO_FORM),
        ({**message(), "data": "21.5"}, "has data that are not base64"),
        ({**message(), "data": "MjEuNQ="}, "has data that are not base64"),
        ({**message(), "data": "MjEuN"}, "has data that are not base64"),
        ({**message(), "data": "MjEuNR=="}, "has data that are not base64"),
        ({**message(), "data": "M=jE"}, "has data that are not base64"),
        ({**message(), "data": "MjEuNQ\u00e4="}, "has data that are not base64"),
        ({**message(), "data": {"t": 1}}, "has data that are not base64"),
        ({**message(), "data": "1240"[:3]}, "text as well as base64"),
        ({**message(), "attributes": {}}, "names no device"),
        ({**message(), "attributes": attributes() | {"device_id": "x"}}, "24 hexadecimal digits"),
        ({**message(), "attributes": without(attributes(), "event")}, "does not name its event"),
        ({**message(), "attributes": attributes("x" * 300)}, "longer than 256 bytes"),
        (
            without(
                {**message(), "attributes": without(attributes(), "published_at")}, "publishTime"
            ),
            "does not say when",
        ),
        ({**message(), "data": base64_of("x" * 900_001)}, "more than 900000 bytes"),
        ({**message(), "attributes": {**attributes(), "deviceId": "0" * 24}}, "two different"),
        ({"message": {**message(), "publish_time": AT.isoformat()}}, "two different values"),
        (row(attributes="no JSON"), "has attributes that are not a JSON object"),
        (row(attributes="[1]"), "has attributes that are not a JSON object"),
        (row(attributes='{"device_id": "1", "device_id": "2"}'), "has attributes that are not a"),
        (row({"t": 21.5}), "has data as JSON and not as text"),
        (row(0), "has data as JSON and not as text"),
        (without(row(t=21.5), "data"), "has no column data"),
        (webhook({"t": 21.5}), "has data as JSON and not as text"),
        (webhook(21.5), "has data as JSON and not as text"),
        (webhook(data=False), "has data as JSON and not as text"),
        (webhook("{&quot;t&quot;:21.4}"), "{{…}} instead of {{{…}}}"),
        (webhook(event="hp&#x2F;telemetry"), "{{…}} instead of {{{…}}}"),
        (webhook("\ud83d"), "half a character"),
        (without(webhook(value="21.5"), "data"), "has taken the data apart"),
        (webhook(device_id="0" * 24), "two different values of coreid and deviceid"),
        (webhook(eventName="other"), "two different values of event and eventname"),
        (webhook(coreid="kitchen"), "24 hexadecimal digits"),
        (webhook(coreid=7), "does not name its device"),
        (without(webhook(), "event"), "does not name its device and its event"),
        (without(webhook(), "published_at"), "does not say when it was published"),
        (webhook(published_at=True), "does not say when it was published"),
        (webhook(published_at="yesterday"), "without a time zone"),
        (webhook(published_at="2024-05-13T10:55:40.306"), "without a time zone"),
        (webhook(published_at="dayZ"), "does not say when it was published"),
        (webhook(published_at=1715597740), "not a time to the millisecond"),
        (webhook(published_at=1715597740306000), "not a time to the millisecond"),
        (webhook(published_at=-1), "not a time to the millisecond"),
        (webhook(published_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat()), "future"),
    ],
)
def test_the_record_that_cannot_be_read_is_named(
    path: pathlib.Path, bad: dict[str, Any], why: str
) -> None:
    path.write_text(lines(PUSHED, webhook()) + "\n" + lines(bad, PUSHED, {"other": 1}))
    said = refusal(path)
    assert "Nothing was written" in said
    assert re.search(rf"^record 3 \(line 4\) .*{re.escape(why)}", said, re.MULTILINE)
    assert f"\nrecord 5 (line 6) {NO_FORM}" in said, "all that cannot be read are named"
    assert "\nThese records are read:\n- a message of Pub/Sub" in said


@pytest.mark.parametrize("form", ["csv", "objects", "array", "lists"])
def test_a_stock_list_is_no_recording_and_its_codes_are_not_shown(
    form: str, path: pathlib.Path
) -> None:
    row = {"device_id": "0" * 24, "serial_number": "PT-1", "setup_code": "K7QW92MX"}
    text = {
        "csv": "\n".join(",".join(part) for part in (row, row.values(), row.values())),
        "objects": lines(row, row),
        "array": json.dumps([row, row]),
        "lists": json.dumps([list(row.values())]),
    }
    path.write_text(text[form])
    said = refusal(path)
    assert "Nothing was written" in said
    assert "K7QW92MX" not in said


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("no JSON", "is neither a JSON object, nor"),
        ('"{}"', "is neither a JSON object, nor"),
        ("null", "is neither a JSON object, nor"),
        ("device_id,serial", "is neither a JSON object, nor"),
        ("]", "is neither a JSON object, nor"),
        ("a=1&b", "is not the body of a form"),
        ("a=%FF", "is not the body of a form"),
        ("a=1&a=2", "has a key twice"),
        ("[[],, 1]", "is in an array and is not a JSON object"),
        ("{'a': 1}", "is not JSON, on line 4"),
        ('{"a": 1,\n\n"b" 2}', "is not JSON, on line 6"),
        ('{"a": "1"', "is not JSON"),
        ('{"a": 1, "a": 2}', "has a key twice"),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"a": ' + "[" * 100_000, "is not JSON"),
        ("[1]", "is in an array and is not a JSON object"),
        ("[, {}]", "is in an array and is not a JSON object"),
        (",,", "is neither a JSON object, nor"),
        ("event: x\n\n", "is an event without data"),
        ("event: x\nevent: y\ndata: {}", "is an event without data"),
        ('event: x\ndata: {"da\n\n', "is not JSON"),
        ("event: x\ndata: 7\n\n", "has data that are not a JSON object"),
        (f"event: x\ndata: {json.dumps({**stream(), 'name': 'y'})}\n", "names the event twice"),
        (f"data: {json.dumps(stream())}\n\n", "does not name its device and its event"),
        ('{"message": ' * 300 + "1" + "}" * 300, "Pub/Sub"),
    ],
)
def test_what_cannot_be_separated_is_named(path: pathlib.Path, bad: str, why: str) -> None:
    path.write_text(f"{lines(PUSHED, webhook())}\n{bad}")
    said = refusal(path)
    assert re.search(rf"^record 3 \(line 4\) .*{re.escape(why)}", said, re.MULTILINE)


def test_an_array_that_was_cut_off_is_refused(path: pathlib.Path) -> None:
    path.write_text(f"[\n{json.dumps(PULLED)},\n{json.dumps(PULLED)}")
    assert "record 3 (line 3) is missing: the file ends before the array that begins on line 1" in (
        refusal(path)
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04\0\0", "the file is a ZIP archive: unpack it first"),
        (b"Obj\x01\x04\x14avro.codec", "the file is an Avro file"),
        (b"PAR1\x15\x04", "the file is a Parquet file"),
        (gzip.compress(lines(webhook()).encode() * 100)[:-20], "compressed file has been cut off"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0garbage", "cannot be decompressed"),
        (lines(webhook()).encode() + b'{"data": "21 \xb0C"}\n', "line 2) is not text in UTF-8"),
        (lines(webhook()).encode() * 2 + "{}".encode("utf-16"), "line 3) is not text in UTF-8"),
        (lines(webhook()).encode("utf-16") + b"{", "line 2) is not text in UTF-16"),
    ],
)
def test_what_is_no_text_is_refused(path: pathlib.Path, content: bytes, why: str) -> None:
    path.write_bytes(content)
    assert why in refusal(path)


def test_a_file_that_cannot_be_opened(tmp_path: pathlib.Path) -> None:
    for file in (tmp_path / "none", tmp_path):
        with pytest.raises(CannotRun, match="cannot be read"), opened(file, None):
            pass


def test_no_more_than_twenty_faults_are_listed(path: pathlib.Path) -> None:
    path.write_text("{}\n" * 30)
    said = refusal(path)
    assert said.count(NO_FORM) == 20
    assert "\nand 10 more\n" in said


def test_pulled_messages_are_counted_one_by_one(path: pathlib.Path) -> None:
    bad = {"message": {**message(), "data": "?"}}
    path.write_text(json.dumps({"receivedMessages": [PULLED, PULLED, bad, PULLED]}, indent=1))
    assert "record 3 (line 1) has data that are not base64" in refusal(path)


@pytest.mark.parametrize("data", ["2154", "open", "auto", base64.b64encode(b"\0\xff\xfe").decode()])
def test_what_bigquerys_column_holds_is_never_guessed(path: pathlib.Path, data: str) -> None:
    """A value that is text as well as base64 is read as the others of its table are."""
    path.write_text(lines(row(data)))
    said = refusal(path)
    assert "record 1 (line 1): its data can be base64 as well as text" in said
    assert "--bigquery-data" in said
    raw = base64.b64decode(data)
    readings = {DataType.STRING: data.encode(), DataType.BYTES: raw}
    for data_type, beside in ((DataType.STRING, "21.5"), (DataType.BYTES, base64_of("21.5"))):
        path.write_text(lines(row(data)))
        (alone,) = ingested(path, data_type)
        path.write_text(lines(row(data), row(beside)))
        first, second = ingested(path)
        assert alone.id == first.id
        assert second.id == identity()
        message_of = message() | {"data": base64.b64encode(readings[data_type]).decode()}
        assert first.id == event_in(read({"message": message_of}), datetime.now(UTC)).id


def test_tables_of_different_types_can_be_in_one_recording(path: pathlib.Path) -> None:
    other = row("2154", subscription_name="other")
    path.write_text(lines(row(), other, row("21.5", subscription_name="other")))
    assert [event.id for event in ingested(path)] == [identity(), identity("2154"), identity()]


def test_a_table_that_seems_to_have_both_types_is_refused(path: pathlib.Path) -> None:
    path.write_text(lines(row(), row("21.5")))
    assert "record 2 (line 2): its data is text, and that of record 1 (line 1) seems to" in (
        refusal(path)
    )
    first, second = ingested(path, DataType.STRING)
    assert (first.data, second.data) == ("MjEuNQ==", "21.5")
    assert "record 2 (line 2) has data that are not base64" in refusal(path, DataType.BYTES)


def test_records_that_are_read_in_pieces_are_the_same(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [lines(PUSHED), json.dumps([PULLED, row()], indent=2), SSE, urlencode(webhook()) + "\n"]
    for encoding in ("utf-8", "utf-16"):
        path.write_bytes("\r\n".join(parts).replace("\n", "\r\n").encode(encoding))
        for size in (4, 5, 7, 64):
            monkeypatch.setattr(text, "_PIECE", size)
            assert [event.id for event in ingested(path)] == [identity()] * 5


def test_a_record_without_an_end_is_not_read_for_ever(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_PIECE", 100)
    monkeypatch.setattr(records, "MAX_LENGTH", 1000)
    for content in ('{"a": "' + "x" * 5000, "x" * 5000, "event: " + "x" * 5000):
        path.write_text(content)
        assert "record 1 (line 1) is longer than 1000 characters" in refusal(path)


def test_what_is_appended_meanwhile_is_left_alone(path: pathlib.Path) -> None:
    path.write_text(lines(webhook()))
    with opened(path, None) as recording:
        assert sum(1 for _ in recording.check()) == 1
        with path.open("a") as file:
            file.write(lines(webhook("2")) + "{}")
        assert len(list(recording.messages())) == 1
    with opened(path, None) as recording:
        recording.count = 3
        with pytest.raises(CannotRun, match="was changed while"):
            list(recording.messages())


_KEYS = "attributes coreid data device_id event message messages name publish_time published_at "
_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([DEVICE, PUBLISHED_AT, "MjEuNQ==", json.dumps(attributes())]),
    lambda within: (
        st.lists(within, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [*_KEYS.split(), "receivedMessages", "specversion", "subscription_name"]
            ),
            within,
            max_size=5,
        )
    ),
)


@given(st.lists(_ANY, max_size=3), st.sampled_from(["", "event: x\ndata: ", "\ufeff", "[", "a="]))
def test_whatever_it_is_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, found: list[Any], before: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_text("".join(before + json.dumps(one) + "\n" for one in found))
    with contextlib.suppress(CannotRun):
        ingested(path)


def test_few_messages_are_read_before_the_first_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, ahead = 0, 0
    monkeypatch.setattr("admin.commands.events.ingest_again", lambda _: ("stored", True))

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal ahead
        for number in count():
            ahead = max(ahead, number - stored)
            yield {}

    for outcome in islice(_ingested(endless()), 5000):
        assert outcome == "stored"
        stored += 1
    assert ahead <= 400


def test_a_large_recording_takes_little_memory(path: pathlib.Path) -> None:
    """In one line, as `jq -c` writes an array."""
    one = json.dumps(webhook("x" * 2500))
    number = 5000
    with path.open("w") as file:
        file.write("[" + one)
        for _ in range(number - 1):
            file.write("," + one)
        file.write("]")
    tracemalloc.start()
    try:
        with opened(path, None) as recording:
            for _ in recording.check():
                pass
            assert sum(1 for _ in recording.messages()) == recording.count == number
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 10e6
    assert peak < 8e6
