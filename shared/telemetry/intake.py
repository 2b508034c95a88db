"""The one way of a delivered message: from Pub/Sub, from a dead letter, from a recording."""

import functools
from datetime import UTC, datetime
from typing import Any

from shared.telemetry import dead_letters
from shared.telemetry.message import UnstorableError, event_in, read
from shared.telemetry.recorder import Outcome, Recorder


def take(delivered: Any) -> Outcome | UnstorableError:
    """Return when the message's effect is durable; raise when it has to be delivered again.

    What can never be stored is kept in `deadLetters`, and the reason returned.
    """
    received_at = datetime.now(UTC)
    message = read(delivered)
    try:
        return recorder().record(event_in(message, received_at), received_at)
    except UnstorableError as failure:
        dead_letters.keep(message, failure.reason, received_at)
        return failure


@functools.cache
def recorder() -> Recorder:
    """The process's own: what it remembers is shared by all its requests."""
    return Recorder()
