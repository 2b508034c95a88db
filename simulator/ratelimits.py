"""Particle's rate limits per address: off by default, on with `--rate-limits`."""

import math
import re
from collections import defaultdict, deque

from simulator.api.errors import ApiError, too_many_requests
from simulator.world.clock import Clock

WINDOW = 300.0
ALL_ROUTES = 10_000
TIGHT_ROUTES = 100
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
    """Sliding windows by address and group of routes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.enabled = False
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._failures: dict[str, int] = defaultdict(int)
        self._blocked: dict[str, float] = {}

    def clear(self) -> None:
        self._seen.clear()
        self._failures.clear()
        self._blocked.clear()

    def check(self, address: str, method: str, path: str) -> ApiError | None:
        """The refusal of this request, if a limit is reached."""
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
        """Fifty look-ups of serial numbers in an hour per user."""
        refusal = self.enabled and self._count(f"serial {account}", SERIAL_LOOKUPS, SERIAL_WINDOW)
        if refusal:
            raise refusal

    def check_streams(self, open_streams: int) -> None:
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
        """Ten failed log-ins in a row block the address for half an hour."""
        if not self.enabled:
            return
        if status < 400:  # noqa: PLR2004 - HTTP
            self._failures.pop(address, None)
            return
        self._failures[address] += 1
        if self._failures[address] >= FAILED_LOGINS:
            self._failures.pop(address)
            self._blocked[address] = self._clock.now() + BLOCK_SECONDS
