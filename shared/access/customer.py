"""Access mode `customer`: two-legged authentication with shadow customers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared import cloud, customers, log
from shared.particle import errors

CLIENT_TOKEN_VALID_FOR = 3300
"""Seconds that a token given to an app is good for at least; tokens are minted for an hour."""


@dataclass(frozen=True)
class CustomerToken:
    """A token for an app, and whose it is."""

    value: str = field(repr=False)
    expires_at: datetime
    customer_id: str
    """The customer's user name at Particle."""


class CustomerMode:
    """Every user has a customer at Particle, who owns there what the user claims here."""

    def prepare(self, uid: str) -> None:
        """Make sure that the shadow customer exists."""
        customers.ensure(uid)

    def claim(self, uid: str, device_id: str) -> None:
        """Claim with the customer's token.

        Whoever has a customer token can claim any unowned device whose id they know, so an owner
        at Particle proves nothing: the caller has shown the device's setup code, and another
        owner's claim is ended first.
        """
        particle = cloud.particle()
        credentials = cloud.tokens().customer(customers.identity(uid))
        try:
            particle.claim_device(credentials, device_id)
        except errors.ForeignOwnerError:
            particle.release_device(cloud.tokens().server, device_id)
            log.foreign_owner_released(device_id)
            particle.claim_device(credentials, device_id)

    def customer_token(self, uid: str) -> CustomerToken:
        """A token of the user's shadow customer, good for at least 55 minutes."""
        customers.ensure(uid)
        identity = customers.identity(uid)
        token = cloud.tokens().get(identity, valid_for=CLIENT_TOKEN_VALID_FOR)
        return CustomerToken(token.value, datetime.fromtimestamp(token.expires_at, UTC), identity)
