"""Invitations to use a device: a link that works once.

    invitations/{id}                                  as whoever accepts it is checked against it
    users/{ownerUid}/devices/{deviceId}/invitations   the same, for the owner and managers to see

The link has a token of 128 bits in its fragment, which no server and no log gets to see. The id is
a digest of it, so that nobody who reads the documents can accept. Whoever accepts deletes the
invitation as they read it: of two, one wins.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.cloud.firestore import FieldFilter, Increment, WriteBatch

from shared import mail, settings
from shared.accounts import account
from shared.errors import (
    InProgress,
    NotAllowed,
    OtherAddress,
    OwnDevice,
    SignInRequired,
    TooMany,
    UnknownInvitation,
)
from shared.firestore import paths
from shared.registry.entry import Entry
from shared.registry.ownership import OVERTAKEN, ROUNDS
from shared.registry.share import Role, Share, guest_name, hint
from shared.sharing import ending
from shared.sharing.host import Host, as_host

MAX_SHARES = 20
"""Guests of one device."""
MAX_INVITATIONS = 20
"""Open invitations to one device; a few more when many are made at the same moment."""
MAX_SHARED = 100
"""Devices of others that one customer may use; likewise."""

TRANSFER = "owner"
"""The role in an invitation to become the owner (`shared/claims/transfer.py`)."""


@dataclass(frozen=True)
class Terms:
    """What an invitation offers, and to whom."""

    role: str
    """A `Role`, or `TRANSFER`."""
    until: datetime
    """When the invitation expires."""
    email: str | None = None
    """Whose it is; None: whoever has the link."""
    share_ends: datetime | None = None
    """When the share ends that it makes; None: it has no end."""


@dataclass(frozen=True)
class Invitation:
    """A new invitation."""

    id: str
    link: str
    expires_at: datetime
    mailed: bool


@dataclass(frozen=True)
class Guest:
    """Who accepts."""

    uid: str
    email: str | None
    """Verified."""


def create(uid: str, email: str | None, device_id: str, terms: Terms) -> Invitation:
    """Invite somebody to a device, and mail the link if the invitation has an address.

    `email` is the inviter's own, verified. Raises `NotYourDevice`, `RoleTooLow`, `NotAllowed` for
    a blocked device, `TooMany`, `EmailUnverified` and `TooManyAttempts` for a mail, `InProgress`.
    """
    return as_host(uid, device_id, partial(_create, email, terms))


def _create(email: str | None, terms: Terms, host: Host) -> Invitation:
    device_id, owner_uid = host.entry.device_id, host.owner_uid
    host.require_above(terms.role)
    if host.entry.blocked:
        raise NotAllowed("The device is blocked: it cannot be shared.")
    _refuse_too_many(owner_uid, device_id)
    is_mailed = terms.email and terms.role != TRANSFER and settings.mail_server() is not None
    if is_mailed:
        mail.admit_invitation(owner_uid, email_verified=email is not None)
    token = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
    invitation_id = id_of(token)
    batch = paths.client().batch()
    if terms.role == TRANSFER:
        end_transfers(batch, owner_uid, device_id)
    _add(batch, host, invitation_id, terms)
    host.act(
        batch, "invitation-created", invitationId=invitation_id, role=terms.role, email=terms.email
    )
    batch.commit()
    page = "transfer" if terms.role == TRANSFER else "join"
    link = f"{settings.site_url()}/{page}#{token}"
    mailed = bool(is_mailed) and _mail(host, email, invitation_id, link, terms)
    return Invitation(invitation_id, link, terms.until, mailed)


def _add(batch: WriteBatch, host: Host, invitation_id: str, terms: Terms) -> None:
    common = {
        "role": terms.role,
        "email": terms.email,
        "shareExpiresAt": terms.share_ends,
        "claimEpoch": host.entry.claim_epoch,
        "createdBy": host.uid,
        "expireAt": terms.until,
    }
    owner_uid, device_id = host.owner_uid, host.entry.device_id
    about = {"ownerUid": owner_uid, "deviceId": device_id}
    batch.create(paths.invitation(invitation_id), common | about)
    batch.create(
        paths.device_invitation(owner_uid, device_id, invitation_id),
        common | {"createdAt": datetime.now(UTC)},
    )


def end_transfers(batch: WriteBatch, owner_uid: str, device_id: str) -> int:
    """Add to a commit that open offers to become the owner end; how many there are."""
    invitations = paths.user_device(owner_uid, device_id).collection(paths.INVITATIONS)
    found = invitations.where(filter=FieldFilter("role", "==", TRANSFER)).select([]).get()
    for invitation in found:
        ending.delete_invitation(batch, owner_uid, device_id, invitation.id)
    return len(found)


def id_of(token: str) -> str:
    """An invitation's id, by the token in its link."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()[:32]


def _refuse_too_many(owner_uid: str, device_id: str) -> None:
    invitations = paths.user_device(owner_uid, device_id).collection(paths.INVITATIONS)
    found = invitations.select(["expireAt"]).limit(2 * MAX_INVITATIONS).stream()
    now = datetime.now(UTC)
    # Firestore deletes the expired ones within a day.
    if sum(one.get("expireAt") > now for one in found) >= MAX_INVITATIONS:
        raise TooMany(limit=MAX_INVITATIONS)


def _mail(host: Host, email: str | None, invitation_id: str, link: str, terms: Terms) -> bool:
    profile, device = paths.read_all(
        [paths.user(host.uid), paths.user_device(host.owner_uid, host.entry.device_id)]
    )
    inviter, shown = profile.to_dict() or {}, device.to_dict() or {}
    return mail.send_invitation(
        mail.Invitation(
            id=invitation_id,
            to=str(terms.email),
            link=link,
            role=Role(terms.role),
            device_name=str(shown.get("name", "")),
            inviter_name=str(inviter.get("displayName", "")),
            inviter_email=str(email),
            until=terms.until,
            ends=terms.share_ends,
            locale=str(inviter.get("locale", "")),
        )
    )


def cancel(uid: str, device_id: str, invitation_id: str) -> None:
    """Cancel an open invitation; nothing if there is none any more.

    Raises `NotYourDevice`, `InProgress`, and `RoleTooLow` for one that they could not have made.
    """
    as_host(uid, device_id, partial(_cancel, invitation_id))


def _cancel(invitation_id: str, host: Host) -> None:
    device_id = host.entry.device_id
    found = paths.device_invitation(host.owner_uid, device_id, invitation_id).get()
    if not found.exists:
        return
    role = found.get("role")
    host.require_above(role)
    batch = paths.client().batch()
    ending.delete_invitation(batch, host.owner_uid, device_id, invitation_id)
    host.act(batch, "invitation-cancelled", invitationId=invitation_id, role=role)
    batch.commit()


@dataclass(frozen=True)
class Offered:
    """An invitation as it was found by one who has its link, and what it depends on."""

    invitation: paths.Snapshot
    entry: Entry
    inviter: Share | None
    """Of a manager who made it; None: the owner did."""
    mine: Share
    """The share of whoever accepts, if they have one."""
    guest_profile: dict[str, Any]
    owner_profile: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The invitation's."""
        return self.invitation.to_dict() or {}

    @property
    def owner_uid(self) -> str:
        """Whose device it is."""
        return str(self.fields["ownerUid"])


def find(guest: Guest, token: str) -> paths.Snapshot:
    """The invitation of a link; one round trip. Raises `SignInRequired` for a deleted account."""
    references = [paths.invitation(id_of(token)), paths.deleted_user(guest.uid)]
    invitation, tombstone = paths.read_all(references)
    if tombstone.exists:
        raise SignInRequired("This account was deleted.")
    return invitation


def look_up(guest: Guest, invitation: paths.Snapshot) -> Offered:
    """What an invitation offers to one who may accept it. One round trip.

    Raises `UnknownInvitation`, `OwnDevice` and `OtherAddress`.
    """
    fields = invitation.to_dict() or {}
    owner_uid, made_by = fields["ownerUid"], fields["createdBy"]
    references = [
        paths.device(fields["deviceId"]),
        paths.deleted_user(owner_uid),
        paths.user(owner_uid),
        paths.user(guest.uid),
        paths.shared_device(guest.uid, fields["deviceId"]),
        paths.shared_device(made_by, fields["deviceId"]),
    ]
    found, tombstone, owner, profile, mine, pointer = paths.read_all(references)
    entry, now = Entry(found), datetime.now(UTC)
    inviter = None if made_by == owner_uid else Share(pointer)
    if (
        tombstone.exists
        or entry.blocked
        or (entry.owner_uid, entry.claim_epoch) != (owner_uid, fields["claimEpoch"])
        or fields["expireAt"] <= now
        or (fields["shareExpiresAt"] or fields["expireAt"]) <= now
        or (inviter and not inviter.allows(Role.MANAGER, entry, now))
    ):
        raise UnknownInvitation
    if guest.uid == owner_uid:
        raise OwnDevice
    if guest.uid == made_by:
        raise OwnDevice("This is an invitation of your own.")
    if fields["email"] is not None and fields["email"] != guest.email:
        raise OtherAddress(hint=hint(fields["email"]))
    return Offered(
        invitation, entry, inviter, Share(mine), profile.to_dict() or {}, owner.to_dict() or {}
    )


def accept(guest: Guest, token: str) -> Share:
    """Accept an invitation: the device is shared with the guest; the share.

    Again for one who has accepted it. Raises `UnknownInvitation`, `OtherAddress`, `OwnDevice`,
    `TooMany`, `SignInRequired` and `InProgress`.
    """
    for _ in range(ROUNDS):
        invitation = find(guest, token)
        if not invitation.exists:
            return _accepted_before(guest.uid, invitation.id)
        if invitation.get("role") == TRANSFER:
            raise UnknownInvitation
        offered = look_up(guest, invitation)
        try:
            return _accept(guest, offered)
        except OVERTAKEN:
            continue
    raise InProgress(retryAfter=5)


def _accepted_before(uid: str, invitation_id: str) -> Share:
    """The share that an invitation made. Raises `UnknownInvitation` if it is not the user's."""
    shared = paths.user(uid).collection(paths.SHARED)
    query = shared.where(filter=FieldFilter("invitationId", "==", invitation_id)).limit(1)
    for found in query.stream():
        share = Share(found)
        if share.is_valid(Entry.read(share.device_id), datetime.now(UTC)):
            return share
    raise UnknownInvitation


def _accept(guest: Guest, offered: Offered) -> Share:
    fields, entry, owner_uid = offered.fields, offered.entry, offered.owner_uid
    device_id, mine = entry.device_id, offered.mine
    has_one = mine.is_valid(entry, datetime.min.replace(tzinfo=UTC))
    if not has_one:
        _refuse_too_many_shares(guest.uid, entry)
    name = str(offered.guest_profile.get("displayName", ""))
    now = datetime.now(UTC)
    common = {
        "role": fields["role"],
        "expiresAt": fields["shareExpiresAt"],
        "claimEpoch": entry.claim_epoch,
        "since": now,
    }
    pointer = common | {
        "ownerUid": owner_uid,
        "deviceId": device_id,
        "invitationId": offered.invitation.id,
        "ownerName": str(offered.owner_profile.get("displayName", "")),
        "guestName": guest_name(name, guest.email),
    }
    mirror = common | {"invitedBy": fields["createdBy"], "email": guest.email, "name": name}
    batch = paths.client().batch()
    used = paths.client().write_option(last_update_time=offered.invitation.update_time)
    batch.delete(offered.invitation.reference, option=used)
    batch.delete(paths.device_invitation(owner_uid, device_id, offered.invitation.id))
    if mine.exists:
        batch.update(mine.reference, pointer, option=mine.unchanged())
    else:
        batch.create(mine.reference, pointer)
    batch.set(paths.share(owner_uid, device_id, guest.uid), mirror)
    batch.update(
        entry.reference, {"shares": Increment(0 if has_one else 1)}, option=entry.unchanged()
    )
    if offered.inviter:
        offered.inviter.keep(batch)
    noted = {"deviceId": device_id, "role": fields["role"]}
    account.note(
        batch,
        owner_uid,
        "share-accepted",
        guestUid=guest.uid,
        guestName=pointer["guestName"],
        **noted,
    )
    account.note(batch, guest.uid, "share-accepted", ownerUid=owner_uid, **noted)
    for uid in (owner_uid, guest.uid):
        account.unless_deleted(batch, uid)
    batch.commit()
    return Share(mine.reference.get())


def _refuse_too_many_shares(uid: str, entry: Entry) -> None:
    if entry.shares >= MAX_SHARES:
        raise TooMany("This device has as many guests as it can have.", limit=MAX_SHARES)
    [[counted]] = paths.user(uid).collection(paths.SHARED).count().get()
    if counted.value >= MAX_SHARED:
        raise TooMany("You use as many devices of others as you can.", limit=MAX_SHARED)
