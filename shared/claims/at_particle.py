"""A device at Particle, and the end of any claim of it there."""

from shared import connections, log
from shared.errors import DeviceNotReady
from shared.particle import Device, errors
from shared.registry.hold import Reservation


def in_product(device_id: str) -> Device:
    """The device at Particle; raises `DeviceNotReady` when the product does not have it."""
    try:
        return connections.particle().device(connections.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        log.device_not_in_product(device_id)
        raise DeviceNotReady from None


def end_claim(reservation: Reservation) -> None:
    """End whatever claim there is of the reserved device; also of one the product does not have.

    Raises `InProgress` when the reservation has too little time left, and `ParticleError`. After
    one that leaves open whether Particle did it, or does it yet, the reservation stays to its end:
    otherwise it could be the next owner's claim that ends.
    """
    device_id = reservation.entry.id
    credentials = connections.tokens().server
    credentials.token()  # what fails here has sent nothing about the device
    reservation.require_time()
    try:
        connections.particle().release_device(credentials, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        # Taken out of the product by the operator: no customer of it can own the device there.
        log.device_not_in_product(device_id)
    except errors.OutcomeUnknownError:
        reservation.in_doubt = True
        raise
