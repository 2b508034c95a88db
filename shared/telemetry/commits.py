"""How long Firestore is asked for something, and what is asked again.

The function has 60 seconds; what is not done by then, the platform delivers again. So everything
that is done for an event ends before, which the client's own deadlines (300 seconds for a read)
and its own retry would not: no call begins after the event's deadline, and none takes longer than
the rest of the function's time.
"""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TypedDict

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type

COMMIT_SECONDS = 8.0
"""For one attempt of a commit or a read."""
RETRY_SECONDS = 20.0
"""In which its attempts begin."""
EVENT_SECONDS = 50.0
"""After its arrival, in which everything for an event begins: the last attempt then ends within the
function's 60 seconds."""

TRANSIENT = (Aborted, DeadlineExceeded, ResourceExhausted, ServiceUnavailable)
"""Says nothing about the events: the commit may even have been made."""

RETRY = Retry(
    predicate=if_exception_type(*TRANSIENT), initial=0.05, maximum=2.0, timeout=RETRY_SECONDS
)

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class Limits(TypedDict):
    """What each of the client's methods takes."""

    retry: Retry
    timeout: float


@contextlib.contextmanager
def until(deadline: float) -> Iterator[None]:
    """Let no call of this thread begin later than that, by `time.monotonic`, nor than before."""
    earlier = _deadline.get()
    token = _deadline.set(deadline if earlier is None else min(earlier, deadline))
    try:
        yield
    finally:
        _deadline.reset(token)


def deadline() -> float:
    """This thread's, by `time.monotonic`; `EVENT_SECONDS` from now when it has none yet."""
    found = _deadline.get()
    return time.monotonic() + EVENT_SECONDS if found is None else found


def limits() -> Limits:
    """For a call that begins now. Raises `DeadlineExceeded` when it is too late for one."""
    end = _deadline.get()
    if end is None:
        return {"retry": RETRY, "timeout": COMMIT_SECONDS}
    left = end - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("no time is left")  # type: ignore[no-untyped-call]

    def is_worth_another(failure: Exception) -> bool:
        # A query that breaks off asks for this alone, and knows no time.
        return isinstance(failure, TRANSIENT) and time.monotonic() < end

    retry = RETRY.with_predicate(is_worth_another).with_timeout(min(RETRY_SECONDS, left))
    return {"retry": retry, "timeout": COMMIT_SECONDS}
