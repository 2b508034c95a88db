"""Values on their way to the Firestore REST API and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.client import CallableError, decode_fields, encode_fields

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.text(min_size=1), VALUES, max_size=4))
def test_fields_come_back_as_they_were(fields: dict[str, Any]) -> None:
    decoded = decode_fields({"fields": encode_fields(fields)})

    assert decoded == fields
    # True equals 1, but is another value in Firestore.
    assert repr(decoded) == repr(fields)


def test_the_wire_format_is_googles() -> None:
    assert encode_fields({"n": 3, "b": True, "x": 1.5, "l": [None], "m": {"s": "t"}}) == {
        "n": {"integerValue": "3"},
        "b": {"booleanValue": True},
        "x": {"doubleValue": 1.5},
        "l": {"arrayValue": {"values": [{"nullValue": None}]}},
        "m": {"mapValue": {"fields": {"s": {"stringValue": "t"}}}},
    }


def test_empty_lists_and_maps_come_without_content() -> None:
    assert decode_fields({"fields": {"l": {"arrayValue": {}}, "m": {"mapValue": {}}}}) == {
        "l": [],
        "m": {},
    }
    assert decode_fields({}) == {}


def test_a_value_that_firestore_has_no_type_for_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode_fields({"s": {1, 2}})


def test_an_error_of_a_callable_shows_its_reason() -> None:
    error = CallableError(
        403,
        {
            "status": "PERMISSION_DENIED",
            "message": "Not yours.",
            "details": {"reason": "not-your-device"},
        },
    )

    assert (error.status, error.reason, error.http_status) == (
        "PERMISSION_DENIED",
        "not-your-device",
        403,
    )
    assert "not-your-device" in str(error)
    assert CallableError(500, {"status": "INTERNAL", "message": "INTERNAL"}).reason is None
