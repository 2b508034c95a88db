"""The counter that attempts and budgets share, on the emulator: one commit counts and reports."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from google.cloud.firestore import DocumentReference

from local.stack import Stack
from shared.firestore import paths
from shared.limits.counter import Counter, count


@pytest.fixture
def document(stack: Stack) -> DocumentReference:
    return paths.limit(f"test-{secrets.token_hex(8)}")


def test_fields_are_reported_by_their_paths_whatever_their_order(
    document: DocumentReference, firestore_requests: Callable[[], list[str]]
) -> None:
    other = paths.limit(f"{document.id}-2")
    expires = datetime(2026, 1, 1, tzinfo=UTC)
    counter = Counter(
        document,
        add={("minutes", "m2"): 2, ("a",): 1, ("minutes", "m1"): 0},
        at_least={("closedUntil",): 5},
        fields={"expireAt": expires},
    )
    assert count(counter, Counter(other, add={("tries",): 7})) == [
        {("minutes", "m2"): 2, ("a",): 1, ("minutes", "m1"): 0, ("closedUntil",): 5},
        {("tries",): 7},
    ]
    assert firestore_requests() == ["Commit"]
    assert document.get().to_dict() == {
        "minutes": {"m1": 0, "m2": 2},
        "a": 1,
        "closedUntil": 5,
        "expireAt": expires,
    }


def test_nothing_else_in_the_document_changes(document: DocumentReference) -> None:
    document.set({"minutes": {"m0": 9}, "closedUntil": 8, "other": "text"})
    counter = Counter(document, add={("minutes", "m1"): 1}, at_least={("closedUntil",): 3})
    assert count(counter) == [{("minutes", "m1"): 1, ("closedUntil",): 8}]
    assert count(counter) == [{("minutes", "m1"): 2, ("closedUntil",): 8}]
    assert document.get().to_dict() == {
        "minutes": {"m0": 9, "m1": 2},
        "closedUntil": 8,
        "other": "text",
    }


def test_each_of_many_at_once_gets_a_number_of_its_own(document: DocumentReference) -> None:
    with ThreadPoolExecutor(10) as pool:
        counted = pool.map(lambda _: count(Counter(document, add={("n",): 1})), range(20))
        assert sorted(one["n",] for (one,) in counted) == list(range(1, 21))
