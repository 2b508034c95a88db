"""The schedules of a device, as its owner and its managers make them."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from google.cloud.firestore import DELETE_FIELD, DocumentReference, Increment

from shared.accounts import account
from shared.commands.offer import offer
from shared.errors import TooMany, UnknownSchedule
from shared.firestore import paths
from shared.schedules.timetable import Kind, Timetable
from shared.sharing.host import Host, as_host

MAX_SCHEDULES = 20
"""Schedules of a device."""
PAUSED = "schedulesPausedUntil"
"""The field of a device's document, and of a customer's preferences, until when they rest."""


class Wanted(NamedTuple):
    """A schedule as it is to be."""

    name: str
    enabled: bool
    function: str
    argument: str
    when_offline: str
    """`fail` or `queue`."""
    expires_in_seconds: int
    """How long a queued call waits."""
    timetable: Timetable


def save(
    uid: str, device_id: str, schedule_id: str | None, wanted: Wanted
) -> tuple[str, datetime | None]:
    """Make a schedule, or replace one; its id, and when it is due next.

    Raises `NotAllowed` and `BadRequest` for a call that is not offered, `NotYourDevice`,
    `RoleTooLow`, `UnknownSchedule`, `TooMany` and `InProgress`.
    """
    offer().check_call(wanted.function, wanted.argument)
    return as_host(uid, device_id, partial(_save, schedule_id, wanted))


def delete(uid: str, device_id: str, schedule_id: str) -> None:
    """Delete a schedule; one that does not exist is no failure.

    A run that has begun goes on. Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    as_host(uid, device_id, partial(_delete, schedule_id))


def pause_device(uid: str, device_id: str, until: datetime | None) -> None:
    """Let all schedules of a device rest until a time; None: no longer.

    Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    as_host(uid, device_id, partial(_pause, until))


def pause_account(uid: str, until: datetime | None) -> None:
    """Let the schedules of all devices of a customer rest. Raises `AlreadyExists` if deleted."""
    batch = paths.client().batch()
    batch.set(paths.schedule_preferences(uid), {PAUSED: until})
    account.unless_deleted(batch, uid)
    batch.commit()


def timetable_of(fields: Mapping[str, Any]) -> Timetable:
    """When a schedule is due, by the fields of its document."""
    local, latitude = fields["time"], fields["latitude"]
    return Timetable(
        kind=Kind(fields["kind"]),
        zone=ZoneInfo(fields["timeZone"]),
        at=fields["at"],
        days=frozenset(fields["days"]),
        local=time.fromisoformat(local) if local else None,
        place=None if latitude is None else (latitude, fields["longitude"]),
        offset=timedelta(minutes=fields["offsetMinutes"]),
    )


def _fields(timetable: Timetable) -> dict[str, Any]:
    latitude, longitude = timetable.place or (None, None)
    return {
        "kind": timetable.kind.value,
        "timeZone": timetable.zone.key,
        "at": timetable.at,
        "days": sorted(timetable.days),
        "time": f"{timetable.local:%H:%M}" if timetable.local else None,
        "latitude": latitude,
        "longitude": longitude,
        "offsetMinutes": timetable.offset // timedelta(minutes=1),
    }


def _schedules(host: Host) -> Any:
    device = paths.user_device(host.owner_uid, host.entry.device_id)
    return device.collection(paths.SCHEDULES)


def _save(schedule_id: str | None, wanted: Wanted, host: Host) -> tuple[str, datetime | None]:
    schedules = _schedules(host)
    reference: DocumentReference = (
        schedules.document(schedule_id) if schedule_id else schedules.document()
    )
    now = datetime.now(UTC)
    due_at = wanted.timetable.next_after(now) if wanted.enabled else None
    fields = {
        "name": wanted.name,
        "enabled": wanted.enabled,
        "disabledReason": None,
        "function": wanted.function,
        "argument": wanted.argument,
        "whenOffline": wanted.when_offline,
        "expiresInSeconds": wanted.expires_in_seconds,
        **_fields(wanted.timetable),
        "claimEpoch": host.entry.claim_epoch,
        "updatedAt": now,
        "updatedBy": host.uid,
        "dueAt": due_at,
    }
    batch = paths.client().batch()
    if schedule_id:
        found = reference.get(["claimEpoch"]).to_dict() or {}
        if found.get("claimEpoch") != host.entry.claim_epoch:
            raise UnknownSchedule
        batch.update(reference, fields)
    else:
        if _count(host) >= MAX_SCHEDULES:
            raise TooMany(limit=MAX_SCHEDULES)
        batch.create(reference, {**fields, "last": None, "createdBy": host.uid, "createdAt": now})
    host.act(batch, "schedule-saved", scheduleId=reference.id, scheduleName=wanted.name)
    batch.commit()
    if not schedule_id and _count(host) > MAX_SCHEDULES:
        # Others were made at the same moment.
        _delete(reference.id, host)
        raise TooMany(limit=MAX_SCHEDULES)
    return reference.id, due_at


def _count(host: Host) -> int:
    return len(_schedules(host).select([]).limit(MAX_SCHEDULES + 1).get())


def _delete(schedule_id: str, host: Host) -> None:
    batch = paths.client().batch()
    batch.delete(_schedules(host).document(schedule_id))
    host.act(batch, "schedule-deleted", scheduleId=schedule_id)
    batch.commit()


def _pause(until: datetime | None, host: Host) -> None:
    batch = paths.client().batch()
    device = paths.user_device(host.owner_uid, host.entry.device_id)
    batch.update(device, {PAUSED: until or DELETE_FIELD, "claimEpoch": Increment(0)})
    host.act(batch, "schedules-paused" if until else "schedules-resumed", until=until)
    batch.commit()
