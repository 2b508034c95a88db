"""Access tokens: minted when needed, kept in memory until shortly before they expire.

And the one gate for everything that shows Particle the OAuth client's id and secret (`log_in`).
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from shared.cache import Cache
from shared.particle.errors import (
    ClientRejectedError,
    NoSuchCustomerError,
    NotSentError,
    ParticleError,
    RateLimitedError,
)
from shared.particle.transport import Credentials

T = TypeVar("T")


class Share(Enum):
    """What a request with the client's id and secret is for. Each has a share of the budget."""

    SERVER = "the product's own token"
    ENDING = "a token that ends a customer's others"
    CLAIM = "a customer's token for claiming"
    APP = "a customer's token for an app"
    CUSTOMER = "a customer for somebody who needs one now"
    SIGN_UP = "a customer for somebody who has just signed up"


class Issuer(Protocol):
    """Requests tokens; `Particle` does."""

    def mint_token(
        self, client: tuple[str, str], *, customer_name: str | None, lifetime: int
    ) -> tuple[str, float]:
        """A new token and the seconds it is valid for. Raises `ParticleError`."""


class Budget(Protocol):
    """Keeps all instances together below the limits of `/oauth/token`."""

    def acquire(self, share: Share) -> None:
        """Count a request that is about to be made.

        Raises `RateLimitedError` with the true time to wait when the share is spent, and
        `ClientRejectedError` when the request is known to be useless.
        """

    def learn(self, share: Share, failure: RateLimitedError | ClientRejectedError) -> None:
        """Take note of a refusal by Particle itself."""


@dataclass(frozen=True)
class Token:
    """An access token; its text is kept out of reprs, and so out of logs."""

    value: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch."""


LIFETIME = 3600
"""Seconds that a minted token is valid for."""
MARGIN = 300
"""A token with less than these seconds left is replaced before another call of ours."""
USABLE = 90
"""A token that cannot be replaced is used while it has these seconds left: it outlasts a call."""
REST = 15
"""Seconds between two attempts to replace a token that is still usable."""
MAX_TOKENS = 2000
"""More than `/oauth/token` gives within the lifetime of a token, so that none is lost early."""
AT_ONCE = 4
"""Log-ins under way at once: ten refused ones in a row block the address for half an hour, and a
secret that was good a moment ago may not be any more."""
PATIENCE = 20.0
"""Seconds that a log-in waits for those under way."""
IN_A_ROW = 4
"""Refused log-ins of customers in a row, after which one of the product's own ends the row, or
shows that it is the client that Particle refuses."""


class TokenCache:
    """Tokens of one OAuth client: the product's own and its customers'; safe for threads.

    `/oauth/token` allows 100 requests in 5 minutes from one address (Cloud API reference, "Rate
    limits"), so simultaneous requests for the same token become one.
    """

    def __init__(
        self,
        issuer: Issuer,
        client_id: str,
        client_secret: str,
        budget: Budget,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`issuer` gives tokens of the product that the OAuth client belongs to."""
        self._issuer = issuer
        self._client = (client_id, client_secret)
        self._budget = budget
        self._unproven = threading.Lock()
        self._at_once = threading.BoundedSemaphore(AT_ONCE)
        self._proven = False
        self._in_a_row = 0
        self._clock = clock
        self._tokens: Cache[str | None, Token] = Cache(MAX_TOKENS)
        self._resting: Cache[str | None, bool] = Cache(MAX_TOKENS, age=REST, clock=clock)
        # A lock exists as long as a thread waits for it or holds it: forgotten any earlier, a
        # second thread would make another one and mint the same token.
        self._locks: WeakValueDictionary[str | None, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()
        self.server: Credentials = _Cached(self, None)

    def customer(self, customer_name: str) -> Credentials:
        """Credentials of one customer, by the user name at Particle."""
        return _Cached(self, customer_name)

    def get(
        self,
        customer_name: str | None,
        *,
        valid_for: float = MARGIN,
        or_at_least: float | None = None,
    ) -> Token:
        """A token with at least `valid_for` seconds left; None is the product's own.

        With `or_at_least`, a token that has this many seconds left is good enough while another
        thread is replacing it, and when replacing it fails.
        """
        token = self._tokens.get(customer_name)
        if token is not None and self._left(token) >= valid_for:
            return token
        usable = None
        if token is not None and or_at_least is not None and self._left(token) >= or_at_least:
            usable = token
            if self._resting.get(customer_name):
                return usable
        lock = self._lock(customer_name)
        if usable is None:
            lock.acquire()
        elif not lock.acquire(blocking=False):
            return usable
        try:
            token = self._tokens.get(customer_name)
            if token is not None and self._left(token) >= valid_for:
                return token
            return self._replace(customer_name)
        except ParticleError:
            if usable is None:
                raise
            self._resting.put(customer_name, value=True)
            return usable
        finally:
            lock.release()

    def renew(self, customer_name: str | None, rejected: str) -> Token:
        """Mint again, unless another thread has already replaced the rejected token."""
        with self._lock(customer_name):
            token = self._tokens.get(customer_name)
            if token is None or token.value == rejected:
                token = self._replace(customer_name)
            return token

    def mint(self, customer_name: str | None, share: Share) -> Token:
        """A new token, which is not kept here. Raises `ParticleError`."""
        if customer_name is not None and self._in_a_row >= IN_A_ROW:
            self._replace(None)
        now = self._clock()
        try:
            value, lifetime = self.log_in(
                share,
                lambda client: self._issuer.mint_token(
                    client, customer_name=customer_name, lifetime=LIFETIME
                ),
            )
        except NoSuchCustomerError:
            self._in_a_row += 1
            raise
        self._in_a_row = 0
        return Token(value, now + lifetime)

    def log_in(self, share: Share, request: Callable[[tuple[str, str]], T]) -> T:
        """Make a request that shows the client's id and secret, within the budget.

        Raises what the request raises, and what `Budget.acquire` does.
        """
        with contextlib.ExitStack() as stack:
            if not self._at_once.acquire(timeout=PATIENCE):
                raise NotSentError("log-in", "those before it are not answered")
            stack.callback(self._at_once.release)
            # One at a time until the secret has proved right.
            if not self._proven:
                stack.enter_context(self._unproven)
            self._budget.acquire(share)
            try:
                answer = request(self._client)
            except (RateLimitedError, ClientRejectedError) as failure:
                if isinstance(failure, ClientRejectedError):
                    self._proven = False
                self._budget.learn(share, failure)
                raise
            self._proven = True
        return answer

    def _left(self, token: Token) -> float:
        return token.expires_at - self._clock()

    def _replace(self, customer_name: str | None) -> Token:
        share = Share.SERVER if customer_name is None else Share.CLAIM
        token = self.mint(customer_name, share)
        self._tokens.put(customer_name, token)
        return token

    def _lock(self, customer_name: str | None) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(customer_name, threading.Lock())


@dataclass(frozen=True)
class _Cached:
    cache: TokenCache
    customer_name: str | None

    def token(self) -> str:
        return self.cache.get(self.customer_name, or_at_least=USABLE).value

    def renew(self, rejected: str) -> str:
        return self.cache.renew(self.customer_name, rejected).value
