"""Access mode `customer`: two-legged authentication with shadow customers."""

import functools
import hashlib
import math
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Increment

from shared import connections, log, settings
from shared.claims import at_particle
from shared.customers import shadow
from shared.errors import CustomerNotReady, NotInThisMode, TooManyAttempts
from shared.firestore import paths
from shared.particle import Device, Token, errors
from shared.registry import ownership
from shared.registry.hold import Reservation

CLIENT_TOKEN_VALID_FOR = 3300
"""Seconds that a token given to an app is good for at least; tokens are minted for an hour."""
MINTS = 5
"""Tokens that Particle is asked for on account of one customer's apps in a period."""
PERIOD = 300
"""Seconds."""
ROUNDS = 3
"""Times that a claim at Particle ends somebody else's: they may be quick to claim again."""


@dataclass(frozen=True)
class CustomerToken:
    """A token for an app, and whose it is."""

    value: str = field(repr=False)
    expires_at: datetime
    customer_id: str
    """The customer's user name at Particle."""


class CustomerMode:
    """Every user has a customer at Particle, who owns there what the user claims here."""

    has_customers = True

    def __init__(self) -> None:
        """Knowing of no token that was given away."""
        self._given: dict[str, list[tuple[Token, int | None]]] = {}
        """With how many revocations there were then; None for one that was revoked since."""
        self._lock = threading.Lock()

    def prepare(self, uid: str) -> None:
        """Make sure that the shadow customer exists."""
        shadow.ensure(uid)

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """Claim with the customer's token.

        Whoever has a customer token can claim any unowned device whose id they know, so an owner
        at Particle proves nothing: the caller has shown the device's setup code, and another
        owner's claim is ended first.
        """
        particle = connections.particle()
        credentials = connections.tokens().customer(shadow.identity(uid))
        for _ in range(ROUNDS):
            reservation.require_time()
            try:
                particle.claim_device(credentials, device.id)
            except errors.ForeignOwnerError:
                at_particle.end_claim(reservation)
                log.foreign_owner_released(device.id)
            else:
                return
        reservation.require_time()
        particle.claim_device(credentials, device.id)

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:
        """End another's claim: while somebody owns the device, a claim code has no effect."""
        if device.owner is not None and not self.owns(uid, device):
            at_particle.end_claim(reservation)
            log.foreign_owner_released(device.id)

    def owns(self, uid: str, device: Device) -> bool:
        """Their customer is to own it at Particle."""
        return device.owner == shadow.identity(uid)

    def claim_code(self, uid: str) -> str:
        """Asked for with the customer's token, so that the claim is theirs."""
        credentials = connections.tokens().customer(shadow.identity(uid))
        return connections.particle().create_claim_code(credentials)

    def customer_token(self, uid: str) -> CustomerToken:
        """A token of the user's shadow customer, good for at least 55 minutes.

        Noted in the user's activity before it is given away, in the commit that also tells how
        often the user has had their tokens revoked: a token from before that is not given again.
        Raises `TooManyAttempts` when it would be one too many to ask Particle for.
        """
        _require_tokens_are_given()
        shadow.ensure(uid)
        identity = shadow.identity(uid)
        count = functools.partial(_count_mint, uid)
        token = connections.tokens().get(identity, valid_for=CLIENT_TOKEN_VALID_FOR, for_app=count)
        revocations = _note(uid, identity, "token-minted", revoked=0)
        revoked = self._end_given(identity, revocations)
        if token.value in revoked:
            token = connections.tokens().renew(identity, token.value, for_app=count)
        with self._lock:
            now = datetime.now(UTC).timestamp()
            self._given = {
                name: valid
                for name, tokens in self._given.items()
                if (valid := [one for one in tokens if one[0].expires_at > now])
            }
            # The cache has none any more that was revoked.
            others = self._given.get(identity, [])
            tokens = [one for one in others if one[1] is not None and one[0] != token]
            self._given[identity] = [*tokens, (token, revocations)]
        return CustomerToken(token.value, datetime.fromtimestamp(token.expires_at, UTC), identity)

    def revoke_tokens(self, uid: str) -> None:
        """Revoke at Particle what this process has given away; the others follow when asked.

        Tokens are never stored, and Particle has no call that ends all of a customer's: one given
        by another process is revoked when that process is asked for a token again, or else ends
        by itself within the hour.
        """
        _require_tokens_are_given()
        shadow.ensure(uid)
        identity = shadow.identity(uid)
        self._end_given(identity, _note(uid, identity, "tokens-revoked", revoked=1))

    def forget(self, uid: str) -> None:
        """Revoke what tokens this process has given, and delete the customer where asked for."""
        identity = shadow.known_identity(uid)
        if identity is None:
            return
        self._end_given(identity, None)
        shadow.remove(identity)

    def _end_given(self, identity: str, revocations: int | None) -> set[str]:
        """Revoke those that were given before the last of so many revocations; their values.

        They are remembered as revoked, since the cache of tokens does not know it.
        """
        with self._lock:
            given = self._given.get(identity, [])
        for token, then in given:
            if then not in {None, revocations}:
                self._revoke(token)
        with self._lock:
            self._given[identity] = [
                (token, then if then == revocations else None)
                for token, then in self._given.get(identity, [])
            ]
            return {token.value for token, then in self._given[identity] if then is None}

    @staticmethod
    def _revoke(token: Token) -> None:
        try:
            connections.particle().revoke_token(token.value)
        except errors.TokenRejectedError:
            return  # it has ended already


def _require_tokens_are_given() -> None:
    if not settings.customer_tokens():
        raise NotInThisMode("This product gives apps no tokens of Particle.")


def _count_mint(uid: str) -> None:
    """Count a token that Particle is about to be asked for; raises `TooManyAttempts`.

    All customers share what Particle allows, so one must not use it up for everybody.
    """
    now = time.time()
    period = int(now // PERIOD)
    ends = (period + 1) * PERIOD
    name = hashlib.sha256(f"mints:{uid}".encode()).hexdigest()[:32]
    counter = {"count": Increment(1), "expireAt": datetime.fromtimestamp(ends, UTC)}
    batch = paths.client().batch()
    batch.set(paths.limit(f"mints-{name}-{period}"), counter, merge=True)
    if batch.commit()[0].transform_results[0].integer_value > MINTS:
        raise TooManyAttempts(retryAfter=math.ceil(ends - now))


def _note(uid: str, identity: str, action: str, *, revoked: int) -> int:
    """Note what is done with tokens; how often they were revoked, this time included."""
    batch = paths.client().batch()
    batch.update(paths.shadow_customer(identity), {"revocations": Increment(revoked)})
    ownership.note(batch, uid, action)
    ownership.unless_deleted(batch, uid)
    try:
        results = batch.commit()
    except AlreadyExists:
        raise CustomerNotReady("This account was deleted.") from None
    revocations: int = results[0].transform_results[0].integer_value
    return revocations
