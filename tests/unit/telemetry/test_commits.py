"""How long Firestore is asked for something."""

import time

import pytest
from google.api_core.exceptions import DeadlineExceeded, NotFound, ServiceUnavailable

from shared.telemetry.commits import COMMIT_SECONDS, EVENT_SECONDS, RETRY_SECONDS, limits, until

UNAVAILABLE = ServiceUnavailable("down")  # type: ignore[no-untyped-call]


def test_everything_for_an_event_ends_in_the_functions_time() -> None:
    assert EVENT_SECONDS + COMMIT_SECONDS < 60


def test_what_is_transient_is_tried_again_while_there_is_time() -> None:
    with until(time.monotonic() + 5):
        given = limits()
    retry = given["retry"]
    assert given["timeout"] == COMMIT_SECONDS
    assert retry.timeout is not None
    assert 0 < retry.timeout <= 5
    assert retry._predicate(UNAVAILABLE)
    assert not retry._predicate(NotFound("no"))  # type: ignore[no-untyped-call]


def test_nothing_begins_after_the_deadline_and_none_sets_it_later() -> None:
    now = time.monotonic()
    with until(now - 1), until(now + 99), pytest.raises(DeadlineExceeded):
        limits()
    assert limits()["retry"].timeout == RETRY_SECONDS


def test_a_query_that_breaks_off_is_not_begun_again_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    with until(now + 99):
        retry = limits()["retry"]
    monkeypatch.setattr(time, "monotonic", lambda: now + 100)
    assert not retry._predicate(UNAVAILABLE)
