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


class Quota:
    """An allowance that refills steadily; safe for threads."""

    def __init__(
        self, per_minute: int, burst: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`burst` calls at once, and `per_minute` in the long run."""
        self._rate = per_minute / 60
        self._burst = burst
        self._clock = clock
        # For each customer: what is left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, uid: str) -> None:
        """Take one call, or raise `TooManyAttempts` with `retryAfter`."""
        now = self._clock()
        with self._lock:
            left, at = self._left.get(uid, (float(self._burst), now))
            left = min(self._burst, left + (now - at) * self._rate)
            allowed = left >= 1
            self._left[uid] = (left - 1 if allowed else left, now)
            self._left.move_to_end(uid)
            while len(self._left) > MAX_KNOWN:
                self._left.popitem(last=False)
        if not allowed:
            raise TooManyAttempts(retryAfter=math.ceil((1 - left) / self._rate))
