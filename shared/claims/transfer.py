"""Handing a device over for good, without its label: the owner offers it, another accepts.

The offer is an invitation with the role `owner`. Accepting it is one commit that ends one tenure
and begins the next. As after a release, nothing that waits or is shared survives it, and the former
owner's history is erased unless they keep it. What follows at Particle is left to the job of a
release (`shared/claims/release.py`), under the same reservation.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from google.cloud.firestore import FieldFilter, WriteBatch

from shared.claims import release
from shared.customers import shadow
from shared.errors import InProgress, UnknownInvitation
from shared.firestore import paths
from shared.registry.ownership import OVERTAKEN, ROUNDS, Owned
from shared.sharing import ending, invitations
from shared.sharing.host import Host, as_host
from shared.sharing.invitations import TRANSFER, Guest, Invitation, Offered, Terms

VALID_FOR = timedelta(hours=72)


def offer(uid: str, own_email: str | None, device_id: str, email: str | None) -> Invitation:
    """Offer a device to somebody; an earlier offer of it ends. Raises like an invitation."""
    terms = Terms(TRANSFER, datetime.now(UTC) + VALID_FOR, email)
    return invitations.create(uid, own_email, device_id, terms)


def cancel(uid: str, device_id: str) -> None:
    """Withdraw the offer of a device; nothing if there is none.

    Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    as_host(uid, device_id, _cancel)


def _cancel(host: Host) -> None:
    host.require_above(TRANSFER)
    batch = paths.client().batch()
    if invitations.end_transfers(batch, host.owner_uid, host.entry.device_id):
        host.act(batch, "invitation-cancelled", role=TRANSFER)
        batch.commit()


def accept(guest: Guest, token: str) -> Owned:
    """Become the owner of a device that was offered.

    Again for one who has accepted. Raises `UnknownInvitation`, `OtherAddress`, `OwnDevice`,
    `CustomerNotReady`, `SignInRequired`, and `InProgress` while a call is under way.
    """
    for _ in range(ROUNDS):
        invitation = invitations.find(guest, token)
        if not invitation.exists:
            return _accepted_before(guest.uid, invitation.id)
        if invitation.get("role") != TRANSFER:
            raise UnknownInvitation
        offered = invitations.look_up(guest, invitation)
        offered.entry.refuse_while_called()
        offered.entry.refuse_while_reserved()
        shadow.ensure(guest.uid)
        try:
            return release.hand_over(
                offered.owner_uid,
                offered.entry,
                guest.uid,
                partial(_end_all, offered),
                transfer_id=invitation.id,
            )
        except OVERTAKEN:
            continue
    raise InProgress(retryAfter=5)


def _end_all(offered: Offered, batch: WriteBatch) -> None:
    """Add to the commit that nothing of the former tenure is left, the offer itself as it was."""
    used = paths.client().write_option(last_update_time=offered.invitation.update_time)
    batch.delete(offered.invitation.reference, option=used)
    ending.end_all(batch, offered.entry, "transferred", but=offered.invitation.id)


def _accepted_before(uid: str, invitation_id: str) -> Owned:
    """The device that an offer made the user's. Raises `UnknownInvitation` if it did not."""
    devices = paths.user(uid).collection(paths.DEVICES)
    query = devices.where(filter=FieldFilter("transferId", "==", invitation_id)).limit(1)
    for found in query.stream():
        return Owned.of(found)
    raise UnknownInvitation
