"""How a share ends. A stand-in for the module of this name that sharing brings along.

It ends the two documents and the registry's count. It leaves alone what a guest's other calls,
invitations and schedules need.
"""

import time
from datetime import UTC, datetime

from google.cloud.firestore import Increment

from shared import audit, log
from shared.accounts import account
from shared.audit import Operation
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.registry.share import Share

PAGE = 200
"""Expired shares that are read at once."""


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


def end(share: Share, why: str, operation: Operation | None = None) -> None:
    """End a share as it was read. An operator's `operation` is recorded."""
    batch = paths.client().batch()
    batch.delete(share.reference, option=share.unchanged())
    batch.delete(paths.share(share.owner_uid, share.device_id, share.guest_uid))
    batch.update(paths.device(share.device_id), {"shares": Increment(-1)})
    noted = {"guestUid": share.guest_uid, "deviceId": share.device_id, "why": why}
    for uid in (share.owner_uid, share.guest_uid):
        account.note(batch, uid, "share-ended", **noted)
    if operation:
        audit.note(batch, operation, device_id=share.device_id, uid=share.guest_uid)
    batch.commit()
