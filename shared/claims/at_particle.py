"""A device's claim at Particle, made to agree with the registry.

What the registry's owner is to be at Particle depends on the access mode. `customer`: two-legged
authentication, in which every user has a shadow customer, who owns there what the user claims here.
`product`: devices stay unclaimed at Particle, as Particle recommends. In both, the registry decides
who owns a device, calls to devices go through the product's routes, and a device that is given back
is released at Particle, whoever has it there.
"""

from typing import Protocol

from shared import connections, log
from shared.customers import shadow
from shared.errors import DeviceNotReady
from shared.particle import Device, errors
from shared.registry import hold
from shared.registry.entry import RELEASE_PENDING, Entry
from shared.registry.hold import Reservation

ROUNDS = 3
"""How often a claim at Particle ends somebody else's, who may be quick to claim again."""


class Mode(Protocol):
    """What the access modes do differently with a claim at Particle."""

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """Give the device to the user at Particle, whoever has it there.

        Repeatable. `device` was read under the reservation. Raises `ParticleError`, and
        `InProgress` when too little is left of the reservation.
        """

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:
        """End a claim of the device at Particle that is not the user's; raises like `claim`."""

    def owns(self, uid: str, device: Device) -> bool:
        """Whether the device is at Particle as it should be when the user owns it here."""


class CustomerMode:
    """The user's customer owns the device at Particle."""

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """Claim with the customer's token.

        Whoever has a customer token can claim any unowned device whose id they know, so an owner
        at Particle proves nothing: the caller has shown the device's setup code, and another
        owner's claim is ended first.
        """
        particle = connections.particle()
        customer = connections.tokens().customer(shadow.customer_name(uid))
        credentials = reservation.credentials(customer)
        for _ in range(ROUNDS):
            try:
                particle.claim_device(credentials, device.id)
            except errors.ForeignOwnerError:
                _end_foreign_claim(reservation)
            else:
                return
        particle.claim_device(credentials, device.id)

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:
        """End another's claim: while somebody owns the device, a claim code has no effect."""
        if device.owner is not None and not self.owns(uid, device):
            _end_foreign_claim(reservation)

    def owns(self, uid: str, device: Device) -> bool:
        """Whether the user's customer owns it."""
        return device.owner == shadow.customer_name(uid)


class ProductMode:
    """Nobody owns the device at Particle; the product's own credential does everything."""

    def claim(self, uid: str, device: Device, reservation: Reservation) -> None:
        """See to it that nobody owns the device."""
        self.free(uid, device, reservation)

    def free(self, uid: str, device: Device, reservation: Reservation) -> None:  # noqa: ARG002 - the interface's
        """End any claim: one from before the mode was changed, or a stranger's."""
        if device.owner is not None:
            _end_foreign_claim(reservation)

    def owns(self, uid: str, device: Device) -> bool:  # noqa: ARG002 - the interface's
        """Whether nobody owns it."""
        return device.owner is None


def mode() -> Mode:
    """The deployment's access mode."""
    return CustomerMode() if shadow.customers_exist() else ProductMode()


def in_product(device_id: str) -> Device:
    """The device at Particle. Raises `DeviceNotReady` if the product does not have it."""
    try:
        return connections.particle().device(connections.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        log.device_not_in_product(device_id)
        raise DeviceNotReady from None


def end_claim(reservation: Reservation) -> None:
    """End any claim of the reserved device, also of one that the product does not have.

    Raises `InProgress` when too little is left of the reservation, and `ParticleError`. If that
    leaves open whether Particle has ended the claim, or will yet do it, the reservation stays until
    it expires: otherwise it could be the next owner's claim that ends.
    """
    device_id = reservation.entry.device_id
    credentials = reservation.credentials(connections.tokens().server)
    credentials.token()  # a failure here has sent nothing about the device
    try:
        connections.particle().release_device(credentials, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        # Taken out of the product by the operator: no customer of it can own the device there.
        log.device_not_in_product(device_id)
    except errors.OutcomeUnknownError:
        reservation.in_doubt = True
        raise


def put_right(entry: Entry, holder: str) -> None:
    """Make the device's owner at Particle the one that its entry in the registry names.

    `holder` is whose reservation protects the device meanwhile. Raises `InProgress` while another
    has it, Firestore's refusal when the entry has changed, `DeviceNotReady`, `CustomerNotReady` and
    `ParticleError`.
    """
    uid = entry.owner_uid
    if uid:
        shadow.ensure(uid)
    reservation = hold.reserve(holder, entry)
    with reservation.released_on_failure():
        if uid:
            mode().claim(uid, in_product(entry.device_id), reservation)
        else:
            end_claim(reservation)
    reservation.release(RELEASE_PENDING)


def _end_foreign_claim(reservation: Reservation) -> None:
    end_claim(reservation)
    log.foreign_owner_released(reservation.entry.device_id)
