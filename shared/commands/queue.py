"""Calls that wait for a device that is offline, and are sent in order when it is online.

Only a call that surely did not run waits. It is taken for sending by a commit that needs its record
as it was read, so that neither a second run, nor a device that comes and goes, nor somebody who
cancels it, makes it run twice. One run sends for a device at a time, by a lease in the registry
(`sendingUntil`), so that the calls keep their order. A new call that may wait goes behind those
that do (`waitingUntil` in the registry: none waits longer), also when the device is online.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP, FieldFilter, Query

from shared import log
from shared.commands import delivery
from shared.commands import record as command_records
from shared.commands.delivery import Line
from shared.commands.offer import offer
from shared.commands.record import Held
from shared.errors import DeviceOffline, DeviceTimeout, ProductError
from shared.firestore import paths

MAX_WAITING = 20
"""Calls that wait for one device at most."""
LEASE = 120.0
"""Seconds that a run may send: as long as the trigger that runs it may take."""
BUDGET = 40.0
"""Seconds after which a run begins no further call: one that the device does not answer takes 38,
and the commits around it some more."""
MAX_SEEN = 2000
"""Waiting calls that one look takes in, those first that expire first."""
COMING = timedelta(minutes=2)
"""Time in which Particle may still take a device for offline that has said it is online."""

NOT_SENT = ("particle-unavailable", "particle-rate-limited", "try-again")
WENT_ON = {"sent", "succeeded", "unknown"}
"""What has become of a call that was made, or is being made."""


class NotFinishedError(RuntimeError):
    """There is more to send, or somebody else is sending: the platform delivers again."""


def send(uid: str, device_id: str, budget: float = BUDGET) -> None:
    """Send what waits for the user's device, oldest first, until it is offline again.

    Begins no call after `budget` seconds. Raises `NotFinishedError` when another run has to follow.
    """
    if not _waiting(uid, device_id):
        return
    now = time.monotonic()
    deadline, over = now + budget, now + LEASE
    lease = _lease(uid, device_id)
    try:
        # Again, under the lease: another run may have sent some, and another call come to wait.
        while waiting := _waiting(uid, device_id):
            for record in waiting:
                if time.monotonic() > deadline:
                    raise NotFinishedError(device_id)
                if _is_due(record) and not _send_one(uid, record, over):
                    if _is_coming(uid, device_id):
                        raise NotFinishedError(device_id)
                    return
    finally:
        _give_up(uid, device_id, lease)


def send_later(device_id: str) -> None:
    """Have the trigger send what waits for the device, as often as that takes."""
    paths.online(device_id).set({"askedAt": SERVER_TIMESTAMP}, merge=True)


def cancel_earlier(uid: str, device_id: str, function: str) -> None:
    """Cancel what waits for the device to call this function: a later call takes its place."""
    for record in _waiting(uid, device_id):
        if record.get("function") == function:
            _cancel(record)


def has_room(uid: str, device_id: str) -> bool:
    """Whether another call may wait for the device."""
    return len(_waiting(uid, device_id)) < MAX_WAITING


def is_overtaken(uid: str, command_id: str, request: dict[str, str]) -> bool:
    """Whether a later call of the same function went on while this one was on its way."""
    later = (
        paths.user(uid)
        .collection(paths.COMMANDS)
        .where(filter=FieldFilter("deviceId", "==", request["deviceId"]))
        .order_by("createdAt", direction=Query.DESCENDING)
    )
    for record in later.stream():
        if record.id == command_id:
            return False
        fields = record.to_dict() or {}
        # One that waits without taking the place of others leaves them theirs, before it.
        status = fields["status"]
        takes_the_place = status in WENT_ON or (status == "queued" and fields.get("coalesce"))
        if fields["function"] == request["function"] and takes_the_place:
            return True
    return False


def send_where_online(now: datetime) -> int:
    """Have sent what waits for devices that are online, as far as is known; their number.

    Their trigger ran when Particle did not know yet, or has been given up.
    """
    queued = (
        paths.client()
        .collection_group(paths.COMMANDS)
        .where(filter=FieldFilter("status", "==", "queued"))
        .where(filter=FieldFilter("expiresAt", ">", now))
        .select(["deviceId"])
        .limit(MAX_SEEN)
        .stream()
    )
    waited_for = {
        paths.user_device(record.reference.parent.parent.id, record.get("deviceId"))
        for record in queued
    }
    devices = paths.client().get_all(list(waited_for), ["status"])
    online = [device.id for device in devices if (device.to_dict() or {}).get("status") == "online"]
    for device_id in online:
        send_later(device_id)
    return len(online)


def settle_all(now: datetime) -> int:
    """Write down what time has changed in anybody's records; their number."""
    group = paths.client().collection_group(paths.COMMANDS)
    stuck = (("sent", "deadline"), ("queued", "expiresAt"))
    settled = 0
    for status, until in stuck:
        overdue = group.where(filter=FieldFilter("status", "==", status)).where(
            filter=FieldFilter(until, "<=", now)
        )
        for record in overdue.limit(500).stream():
            command_records.settle(record, now)
            settled += 1
    return settled


def _waiting(uid: str, device_id: str) -> list[paths.Snapshot]:
    """What waits for the device, oldest first. Few enough to be put in order here."""
    found = (
        paths.user(uid)
        .collection(paths.COMMANDS)
        .where(filter=FieldFilter("deviceId", "==", device_id))
        .where(filter=FieldFilter("status", "==", "queued"))
        .stream()
    )
    return sorted(found, key=lambda record: (record.get("createdAt"), record.id))


def _lease(uid: str, device_id: str) -> int:
    """Become the one who sends for the device; the lease's end, in milliseconds."""
    while True:
        entry = paths.device(device_id).get(["ownerUid", "sendingUntil"])
        fields = entry.to_dict() or {}
        now = round(time.time() * 1000)
        if fields.get("ownerUid") != uid or fields.get("sendingUntil", 0) > now:
            raise NotFinishedError(device_id)
        lease = now + round(LEASE * 1000)
        try:
            entry.reference.update(
                {"sendingUntil": lease},
                option=paths.client().write_option(last_update_time=entry.update_time),
            )
        except FailedPrecondition:
            continue  # a command began or ended meanwhile
        return lease


def _give_up(uid: str, device_id: str, lease: int) -> None:
    """End the lease, if it is still this run's, and say that nobody waits where nobody does."""
    while True:
        entry = paths.device(device_id).get(["sendingUntil"])
        if (entry.to_dict() or {}).get("sendingUntil") != lease:
            return
        ended: dict[str, Any] = {"sendingUntil": DELETE_FIELD}
        # A call that comes to wait after this look changes the entry, and lets the commit fail.
        if not _waiting(uid, device_id):
            ended["waitingUntil"] = 0
        try:
            entry.reference.update(
                ended, option=paths.client().write_option(last_update_time=entry.update_time)
            )
        except FailedPrecondition:
            continue
        return


def _is_due(record: paths.Snapshot) -> bool:
    return command_records.settle(record, datetime.now(UTC)) == "queued"


def _is_coming(uid: str, device_id: str) -> bool:
    """Whether the device said just now that it is online; Particle may not know that yet."""
    device = paths.user_device(uid, device_id).get(["status", "statusAt"]).to_dict()
    fields = device or {}
    return fields.get("status") == "online" and bool(
        datetime.now(UTC) - fields["statusAt"] < COMING
    )


def _send_one(uid: str, record: paths.Snapshot, over: float) -> bool:
    """Send a call that is over in time; whether the next one may follow."""
    fields: dict[str, Any] = record.to_dict() or {}
    device_id, function, argument = fields["deviceId"], fields["function"], fields["argument"]
    try:
        token = delivery.token()
    except ProductError as failure:
        raise NotFinishedError(device_id) from failure
    try:
        held = command_records.resume(uid, record)
    except NotFound:
        _cancel(record)
        return True
    if held is None:
        return True  # cancelled just now
    try:
        offer().check_call(function, argument)  # as it is by now
        value = delivery.call(Line(token, min(held.until, over)), device_id, function, argument)
    except DeviceOffline:
        command_records.end(held, "queued")
        return False
    except ProductError as failure:
        _end(held, failure)
        return True
    command_records.end(held, "succeeded", value=value)
    return True


def _end(held: Held, failure: ProductError) -> None:
    """Write down a failure; what was not sent waits on, for another run."""
    if failure.reason in NOT_SENT:
        command_records.end(held, "queued")
        raise NotFinishedError(held.device_id) from failure
    status = "unknown" if isinstance(failure, DeviceTimeout) else "failed"
    command_records.end(held, status, failure=failure)


def _cancel(record: paths.Snapshot) -> None:
    try:
        record.reference.update(
            {"status": "cancelled", "finishedAt": SERVER_TIMESTAMP},
            option=paths.client().write_option(last_update_time=record.update_time),
        )
    except (FailedPrecondition, NotFound):
        log.command_not_cancelled(record.id)
