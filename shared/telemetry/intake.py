"""The one way of a delivered message: from Pub/Sub, from a dead letter, from a recording."""

import functools
from datetime import UTC, datetime
from typing import Any

from shared.telemetry import commits, dead_letters
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.recorder import Outcome, Recorder


def take(delivered: Any) -> Outcome | UnstorableError:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    What can never be stored is kept in `deadLetters`, and the reason returned.
    """
    with commits.until(commits.deadline()):
        try:
            return store(delivered)
        except UnstorableError as failure:
            dead_letters.keep(read(delivered), failure.reason, datetime.now(UTC))
            return failure


def store(delivered: Any) -> Outcome:
    """The same without dead letters: raises `UnstorableError`."""
    received_at = datetime.now(UTC)
    return recorder().record(event_in(read(delivered), received_at), received_at)


@functools.cache
def recorder() -> Recorder:
    """The process's own: what it remembers is shared by all its requests."""
    return Recorder()
