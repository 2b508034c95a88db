"""Access mode `product`: devices stay unclaimed at Particle, which Particle recommends."""

from typing import NoReturn

from shared.errors import NotInThisMode


class ProductMode:
    """There are no customers at Particle; the product's own credential does everything."""

    def prepare(self, uid: str) -> None:
        """Nothing to make."""

    def claim(self, uid: str, device_id: str) -> None:
        """Nothing to claim."""

    def customer_token(self, uid: str) -> NoReturn:  # noqa: ARG002 - the interface's
        """There is no customer to make a token for."""
        raise NotInThisMode
