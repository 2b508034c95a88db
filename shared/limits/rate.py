"""How often a customer may call, counted in each instance's memory: no read, no write.

With several instances a customer may call as many times more often; the limit is against loops and
abuse, and what must be exact (attempts at setup codes, tokens of Particle) is counted in Firestore.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from shared.errors import TooManyAttempts

MAX_KNOWN = 20_000
"""Customers that an instance counts; about 3 MB. Who is forgotten begins with a full allowance."""


# No library fits: `limits` and `pyrate-limiter` take 70 ms of every cold start to be imported, and
# `token-bucket` keeps every customer for ever and cannot say when to come again. A call takes 1 µs.
class Quota:
    """An allowance that refills steadily; safe for threads."""

    def __init__(
        self, per_minute: Callable[[], int], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """As many calls at once, and in every minute; 0 is no limit. Asked at each call."""
        self._per_minute = per_minute
        self._clock = clock
        # For each customer: what is left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, uid: str) -> None:
        """Take one call, or raise `TooManyAttempts` with `retryAfter`."""
        per_minute = self._per_minute()
        if not per_minute:
            return
        now = self._clock()
        rate = per_minute / 60
        with self._lock:
            left, at = self._left.get(uid, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) * rate)
            allowed = left >= 1
            self._left[uid] = (left - 1 if allowed else left, now)
            self._left.move_to_end(uid)
            while len(self._left) > MAX_KNOWN:
                self._left.popitem(last=False)
        if not allowed:
            raise TooManyAttempts(retryAfter=math.ceil((1 - left) / rate))
