"""How shares end, whatever ends them.

The end of a share is the absence of its two documents. One commit deletes both, takes the share off
the registry's count, cancels the guest's calls that wait, and deletes the invitations that they
have made: nothing of theirs takes effect afterwards.
"""

import time
from datetime import UTC, datetime

from google.cloud.firestore import DocumentReference, FieldFilter, Increment, WriteBatch

from shared import audit, log
from shared.accounts import account
from shared.audit import Operation
from shared.commands import record
from shared.errors import InProgress
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.registry.entry import Entry
from shared.registry.ownership import OVERTAKEN, ROUNDS
from shared.registry.share import Share, guest_name
from shared.sharing.host import Host

PAGE = 200
"""Expired shares that are read at once."""
MAX_DELETED = 100
"""Invitations that one commit deletes; more than a device has, unless many are made at a time."""


def end(
    share: Share, why: str, *, host: Host | None = None, operation: Operation | None = None
) -> None:
    """End a share as it was read. An operator's `operation` is recorded.

    `why`: `owner`, `manager`, `guest`, `expired`, `deleted`, `operator`. With `host` the commit
    fails unless they may still do it. Raises one of `OVERTAKEN` when something has changed.
    """
    batch = paths.client().batch()
    batch.delete(share.reference, option=share.unchanged())
    batch.delete(paths.share(share.owner_uid, share.device_id, share.guest_uid))
    entry = Entry.read(share.device_id, ["ownerUid", "claimEpoch"])
    if (entry.owner_uid, entry.claim_epoch) == (share.owner_uid, share.claim_epoch):
        batch.update(entry.reference, {"shares": Increment(-1)})
    end_calls(batch, share)
    end_invitations(batch, share)
    end_schedules(batch, share)
    noted = {"guestUid": share.guest_uid, "guestName": share.guest_name, "why": why}
    if host:
        host.act(batch, "share-ended", **noted)
    else:
        account.note(batch, share.owner_uid, "share-ended", deviceId=share.device_id, **noted)
    _note_for_guest(batch, share.guest_uid, share.owner_uid, share.device_id, why)
    if operation:
        audit.note(batch, operation, device_id=share.device_id, uid=share.guest_uid)
    batch.commit()


def end_as_found(reference: DocumentReference, why: str) -> None:
    """End a share whatever changes it meanwhile; nothing if there is none. Raises `InProgress`."""
    for _ in range(ROUNDS):
        share = Share(reference.get())
        if not share.exists:
            return
        try:
            end(share, why)
        except OVERTAKEN:
            continue
        else:
            return
    raise InProgress(retryAfter=5)


def end_calls(batch: WriteBatch, share: Share) -> None:
    """Add to a commit that none of the guest's calls waits for the device any more."""
    for queued in record.waiting(share.owner_uid, share.device_id).stream():
        if record.made_by(queued) == share.guest_uid:
            record.cancel_in(batch, queued)


def end_schedules(batch: WriteBatch, share: Share) -> None:
    """Add to a commit that the schedules of the device that the guest has made rest."""
    schedules = paths.user_device(share.owner_uid, share.device_id).collection(paths.SCHEDULES)
    made = schedules.where(filter=FieldFilter("createdBy", "==", share.guest_uid))
    for schedule in made.select(["enabled"]).stream():
        if schedule.get("enabled"):
            rest = {"enabled": False, "disabledReason": "creator-left", "dueAt": None}
            batch.update(schedule.reference, rest)


def end_invitations(batch: WriteBatch, share: Share) -> None:
    """Add to a commit that the guest's invitations to the device end."""
    device = paths.user_device(share.owner_uid, share.device_id)
    made = device.collection(paths.INVITATIONS).where(
        filter=FieldFilter("createdBy", "==", share.guest_uid)
    )
    for invitation in made.select([]).limit(MAX_DELETED).stream():
        delete_invitation(batch, share.owner_uid, share.device_id, invitation.id)


def delete_invitation(
    batch: WriteBatch, owner_uid: str, device_id: str, invitation_id: str
) -> None:
    """Add to a commit that an invitation ends."""
    batch.delete(paths.invitation(invitation_id))
    batch.delete(paths.device_invitation(owner_uid, device_id, invitation_id))


def end_all(batch: WriteBatch, entry: Entry, why: str, *, but: str | None = None) -> None:
    """Add to the commit that ends a tenure that its shares and invitations end; two queries.

    The commit has to depend on the entry as it was read: an acceptance changes it. `but` is an
    invitation whose first document the commit deletes itself.
    """
    owner_uid, device_id = str(entry.owner_uid), entry.device_id
    device = paths.user_device(owner_uid, device_id)
    for mirror in device.collection(paths.SHARES).stream():
        guest_uid, known = mirror.id, mirror.to_dict() or {}
        batch.delete(mirror.reference)
        batch.delete(paths.shared_device(guest_uid, device_id))
        noted = {
            "guestUid": guest_uid,
            "guestName": guest_name(known.get("name", ""), known.get("email")),
            "why": why,
        }
        account.note(batch, owner_uid, "share-ended", deviceId=device_id, **noted)
        _note_for_guest(batch, guest_uid, owner_uid, device_id, why)
    for invitation in device.collection(paths.INVITATIONS).select([]).limit(MAX_DELETED).stream():
        batch.delete(invitation.reference)
        if invitation.id != but:
            batch.delete(paths.invitation(invitation.id))


def end_of_guest(uid: str) -> None:
    """End all shares of a customer whose account is being deleted. Raises `InProgress`."""
    shared = paths.user(uid).collection(paths.SHARED)
    for found in shared.select([]).stream():
        end_as_found(found.reference, "deleted")


def end_expired(budget: float) -> None:
    """End expired shares for `budget` seconds, those first that expired first.

    One that cannot be ended is logged, left to the next run, and holds up no other.
    """
    deadline = time.monotonic() + budget
    query = paths.expired_shares(datetime.now(UTC)).limit(PAGE)
    page = query.get() if budget > 0 else []
    while page:
        for snapshot in page:
            if time.monotonic() >= deadline:
                return
            share = Share(snapshot)
            try:
                end(share, "expired")
            except FAILURES as failure:
                log.share_not_ended(share.device_id, share.guest_uid, failure)
        page = query.start_after(page[-1]).get() if len(page) == PAGE else []


def _note_for_guest(
    batch: WriteBatch, guest_uid: str, owner_uid: str, device_id: str, why: str
) -> None:
    account.note(batch, guest_uid, "share-ended", ownerUid=owner_uid, deviceId=device_id, why=why)
