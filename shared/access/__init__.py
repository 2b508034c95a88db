"""The two ways in which customers and their devices exist at Particle, behind one interface.

`customer`: two-legged authentication. Every user has a shadow customer, and claiming a device here
also claims it there. `product`: devices stay unclaimed at Particle. In both, the registry in
Firestore decides who owns a device, and calls to devices go through the product's routes.
"""

import functools
from typing import Protocol

from shared import settings
from shared.access.customer import CustomerMode, CustomerToken
from shared.access.product import ProductMode


class AccessMode(Protocol):
    """What the modes do differently."""

    def prepare(self, uid: str) -> None:
        """Make what a user needs at Particle, once. Raises `CustomerNotReady`, `ParticleError`."""

    def claim(self, uid: str, device_id: str) -> None:
        """Give the device to the user at Particle, whoever has it there. Raises `ParticleError`.

        Repeatable. Only for one who holds the device's reservation in the registry.
        """

    def customer_token(self, uid: str) -> CustomerToken:
        """A token for the user's own calls to Particle. Raises `NotInThisMode`."""


@functools.cache
def mode() -> AccessMode:
    """The deployment's access mode."""
    return CustomerMode() if settings.access_mode() == "customer" else ProductMode()
