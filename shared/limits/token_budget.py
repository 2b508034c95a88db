"""Keeps all instances together below Particle's limit on requests for tokens.

`/oauth/token` allows 100 requests in 5 minutes from one address, and blocks it for 30 minutes after
10 failed log-ins in a row (Cloud API reference, "Rate limits"). A thousand customers who open their
app in the same minute must not lock the product out. So each request is counted first, in one
commit without a read: it increments the present minute of `limits/particleTokens-{hour}` and
increments the minutes before by zero, which returns their counts. The product's own credential,
with which devices are controlled, has a reserve that customers' tokens cannot use up, and claiming
has one that apps' tokens cannot use up.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from google.cloud.firestore import DocumentReference

from shared import log
from shared.cache import Cache
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.limits.counter import Counter, FieldPath, count
from shared.particle.errors import ClientRejectedError, NotSentError, RateLimitedError

APPS = 60
"""Requests in any 5 minutes for tokens that are given to apps; the rest is for claiming."""
CUSTOMERS = 80
"""Including those for claiming. Whole minutes are counted, so the period may be 6 minutes."""
ALL = 95
"""Including the product's own; below Particle's 100."""
REJECTIONS = 3
"""Rejections of the client's secret in an hour, after which no instance asks again; after ten,
Particle would block the address."""

_MINUTES = 6
_ROUTE = "POST /oauth/token"


class TokenBudget:
    """The budget of one OAuth client, counted in Firestore; safe for threads."""

    def __init__(
        self, client_id: str, client_secret: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Rejections are counted for each secret, so that a corrected one is tried at once."""
        digest = hashlib.sha256(f"{client_id}:{client_secret}".encode()).hexdigest()
        self._fingerprint = f"f{digest[:12]}"
        self._clock = clock
        self._lock = threading.Lock()
        # When the budget opens again, in seconds since the epoch, by the limit that counts.
        self._closed_until: Cache[int, float] = Cache(3)

    def acquire(self, customer_name: str | None, *, for_app: bool = False) -> None:
        """Count a request. Raises `RateLimitedError` or `ClientRejectedError` instead.

        A request that cannot be counted is not to be sent: raises `NotSentError`.
        """
        limit = ALL if customer_name is None else APPS if for_app else CUSTOMERS
        now = self._clock()
        _wait_for((self._closed_until.get(limit) or 0.0) - now)
        minute = int(now // 60)
        counts, rejected, closed_until = self._count(minute, 1)
        if rejected >= REJECTIONS:
            raise ClientRejectedError(_ROUTE, "known to be wrong", None)
        opens = max(_opens_at(counts, limit), closed_until)
        if opens > now:
            self._count(minute, -1)
            self._close(limit, opens)
            log.token_budget_spent(opens - now)
            _wait_for(opens - now)

    def learn(self, failure: RateLimitedError | ClientRejectedError) -> None:
        """Let all instances know what Particle answered."""
        now = self._clock()
        document = _document(int(now // 3600))
        if isinstance(failure, ClientRejectedError):
            log.particle_client_rejected()
            count(Counter(document, add={("rejected", self._fingerprint): 1}))
        else:
            opens = now + failure.retry_after
            for limit in (APPS, CUSTOMERS, ALL):
                self._closed_until.put(limit, opens)
            count(Counter(document, at_least={("closedUntil",): math.ceil(opens * 1000)}))

    def _close(self, limit: int, opens: float) -> None:
        with self._lock:
            self._closed_until.put(limit, max(self._closed_until.get(limit) or 0.0, opens))

    def _count(self, now: int, amount: int) -> tuple[dict[int, int], int, float]:
        """Add to the present minute.

        Returns the counts of the last minutes, the number of rejections, and when Particle is to be
        asked again, in seconds since the epoch.
        """
        minutes = range(now - _MINUTES + 1, now + 1)
        hours = sorted({minute // 60 for minute in minutes})
        rejected = ("rejected", self._fingerprint)
        counters = [
            Counter(
                _document(hour),
                add={
                    rejected: 0,
                    **{
                        _field(minute): amount if minute == now else 0
                        for minute in minutes
                        if minute // 60 == hour
                    },
                },
                at_least={("closedUntil",): 0},
                fields={"expireAt": datetime.fromtimestamp((hour + 2) * 3600, UTC)},
            )
            for hour in hours
        ]
        try:
            # A commit whose answer is lost may count twice, which is on the safe side.
            found = dict(zip(hours, count(*counters), strict=True))
        except FAILURES as failure:
            raise NotSentError(_ROUTE, "it could not be counted") from failure
        return (
            {minute: found[minute // 60][_field(minute)] for minute in minutes},
            sum(fields[rejected] for fields in found.values()),
            max(fields["closedUntil",] for fields in found.values()) / 1000,
        )


def _wait_for(seconds: float) -> None:
    if seconds > 0:
        raise RateLimitedError(_ROUTE, "our own budget is spent", None, math.ceil(seconds))


def _field(minute: int) -> FieldPath:
    return "minutes", f"m{minute}"


def _document(hour: int) -> DocumentReference:
    return paths.limit(f"particleTokens-{hour}")


def _opens_at(counts: dict[int, int], limit: int) -> float:
    """When the counted minutes leave room, in seconds since the epoch; 0 when there is room now.

    `counts` includes the request in question.
    """
    excess = sum(counts.values()) - limit
    opens = 0.0
    for minute, number in sorted(counts.items()):
        if excess <= 0:
            break
        excess -= number
        opens = (minute + _MINUTES) * 60.0
    return opens
