"""Calls that wait for a device that is offline, and are sent in order when it is online.

Only a call that definitely did not run waits. It is taken for sending by a commit that needs its
record as it was read. So it never runs twice, be it by a second run, by a device that comes and
goes, or by a customer who cancels it. One run at a time sends for a device (`SenderLease`), so that
the calls keep their order. A new call that may wait goes behind those that do (`waitingUntil` in
the registry: none waits longer), also when the device is online.
"""

import time
from datetime import UTC, datetime, timedelta

from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP, FieldFilter, Query

from shared import settings, times
from shared.commands import delivery, record
from shared.commands.offer import offer
from shared.commands.record import REPLACED, Begun, Call, DeviceChangedError, Outcome, Wait
from shared.errors import DeviceOffline, ProductError, TryAgain
from shared.firestore import paths
from shared.registry import access, hold
from shared.registry.entry import Entry
from shared.registry.hold import Expiry
from shared.registry.share import Role
from shared.telemetry import presence

MAX_WAITING = 20
"""Calls that wait for one device at most."""
MAX_WAITING_OF_GUEST = 5
"""Of these, the calls of one guest."""
MAX_SEEN = 2000
"""Waiting calls that one run of the schedule looks at, those first that expire first."""

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
                record.finish(begun, REPLACED)
                return REPLACED
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
                    if was_there_since(datetime.now(UTC) - lag, uid, device_id):
                        raise NotFinishedError(device_id)
                    return
    finally:
        lease.end(lambda: bool(_waiting(uid, device_id)))


def send_later(device_id: str) -> None:
    """Have the trigger send what waits for the device, as often as that takes."""
    paths.online(device_id).set({"askedAt": SERVER_TIMESTAMP}, merge=True)


def send_where_online(now: datetime) -> None:
    """Have the trigger send what waits for devices that are online, as far as is known here.

    For those, its first run came before Particle knew, or the platform has given up; or it is what
    they publish that shows them to be online, which has no trigger.
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
        paths.user_device(one.reference.parent.parent.id, device_id)
        for one in queued
        if (device_id := record.device_of(one))
    }
    for device in paths.client().get_all(list(waited_for), presence.TRACES):
        if presence.last_sign(device.to_dict() or {}) is not None:
            send_later(device.id)


def cancel_earlier(begun: Begun) -> None:
    """Cancel the waiting calls of the same function: this later call takes their place.

    A guest who does not manage the device takes the place of calls of their own alone.
    """
    share = begun.share
    for queued in _waiting(begun.hold.uid, begun.call.device_id):
        call = Call.of(queued)
        if not call or call.function != begun.call.function:
            continue
        if (
            share is None
            or share.role.includes(Role.MANAGER)
            or record.made_by(queued) == share.guest_uid
        ):
            record.withdraw(queued, REPLACED)


def has_room(begun: Begun) -> bool:
    """Whether a call may wait for its device."""
    waiting = _waiting(begun.hold.uid, begun.call.device_id)
    if begun.share:
        of_guest = [one for one in waiting if record.made_by(one) == begun.share.guest_uid]
        if len(of_guest) >= MAX_WAITING_OF_GUEST:
            return False
    return len(waiting) < MAX_WAITING


def is_overtaken(begun: Begun) -> bool:
    """Whether a later call of the same function was made or waits while this one was on its way."""
    calls = record.of_device(begun.hold.uid, begun.call.device_id)
    for later in calls.order_by("createdAt", direction=Query.DESCENDING).stream():
        if later.id == begun.hold.command_id:
            return False
        fields = later.to_dict() or {}
        # A call that waits without coalescing leaves those before it in their place.
        status = fields.get("status")
        takes_the_place = status in WENT_ON or (status == "queued" and fields.get("coalesce"))
        if fields.get("function") == begun.call.function and takes_the_place:
            return True
    return False


def was_there_since(earliest: datetime, uid: str, device_id: str) -> bool:
    """Whether the device has shown at `earliest` or later that it is there, and is not gone."""
    device = paths.user_device(uid, device_id).get(presence.TRACES).to_dict() or {}
    sign = presence.last_sign(device)
    return sign is not None and sign >= times.milliseconds(earliest)


def _waiting(uid: str, device_id: str) -> list[paths.Snapshot]:
    """What waits for the device, oldest first. These are few enough to be sorted here."""
    return sorted(record.waiting(uid, device_id).stream(), key=_age)


def _age(queued: paths.Snapshot) -> tuple[datetime, str]:
    created_at = (queued.to_dict() or {}).get("createdAt")
    return created_at if isinstance(created_at, datetime) else queued.create_time, queued.id


def _send_one(uid: str, queued: paths.Snapshot, lease: Expiry) -> bool:
    """Send a waiting call, if it still waits; whether the next one may follow."""
    call = Call.of(queued)
    if record.settle(queued, datetime.now(UTC)) != "queued" or call is None:
        return True
    refusal = _refusal(call)
    if refusal:
        record.withdraw(queued, refusal)
        return True
    try:
        credentials = delivery.credentials()
    except ProductError as failure:
        raise NotFinishedError(call.device_id) from failure
    begun = _take(uid, queued, call)
    if begun is None:
        return True
    expiry = min(begun.hold.expiry, lease, key=lambda end: end.monotonic)
    stopped_by: ProductError | None = None
    try:
        outcome = Outcome("succeeded", delivery.send(call, credentials, expiry))
    except ProductError as failure:
        stopped_by, outcome = failure, Outcome.of(failure, from_queue=True)
    try:
        record.finish(begun, outcome)
    except TryAgain as lost:
        raise NotFinishedError(call.device_id) from lost
    if outcome.status != "queued":
        return True
    if isinstance(stopped_by, DeviceOffline):
        return False
    raise NotFinishedError(call.device_id) from stopped_by


def _refusal(call: Call) -> Outcome | None:
    """How a waiting call ends that is not offered any more."""
    try:
        offer().check_call(call.function, call.argument)  # as it is by now
    except ProductError as refusal:
        return Outcome.of(refusal)
    return None


def _take(uid: str, queued: paths.Snapshot, call: Call) -> Begun | None:
    """Take a waiting call for sending; None when it was cancelled, or is now.

    It is cancelled when the device is not the user's any more, or when the guest who made it may
    not control the device any more.
    """
    share, guest = None, record.made_by(queued)
    if guest is not None:
        share = access.find_share(guest, call.device_id)
        if not share or share.owner_uid != uid or not share.role.includes(Role.CONTROLLER):
            record.withdraw(queued)
            return None
    try:
        return record.resume(uid, queued, call, share)
    except (NotFound, AlreadyExists):
        record.withdraw(queued)
        return None
