"""A customer's account: the activity that it shows, and whether it was deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, WriteBatch

from shared import settings
from shared.errors import SignInRequired
from shared.firestore import paths


def require_account(uid: str) -> None:
    """Raise `SignInRequired` for a deleted account, whose ID token is still valid; one read."""
    if paths.deleted_user(uid).get([]).exists:
        raise SignInRequired("This account was deleted.")


def note(batch: WriteBatch, uid: str, action: str, **fields: Any) -> None:
    """Add an entry to a customer's activity, in the commit that does what the entry says."""
    batch.create(paths.activity(uid).document(), entry(action, **fields))


def entry(action: str, **fields: Any) -> dict[str, Any]:
    """An entry of an activity, as it is stored."""
    kept = timedelta(days=settings.activity_retention_days())
    return {
        "action": action,
        **fields,
        "at": SERVER_TIMESTAMP,
        "expireAt": datetime.now(UTC) + kept,
    }


def unless_deleted(batch: WriteBatch, uid: str) -> None:
    """Let the commit fail with `AlreadyExists` when the account was deleted.

    It deletes the tombstone on the condition that there is none, because Firestore's batches cannot
    check a document that they do not write.
    """
    absent = paths.client().write_option(exists=False)
    batch.delete(paths.deleted_user(uid), option=absent)
