"""How often a customer may call, counted in each instance's memory: no read, no write.

With several instances a customer may call as many times more often. The limit is against loops and
abuse; what must be exact (attempts at setup codes, tokens of Particle) is counted in Firestore.
"""

import math
import threading
import time
from collections.abc import Callable

from shared.cache import Cache
from shared.errors import TooManyAttempts

MAX_KNOWN = 20_000
"""Customers that an instance counts; about 3 MB. A forgotten one begins with a full allowance."""


# No library fits: `limits` and `pyrate-limiter` add 70 ms to every cold start, and `token-bucket`
# keeps every customer for ever and cannot say when to call again. A call takes 2 µs here.
class RateLimit:
    """An allowance that refills steadily; safe for threads."""

    def __init__(
        self, per_minute: Callable[[], int], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `per_minute` calls at once, and as many in every minute; 0 means no limit.

        It is read at each call.
        """
        self._per_minute = per_minute
        self._clock = clock
        # For each customer: the calls left, and when that was.
        self._left: Cache[str, tuple[float, float]] = Cache(MAX_KNOWN)
        self._lock = threading.Lock()

    def acquire(self, uid: str) -> None:
        """Use up one call, or raise `TooManyAttempts` with `retryAfter`."""
        per_minute = self._per_minute()
        if not per_minute:
            return
        now = self._clock()
        rate = per_minute / 60
        with self._lock:
            left, at = self._left.get(uid) or (float(per_minute), now)
            left = min(float(per_minute), left + (now - at) * rate)
            allowed = left >= 1
            self._left.put(uid, (left - 1 if allowed else left, now))
        if not allowed:
            raise TooManyAttempts(retryAfter=math.ceil((1 - left) / rate))
