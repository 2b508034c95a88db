"""Commits are sent as the client's own would be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client, Increment, Maximum, Minimum
from google.cloud.firestore_v1.types import Write
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.firestore import paths, raw

few = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
"""A machine under load makes no test fail."""
NAME = ("users", "u", "devices", "d", "events", "e")
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda key: not (key.startswith("__") and key.endswith("__"))
)
times = st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have to be naive
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | times | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(autouse=True, scope="module")
def _client() -> Iterator[None]:
    """One that never calls anybody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
        client = Client(project="demo-particle")
        patch.setattr(paths, "client", lambda: client)
        raw._documents.cache_clear()
        yield
    raw._documents.cache_clear()


def sent(write: Any) -> bytes:
    """Maps have no order of their own."""
    data: bytes = write.SerializeToString(deterministic=True)
    return data


def expected(batch: Any) -> list[bytes]:
    return [sent(Write.pb(write)) for write in batch._write_pbs]


@few
@given(st.dictionaries(keys, values, max_size=4))
def test_a_document_that_is_created(fields: dict[str, Any]) -> None:
    batch = paths.client().batch()
    batch.create(paths.client().document(*NAME), fields)
    assert [sent(raw.create(raw.name(*NAME), fields))] == expected(batch)


@few
@given(keys, values, keys, st.integers(-9, 9), st.floats(-9, 9), st.text(max_size=5))
def test_fields_that_are_merged(
    name: str, value: Any, metric: str, integer: int, fraction: float, label: str
) -> None:
    # Google's client, which is compared with, cannot read a path in which another part follows.
    assume(not metric.endswith("\\"))
    at = datetime(2026, 5, 13, tzinfo=UTC) + timedelta(milliseconds=integer)
    batch = paths.client().batch()
    entry, order = raw.path("latest", name), raw.path("latestOrder", name)
    cell = raw.path("metrics", metric, "7")
    # The client sorts both by their paths.
    batch.update(
        paths.client().document(*NAME[:4]),
        {
            "at": at,
            entry: {"value": value, "publishedAt": at},
            "zone": label,
            order: Maximum(integer),
            f"{cell}.a": Increment(integer),
            f"{cell}.b": Minimum(fraction),
        },
    )
    write = raw.merge(
        raw.name(*NAME[:4]),
        {("at",): at, ("latest", name): {"value": value, "publishedAt": at}, ("zone",): label},
        [
            (order, "maximum", integer),
            (f"{cell}.a", "increment", integer),
            (f"{cell}.b", "minimum", fraction),
        ],
        must_exist=True,
    )
    assert [sent(write)] == expected(batch)


def test_without_fields_the_document_is_left_as_it_is() -> None:
    write = raw.merge("x", {}, [("a", "increment", 1)], must_exist=False)
    assert write.HasField("update_mask")
    assert not write.HasField("current_document")


@pytest.mark.parametrize("item", [b"bytes", {1, 2}, [object()], {"a": 1j}])
def test_what_no_event_can_hold(item: object) -> None:
    with pytest.raises(TypeError):
        raw.create("x", {"value": item})
