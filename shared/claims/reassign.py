"""Giving a device to another customer, because an operator says so.

One commit takes the device from its owner and gives it to the other, with the operator's record: a
crash before it leaves the former owner, and one after it the new owner. What follows at Particle,
and the erasure of the former owner's history, is left to the job of a release
(`shared/claims/release.py`), which the schedule continues.
"""

from google.cloud.firestore import WriteBatch

from shared.audit import Operation
from shared.claims import at_particle, claim, release
from shared.customers import shadow
from shared.errors import InProgress
from shared.registry.entry import Entry
from shared.registry.ownership import OVERTAKEN, ROUNDS
from shared.sharing import ending


def reassign(device_id: str, to: str, *, keep_history: bool, operation: Operation) -> str | None:
    """Make a user the owner of a device; the uid of its owner until now, who may be the same.

    A device that has no owner is claimed as usual. Raises `InProgress` while a call is under way,
    `DeviceNotReady`, `CustomerNotReady` and `ParticleError`; then nothing has changed.
    """
    former: str | None = None
    for _ in range(ROUNDS):
        entry = Entry.read(device_id)
        if entry.owner_uid == to:
            # Firestore's client repeats a commit whose answer was lost: then it was ours.
            return former or to
        if entry.owner_uid is None:
            claim.assign(to, device_id, operation)
            return None
        entry.refuse_while_called()
        entry.refuse_while_reserved()
        shadow.ensure(to)
        at_particle.in_product(device_id)
        former = entry.owner_uid

        def end_shares(batch: WriteBatch, entry: Entry = entry) -> None:
            ending.end_all(batch, entry, "released")

        try:
            release.hand_over(
                former, entry, to, end_shares, keep_history=keep_history, operation=operation
            )
        except OVERTAKEN:
            continue
        return former
    raise InProgress(retryAfter=5)
