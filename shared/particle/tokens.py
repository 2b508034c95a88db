"""Access tokens: minted when needed, kept in memory until shortly before they expire."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared.particle.errors import (
    ClientRejectedError,
    ParticleError,
    RateLimitedError,
    TokenRejectedError,
)

if TYPE_CHECKING:
    from shared.particle.client import Particle

T = TypeVar("T")


class Credentials(Protocol):
    """Gives the token that a call goes with."""

    def token(self) -> str:
        """A token that should be valid."""

    def renew(self, rejected: str) -> str:
        """A token other than the one that Particle just refused."""


class Budget(Protocol):
    """Keeps all instances together below the limits of `/oauth/token`."""

    def take(self, identity: str | None, *, for_app: bool = False) -> None:
        """Count a request that is about to be made; None is the product's own credential.

        Tokens that are given to apps have a smaller share of it.

        Raises `RateLimitedError` when it has to wait, with the true time until it may come, and
        `ClientRejectedError` when asking is known to be useless.
        """

    def learn(self, failure: RateLimitedError | ClientRejectedError) -> None:
        """Take note of Particle's own refusal."""


@dataclass(frozen=True)
class Token:
    """An access token; its text is kept out of reprs, and so out of logs."""

    value: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch."""


LIFETIME = 3600
"""Seconds that a minted token is good for."""
MARGIN = 300
"""A token with less than these seconds left is replaced before another call of ours."""
USABLE = 90
"""Seconds that a token needs to have left while it cannot be replaced: it outlasts a call."""
REST = 15
"""Seconds between two tries to replace a token that is still usable."""


class TokenCache:
    """Tokens of one OAuth client: the product's own and its customers'; safe for threads.

    `/oauth/token` allows 100 requests in 5 minutes from one address (Cloud API reference, "Rate
    limits"), so requests for the same token at the same time become one.
    """

    def __init__(
        self,
        particle: "Particle",
        client_id: str,
        client_secret: str,
        budget: Budget,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """For the product that the OAuth client belongs to."""
        self._particle = particle
        self._client = (client_id, client_secret)
        self._budget = budget
        self._unproven = threading.Lock()
        self._proven = False
        self._clock = clock
        self._tokens: dict[str | None, Token] = {}
        self._resting_until: dict[str | None, float] = {}
        self._locks: dict[str | None, threading.Lock] = {}
        self._guard = threading.Lock()
        self.server: Credentials = _Cached(self, None)

    def customer(self, identity: str) -> Credentials:
        """Credentials of one customer, by the identity it was created with."""
        return _Cached(self, identity)

    def get(
        self,
        identity: str | None,
        *,
        valid_for: float = MARGIN,
        or_at_least: float | None = None,
        for_app: Callable[[], None] | None = None,
    ) -> Token:
        """A token with at least `valid_for` seconds left; None is the product's own.

        With `or_at_least`, a token that has as much left is good enough while another thread is
        replacing it, or where that fails. For one that is given to an app, `for_app` is called
        before Particle is asked for it.
        """
        token = self._tokens.get(identity)
        if token is not None and self._left(token) >= valid_for:
            return token
        usable = None
        if token is not None and or_at_least is not None and self._left(token) >= or_at_least:
            usable = token
            if self._clock() < self._resting_until.get(identity, 0):
                return usable
        lock = self._lock(identity)
        if usable is None:
            lock.acquire()
        elif not lock.acquire(blocking=False):
            return usable
        try:
            token = self._tokens.get(identity)
            if token is not None and self._left(token) >= valid_for:
                return token
            return self._mint(identity, for_app)
        except ParticleError:
            if usable is None:
                raise
            self._resting_until[identity] = self._clock() + REST
            return usable
        finally:
            lock.release()

    def _left(self, token: Token) -> float:
        return token.expires_at - self._clock()

    def renew(
        self, identity: str | None, rejected: str, *, for_app: Callable[[], None] | None = None
    ) -> Token:
        """Mint again, unless another thread has already replaced the rejected token."""
        with self._lock(identity):
            token = self._tokens.get(identity)
            if token is None or token.value == rejected:
                token = self._mint(identity, for_app)
            return token

    def _mint(self, identity: str | None, for_app: Callable[[], None] | None = None) -> Token:
        now = self._clock()
        if len(self._tokens) > 1000:  # noqa: PLR2004 - a bound on memory, not a rule
            self._tokens = {k: t for k, t in self._tokens.items() if t.expires_at > now}
        with nullcontext() if self._proven else self._unproven:
            # One at a time until the client's secret has proved right: ten wrong ones in a row
            # block the address for half an hour.
            if for_app:
                for_app()
            self._budget.take(identity, for_app=for_app is not None)
            try:
                value, lifetime = self._particle.mint_token(
                    self._client, identity=identity, lifetime=LIFETIME
                )
            except (RateLimitedError, ClientRejectedError) as failure:
                self._budget.learn(failure)
                raise
            self._proven = True
        token = self._tokens[identity] = Token(value, now + lifetime)
        return token

    def _lock(self, identity: str | None) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(identity, threading.Lock())


@dataclass(frozen=True)
class _Cached:
    cache: TokenCache
    identity: str | None

    def token(self) -> str:
        return self.cache.get(self.identity, or_at_least=USABLE).value

    def renew(self, rejected: str) -> str:
        return self.cache.renew(self.identity, rejected).value


def with_token(credentials: Credentials, call: Callable[[str], T]) -> T:
    """Call with a token; a refused one had no effect, so it is renewed once."""
    token = credentials.token()
    try:
        return call(token)
    except TokenRejectedError:
        return call(credentials.renew(token))
