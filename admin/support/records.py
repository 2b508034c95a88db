"""Records that Firestore deletes one day, as answers show them."""

from typing import Any

from shared.firestore import paths


def shown(record: paths.Snapshot) -> dict[str, Any]:
    """A record's fields, except the time at which it is deleted."""
    fields = record.to_dict() or {}
    fields.pop("expireAt", None)
    return fields
