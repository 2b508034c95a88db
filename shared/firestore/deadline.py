"""One deadline for all requests that a function makes to Firestore.

By default, Google's client repeats a commit for a minute and a read for five, whatever the timeout
of the call, which is for one attempt; and it never repeats a commit that contention has aborted. So
the edge (a callable, a trigger, a schedule) says with `within` how long it has, and the client in
`shared.firestore.client` gives every request the `arguments` that follow from it.
"""

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypedDict

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type

TRANSIENT = (Aborted, DeadlineExceeded, ResourceExhausted, ServiceUnavailable, RetryError)
"""Failures that leave the outcome open: a commit may even have been made."""

FAILURES = (GoogleAPICallError, RetryError)
"""Everything that a request to Firestore raises."""


@dataclass(frozen=True)
class Patience:
    """How long one request is tried, in seconds."""

    attempt: float
    """For one attempt."""
    retry: float
    """For the period in which attempts begin."""


PERSON = Patience(attempt=4.0, retry=6.0)
"""For somebody who waits for the answer, or while a device is held."""
EVENT = Patience(attempt=8.0, retry=20.0)
"""For events: the platform delivers again what was not done."""
OPERATOR = Patience(attempt=60.0, retry=60.0)
"""Outside a function: lists are long, and only the operator ends a request."""


class Arguments(TypedDict):
    """What each method of Google's client takes."""

    retry: Retry
    timeout: float


_current: ContextVar[tuple[float, Patience] | None] = ContextVar("deadline", default=None)


@contextlib.contextmanager
def until(end: float, patience: Patience | None = None) -> Iterator[None]:
    """Let no request in this context begin after `end`, by `time.monotonic`.

    A deadline that is already set stays if it is earlier, and its patience if none is given.
    """
    earlier = _current.get()
    if earlier is not None:
        end = min(end, earlier[0])
        patience = patience or earlier[1]
    token = _current.set((end, patience or EVENT))
    try:
        yield
    finally:
        _current.reset(token)


@contextlib.contextmanager
def within(timeout: float, patience: Patience) -> Iterator[None]:
    """Let every request in this context end before the function's `timeout`, in seconds.

    The last attempt may begin at the deadline and take its own timeout after that.
    """
    with until(time.monotonic() + timeout - patience.attempt - 1, patience):
        yield


def end() -> float:
    """The deadline of this context, by `time.monotonic`; infinity when there is none."""
    current = _current.get()
    return math.inf if current is None else current[0]


def arguments() -> Arguments:
    """For a request that begins now. Raises `DeadlineExceeded` when no time is left for it."""
    current = _current.get()
    if current is None:
        return _arguments(OPERATOR, OPERATOR.retry)
    end, patience = current
    left = end - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("no time is left")  # type: ignore[no-untyped-call]
    return _arguments(patience, min(patience.retry, left))


def _arguments(patience: Patience, retry: float) -> Arguments:
    return {
        "retry": Retry(
            predicate=if_exception_type(*TRANSIENT), initial=0.05, maximum=2.0, timeout=retry
        ),
        "timeout": patience.attempt,
    }
