"""Data of a call, as the SDKs write them: what each means, and what is none."""

import json
from typing import Any

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from shared.api.protocol import MAX_DEPTH, data_in
from shared.errors import BadRequest

TYPES = "type.googleapis.com/google.protobuf."


def read(text: str) -> Any:
    builder = EnvironBuilder(
        method="POST", data=f'{{"data": {text}}}'.encode(), content_type="application/json"
    )
    return data_in(Request(builder.get_environ()))


def wrapped(value: Any, kind: str = "Int64Value") -> dict[str, Any]:
    return {"@type": TYPES + kind, "value": value}


@pytest.mark.parametrize("number", [0, 1, -1, 3600, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_signed_integers(number: int) -> None:
    for value in (str(number), number):
        assert read(json.dumps(wrapped(value))) == number


@pytest.mark.parametrize("number", [0, 3600, 2**63, 2**64 - 1])
def test_unsigned_integers(number: int) -> None:
    assert read(json.dumps(wrapped(str(number), "UInt64Value"))) == number


def test_they_are_integers_anywhere() -> None:
    seven = wrapped("7")
    data = {"a": seven, "b": {"c": [seven, {"d": seven}]}, "e": [[seven]]}
    assert read(json.dumps(data)) == {"a": 7, "b": {"c": [7, {"d": 7}]}, "e": [[7]]}


@pytest.mark.parametrize(
    "wrapper",
    [
        wrapped("2.5"),
        wrapped("1e3"),
        wrapped("0x10"),
        wrapped(""),
        wrapped(" 1"),
        wrapped("+1"),
        wrapped("\u0661"),
        wrapped(str(2**63)),
        wrapped(2**63),
        wrapped("-1", "UInt64Value"),
        wrapped(str(2**64), "UInt64Value"),
        wrapped("9" * 400),
        wrapped(None),
        wrapped(value=True),
        wrapped(1.5),
        wrapped(["1"]),
        wrapped(wrapped("1")),
        wrapped("1", "Int32Value"),
        wrapped("1", "Timestamp"),
        {"@type": TYPES + "Int64Value"},
        {"@type": "Int64Value", "value": "1"},
        {"@type": 7, "value": "1"},
        {"@type": {}, "value": "1"},
        {**wrapped("1"), "more": 1},
    ],
)
def test_wrong_wrappers_name_their_field(wrapper: dict[str, Any]) -> None:
    for data, field in (
        (wrapper, "data"),
        ({"expiresIn": wrapper}, "expiresIn"),
        ({"list": [{"deep": wrapper}]}, "list"),
    ):
        with pytest.raises(BadRequest) as refused:
            read(json.dumps(data))
        assert refused.value.details == {"field": field}


@pytest.mark.parametrize("text", ["3600.0", "3.6e3", "36000e-1", "3600.000"])
def test_whole_numbers_however_they_are_written(text: str) -> None:
    number = read(text)
    assert (number, type(number)) == (3600, int)


def test_other_values_stay_as_they_are() -> None:
    for text in ("true", "false", "null", "2.5", '"3600.0"', '""', "[]", "{}", '{"value": "1"}'):
        value = read(text)
        assert (value, type(value)) == (json.loads(text), type(json.loads(text)))


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_stay_as_they_are(number: int) -> None:
    assert read(str(number)) == number


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"a": "\\ud800"}', "a"),
        ('{"a": {"\\udc00": 1}}', "a"),
        ('{"a": [{"b": {"\\ud83d": 1}}]}', "a"),
        ('{"\\ud800": 1}', "data"),
        ('"\\ud800"', "data"),
        ('{"a": 1e999}', "a"),
        ('{"a": [-1e999]}', "a"),
        ('{"a": 18446744073709551616}', "a"),
        ('{"a": -9223372036854775809}', "a"),
        ('{"a": NaN}', "data"),
        ('{"a": [-Infinity]}', "data"),
        ('{"a": ' + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "}", "a"),
        ("[" * 900 + "]" * 900, "data"),
    ],
)
def test_what_is_in_no_call(text: str, field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(text)
    assert refused.value.details == {"field": field}
    assert "ud8" not in str(refused.value), "it may hold anything"
