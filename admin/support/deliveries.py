"""The outbox of notifications, as support sees it."""

from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import FieldFilter, Query

from admin.support.resolve import addresses
from shared import audit
from shared.audit import Operation
from shared.firestore import paths
from shared.firestore.ids import is_id
from shared.notifications.outbox import Outcome

_SHOWN = ("channel", "status", "attempts", "lastError", "deviceId", "createdAt", "dueAt", "sentAt")
_MOST = 5_000
"""Notifications that are looked through; a customer gets fewer in the time that they are kept."""


def listed(uid: str | None, status: Outcome | None, limit: int) -> list[dict[str, Any]]:
    """The newest notifications for a customer, or for all, of a status or of any."""
    query: Any = paths.deliveries()
    if uid:
        query = query.where(filter=FieldFilter("uid", "==", uid))
    else:
        query = query.order_by("createdAt", direction=Query.DESCENDING)
    found = [(one.id, one.to_dict() or {}) for one in query.limit(_MOST).stream()]
    found = [one for one in found if status in {None, one[1]["status"]}]
    found.sort(key=lambda one: one[1]["createdAt"], reverse=True)
    found = found[:limit]
    known = addresses(fields["uid"] for _, fields in found)
    return [
        {
            "id": delivery_id,
            "uid": fields["uid"],
            "email": known.get(fields["uid"]),
            **{name: fields.get(name) for name in _SHOWN},
        }
        for delivery_id, fields in found
    ]


def retry(delivery_id: str, operation: Operation) -> bool:
    """Have a notification sent again that was given up; False if there is none such."""
    found = paths.delivery(delivery_id).get() if is_id(delivery_id) else None
    if found is None or not found.exists or found.get("status") != Outcome.FAILED:
        return False
    batch = paths.client().batch()
    batch.update(
        found.reference,
        {"status": Outcome.WAITING.value, "attempts": 0, "dueAt": datetime.now(UTC)},
        option=paths.client().write_option(last_update_time=found.update_time),
    )
    audit.note(batch, operation, device_id=found.get("deviceId"), uid=found.get("uid"))
    try:
        batch.commit()
    except FailedPrecondition:
        return False  # somebody else has retried it just now
    return True
