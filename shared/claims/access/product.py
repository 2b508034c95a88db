"""Access mode `product`: devices stay unclaimed at Particle, which Particle recommends."""

from typing import NoReturn

from shared import log
from shared.claims import at_particle
from shared.customers import shadow
from shared.errors import NotInThisMode
from shared.particle import Device
from shared.registry.hold import Reservation


class ProductMode:
    """There are no customers at Particle; the product's own credential does everything."""

    has_customers = False

    def prepare(self, uid: str) -> None:
        """Nothing to make; say so to those who wait for it."""
        shadow.need_none(uid)

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """See that nobody owns it at Particle."""
        self.free(uid, device, reservation)

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:  # noqa: ARG002 - the interface's
        """End any claim: one from before the mode was changed, or a stranger's."""
        if device.owner is not None:
            at_particle.end_claim(reservation)
            log.foreign_owner_released(device.id)

    def owns(self, uid: str, device: Device) -> bool:  # noqa: ARG002 - the interface's
        """Nobody is to own it at Particle."""
        return device.owner is None

    def claim_code(self, uid: str) -> NoReturn:  # noqa: ARG002 - the interface's
        """A claim code needs a customer."""
        raise NotInThisMode

    def customer_token(self, uid: str) -> NoReturn:  # noqa: ARG002 - the interface's
        """There is no customer to make a token for."""
        raise NotInThisMode

    def revoke_tokens(self, uid: str) -> NoReturn:  # noqa: ARG002 - the interface's
        """No token was ever given."""
        raise NotInThisMode

    def forget(self, uid: str) -> None:
        """Nothing is there."""
