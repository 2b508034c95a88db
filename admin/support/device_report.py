"""Everything that support needs to know about a device, as a document for an answer."""

from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import CollectionReference, FieldFilter, Query

from admin.cli.deployed import use_secrets
from admin.cli.errors import CannotRun
from admin.cli.failures import FAILURES, in_words
from admin.cli.target import Target
from admin.support import shares
from admin.support.audit import operations
from admin.support.resolve import addresses
from shared import connections, settings, times
from shared.claims import at_particle
from shared.firestore import paths
from shared.particle import errors
from shared.registry.entry import Entry
from shared.telemetry import presence

LAST = 10
"""How many commands, events and operations are shown."""

_HEALTH = ("firmwareVersion", "battery", "signal", "lastReset", "firmwareUpdate")
_VALUE = ("value", "publishedAt", "truncated", "valueError", "valueNotes")
_ALERT = (
    *("name", "severity", "kind", "enabled", "disabledReason", "state", "since"),
    *("notifiedAt", "acknowledgedAt"),
)
_COMMAND = ("function", "status", "createdAt", "finishedAt", "returnValue", "error")


def report(target: Target, device_id: str, *, data: bool) -> dict[str, Any]:
    """The registry's entry, what the owner sees, what happened, and what Particle says now.

    Args:
        target: the deployment.
        device_id: of a registered device.
        data: whether to include the contents of the customer's events and commands.
    """
    entry = Entry.read(device_id)
    uid, awaited_by = entry.owner_uid, entry.awaited_by
    known = addresses([uid, awaited_by])
    mine = (paths.user_device(uid, device_id).get().to_dict() or {}) if uid else {}
    return {
        "serialNumber": entry.serial_number or None,
        "deviceId": device_id,
        "registeredAt": entry.imported_at,
        "blocked": entry.blocked,
        "owner": uid and {"uid": uid, "email": known.get(uid), "since": entry.claimed_at},
        "awaited": awaited_by
        and {"uid": awaited_by, "email": known.get(awaited_by), "until": entry.awaited_until},
        "shares": shares.of_device(device_id),
        "name": mine.get("name"),
        "presence": seen(mine) if uid else None,
        **{field: mine.get(field) for field in _HEALTH},
        "latest": [
            {"event": event, **{field: value.get(field) for field in _VALUE}}
            for event, value in sorted(mine.get("latest", {}).items())
        ],
        "alerts": _alerts(uid, device_id) if uid else [],
        "commands": _commands(uid, device_id, data=data) if uid else [],
        "events": _events(uid, device_id, data=data),
        "operations": operations(device_id=device_id, limit=LAST),
        "particle": _at_particle(target, entry),
    }


def seen(device: dict[str, Any]) -> dict[str, Any]:
    """The presence of a customer's device as their app shows it, with what it is derived from."""
    last_seen = device.get("lastSeenAt")
    grace = settings.presence_grace_seconds()
    return {
        "state": presence.as_seen(device, datetime.now(UTC), grace),
        "lastSeenAt": times.of_milliseconds(last_seen) if last_seen else None,
        "status": device.get("status"),
        "statusAt": device.get("statusAt"),
        "graceSeconds": device.get("graceSeconds", grace),
    }


def _alerts(uid: str, device_id: str) -> list[dict[str, Any]]:
    """The device's alerts, those that fire first."""
    alerts = paths.user_device(uid, device_id).collection(paths.ALERTS).select(_ALERT).stream()
    found = [{"alertId": one.id, **(one.to_dict() or {})} for one in alerts]
    return sorted(found, key=lambda one: (one["state"] != "firing", one["name"]))


def _commands(uid: str, device_id: str, *, data: bool) -> list[dict[str, Any]]:
    query = (
        paths.user(uid)
        .collection(paths.COMMANDS)
        .where(filter=FieldFilter("deviceId", "==", device_id))
        .order_by("createdAt", direction=Query.DESCENDING)
        .select([*_COMMAND, *(["argument"] if data else [])])
    )
    return [{"commandId": s.id, **(s.to_dict() or {})} for s in query.limit(LAST).stream()]


def _events(uid: str | None, device_id: str, *, data: bool) -> list[dict[str, Any]]:
    """The newest events, the owner's and those outside any tenure together."""
    places = {"nobody": paths.device(device_id)}
    if uid:
        places["owner"] = paths.user_device(uid, device_id)
    found = [
        {**event, "storedFor": whom}
        for whom, device in places.items()
        for event in _last(device.collection(paths.EVENTS), data=data)
    ]
    return sorted(found, key=lambda event: event["publishedAt"], reverse=True)[:LAST]


def _last(events: CollectionReference, *, data: bool) -> list[dict[str, Any]]:
    fields = ["event", "publishedAt", *(["data"] if data else [])]
    newest = events.order_by("publishedAt", direction=Query.DESCENDING).select(fields)
    return [snapshot.to_dict() or {} for snapshot in newest.limit(LAST).stream()]


def _at_particle(target: Target, entry: Entry) -> dict[str, Any]:
    """What Particle says now, or why it cannot be asked."""
    try:
        use_secrets(target)
        device = connections.particle().device(connections.tokens().server, entry.device_id)
        return {
            "inProduct": not device.quarantined,
            "quarantined": device.quarantined,
            "owner": device.owner,
            "ownerAsRegistered": at_particle.agrees(device, entry),
            "online": device.online,
            "firmwareVersion": device.firmware_version,
        }
    except (errors.ForbiddenError, errors.NotFoundError):
        return {"inProduct": False}
    except errors.ParticleError as failure:
        return {"error": in_words(failure)}
    except (CannotRun, *FAILURES) as failure:
        return {"error": str(failure)}
