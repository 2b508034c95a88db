"""One deadline for everything that a function asks of Firestore.

Left to itself, Google's client repeats a commit for a minute and a read for five, whatever timeout
a call names, since that is for one attempt; and it never repeats what a contender aborted. So the
edge (a callable, a trigger, a schedule) says with `until` when its time is over, and the client of
`shared.firestore.client` gives every request the `arguments` that follow.
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
"""Says nothing about what was asked for: a commit may even have been made."""

FAILURES = (GoogleAPICallError, RetryError)
"""All that a request to Firestore raises."""


@dataclass(frozen=True)
class Patience:
    """How long one request is tried, in seconds."""

    attempt: float
    """For one attempt."""
    retry: float
    """The period in which attempts begin."""


PERSON = Patience(attempt=4.0, retry=6.0)
"""Somebody waits for the answer, or a device is held until it is there."""
EVENT = Patience(attempt=8.0, retry=20.0)
"""The platform delivers again what was not done."""
OPERATOR = Patience(attempt=60.0, retry=60.0)
"""Outside a function: long lists, and nobody who ends them but the operator."""


class Arguments(TypedDict):
    """What each method of Google's client takes."""

    retry: Retry
    timeout: float


_current: ContextVar[tuple[float, Patience] | None] = ContextVar("deadline", default=None)


@contextlib.contextmanager
def until(end: float, patience: Patience | None = None) -> Iterator[None]:
    """Let no request of this context begin after `end`, by `time.monotonic`.

    An earlier deadline that is set already stays, and so does its patience where none is given.
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
    """Let every request of this context end in the time of a function that has `timeout` seconds.

    The last attempt may begin at the deadline, and then takes its own time.
    """
    with until(time.monotonic() + timeout - patience.attempt - 1, patience):
        yield


def end() -> float:
    """When this context's time is over, by `time.monotonic`; infinity when it has no end."""
    current = _current.get()
    return math.inf if current is None else current[0]


def arguments() -> Arguments:
    """For a request that begins now. Raises `DeadlineExceeded` when it is too late for one."""
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
