"""Calls that wait for a device that is offline, and are sent in order when it is online.

Only a call that surely did not run waits. It is taken for sending by a commit that needs its record
as it was read, so that neither a second run, nor a device that comes and goes, nor somebody who
cancels it, makes it run twice. One run sends for a device at a time, by a lease in the registry
(`sendingUntil`), so that the calls keep their order. A new call that may wait goes behind those
that do (`waitingUntil` in the registry: none waits longer), also when the device is online.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, SERVER_TIMESTAMP, FieldFilter

from shared import command_records, log, store
from shared.errors import DeviceOffline, DeviceTimeout, ProductError

MAX_WAITING = 20
"""Calls that wait for one device at most."""
LEASE = 60_000
"""Milliseconds that a run may send: as long as the function that runs it may take."""
BUDGET = 20.0
"""Seconds after which a run sends nothing more: a call that the device does not answer takes 35."""

NOT_SENT = ("particle-unavailable", "particle-rate-limited")

CallDevice = Callable[[str, str, str], int]


class NotFinishedError(RuntimeError):
    """There is more to send, or somebody else is sending: the platform delivers again."""


def send(uid: str, device_id: str, call_device: CallDevice) -> None:
    """Send what waits for the user's device, oldest first, until it is offline again.

    Raises `NotFinishedError` when another run has to follow.
    """
    waiting = _waiting(uid, device_id)
    if not waiting:
        return
    _lease(uid, device_id)
    deadline = time.monotonic() + BUDGET
    ended: dict[str, Any] = {"sendingUntil": DELETE_FIELD}
    try:
        # Again, under the lease: another run may have sent some of them since.
        for record in _waiting(uid, device_id):
            if time.monotonic() > deadline:
                raise NotFinishedError(device_id)
            if _is_due(record) and not _send_one(uid, record, call_device):
                return
        ended["waitingUntil"] = 0
    finally:
        store.device(device_id).update(ended)


def send_later(device_id: str) -> None:
    """Have the trigger send what waits for the device, as often as that takes."""
    store.online(device_id).set({"askedAt": SERVER_TIMESTAMP}, merge=True)


def cancel_earlier(uid: str, device_id: str, function: str) -> None:
    """Cancel what waits for the device to call this function: a later call takes its place."""
    for record in _waiting(uid, device_id):
        if record.get("function") == function:
            _cancel(record)


def has_room(uid: str, device_id: str) -> bool:
    """Whether another call may wait for the device."""
    return len(_waiting(uid, device_id)) < MAX_WAITING


def settle_all(now: datetime) -> int:
    """Write down what time has changed in anybody's records; their number."""
    group = store.client().collection_group(store.COMMANDS)
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


def _waiting(uid: str, device_id: str) -> list[store.Snapshot]:
    """What waits for the device, oldest first. Few enough to be put in order here."""
    found = (
        store.user(uid)
        .collection(store.COMMANDS)
        .where(filter=FieldFilter("deviceId", "==", device_id))
        .where(filter=FieldFilter("status", "==", "queued"))
        .stream()
    )
    return sorted(found, key=lambda record: (record.get("createdAt"), record.id))


def _lease(uid: str, device_id: str) -> None:
    """Become the one who sends for the device."""
    while True:
        entry = store.device(device_id).get(["ownerUid", "sendingUntil"])
        fields = entry.to_dict() or {}
        now = round(time.time() * 1000)
        if fields.get("ownerUid") != uid or fields.get("sendingUntil", 0) > now:
            raise NotFinishedError(device_id)
        try:
            entry.reference.update(
                {"sendingUntil": now + LEASE},
                option=store.client().write_option(last_update_time=entry.update_time),
            )
        except FailedPrecondition:
            continue  # a command began or ended meanwhile
        return


def _is_due(record: store.Snapshot) -> bool:
    return command_records.settle(record, datetime.now(UTC)) == "queued"


def _send_one(uid: str, record: store.Snapshot, call_device: CallDevice) -> bool:
    """Send a call; whether the next one may follow."""
    fields: dict[str, Any] = record.to_dict() or {}
    device_id = fields["deviceId"]
    try:
        if not command_records.resume(uid, record):
            return True  # cancelled just now
    except NotFound:
        _cancel(record)
        return True
    try:
        value = call_device(device_id, fields["function"], fields["argument"])
    except DeviceOffline:
        command_records.end(uid, device_id, record.id, "queued")
        return False
    except ProductError as failure:
        if failure.reason in NOT_SENT:
            command_records.end(uid, device_id, record.id, "queued")
            raise NotFinishedError(device_id) from failure
        status = "unknown" if isinstance(failure, DeviceTimeout) else "failed"
        command_records.end(uid, device_id, record.id, status, failure=failure)
        return True
    command_records.end(uid, device_id, record.id, "succeeded", value=value)
    return True


def _cancel(record: store.Snapshot) -> None:
    try:
        record.reference.update(
            {"status": "cancelled", "finishedAt": SERVER_TIMESTAMP},
            option=store.client().write_option(last_update_time=record.update_time),
        )
    except (FailedPrecondition, NotFound):
        log.command_not_cancelled(record.id)
