"""One deadline for all that a function asks of Firestore."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import DeadlineExceeded, NotFound, ServiceUnavailable

from shared import settings
from shared.firestore import deadline
from shared.firestore.client import Client
from shared.firestore.deadline import EVENT, OPERATOR, PERSON, arguments, until, within

UNAVAILABLE = ServiceUnavailable("down")  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("timeout", "patience"),
    [
        (settings.CALLABLE_TIMEOUT, PERSON),
        (settings.EVENT_TIMEOUT, EVENT),
        (settings.INGEST_TIMEOUT, EVENT),
        (settings.SCHEDULE_TIMEOUT, EVENT),
    ],
)
def test_every_request_ends_in_the_functions_time(
    timeout: float, patience: deadline.Patience
) -> None:
    began = time.monotonic()
    with within(timeout, patience):
        assert deadline.end() + arguments()["timeout"] < began + timeout


def test_what_is_transient_is_tried_again_while_there_is_time() -> None:
    with until(time.monotonic() + 5, EVENT):
        given = arguments()
    retry = given["retry"]
    assert given["timeout"] == EVENT.attempt
    assert retry.timeout is not None
    assert 0 < retry.timeout <= 5
    assert retry._predicate(UNAVAILABLE)
    assert not retry._predicate(NotFound("no"))  # type: ignore[no-untyped-call]


def test_nothing_begins_after_the_deadline_and_none_sets_it_later() -> None:
    now = time.monotonic()
    with until(now - 1), until(now + 99), pytest.raises(DeadlineExceeded):
        arguments()
    assert arguments()["retry"].timeout == OPERATOR.retry


def test_patience_stays_unless_another_is_named() -> None:
    with within(60, PERSON), until(time.monotonic() + 30):
        assert arguments()["timeout"] == PERSON.attempt
        with until(time.monotonic() + 20, EVENT):
            assert arguments()["timeout"] == EVENT.attempt


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of an emulator that nobody has started."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    return Client(project="demo-particle")


@pytest.mark.parametrize(
    ("method", "request_it"),
    [
        ("batch_get_documents", lambda client: client.document("a/b").get()),
        ("batch_get_documents", lambda client: list(client.get_all([client.document("a/b")]))),
        ("commit", lambda client: client.document("a/b").set({})),
        ("commit", lambda client: client.document("a/b").delete()),
        ("commit", lambda client: client.batch().commit()),
        ("list_collection_ids", lambda client: list(client.document("a/b").collections())),
        ("list_documents", lambda client: list(client.collection("a").list_documents())),
        ("run_aggregation_query", lambda client: client.collection("a").count().get()),
        ("run_query", lambda client: list(client.collection("a").stream())),
        ("run_query", lambda client: list(client.collection_group("a").get())),
    ],
)
def test_every_kind_of_request_takes_the_deadline(
    client: Client,
    method: str,
    request_it: Callable[[Client], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[dict[str, Any]] = []

    def refuse(**kwargs: Any) -> None:
        given.append(kwargs)
        raise NotFound("noted")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(client._firestore_api.inner, method, refuse)
    with within(60, PERSON), pytest.raises(NotFound):
        request_it(client)
    assert given[0]["timeout"] == PERSON.attempt
    assert 0 < given[0]["retry"].timeout <= PERSON.retry


@pytest.mark.parametrize(
    ("method", "request_it"),
    [
        ("run_query", lambda client: list(client.collection("a").stream())),
        ("run_aggregation_query", lambda client: client.collection("a").count().get()),
    ],
)
def test_a_query_that_breaks_off_fails_as_it_did(
    client: Client,
    method: str,
    request_it: Callable[[Client], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Google's own client fails with an `AttributeError` here, when it is given no retry."""
    monkeypatch.setattr(client._firestore_api.inner, method, lambda **_: _breaking())
    with within(60, PERSON), pytest.raises(ServiceUnavailable):
        request_it(client)


def _breaking() -> Any:
    raise UNAVAILABLE
    yield
