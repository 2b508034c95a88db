"""Tokens of shadow customers that apps are given, for their own calls to Particle.

Tokens are never stored. A process remembers those that it gave away until they end, with the number
of revocations that there were then: after one revocation more, they are revoked at Particle.
"""

import functools
import hashlib
import math
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Increment

from shared import connections, settings
from shared.accounts import account
from shared.customers import shadow
from shared.errors import CustomerNotReady, NotInThisMode, TooManyAttempts
from shared.firestore import paths
from shared.limits.counter import Counter, count
from shared.particle import Token, errors

VALID_FOR = 3300
"""Seconds that a token given to an app is good for at least; tokens are minted for an hour."""
MINTS = 5
"""Tokens that Particle is asked for on account of one customer's apps in a period."""
PERIOD = 300
"""Seconds."""


@dataclass(frozen=True)
class AppToken:
    """A token for an app, and whose it is."""

    value: str = field(repr=False)
    expires_at: datetime
    customer_name: str
    """The customer's user name at Particle."""


@dataclass(frozen=True)
class _Given:
    """A token that was given away."""

    token: Token
    revocations: int
    """How often the customer's tokens had been revoked then."""
    revoked: bool = False


_given: dict[str, list[_Given]] = {}
"""By the customer's name. What has expired is dropped at the next minting."""
_lock = threading.Lock()


def mint(uid: str) -> AppToken:
    """A token of the user's shadow customer, good for at least 55 minutes.

    Before it is given away, the minting is noted in the user's activity, in the commit that also
    returns how often the user's tokens have been revoked: a token from before the last revocation
    is not given again. Raises `NotInThisMode`, and `TooManyAttempts` when it would be one too many
    to ask Particle for.
    """
    name = _customer(uid)
    counted = functools.partial(_count_mint, uid)
    token = connections.tokens().get(name, valid_for=VALID_FOR, for_app=counted)
    revocations = _note(uid, name, "token-minted", revoked=0)
    if token.value in _revoke_given(name, revocations):
        token = connections.tokens().renew(name, token.value, for_app=counted)
    _remember(name, _Given(token, revocations))
    return AppToken(token.value, datetime.fromtimestamp(token.expires_at, UTC), name)


def revoke(uid: str) -> None:
    """Revoke at Particle what this process has given away; other processes follow when asked.

    Particle has no call that ends all of a customer's tokens: one that another process gave is
    revoked when that process is asked for a token again, or else ends by itself within the hour.
    Raises `NotInThisMode`.
    """
    name = _customer(uid)
    _revoke_given(name, _note(uid, name, "tokens-revoked", revoked=1))


def forget(customer_name: str) -> None:
    """Revoke all tokens of a customer that this process has given away. Raises `ParticleError`."""
    _revoke_given(customer_name, None)


def _customer(uid: str) -> str:
    """The user's customer, who exists from now on."""
    if not shadow.customers_exist():
        raise NotInThisMode
    if not settings.customer_tokens():
        raise NotInThisMode("This product gives apps no tokens of Particle.")
    shadow.ensure(uid)
    return shadow.customer_name(uid)


def _remember(name: str, given: _Given) -> None:
    now = datetime.now(UTC).timestamp()
    with _lock:
        for known, tokens in list(_given.items()):
            _given[known] = [one for one in tokens if one.token.expires_at > now]
            if not _given[known]:
                del _given[known]
        # The cache of tokens holds none any more that was revoked.
        others = [o for o in _given.get(name, []) if not o.revoked and o.token != given.token]
        _given[name] = [*others, given]


def _revoke_given(name: str, revocations: int | None) -> set[str]:
    """Revoke what was given before the last of so many revocations, or everything.

    Returns the texts of these tokens. They are remembered as revoked, since the cache of tokens
    does not know that they are.
    """
    with _lock:
        ended = {
            one.token: one.revoked
            for one in _given.get(name, [])
            if one.revoked or one.revocations != revocations
        }
    for token, revoked in ended.items():
        if not revoked:
            _revoke(token)
    with _lock:
        if ended:
            _given[name] = [
                replace(one, revoked=one.revoked or one.token in ended)
                for one in _given.get(name, [])
            ]
    return {token.value for token in ended}


def _revoke(token: Token) -> None:
    try:
        connections.particle().revoke_token(token.value)
    except errors.TokenRejectedError:
        return  # it has ended already


def _count_mint(uid: str) -> None:
    """Count a token that Particle is about to be asked for; raises `TooManyAttempts`.

    All customers share what Particle allows, so one must not use it up for everybody.
    """
    now = time.time()
    period = int(now // PERIOD)
    ends = (period + 1) * PERIOD
    name = hashlib.sha256(f"mints:{uid}".encode()).hexdigest()[:32]
    (counted,) = count(
        Counter(
            paths.limit(f"mints-{name}-{period}"),
            {("count",): 1},
            fields={"expireAt": datetime.fromtimestamp(ends, UTC)},
        )
    )
    if counted[("count",)] > MINTS:
        raise TooManyAttempts(retryAfter=math.ceil(ends - now))


def _note(uid: str, name: str, action: str, *, revoked: int) -> int:
    """Note what is done with tokens; how often they were revoked, this time included."""
    batch = paths.client().batch()
    batch.update(paths.shadow_customer(name), {"revocations": Increment(revoked)})
    account.note(batch, uid, action)
    account.unless_deleted(batch, uid)
    try:
        results = batch.commit()
    except AlreadyExists:
        raise CustomerNotReady("This account was deleted.") from None
    revocations: int = results[0].transform_results[0].integer_value
    return revocations
