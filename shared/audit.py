"""The audit trail: what operators did, who it was and why. Append-only.

    operations/{id}   by, action, reason, deviceId, uid, at, expireAt, and further fields by action

Every change by an operator is recorded here, in the commit that makes it wherever possible, so that
none is made without its record; and so is every look at personal data. Customers do not see it;
what affects their devices is also recorded in their activity.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, WriteBatch

from shared import settings
from shared.firestore import paths


@dataclass(frozen=True)
class Operation:
    """An operator's change."""

    action: str
    """In the past tense: `device-released`, `account-deleted`."""
    by: str
    """The operator's Google identity; on the demo, the user of the machine."""
    reason: str | None = None


def record(operation: Operation, **touched: Any) -> None:
    """Record an operation whose change is not a commit of ours, by a commit of its own."""
    batch = paths.client().batch()
    note(batch, operation, **touched)
    batch.commit()


def note(
    batch: WriteBatch,
    operation: Operation,
    *,
    device_id: str | None = None,
    uid: str | None = None,
    **more: Any,
) -> None:
    """Add an operation to a commit, with the device and the user that it affects."""
    batch.create(
        paths.operations().document(),
        {
            "by": operation.by,
            "action": operation.action,
            "reason": operation.reason,
            "deviceId": device_id,
            "uid": uid,
            **more,
            "at": SERVER_TIMESTAMP,
            "expireAt": datetime.now(UTC) + timedelta(days=settings.audit_retention_days()),
        },
    )
