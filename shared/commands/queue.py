"""Calls that wait for a device that is offline, and are sent in order when it is online.

Only a call that definitely did not run waits. It is taken for sending by a commit that needs its
record as it was read. So it never runs twice, be it by a second run, by a device that comes and
goes, or by a customer who cancels it. One run at a time sends for a device (`SenderLease`), so that
the calls keep their order. A new call that may wait goes behind those that do (`waitingUntil` in
the registry: none waits longer), also when the device is online.
"""

import time
from datetime import UTC, datetime, timedelta

from google.api_core.exceptions import NotFound
from google.cloud.firestore import SERVER_TIMESTAMP, FieldFilter, Query

from shared import settings
from shared.commands import delivery, record
from shared.commands.offer import offer
from shared.commands.record import CANCELLED, WAITS_ON, Begun, DeviceChangedError, Outcome, Wait
from shared.errors import (
    DeviceOffline,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    TryAgain,
)
from shared.firestore import paths
from shared.registry import hold
from shared.registry.entry import Entry
from shared.registry.hold import Expiry

MAX_WAITING = 20
"""Calls that wait for one device at most."""
MAX_SEEN = 2000
"""Waiting calls that one run of the schedule looks at, those first that expire first."""

NOT_SENT = (ParticleUnavailable, ParticleRateLimited, TryAgain)
WENT_ON = {"sent", "succeeded", "unknown"}
"""The status of a call that was made, or is being made."""


class NotFinishedError(RuntimeError):
    """There is more to send, or another run is sending: the platform delivers again."""


def keep(begun: Begun, wait: Wait) -> Outcome:
    """Let a call that definitely did not run wait until the device is online.

    When a later call has taken its place meanwhile, it is cancelled instead. Raises `TryAgain`.
    """
    while True:
        entry = None
        if wait.coalesce:
            # A call that begins after this look changes the entry, so the commit fails.
            entry = Entry.read(begun.call.device_id, ["waitingUntil"])
            if is_overtaken(begun):
                record.finish(begun, CANCELLED)
                return CANCELLED
        queued = Outcome("queued", wait=wait)
        try:
            record.finish(begun, queued, entry=entry)
        except DeviceChangedError:
            continue
        return queued


def send(uid: str, device_id: str, budget: float = settings.SEND_BUDGET) -> None:
    """Send what waits for the user's device, oldest first, until it is offline again.

    Begins no call after `budget` seconds. Raises `NotFinishedError` when another run has to follow.
    """
    if not _waiting(uid, device_id):
        return
    deadline = time.monotonic() + budget
    lease = hold.lease(uid, device_id)
    if lease is None:
        raise NotFinishedError(device_id)
    try:
        # Again, under the lease: another run may have sent some, and new calls may wait.
        while waiting := _waiting(uid, device_id):
            for queued in waiting:
                if time.monotonic() > deadline:
                    raise NotFinishedError(device_id)
                if not _send_one(uid, queued, lease.expiry):
                    lag = timedelta(seconds=settings.PRESENCE_LAG)
                    if is_online_since(datetime.now(UTC) - lag, uid, device_id):
                        raise NotFinishedError(device_id)
                    return
    finally:
        lease.end(lambda: bool(_waiting(uid, device_id)))


def send_later(device_id: str) -> None:
    """Have the trigger send what waits for the device, as often as that takes."""
    paths.online(device_id).set({"askedAt": SERVER_TIMESTAMP}, merge=True)


def send_where_online(now: datetime) -> None:
    """Have the trigger send what waits for devices that are online, as far as is known here.

    For those, its first run came before Particle knew, or the platform has given up.
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
        paths.user_device(one.reference.parent.parent.id, one.get("deviceId")) for one in queued
    }
    for device in paths.client().get_all(list(waited_for), ["status"]):
        if (device.to_dict() or {}).get("status") == "online":
            send_later(device.id)


def cancel_earlier(begun: Begun) -> None:
    """Cancel the waiting calls of the same function: this later call takes their place."""
    for queued in _waiting(begun.hold.uid, begun.call.device_id):
        if queued.get("function") == begun.call.function:
            record.withdraw(queued)


def has_room(uid: str, device_id: str) -> bool:
    """Whether another call may wait for the device."""
    return len(_waiting(uid, device_id)) < MAX_WAITING


def is_overtaken(begun: Begun) -> bool:
    """Whether a later call of the same function was made or waits while this one was on its way."""
    calls = record.of_device(begun.hold.uid, begun.call.device_id)
    for later in calls.order_by("createdAt", direction=Query.DESCENDING).stream():
        if later.id == begun.hold.command_id:
            return False
        fields = later.to_dict() or {}
        # A call that waits without coalescing leaves those before it in their place.
        status = fields["status"]
        takes_the_place = status in WENT_ON or (status == "queued" and fields.get("coalesce"))
        if fields["function"] == begun.call.function and takes_the_place:
            return True
    return False


def is_online_since(earliest: datetime, uid: str, device_id: str) -> bool:
    """Whether the device is online, and said so at `earliest` or later."""
    device = paths.user_device(uid, device_id).get(["status", "statusAt"]).to_dict() or {}
    return device.get("status") == "online" and bool(device["statusAt"] >= earliest)


def _waiting(uid: str, device_id: str) -> list[paths.Snapshot]:
    """What waits for the device, oldest first. These are few enough to be sorted here."""
    found = record.waiting(uid, device_id).stream()
    return sorted(found, key=lambda queued: (queued.get("createdAt"), queued.id))


def _send_one(uid: str, queued: paths.Snapshot, lease: Expiry) -> bool:
    """Send a waiting call, if it still waits; whether the next one may follow."""
    if record.settle(queued, datetime.now(UTC)) != "queued":
        return True
    device_id = queued.get("deviceId")
    try:
        credentials = delivery.credentials()
    except ProductError as failure:
        raise NotFinishedError(device_id) from failure
    try:
        begun = record.resume(uid, queued)
    except NotFound:
        record.withdraw(queued)
        return True
    if begun is None:
        return True  # cancelled just now
    call, expiry = begun.call, begun.hold.expiry
    try:
        offer().check_call(call.function, call.argument)  # as it is by now
        value = delivery.send(call, credentials, min(expiry, lease, key=lambda end: end.monotonic))
    except DeviceOffline:
        record.finish(begun, WAITS_ON)
        return False
    except NOT_SENT as failure:
        record.finish(begun, WAITS_ON)
        raise NotFinishedError(device_id) from failure
    except ProductError as failure:
        record.finish(begun, Outcome.of(failure))
        return True
    record.finish(begun, Outcome("succeeded", value))
    return True
