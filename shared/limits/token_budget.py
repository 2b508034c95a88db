"""Keeps all instances together below Particle's limit on requests for tokens.

`/oauth/token` allows 100 requests in 5 minutes from one address, and blocks it for 30 minutes after
10 failed log-ins in a row (Cloud API reference, "Rate limits"). A thousand customers who open their
app in the same minute must not lock the product out. So each request is counted first, in one
commit without a read: it increments the present minute of `limits/particleTokens-{hour}` and
increments the minutes before by zero, which returns their counts.

Each share may use what is left up to its own limit. So tokens for apps cannot use up what claiming
needs, claiming leaves something to end tokens with, and the product's own credential, with which
devices are controlled, has a reserve that no customer can use up.

Requests that make customers show the same id and secret, and are no requests for tokens: of those,
the ones for people who have just signed up are counted by themselves. Somebody who needs a customer
to claim a device, having shown its setup code, never waits for them.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from google.cloud.firestore import DocumentReference

from shared import log
from shared.cache import Cache
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.limits.counter import Counter, count
from shared.particle import Share
from shared.particle.errors import ClientRejectedError, NotSentError, RateLimitedError

APPS = 60
"""Requests in any 5 minutes for tokens that are given to apps; the rest is for claiming."""
CUSTOMERS = 80
"""Including those for claiming. Whole minutes are counted, so the period may be 6 minutes."""
ENDINGS = 88
"""Including those with which customers' tokens are ended."""
ALL = 96
"""Including the product's own; below Particle's 100."""
SIGN_UPS = 60
"""Customers made in any 5 minutes for people who have just signed up."""
REJECTIONS = 3
"""Rejections of the client's secret in an hour, after which no instance asks again; after ten,
Particle would block the address."""

_MINUTES = 6
_TOKENS = "minutes"
_CUSTOMERS = "customers"


@dataclass(frozen=True)
class _Limit:
    """What a share is counted with, and how far."""

    counted: str
    """The field of the counts by minute."""
    requests: float
    closed_until: str = "closedUntil"
    """The field that says until when Particle wants no more of these requests."""


_LIMITS = {
    Share.SERVER: _Limit(_TOKENS, ALL),
    Share.ENDING: _Limit(_TOKENS, ENDINGS),
    Share.CLAIM: _Limit(_TOKENS, CUSTOMERS),
    Share.APP: _Limit(_TOKENS, APPS),
    Share.CUSTOMER: _Limit(_CUSTOMERS, math.inf, "customersClosedUntil"),
    Share.SIGN_UP: _Limit("signUps", SIGN_UPS, "customersClosedUntil"),
}


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
        # When a share opens again, in seconds since the epoch.
        self._closed_until: Cache[Share, float] = Cache(len(Share))

    def acquire(self, share: Share) -> None:
        """Count a request. Raises `RateLimitedError` or `ClientRejectedError` instead.

        A request that cannot be counted is not to be sent: raises `NotSentError`.
        """
        limit = _LIMITS[share]
        now = self._clock()
        _wait_for(share, (self._closed_until.get(share) or 0.0) - now)
        minute = int(now // 60)
        counts, rejected, closed_until = self._count(limit, share, minute, 1)
        if rejected >= REJECTIONS:
            raise ClientRejectedError(share.value, "known to be wrong", None)
        opens = max(_opens_at(counts, limit.requests), closed_until)
        if opens > now:
            self._count(limit, share, minute, -1)
            self._close(share, opens)
            log.token_budget_spent(share.name.lower(), opens - now)
            _wait_for(share, opens - now)

    def learn(self, share: Share, failure: RateLimitedError | ClientRejectedError) -> None:
        """Let all instances know what Particle answered."""
        now = self._clock()
        document = _document(int(now // 3600))
        if isinstance(failure, ClientRejectedError):
            log.particle_client_rejected()
            count(Counter(document, add={("rejected", self._fingerprint): 1}))
        else:
            field, opens = _LIMITS[share].closed_until, now + failure.retry_after
            for other, limit in _LIMITS.items():
                if limit.closed_until == field:
                    self._closed_until.put(other, opens)
            count(Counter(document, at_least={(field,): math.ceil(opens * 1000)}))

    def _close(self, share: Share, opens: float) -> None:
        with self._lock:
            self._closed_until.put(share, max(self._closed_until.get(share) or 0.0, opens))

    def _count(
        self, limit: _Limit, share: Share, now: int, amount: int
    ) -> tuple[dict[int, int], int, float]:
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
                        (limit.counted, f"m{minute}"): amount if minute == now else 0
                        for minute in minutes
                        if minute // 60 == hour
                    },
                },
                at_least={(limit.closed_until,): 0},
                fields={"expireAt": datetime.fromtimestamp((hour + 2) * 3600, UTC)},
            )
            for hour in hours
        ]
        try:
            # A commit whose answer is lost may count twice, which is on the safe side.
            found = dict(zip(hours, count(*counters), strict=True))
        except FAILURES as failure:
            raise NotSentError(share.value, "it could not be counted") from failure
        return (
            {minute: found[minute // 60][limit.counted, f"m{minute}"] for minute in minutes},
            sum(fields[rejected] for fields in found.values()),
            max(fields[limit.closed_until,] for fields in found.values()) / 1000,
        )


def _wait_for(share: Share, seconds: float) -> None:
    if seconds > 0:
        raise RateLimitedError(share.value, "our own budget is spent", None, math.ceil(seconds))


def _document(hour: int) -> DocumentReference:
    return paths.limit(f"particleTokens-{hour}")


def _opens_at(counts: dict[int, int], limit: float) -> float:
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
