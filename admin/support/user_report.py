"""Everything that support needs to know about a customer, as a document for an answer."""

from datetime import datetime
from typing import Any

from firebase_admin import auth
from google.cloud.firestore import FieldFilter, Query

from admin.support import named, shares
from admin.support.device_report import LAST, seen
from admin.support.records import shown
from shared import connections, times
from shared.customers import shadow
from shared.firestore import paths

_DEVICE = ("serialNumber", "name", "firmwareVersion", "claimedAt")
_ACCOUNT = ("email", "emailVerified", "createdAt", "lastSignInAt", "sessionsEndedAt")
_PRESENCE = ("status", "statusAt", "lastSeenAt", "graceSeconds")


def report(uid: str) -> dict[str, Any]:
    """The account, the customer at Particle, devices, shares, last activity, and deletion."""
    profile = paths.user(uid).get().to_dict() or {}
    tombstone = paths.deleted_user(uid).get().to_dict()
    return {
        "uid": uid,
        **_account(uid),
        "profile": {name: profile.get(name) for name in ("displayName", "timeZone", "locale")},
        "customer": _customer(uid, profile),
        "devices": devices_of(uid),
        "sharedByThem": shares.given_by(uid),
        "sharedWithThem": shares.had_by(uid),
        "awaiting": _awaiting(uid),
        "activity": _activity(uid),
        "deletion": _deletion(tombstone),
    }


def devices_of(uid: str) -> list[dict[str, Any]]:
    """The user's devices with their presence, ordered by name."""
    owned = paths.user(uid).collection(paths.DEVICES).select([*_DEVICE, *_PRESENCE])
    found = [(snapshot.id, snapshot.to_dict() or {}) for snapshot in owned.stream()]
    rows = [
        {
            "deviceId": device_id,
            **{field: fields.get(field) for field in _DEVICE},
            "presence": seen(fields),
        }
        for device_id, fields in found
    ]
    return sorted(rows, key=lambda row: str(row["name"]).casefold())


def _account(uid: str) -> dict[str, Any]:
    """What Auth knows of the user: nothing once the account is erased."""
    try:
        user = auth.get_user(uid, app=connections.firebase())
    except auth.UserNotFoundError:
        return {**dict.fromkeys(_ACCOUNT), "signIn": "no account", "providers": []}
    created = user.user_metadata.creation_timestamp or 0
    # Until sessions are ended for the first time, this is the time of the sign-up.
    ended = user.tokens_valid_after_timestamp or 0
    return {
        "email": user.email,
        "emailVerified": user.email_verified,
        "createdAt": _time(created),
        "lastSignInAt": _time(user.user_metadata.last_sign_in_timestamp),
        "sessionsEndedAt": _time(ended) if ended > created else None,
        "signIn": "disabled" if user.disabled else "possible",
        "providers": [provider.provider_id for provider in user.provider_data],
    }


def _customer(uid: str, profile: dict[str, Any]) -> dict[str, Any]:
    particle = profile.get("particle", {})
    made = particle.get("status") == "ready" and shadow.customers_exist()
    return {
        "status": particle.get("status"),
        "reason": particle.get("reason"),
        "updatedAt": particle.get("updatedAt"),
        "identity": shadow.known_name(uid) if made else None,
    }


def _awaiting(uid: str) -> list[dict[str, Any]]:
    """Devices that may still present one of the user's claim codes."""
    awaited = paths.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
    return [
        {
            "deviceId": snapshot.id,
            "serialNumber": snapshot.get("serialNumber"),
            "until": snapshot.get("awaitedUntil"),
        }
        for snapshot in awaited.select(["serialNumber", "awaitedUntil"]).stream()
    ]


def _activity(uid: str) -> list[dict[str, Any]]:
    newest = paths.activity(uid).order_by("at", direction=Query.DESCENDING).limit(LAST)
    entries = [shown(entry) for entry in newest.stream()]
    serials = named.serial_numbers(entry.get("deviceId") for entry in entries)
    return [
        {"serialNumber": serials.get(entry.get("deviceId") or ""), **entry} for entry in entries
    ]


def _deletion(tombstone: dict[str, Any] | None) -> dict[str, Any]:
    if tombstone is None:
        return {"state": None, "at": None, "erasedAt": None}
    erased_at = tombstone.get("erasedAt")
    return {
        "state": "erased" if erased_at else "being erased",
        "at": tombstone.get("at"),
        "erasedAt": erased_at,
    }


def _time(milliseconds: int | None) -> datetime | None:
    return times.of_milliseconds(milliseconds) if milliseconds else None
