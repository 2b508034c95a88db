"""Particle's rate limits: off by default, enforced with `--rate-limits`.

The numbers are those that Particle's API reference gives for each public IP address.
"""

import math
import re
from collections import defaultdict, deque

from simulator.api.errors import ApiError, too_many_requests
from simulator.world.clock import Clock

# Requests from one address within a window of so many seconds: to all routes together, and to each
# of the groups in TIGHT.
WINDOW = 300.0
ALL_ROUTES = 10_000
TIGHT_ROUTES = 100
# Failed log-ins in a row, after which an address is blocked for so many seconds.
FAILED_LOGINS = 10
BLOCK_SECONDS = 1800.0
SERIAL_LOOKUPS, SERIAL_WINDOW = 50, 3600.0
OPEN_STREAMS = 100

TOKEN_ROUTE = "/oauth/token"  # noqa: S105 - a path
TIGHT = (
    ("token", re.compile(r"POST /oauth/token")),
    ("account", re.compile(r"(GET|DELETE) /v1/access_tokens(/.*)?")),
    ("account", re.compile(r"POST /v1/users|DELETE /v1/user|POST /v1/user/password-reset")),
    ("stream", re.compile(r"GET /v1/(devices/|products/[^/]+/|products/.+/devices/.+/)?events.*")),
    ("stream", re.compile(r"GET /v1/devices/[^/]+/events(/.*)?")),
)


class RateLimits:
    """Counts requests in sliding windows, by address and group of routes.

    Attributes:
        enabled: whether requests are counted and refused at all.
    """

    def __init__(self, clock: Clock, *, enabled: bool) -> None:
        self._clock = clock
        self._initially_enabled = enabled
        self.enabled = enabled
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._failures: dict[str, int] = defaultdict(int)
        self._blocked: dict[str, float] = {}

    def enable(self, *, enabled: bool) -> None:
        """Switch the limits on or off, and forget what was counted."""
        self.enabled = enabled
        self._seen.clear()
        self._failures.clear()
        self._blocked.clear()

    def reset(self) -> None:
        """Go back to the start: on or off as at the start, and nothing counted."""
        self.enable(enabled=self._initially_enabled)

    def check(self, address: str, method: str, path: str) -> ApiError | None:
        """Count a request, and return its refusal when a limit is reached."""
        if not self.enabled:
            return None
        blocked = self._blocked.get(address, 0.0) - self._clock.now()
        if path == TOKEN_ROUTE and blocked > 0:
            return too_many_requests(math.ceil(blocked))
        groups = {name for name, pattern in TIGHT if pattern.fullmatch(f"{method} {path}")}
        for group in groups:
            refusal = self._count(f"{group} {address}", TIGHT_ROUTES, WINDOW)
            if refusal:
                return refusal
        return self._count(f"all {address}", ALL_ROUTES, WINDOW)

    def check_serial_lookup(self, account: str) -> None:
        """Allow each account 50 look-ups of serial numbers an hour.

        Raises:
            ApiError: 429, when the account has used them up.
        """
        refusal = self.enabled and self._count(f"serial {account}", SERIAL_LOOKUPS, SERIAL_WINDOW)
        if refusal:
            raise refusal

    def check_streams(self, open_streams: int) -> None:
        """Allow 100 open event streams.

        Raises:
            ApiError: 429, when there are as many already.
        """
        if self.enabled and open_streams >= OPEN_STREAMS:
            raise too_many_requests()

    def _count(self, key: str, limit: int, window: float) -> ApiError | None:
        now = self._clock.now()
        seen = self._seen[key]
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) >= limit:
            return too_many_requests(math.ceil(seen[0] + window - now))
        seen.append(now)
        return None

    def after_login(self, address: str, status: int) -> None:
        """Note how a log-in ended; ten failures in a row block the address for half an hour."""
        if not self.enabled:
            return
        if status < 400:  # noqa: PLR2004 - HTTP
            self._failures.pop(address, None)
            return
        self._failures[address] += 1
        if self._failures[address] >= FAILED_LOGINS:
            self._failures.pop(address)
            self._blocked[address] = self._clock.now() + BLOCK_SECONDS
