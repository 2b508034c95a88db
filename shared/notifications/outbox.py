"""The outbox: `deliveries/{id}`, one for each customer, channel and entry of an alert's log.

A delivery is taken by one run at a time: the commit that takes it depends on the delivery as it was
read. A run that crashes leaves it taken until `leaseUntil`, and then it is due again. So whatever
happens it is sent at least once; a second time only if the first one's outcome was not noted.
"""

import contextlib
import enum
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound
from google.cloud.firestore import DocumentReference, FieldFilter, Increment, WriteBatch

from shared.firestore import paths

LEASE = timedelta(seconds=90)
"""How long a run may work on a delivery; longer than what sends it may take."""
KEPT = timedelta(days=30)
"""How long a delivery is kept."""
PAGE = 200
"""Deliveries that are due, read at once."""
MOST_AT_ONCE = 50
"""Deliveries of one customer that go into one message."""


class Channel(enum.StrEnum):
    """How it reaches the customer."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Outcome(enum.StrEnum):
    """What has become of a delivery."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """It cannot be sent, or was tried often enough."""
    DROPPED = "dropped"
    """The customer has no right to it any more, or does not want it."""


@dataclass(frozen=True)
class Delivery:
    """A delivery as it was read."""

    snapshot: paths.Snapshot

    @property
    def id(self) -> str:
        """Its id, the same for each attempt."""
        return str(self.snapshot.id)

    def __getitem__(self, name: Any) -> Any:
        return self.snapshot.get(name)

    @property
    def log(self) -> DocumentReference:
        """The entry of the log that is reported."""
        return paths.client().document(self.snapshot.get("log"))

    @property
    def attempts(self) -> int:
        """How often it was begun before."""
        return int(self.snapshot.get("attempts"))


def add(
    batch: WriteBatch,
    entry: paths.Snapshot,
    channel: Channel,
    uid: str,
    *,
    due_at: datetime,
    digest: bool,
    target: str | None = None,
) -> None:
    """Add a delivery to a commit. One that exists is left as it is, whatever its outcome."""
    device = entry.reference.parent.parent
    text = "\n".join((entry.reference.path, channel, uid, target or ""))
    now = datetime.now(UTC)
    reference = paths.delivery(hashlib.sha256(text.encode()).hexdigest()[:32])
    batch.create(
        reference,
        {
            "log": entry.reference.path,
            "uid": uid,
            "ownerUid": device.parent.parent.id,
            "deviceId": device.id,
            "claimEpoch": entry.get("claimEpoch"),
            "channel": channel.value,
            "target": target,
            "digest": digest,
            "status": Outcome.WAITING.value,
            "attempts": 0,
            "dueAt": due_at,
            "lastError": None,
            "createdAt": now,
            "expireAt": now + KEPT,
        },
    )


def take(delivery_id: str, now: datetime) -> list[Delivery]:
    """Take a delivery that is due, and what is to reach the same customer together with it.

    Empty when there is nothing to do: it is not due, another run has it, or it is done.
    """
    found = paths.delivery(delivery_id).get()
    if not found.exists or not _is_due(found, now):
        return []
    mine = [found]
    if found.get("digest"):
        query = paths.deliveries().where(filter=FieldFilter("uid", "==", found.get("uid")))
        query = query.where(filter=FieldFilter("channel", "==", found.get("channel")))
        query = query.where(filter=FieldFilter("status", "==", Outcome.WAITING.value))
        others = query.limit(MOST_AT_ONCE).stream()
        mine += [o for o in others if o.id != found.id and o.get("digest") and _is_due(o, now)]
    batch = paths.client().batch()
    for one in mine:
        batch.update(
            one.reference,
            {
                "status": Outcome.SENDING.value,
                "attempts": Increment(1),
                "dueAt": now + LEASE,
            },
            option=paths.client().write_option(last_update_time=one.update_time),
        )
    try:
        batch.commit()
    except (Aborted, FailedPrecondition, NotFound):
        return []  # another run has one of them; the rest stay due
    return [Delivery(one) for one in mine]


def _is_due(found: paths.Snapshot, now: datetime) -> bool:
    # The lease of a run that crashed is over when it is due again.
    is_open = found.get("status") in {Outcome.WAITING, Outcome.SENDING}
    return bool(is_open and found.get("dueAt") <= now)


def settle(
    deliveries: Iterable[Delivery],
    outcome: Outcome,
    error: str | None = None,
    *,
    again_at: datetime | None = None,
) -> None:
    """Note what has become of deliveries; those that are tried again wait until `again_at`."""
    batch = paths.client().batch()
    for delivery in deliveries:
        fields = {"status": outcome.value, "dueAt": again_at, "lastError": error}
        if outcome is Outcome.SENT:
            fields["sentAt"] = datetime.now(UTC)
        batch.update(delivery.snapshot.reference, fields)
    batch.commit()


def wake_due(budget: float) -> None:
    """Have deliveries taken that are due, for `budget` seconds: each change triggers a run."""
    end, now = time.monotonic() + budget, datetime.now(UTC)
    query = paths.due_deliveries(now).limit(PAGE)
    page = query.get() if budget > 0 else []
    while page:
        for one in page:
            if time.monotonic() >= end:
                return
            unchanged = paths.client().write_option(last_update_time=one.update_time)
            with contextlib.suppress(Aborted, FailedPrecondition, NotFound):  # a run has it
                one.reference.update({"wokenAt": now}, option=unchanged)
        page = query.start_after(page[-1]).get() if len(page) == PAGE else []
