"""The two ways in which customers and their devices exist at Particle, behind one interface.

`customer`: two-legged authentication. Every user has a shadow customer, and claiming a device here
also claims it there. `product`: devices stay unclaimed at Particle. In both, the registry in
Firestore decides who owns a device, calls to devices go through the product's routes, and a device
that is given back is released at Particle, whoever has it there.
"""

import functools
from typing import Protocol

from shared import settings
from shared.claims.access.customer import CustomerMode, CustomerToken
from shared.claims.access.product import ProductMode
from shared.particle import Device
from shared.registry.hold import Reservation


class AccessMode(Protocol):
    """What the modes do differently."""

    has_customers: bool
    """Whether users have customers at Particle, with tokens and claim codes."""

    def prepare(self, uid: str) -> None:
        """Make what a user needs at Particle, once. Raises `CustomerNotReady`, `ParticleError`."""

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """Give the device to the user at Particle, whoever has it there.

        Repeatable. Raises `ParticleError`, and `InProgress` when the reservation, under which the
        device was read, has too little time left.
        """

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:
        """End a claim of the device at Particle that is not the user's; raises like `claim`."""

    def owns(self, uid: str, device: Device) -> bool:
        """Whether the device is at Particle as it should be when the user owns it here."""

    def claim_code(self, uid: str) -> str:
        """A code with which a device claims itself for the user. Raises `ParticleError`."""

    def customer_token(self, uid: str) -> CustomerToken:
        """A token for the user's own calls to Particle. Raises `NotInThisMode`."""

    def revoke_tokens(self, uid: str) -> None:
        """End the tokens that apps of the user were given. Raises `NotInThisMode`."""

    def forget(self, uid: str) -> None:
        """End what Particle has of a deleted account. Raises `ParticleError`. Repeatable."""


@functools.cache
def mode() -> AccessMode:
    """The deployment's access mode."""
    return CustomerMode() if settings.access_mode() == "customer" else ProductMode()
