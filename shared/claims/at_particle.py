"""A device's claim at Particle, made to agree with the registry.

What the registry's owner is to be at Particle depends on the access mode. `customer`: two-legged
authentication, in which every user has a shadow customer, who owns there what the user claims here.
`product`: devices stay unclaimed at Particle, as Particle recommends. In both, the registry decides
who owns a device, calls to devices go through the product's routes, and a device that is given back
is released at Particle, whoever has it there.

The maker's own accounts (`PARTICLE_OWN_ACCOUNT`) are an exception: what they have claimed is the
maker's stock. In mode `product` that claim is never ended, in mode `customer` by a claim alone.
"""

import contextlib
import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

from google.api_core.exceptions import AlreadyExists

from shared import connections, log, settings
from shared.accounts import account
from shared.customers import shadow
from shared.errors import CustomerNotReady, DeviceNotReady, DeviceOffline
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.particle import Credentials, Device, errors
from shared.registry import hold
from shared.registry.entry import RELEASE_PENDING, Entry
from shared.registry.hold import Reservation

ROUNDS = 3
"""How often a claim at Particle ends somebody else's, who may be quick to claim again."""

Ended = Callable[[], None]
"""What is done when somebody else's claim has been ended."""


class Mode(Protocol):
    """What the access modes do differently with a claim at Particle.

    `device` was read under the reservation.
    """

    def claim(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """Give the device to the user at Particle, whoever has it there.

        Repeatable. Raises `ParticleError`, `DeviceOffline`, `DeviceNotReady`, and `InProgress` when
        too little is left of the reservation.
        """

    def free(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """End a claim of the device at Particle that is not the user's; raises like `claim`."""

    def owns(self, uid: str, device: Device) -> bool:
        """Whether the device is at Particle as it should be when the user owns it here."""


class CustomerMode:
    """The user's customer owns the device at Particle."""

    def claim(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """Claim with the customer's token.

        Whoever has a token can claim any unowned device whose id they know, so an owner at Particle
        proves nothing: the caller has shown the device's setup code, or is its owner here. Another
        owner's claim is ended first, once there is a token to claim with.
        """
        customer = connections.tokens().customer(shadow.customer_name(uid))
        credentials = reservation.credentials(customer)
        credentials.token()
        self.free(uid, device, reservation, ended)
        for _ in range(ROUNDS):
            try:
                _claim(credentials, device)
            except errors.ForbiddenError as refusal:
                self._make_way(uid, device, refusal, reservation, ended)
            else:
                return
        _claim(credentials, device)

    def free(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """End another's claim: while somebody owns the device, a claim code has no effect."""
        if device.owner is not None and not self.owns(uid, device):
            end_claim(reservation)
            ended()

    def owns(self, uid: str, device: Device) -> bool:
        """Whether the user's customer owns it."""
        # A name derived from the uid is nobody else's, so it needs no look at the user's document.
        return device.owner is not None and (
            device.owner == shadow.opaque_name(uid) or device.owner == shadow.customer_name(uid)
        )

    def _make_way(
        self,
        uid: str,
        device: Device,
        refusal: errors.ForbiddenError,
        reservation: Reservation,
        ended: Ended,
    ) -> None:
        """After Particle has refused a claim: end the claim of whoever was quicker.

        Particle's words alone do not say for certain who is in the way.
        """
        if isinstance(refusal, errors.ForeignOwnerError):
            end_claim(reservation)
            ended()
            return
        now = in_product(device.id)
        if now.owner is None or self.owns(uid, now):
            raise DeviceNotReady from refusal
        self.free(uid, now, reservation, ended)


class ProductMode:
    """Nobody owns the device at Particle; the product's own credential does everything."""

    def claim(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """See to it that nobody owns the device."""
        self.free(uid, device, reservation, ended)

    def free(self, uid: str, device: Device, reservation: Reservation, ended: Ended) -> None:
        """End any claim: one from before the mode was changed, or a stranger's."""
        if not self.owns(uid, device):
            end_claim(reservation)
            ended()

    def owns(self, uid: str, device: Device) -> bool:  # noqa: ARG002 - the interface's
        """Whether nobody owns it but the maker."""
        return device.owner is None or is_own_account(device.owner)


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


def is_own_account(owner: str | None) -> bool:
    """Whether a user name at Particle is one of the maker's own."""
    return owner is not None and owner.lower() in settings.own_accounts()


def agrees(device: Device, entry: Entry) -> bool:
    """Whether the device's owner at Particle is who they should be by the registry's entry.

    The maker's own accounts are, wherever they are.
    """
    if is_own_account(device.owner):
        return True
    uid = entry.owner_uid
    if uid is None and device.owner is not None and entry.is_awaited:
        # While a claim code is out, Particle may know the new owner first.
        uid = entry.awaited_by
    if uid is None:
        return device.owner is None
    try:
        return mode().owns(uid, device)
    except CustomerNotReady:
        return False


def end_claim(reservation: Reservation) -> None:
    """End any claim of the reserved device, also of one that the product does not have.

    But for the maker's own in mode `product`. Raises `InProgress` when too little is left of the
    reservation, and `ParticleError`. If that leaves open whether Particle has ended the claim, or
    will yet do it, the reservation stays until it expires: otherwise it could be the next owner's
    claim that ends.
    """
    device_id = reservation.entry.device_id
    credentials = reservation.credentials(connections.tokens().server)
    credentials.token()  # a failure here has sent nothing about the device
    try:
        if _is_kept(credentials, device_id):
            return
        connections.particle().release_device(credentials, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        # Taken out of the product by the operator: no customer of it can own the device there.
        log.device_not_in_product(device_id)
    except errors.OutcomeUnknownError as failure:
        reservation.in_doubt = failure.route.startswith("DELETE")
        raise


def put_right(entry: Entry, holder: str) -> None:
    """Make the device's owner at Particle the one that its entry in the registry names.

    `holder` is whose reservation protects the device meanwhile. Whoever else is found to own the
    device there is reported, to the operator and to the device's owner. Raises `InProgress` while
    another has the reservation, Firestore's refusal when the entry has changed, `DeviceNotReady`,
    `DeviceOffline`, `CustomerNotReady` and `ParticleError`.
    """
    uid = entry.owner_uid
    if uid:
        shadow.ensure(uid)
    reservation = hold.reserve(holder, entry)
    with reservation.released_on_failure():
        if uid is None and entry.release_pending:
            end_claim(reservation)  # the former owner's, as was to be expected
        else:
            device = in_product(entry.device_id)
            report = partial(_report, entry, device.owner)
            if uid is not None:
                # After a transfer it is the former owner's, as was to be expected.
                expected = entry.release_pending
                mode().claim(uid, device, reservation, nothing if expected else report)
            elif not agrees(device, entry):
                end_claim(reservation)
                report()
    reservation.release(RELEASE_PENDING)


def nothing() -> None:
    """There is nothing to report."""


def _is_kept(credentials: Credentials, device_id: str) -> bool:
    """Whether the device is claimed by the maker, whose claim is not to be ended in this mode."""
    if shadow.customers_exist() or not settings.own_accounts():
        return False
    return is_own_account(connections.particle().device(credentials, device_id).owner)


def _claim(credentials: Credentials, device: Device) -> None:
    """Claim a device that the product has, in whatever words Particle refuses it.

    Raises `ForbiddenError` when somebody else may own it.
    """
    try:
        connections.particle().claim_device(credentials, device.id)
    except errors.DeviceUnreachableError as refusal:
        raise DeviceOffline(_SWITCH_ON) from refusal
    except errors.NotFoundError as refusal:
        if _UNKNOWN.search(refusal.text.lower()):
            raise DeviceNotReady from refusal
        # The product has it: so this is how Particle refuses a device that has to be online.
        raise DeviceOffline(_SWITCH_ON) from refusal
    except errors.RefusedError as refusal:
        if _NOT_ONLINE.search(refusal.text.lower()):
            raise DeviceOffline(_SWITCH_ON) from refusal
        if type(refusal) is errors.RefusedError and refusal.status == _CONFLICT:
            raise errors.ForbiddenError(refusal.route, refusal.text, refusal.status) from refusal
        raise


_SWITCH_ON = "The device has to be online for this. Switch the device on, and try again."
_CONFLICT = 409
_UNKNOWN = re.compile(r"not exist|not found|unknown")
_NOT_ONLINE = re.compile(r"n.t online|offline")


def _report(entry: Entry, stranger: str | None) -> None:
    """Say that somebody else's claim was found at Particle and has been ended."""
    with contextlib.suppress(AlreadyExists, *FAILURES):
        bound = paths.shadow_customer(stranger).get().to_dict() if stranger else None
        log.foreign_owner_found(entry.device_id, entry.owner_uid, (bound or {}).get("uid"))
        if entry.owner_uid:
            batch = paths.client().batch()
            account.note(
                batch,
                entry.owner_uid,
                "foreign-claim-ended",
                deviceId=entry.device_id,
                serialNumber=entry.serial_number,
            )
            account.unless_deleted(batch, entry.owner_uid)
            batch.commit()
