"""Calls of a device's functions: offered, owned, recorded, and never made twice for one request.

`shared/commands/record.py` says how the records decide; `shared/commands/queue.py` keeps what a
device that is offline shall do later.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import errors
from shared.accounts import account
from shared.commands import delivery, queue
from shared.commands import record as command_records
from shared.commands.delivery import Line
from shared.commands.offer import offer
from shared.commands.record import DeviceChangedError, Held, UsedError
from shared.errors import (
    BadRequest,
    DeviceOffline,
    DeviceTimeout,
    InProgress,
    NotYourDevice,
    ProductError,
    SignInRequired,
    TryAgain,
    UnknownCommand,
)
from shared.firestore import paths
from shared.firestore.deadline import TRANSIENT
from shared.registry import ownership

MAX_CACHED = 5000
"""Variables' values that an instance remembers."""
QUICK = 1.0
"""Seconds within which a device that is being read does not change hands unnoticed."""
QUEUE_BUDGET = 10.0
"""Seconds that a caller's own call waits for those before it; the trigger sends the rest."""

_cached: OrderedDict[tuple[str, str, str], "Reading"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Command:
    """What became of a function call."""

    command_id: str
    status: str
    return_value: int | None = None


@dataclass(frozen=True)
class WhenOffline:
    """That a call is to be kept for a device that is offline."""

    expires_in: timedelta
    coalesce: bool
    """Whether it takes the place of earlier calls of the same function."""


@dataclass(frozen=True)
class Reading:
    """A variable's value, and when it was read."""

    value: bool | float | str | None
    read_at: datetime


def invoke(
    uid: str,
    device_id: str,
    function: str,
    argument: str,
    *,
    request_id: str | None = None,
    when_offline: WhenOffline | None = None,
) -> Command:
    """Call a function of the user's device once, however often the same request comes.

    Raises `NotAllowed`, `NotYourDevice`, `UnknownFunction`, `DeviceOffline`, `DeviceTimeout`,
    `DeviceNotReady`, `ParticleUnavailable`, `ParticleRateLimited`, `InProgress`, `TryAgain`, and
    `BadRequest` for an argument that is not offered or a request id that was used for something
    else. A repeated request gets the first one's answer, be it a result or a failure.
    """
    offer().check_call(function, argument)
    command_id = _id_of(request_id) if request_id else secrets.token_hex(16)
    request = {"deviceId": device_id, "function": function, "argument": argument}
    began_at = datetime.now(UTC)
    try:
        token = delivery.token()
        held = command_records.begin(uid, command_id, request)
    except UsedError as used:
        return _answer_again(used.record, request)
    except NotFound:
        raise NotYourDevice from None
    except ProductError:
        # Nothing can be sent, and so nothing is written; but what was done is told again.
        record = paths.command(uid, command_id).get()
        if not record.exists:
            raise
        return _answer_again(record, request)
    try:
        waits = when_offline is not None and _goes_behind(held, function, when_offline)
        value = (
            None if waits else delivery.call(Line(token, held.until), device_id, function, argument)
        )
    except DeviceOffline as failure:
        if when_offline and queue.has_room(uid, device_id):
            return _keep(held, request, when_offline, began_at)
        raise _failed(held, failure) from None
    except ProductError as failure:
        raise _failed(held, failure) from failure.__cause__
    except TRANSIENT as failure:
        raise _failed(held, TryAgain()) from failure
    if when_offline and waits:
        return _queue(held, request, when_offline, began_at) or _send_queued(held, request)
    command_records.end(held, "succeeded", value=value)
    return Command(command_id, "succeeded", value)


def cancel(uid: str, command_id: str) -> Command:
    """Cancel a call that still waits for its device; else tell what has become of it.

    Raises `UnknownCommand`, also for another customer's.
    """
    while True:
        record = paths.command(uid, command_id).get()
        if not record.exists:
            raise UnknownCommand
        status = command_records.settle(record, datetime.now(UTC))
        if status != "queued":
            return Command(command_id, status)
        batch = paths.client().batch()
        batch.update(
            record.reference,
            {"status": "cancelled", "finishedAt": SERVER_TIMESTAMP},
            option=paths.client().write_option(last_update_time=record.update_time),
        )
        account.note(batch, uid, "command-cancelled", commandId=command_id)
        try:
            batch.commit()
        except FailedPrecondition:
            continue  # taken for sending just now, or cancelled by another
        return Command(command_id, "cancelled")


def read_variable(uid: str, device_id: str, variable: str, max_age: float) -> Reading:
    """Read a variable of the user's device, or answer what was read at most `max_age` seconds ago.

    Raises `NotAllowed`, `NotYourDevice`, `UnknownVariable`, `DeviceOffline`, `DeviceTimeout`,
    `ParticleUnavailable` and `ParticleRateLimited`.
    """
    offer().check_read(variable)
    ownership.require_owner(uid, device_id)
    # The user is part of the key: another's reading is never answered after a change of hands.
    key = (uid, device_id, variable)
    with _lock:
        reading = _cached.get(key)
    if reading and datetime.now(UTC) - reading.read_at <= timedelta(seconds=max_age):
        return reading
    asked_at = time.monotonic()
    reading = Reading(delivery.read(device_id, variable), datetime.now(UTC))
    if time.monotonic() - asked_at > QUICK:
        ownership.require_owner(uid, device_id)
    with _lock:
        _cached[key] = reading
        _cached.move_to_end(key)
        while len(_cached) > MAX_CACHED:
            _cached.popitem(last=False)
    return reading


def _failed(held: Held, failure: ProductError) -> ProductError:
    status = "unknown" if isinstance(failure, DeviceTimeout) else "failed"
    command_records.end(held, status, failure=failure)
    failure.details["commandId"] = held.command_id
    return failure


def _goes_behind(held: Held, function: str, when_offline: WhenOffline) -> bool:
    """Whether the call goes behind others that wait. Raises `DeviceOffline` for one too many."""
    if when_offline.coalesce:
        queue.cancel_earlier(held.uid, held.device_id, function)
    if held.others_wait and not queue.has_room(held.uid, held.device_id):
        raise DeviceOffline
    return held.others_wait


def _keep(
    held: Held, request: dict[str, str], when_offline: WhenOffline, began_at: datetime
) -> Command:
    """Have a call wait whose device is offline, or send it when that was so a moment ago only."""
    overtaken = _queue(held, request, when_offline, began_at)
    if overtaken:
        return overtaken
    if _is_back_since(began_at, held.uid, held.device_id):
        return _send_queued(held, request)
    return Command(held.command_id, "queued")


def _queue(
    held: Held, request: dict[str, str], when_offline: WhenOffline, began_at: datetime
) -> Command | None:
    """Keep the call, which surely did not run, until the device is online.

    Unless a later call has taken the place of this one, which is answered then.
    """
    while True:
        device = None
        if when_offline.coalesce:
            # A call that begins after this look changes the entry, and lets the commit fail.
            device = paths.device(held.device_id).get(["waitingUntil"])
            if queue.is_overtaken(held.uid, held.command_id, request):
                command_records.end(held, "cancelled")
                return Command(held.command_id, "cancelled")
        try:
            command_records.end(
                held,
                "queued",
                device=device,
                expiresAt=began_at + when_offline.expires_in,
                coalesce=when_offline.coalesce,
            )
        except DeviceChangedError:
            continue
        return None


def _is_back_since(began_at: datetime, uid: str, device_id: str) -> bool:
    """Whether the device came online just now, before there was anything to send it."""
    device = paths.user_device(uid, device_id).get(["status", "statusAt"]).to_dict()
    fields = device or {}
    return fields.get("status") == "online" and bool(fields["statusAt"] >= began_at)


def _send_queued(held: Held, request: dict[str, str]) -> Command:
    """Send what waits for the device, this call last, and answer what became of it."""
    try:
        queue.send(held.uid, held.device_id, QUEUE_BUDGET)
    except (queue.NotFinishedError, *TRANSIENT):
        queue.send_later(held.device_id)
        return Command(held.command_id, "queued")
    return _answer_again(paths.command(held.uid, held.command_id).get(), request)


def _id_of(request_id: str) -> str:
    """The command's id for a request id: the same for the same request, and safe in a path."""
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


def _answer_again(record: paths.Snapshot, request: dict[str, str]) -> Command:
    """The answer of the first request with this id, whose record was found."""
    if not record.exists:
        raise SignInRequired("This account was deleted.")
    fields: dict[str, Any] = record.to_dict() or {}
    if any(fields.get(key) != value for key, value in request.items()):
        raise BadRequest("This requestId was used for another request.", field="requestId")
    status = command_records.settle(record, datetime.now(UTC))
    if status == "sent":
        raise InProgress(commandId=record.id, retryAfter=5)
    if status == "unknown":
        raise DeviceTimeout(commandId=record.id)
    if status == "failed":
        told = dict(fields["error"])
        failed = errors.by_reason(told.pop("reason"))
        raise failed(told.pop("message"), commandId=record.id, **told)
    return Command(record.id, status, fields["returnValue"])
