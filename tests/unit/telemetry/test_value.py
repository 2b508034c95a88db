"""What is read from an event's data: all of it, as far as Firestore can hold it."""

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.telemetry import odd_json
from shared.telemetry import value as values
from shared.telemetry.value import LATEST_BYTES, MAX_BYTES, Reading, in_latest, read
from tests.support.published import NO_NUMBERS, Published, published

MAX_SAFE = 2**53 - 1


# A bare value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("-0.5", -0.5),
        ("25.340", 25.34),
        ("1e+20", 1e20),
        ("-2.5E-03", -0.0025),
        (str(MAX_SAFE), MAX_SAFE),
        (str(-MAX_SAFE), -MAX_SAFE),
        ("352753090000000", 352753090000000),
        ("true", True),
        ("false", False),
        ('"on"', "on"),
        ('"12"', "12"),
        ("[]", []),
        ('{"t": [1, {"u": null}]}', {"t": [1, {"u": None}]}),
    ],
)
def test_numbers_words_and_json_are_read(data: str, value: Any) -> None:
    reading = read(data)
    assert reading == Reading(value)
    assert type(reading.value) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "12e5",
        "12E5",
        "1234e56",
        "5e0",
        "1e+9999",
        "1e+999",
        "00e04c680001",
        "00:1A:2B:3C:4D:5E",
        "8931440301234567890",
        "89011703278123456789",
        str(MAX_SAFE + 1),
        str(-MAX_SAFE - 1),
        "1" * 5000,
        "007",
        "-01",
        "00",
        "+5",
        "--5",
        "1.",
        ".5",
        "-.5",
        "0x1F",
        "1_000",
        "1,5",
        "1 000",
        "１２",  # noqa: RUF001 - full-width digits
        "١٢",
        "5%",
        "5\n6",
        "True",
        "FALSE",
        "null",
        "None",
        "on",
        "{'t': 1}",
        '{"t": 1',
        '{"t": 1,}',
        '{"t": 01}',
        '{"t": +1}',
        '{"t": .5}',
        '{"t": 0x1F}',
        '{"t": undefined}',
        "{t: 1}",
        '{"t" 1}',
        '{"t": 1} {"t": 2}',
        "[1 2]",
        "[1,, 2]",
        "[1}",
        '{"t": 1]',
        '"a" b',
        '"a',
        '{"a": "tab\there"}',
        "[NaN",
        "[nano]",
        "nano",
        "infinite",
        "1.#",
        "[" * 60_000,
        '{"a":' * 10_000,
    ],
)
def test_everything_else_is_the_text_itself(text: str) -> None:
    assert read(text) == Reading(text)


@pytest.mark.parametrize(
    "text", [*NO_NUMBERS, "+NAN", "Infinity", "-Infinity", "iNf", "1.#INF", "-1.#J", "qNaN", "ovf"]
)
def test_what_is_no_number(text: str) -> None:
    assert read(text) == Reading(error="not a number")
    assert read(f"[{text}, 1]").value == [None, 1]
    assert read(f'{{"a": {text} , "b": 2}}').value == {"a": None, "b": 2}
    assert read(f'{{"a": "{text}"}}') == Reading({"a": text}), "a text is what it says"


@pytest.mark.parametrize("data", [None, ""])
def test_no_data_is_no_error(data: str | None) -> None:
    assert read(data) == Reading()


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("25.5\0", 25.5),
        ("25.5\0\0\0", 25.5),
        ("25.5\r\n", 25.5),
        (" 25.5\n\0 \0\n", 25.5),
        ("\ufeff25.5", 25.5),
        ("\ufeff \t25.5\u00a0", 25.5),
        ("\ufefftrue\0", True),
        ('\ufeff{"t": 1}\0', {"t": 1}),
        ("[1]\n", [1]),
        ("open\0\0", "open"),
        (" two words ", "two words"),
        ("007\0", "007"),
        ("  \0", ""),
        ('" "', " "),
        ("a\0b", "a\0b"),
        ("25.5\0x", "25.5\0x"),
        ("25\ufeff", "25\ufeff"),
    ],
)
def test_what_surrounds_a_value_is_put_aside(data: str, value: Any) -> None:
    assert read(data) == Reading(value)


def test_white_space_is_what_python_takes_for_it() -> None:
    spaces = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace())
    assert read(f"{spaces}7{spaces}").value == 7


def test_long_data_have_no_value() -> None:
    assert read("1" * MAX_BYTES).error is None
    for data in ("1" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1), "[" + "1," * 40_000 + "1]"):
        assert read(data) == Reading(error="too long")


# JSON with odd parts


def noted(path: str, why: str) -> dict[str, str]:
    return {"path": path, "why": why}


@pytest.mark.parametrize(
    ("data", "value", "notes"),
    [
        ("[[1]]", ["[1]"], [noted("0", "a list directly in a list")]),
        (
            '{"t": 21.5, "m": [[1, 2], [[3]]]}',
            {"t": 21.5, "m": ["[1, 2]", "[[3]]"]},
            [
                noted("m.0", "a list directly in a list"),
                noted("m.1", "a list directly in a list"),
            ],
        ),
        ('[{"a": [1]}]', [{"a": [1]}], []),
        (
            '{"id": 18446744073709551616, "t": 1}',
            {"id": "18446744073709551616", "t": 1},
            [noted("id", "an integer beyond 2^53")],
        ),
        (
            '{"a": 9007199254740991, "b": -9007199254740992}',
            {"a": 9007199254740991, "b": "-9007199254740992"},
            [noted("b", "an integer beyond 2^53")],
        ),
        (
            '{"a": [1e999, -1E400], "b": 1e5}',
            {"a": ["1e999", "-1E400"], "b": 1e5},
            [noted("a.0", "a number beyond a double"), noted("a.1", "a number beyond a double")],
        ),
        (
            '{"t": NaN, "h": {"x": -inf}, "p": 1013}',
            {"t": None, "h": {"x": None}, "p": 1013},
            [noted("t", "not a number"), noted("h.x", "not a number")],
        ),
        ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}, [noted("a", "the same key twice")]),
        (
            '{"t": 1, "in": {"": 5, "x": [ 1 ]}}',
            {"t": 1, "in": '{"": 5, "x": [ 1 ]}'},
            [noted("in", "an empty key")],
        ),
        ('{"": 1}', '{"": 1}', [noted("", "an empty key")]),
        (
            '{"t": 1, "in": {"x": {"__name__": 7}}}',
            {"t": 1, "in": {"x": '{"__name__": 7}'}},
            [noted("in.x", "a key of the form __x__")],
        ),
        (
            r'{"t": {"\u005f_a__": 7}}',
            {"t": r'{"\u005f_a__": 7}'},
            [noted("t", "a key of the form __x__")],
        ),
        ('{"__": 1, "__a": 2, "a__": 3}', {"__": 1, "__a": 2, "a__": 3}, []),
        ('{"a": "", "b": "x__y__"}', {"a": "", "b": "x__y__"}, []),
        (
            r'{"s": "\ud800x", "t": 1}',
            {"s": r'"\ud800x"', "t": 1},
            [noted("s", "half of a surrogate pair")],
        ),
        (r'"\udc00"', r'"\udc00"', [noted("", "half of a surrogate pair")]),
        (r'{"s": "\ud83d\ude00"}', {"s": "😀"}, []),
        (
            r'{"t": 1, "in": {"\ud800": 2}}',
            {"t": 1, "in": r'{"\ud800": 2}'},
            [noted("in", "half of a surrogate pair")],
        ),
        (
            '{"in": {"' + "k" * 1401 + '": 1}, "t": 2}',
            {"in": '{"' + "k" * 1401 + '": 1}', "t": 2},
            [noted("in", "a key that is too long")],
        ),
        ('{"a": [[NaN, inf]], "b": [1]}', {"a": ["[null, null]"], "b": [1]}, None),
        ('{"a": [NaN], "__x__": [NaN, [1]]}', '{"a": [null], "__x__": [null, [1]]}', None),
    ],
)
def test_an_odd_part_does_not_cost_the_rest(data: str, value: Any, notes: Any) -> None:
    reading = read(data)
    assert (reading.value, reading.error) == (value, None)
    if notes is not None:
        assert list(reading.notes) == notes


def test_what_is_too_deep_is_a_text() -> None:
    def nested(levels: int) -> str:
        return '{"a":' * levels + "1" + "}" * levels

    assert read(nested(18)) == Reading(json.loads(nested(18)))
    reading = read(nested(20))
    innermost = reading.value
    for _ in range(18):
        innermost = innermost["a"]
    assert innermost == '{"a":{"a":1}}'
    assert reading.notes == (noted(".".join("a" * 18), "nested too deep"),)
    assert read("[" + '{"a":[' * 9 + "1" + "]}" * 9 + "]").notes[0]["why"] == "nested too deep"
    deep = read('{"t":1,"in":' + nested(9000) + "}").value
    assert deep["t"] == 1
    assert read("[" * 30_000 + "]" * 30_000).value == ["[" * 29_999 + "]" * 29_999]


def test_keys_of_several_levels_are_one_path() -> None:
    """Firestore limits the length of a path, and so all keys that lead to a part."""
    reading = read('{"' + "a" * 800 + '": {"t": 1, "' + "b" * 800 + '": 2}, "t": 3}')
    assert reading.value["t"] == 3
    assert json.loads(reading.value["a" * 800])["t"] == 1
    assert [note["why"] for note in reading.notes] == ["a key that is too long"]


def test_eight_parts_are_noted_and_long_paths_are_cut() -> None:
    assert len(read("[" + "NaN," * 100 + "NaN]").notes) == 8
    (note,) = read('{"' + "ä" * 600 + '": NaN}').notes
    assert note["path"] == "ä" * 199 + "…"


def test_notes_on_parts_of_a_text_are_dropped() -> None:
    reading = read('{"a": {"b": NaN, "c": [[1]], "": 1}, "d": NaN}')
    assert list(reading.notes) == [noted("a", "an empty key"), noted("d", "not a number")]


# Whatever a device publishes


class Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its keys."""


@dataclass(frozen=True)
class Digits:
    """An integer of JSON as it is written."""

    text: str


@dataclass(frozen=True)
class Json:
    """A part that has to be a text."""

    part: Any


def parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=Pairs, parse_int=Digits)


def half_pair(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def expected(part: Any, path: tuple[str, ...] = (), level: int = 1, *, listed: bool = False) -> Any:
    """The rules of `docs/ingest.md`, for a part that was read with all its keys and digits."""
    if isinstance(part, Digits):
        return int(part.text) if abs(int(part.text)) <= MAX_SAFE else part.text
    if not isinstance(part, list):
        return Json(part) if isinstance(part, str) and half_pair(part) else part
    is_object = isinstance(part, Pairs)
    if level > 18 or (listed and not is_object):
        return Json(part)
    if is_object:
        if not all(good_key(key, path) for key, _ in part):
            return Json(part)
        return {key: expected(item, (*path, key), level + 1) for key, item in part}
    return [expected(item, path, level + 1, listed=True) for item in part]


def good_key(key: str, path: tuple[str, ...]) -> bool:
    reserved = key.startswith("__") and key.endswith("__") and len(key) >= 4
    if not key or reserved or half_pair(key):
        return False
    return len(".".join([*path, key]).encode()) <= 1400


def matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Json):
        return isinstance(value, str) and bool(parsed(value) == wanted.part)
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and list(value) == list(wanted)
            and all(matches(value[key], wanted[key]) for key in wanted)
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(map(matches, value, wanted))
        )
    if isinstance(wanted, float) and math.isinf(wanted):
        return isinstance(value, str) and math.isinf(float(value))
    return type(value) is type(wanted) and bool(value == wanted)


@given(published)
@example(Published('{"a": {"": NaN}, "a": [1]}', '{"a": {"": null}, "a": [1]}'))
def test_nothing_is_lost_of_any_json(data: Published) -> None:
    reading = read(data.text)
    assert reading.error is None
    assert matches(reading.value, expected(parsed(data.json)))
    assert len(reading.notes) <= 8


@given(published)
def test_a_value_that_is_not_noted_is_what_was_published(data: Published) -> None:
    reading = read(data.text)
    if not reading.notes:
        assert reading.value == json.loads(data.text, parse_constant=lambda _: math.nan)


@given(published)
@example(Published(r'{"a\\": 1, "b": 1, "b": 2}', ""))
@example(Published(r'{"log": "{\"a\":1}", "a": {"a":1}, "a" : 1}', ""))
@example(Published("[1e999]", ""))
def test_both_ways_of_reading_are_the_same(data: Published) -> None:
    value, notes = odd_json.read(data.text)
    assert read(data.text) == Reading(value, notes=tuple(notes[:8]))


def assert_can_be_held(part: Any, path: str = "value", level: int = 1) -> None:
    """Firestore's limits, as its documentation and its emulator have them."""
    if isinstance(part, dict | list):
        assert level <= 18, "20 with `latest` and the event's name"
    if isinstance(part, dict):
        for key, item in part.items():
            assert key
            assert not (key.startswith("__") and key.endswith("__") and len(key) >= 4)
            inner = f"{path}.{key}"
            assert len(inner.encode()) <= 1494
            assert_can_be_held(item, inner, level + 1)
    elif isinstance(part, list):
        for item in part:
            assert not isinstance(item, list)
            assert_can_be_held(item, path, level + 1)
    elif isinstance(part, str):
        part.encode()
    elif isinstance(part, float):
        assert math.isfinite(part)
    else:
        assert part is None or isinstance(part, bool) or abs(part) <= MAX_SAFE


mangled: st.SearchStrategy[str] = st.builds(
    lambda data, at, inserted: data.text[: at % len(data.text)] + inserted + data.text[at:],
    published,
    st.integers(0, 200),
    st.sampled_from(["", '"', "\\", "{", "[", "}", "]", ",", ":", "\0", "1", "e", "-", " "]),
)


@given(st.text() | published.map(lambda data: data.text) | mangled)
def test_firestore_can_hold_whatever_is_read(data: str) -> None:
    reading = read(data)
    assert_can_be_held(reading.value)
    assert_can_be_held(list(reading.notes))
    assert_can_be_held(in_latest(reading, data)["value"])


@given(mangled)
def test_what_is_no_json_is_the_text(data: str) -> None:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        value = read(data).value
        if data and not any(spelling in data.lower() for spelling in ("nan", "inf", "#")):
            assert value in (data, data.strip(" \t\r\n\0"))


@given(st.dictionaries(st.text(min_size=1), st.integers(-9, 9)), st.randoms())
def test_the_order_of_keys_does_not_matter(parts: dict[str, int], random: Any) -> None:
    keys = list(parts)
    random.shuffle(keys)
    shuffled = read(json.dumps({key: parts[key] for key in keys}))
    original = read(json.dumps(parts))
    if not original.notes:
        assert shuffled == original


# In `latest`


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def shown(data: str) -> dict[str, Any]:
    return in_latest(read(data), data)


def test_short_values_are_in_latest_as_they_are() -> None:
    assert shown('{"t": 1}') == {"value": {"t": 1}}
    assert shown("x" * LATEST_BYTES) == {"value": "x" * LATEST_BYTES}
    assert shown("nan") == {"value": None, "valueError": "not a number", "data": "nan"}
    assert shown("[[1]]") == {
        "value": ["[1]"],
        "valueNotes": [{"path": "0", "why": "a list directly in a list"}],
    }


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("ä" * 600, "ä" * 512),
        ("[" + "1, " * 600 + "1]", "[" + "1, " * 341),
        ('{"' + "k" * 1100 + '": 1}', '{"' + "k" * 1022),
    ],
)
def test_what_is_too_long_for_latest_is_cut(data: str, value: str) -> None:
    assert shown(data) == {"value": value, "truncated": True}


def test_data_that_are_too_long_for_a_value_are_shown_cut() -> None:
    data = "x" * (MAX_BYTES + 1)
    assert shown(data) == {"value": "x" * 1024, "truncated": True, "valueError": "too long"}


def test_bytes_are_not_shown_as_a_text() -> None:
    reading = values.read_again({"data": "/wA=", "encoding": "base64"})
    unread = {"value": None, "valueError": "not UTF-8"}
    assert in_latest(reading, "/wA=") == {**unread, "data": "/wA="}
    cut = {"data": "/wA=" * 256, "truncated": True}
    assert in_latest(reading, "/wA=" * 400) == {**unread, **cut}


def test_a_long_object_keeps_its_short_parts() -> None:
    towers = [{"rat": "lte", "mcc": 310, "mnc": 410, "cid": n, "str": -90} for n in range(30)]
    value = {"cmd": "loc", "wps": towers, "loc": {"lat": 47.2692, "lon": 11.4041}, "req_id": 17}
    entry = shown(json.dumps(value))
    assert entry["truncated"] is True
    cut = entry["value"].pop("wps")
    assert entry["value"] == {key: value[key] for key in ("cmd", "loc", "req_id")}
    assert json.dumps(towers, separators=(",", ":")).startswith(cut)
    assert 800 < len(cut) < LATEST_BYTES


def test_a_long_object_in_an_object_keeps_its_short_parts() -> None:
    entry = shown(json.dumps({"data": {"t": 21.5, "log": "x" * 2000}}))
    assert entry["value"]["data"]["t"] == 21.5
    assert 900 < len(entry["value"]["data"]["log"]) < LATEST_BYTES


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=30),
        st.integers() | st.text(max_size=400) | st.dictionaries(st.text("ab"), st.text("ä")),
        min_size=1,
    )
)
def test_what_latest_holds_is_short(value: dict[str, Any]) -> None:
    data = json.dumps(value, ensure_ascii=False)
    entry = shown(data)
    assert ("truncated" in entry) == (len(data.encode()) > LATEST_BYTES)
    if "truncated" in entry:
        assert len(as_json(entry["value"])) <= 2 * LATEST_BYTES, "escapes may double its JSON"


# Read again


@pytest.mark.parametrize("read_once", [read, lambda data: values.read_again({"data": data})])
def test_a_stored_event_is_read_in_the_order_of_its_data(
    read_once: Callable[[str], Reading],
) -> None:
    assert list(read_once('{"b": 1, "a": 2}').value) == ["b", "a"]
