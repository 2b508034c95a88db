"""Keeps all instances together below Particle's limit on requests for tokens.

`/oauth/token` allows 100 requests in 5 minutes from one address, and blocks it for 30 minutes after
10 failed log-ins in a row (Cloud API reference, "Rate limits"). A thousand customers who open their
app in the same minute must not lock the product out. So each request is counted first, in one
commit without a read: it increments the present minute of `limits/particleTokens-{hour}`, and the
increments by zero of the minutes before return their counts. The product's own credential, with
which devices are controlled, has a reserve that customers' tokens cannot use up, and so have claims
one that apps' tokens cannot.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import DocumentReference, Increment, Maximum

from shared import log
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.particle.errors import ClientRejectedError, NotSentError, RateLimitedError

APPS = 60
"""Requests for tokens that are given to apps, in any 5 minutes: they leave room for claiming."""
CUSTOMERS = 80
"""Together with those that claiming needs. Whole minutes are counted: it may be 6."""
ALL = 95
"""Together with the product's own; below Particle's 100."""
REJECTIONS = 3
"""Answers "wrong client" in an hour after which no instance asks again; ten would block."""

_MINUTES = 6
_ROUTE = "POST /oauth/token"


class TokenBudget:
    """The budget of one OAuth client, counted in Firestore; safe for threads."""

    def __init__(
        self, client_id: str, client_secret: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """A new secret, and so another fingerprint, ends the silence after wrong ones."""
        digest = hashlib.sha256(f"{client_id}:{client_secret}".encode()).hexdigest()
        self._fingerprint = f"f{digest[:12]}"
        self._clock = clock
        self._lock = threading.Lock()
        self._closed_until = dict.fromkeys((APPS, CUSTOMERS, ALL), 0.0)
        """When it opens again, for those who may go up to that limit."""

    def take(self, identity: str | None, *, for_app: bool = False) -> None:
        """Count a request. Raises `RateLimitedError` or `ClientRejectedError` instead.

        What cannot be counted is not sent: then raises `NotSentError`.
        """
        limit = ALL if identity is None else APPS if for_app else CUSTOMERS
        now = self._clock()
        with self._lock:
            self._wait_for(self._closed_until[limit] - now)
        minute = int(now // 60)
        counts, rejected, closed_until = self._count(minute, 1)
        if rejected >= REJECTIONS:
            raise ClientRejectedError(_ROUTE, "known to be wrong", None)
        opens = max(_opens_at(counts, limit), closed_until)
        if opens > now:
            self._count(minute, -1)
            with self._lock:
                self._closed_until[limit] = max(self._closed_until[limit], opens)
            log.token_budget_spent(opens - now)
            self._wait_for(opens - now)

    def learn(self, failure: RateLimitedError | ClientRejectedError) -> None:
        """Tell the other instances what Particle said."""
        now = self._clock()
        hour = int(now // 3600)
        if isinstance(failure, ClientRejectedError):
            log.particle_client_rejected()
            fields: dict[str, Any] = {"rejected": {self._fingerprint: Increment(1)}}
        else:
            opens = now + failure.retry_after
            with self._lock:
                self._closed_until = dict.fromkeys(self._closed_until, opens)
            fields = {"closedUntil": Maximum(math.ceil(opens * 1000))}
        _document(hour).set(fields, merge=True)

    @staticmethod
    def _wait_for(seconds: float) -> None:
        if seconds > 0:
            raise RateLimitedError(_ROUTE, "our own budget is spent", None, math.ceil(seconds))

    def _count(self, now: int, amount: int) -> tuple[dict[int, int], int, float]:
        """Add to the present minute; the counts of the last ones, rejections, and when it opens."""
        minutes = range(now - _MINUTES + 1, now + 1)
        hours = sorted({minute // 60 for minute in minutes})
        batch = paths.client().batch()
        for hour in hours:
            batch.set(
                _document(hour),
                {
                    "minutes": {
                        f"m{minute}": Increment(amount if minute == now else 0)
                        for minute in minutes
                        if minute // 60 == hour
                    },
                    "rejected": {self._fingerprint: Increment(0)},
                    "closedUntil": Maximum(0),
                    "expireAt": datetime.fromtimestamp((hour + 2) * 3600, UTC),
                },
                merge=True,
            )
        counts: list[int] = []
        rejected = closed_until = 0
        try:
            # One whose answer is lost may count twice, which is on the safe side.
            results = batch.commit()
        except FAILURES as failure:
            raise NotSentError(_ROUTE, "it could not be counted") from failure
        for result in results:
            # In the order of the field paths: closedUntil, minutes.m…, rejected.f….
            closed, *some, wrong = (value.integer_value for value in result.transform_results)
            counts += some
            rejected += wrong
            closed_until = max(closed_until, closed)
        return dict(zip(minutes, counts, strict=True)), rejected, closed_until / 1000


def _document(hour: int) -> DocumentReference:
    return paths.limit(f"particleTokens-{hour}")


def _opens_at(counts: dict[int, int], limit: int) -> float:
    """When, in seconds since the epoch, the counted minutes leave room; 0 when there is room now.

    `counts` includes the request in question.
    """
    excess = sum(counts.values()) - limit
    opens = 0.0
    for minute, count in sorted(counts.items()):
        if excess <= 0:
            break
        excess -= count
        opens = (minute + _MINUTES) * 60.0
    return opens
