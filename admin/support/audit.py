"""Reading the audit trail."""

from datetime import datetime
from typing import Any

from google.cloud.firestore import FieldFilter, Query

from admin.cli.output import table_of
from admin.support import named
from admin.support.records import shown
from admin.support.resolve import addresses
from shared.firestore import paths


def operations(
    *,
    device_id: str | None = None,
    uid: str | None = None,
    since: datetime | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """What operators did, newest first, as documents for an answer.

    A device or a user has few operations: they are read whole and sorted here, which saves indexes.
    """
    query: Any = paths.operations()
    touched = {"deviceId": device_id, "uid": uid}
    if narrowed := {name: value for name, value in touched.items() if value is not None}:
        for name, value in narrowed.items():
            query = query.where(filter=FieldFilter(name, "==", value))
    else:
        if since:
            query = query.where(filter=FieldFilter("at", ">=", since))
        query = query.order_by("at", direction=Query.DESCENDING).limit(limit)
    found = [{"id": s.id, **shown(s)} for s in query.stream()]
    recent = [one for one in found if since is None or one["at"] >= since]
    newest = sorted(recent, key=lambda one: one["at"], reverse=True)[:limit]
    serials = named.serial_numbers(one.get("deviceId") for one in newest)
    known = addresses(one.get("uid") for one in newest)
    return [
        {
            **one,
            "serialNumber": serials.get(one.get("deviceId") or ""),
            "email": known.get(one.get("uid") or ""),
        }
        for one in newest
    ]


def print_operations(found: list[dict[str, Any]]) -> None:
    """Print operations as a table."""
    columns = {"at": "AT", "by": "BY", "action": "ACTION"}
    columns |= {"serialNumber": "SERIAL", "deviceId": "DEVICE", "email": "E-MAIL"}
    table_of(found, **columns, uid="USER", reason="REASON")
