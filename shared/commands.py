"""Calls of a device's functions: offered, owned, recorded, and never made twice for one request.

`shared/command_records.py` says how the records decide; `shared/queueing.py` keeps what a device
that is offline shall do later.
"""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import cloud, command_records, ownership, queueing, store
from shared.errors import (
    BadRequest,
    DeviceOffline,
    DeviceTimeout,
    InProgress,
    NotYourDevice,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    SignInRequired,
    UnknownCommand,
    UnknownFunction,
    UnknownVariable,
)
from shared.offer import offer
from shared.particle import errors

AT_ONCE = 2.0
"""Seconds within which Particle's 408 means that the device was known to be offline."""
MAX_CACHED = 5000
"""Variables' values that an instance remembers."""

_OUTCOMES: dict[str, type[ProductError]] = {
    kind.reason: kind
    for kind in (
        DeviceOffline,
        DeviceTimeout,
        ParticleRateLimited,
        ParticleUnavailable,
        UnknownFunction,
    )
}
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
    `ParticleUnavailable`, `ParticleRateLimited`, `InProgress`, and `BadRequest` for an argument
    that is not offered or a request id that was used for something else. A repeated request gets
    the first one's answer, be it a result or a failure.
    """
    offer().check_call(function, argument)
    command_id = _id_of(request_id) if request_id else secrets.token_hex(16)
    request = {"deviceId": device_id, "function": function, "argument": argument}
    began_at = datetime.now(UTC)
    try:
        others_wait = command_records.begin(uid, command_id, request)
    except AlreadyExists:
        return _answer_again(uid, command_id, request)
    except NotFound:
        raise NotYourDevice from None
    if when_offline and when_offline.coalesce:
        queueing.cancel_earlier(uid, device_id, function)
    if when_offline and others_wait and queueing.has_room(uid, device_id):
        _queue(uid, device_id, command_id, when_offline, began_at)
        return _send_queued(uid, command_id, request)
    try:
        value = call_device(device_id, function, argument)
    except DeviceOffline as failure:
        if when_offline and queueing.has_room(uid, device_id):
            _queue(uid, device_id, command_id, when_offline, began_at)
            if _is_back_since(began_at, uid, device_id):
                return _send_queued(uid, command_id, request)
            return Command(command_id, "queued")
        raise _failed(uid, device_id, command_id, failure) from None
    except ProductError as failure:
        raise _failed(uid, device_id, command_id, failure) from failure.__cause__
    command_records.end(uid, device_id, command_id, "succeeded", value=value)
    return Command(command_id, "succeeded", value)


def cancel(uid: str, command_id: str) -> Command:
    """Cancel a call that still waits for its device; else tell what has become of it.

    Raises `UnknownCommand`, also for another customer's.
    """
    while True:
        record = store.command(uid, command_id).get()
        if not record.exists:
            raise UnknownCommand
        status = command_records.settle(record, datetime.now(UTC))
        if status != "queued":
            return Command(command_id, status)
        batch = store.client().batch()
        batch.update(
            record.reference,
            {"status": "cancelled", "finishedAt": SERVER_TIMESTAMP},
            option=store.client().write_option(last_update_time=record.update_time),
        )
        ownership.note(batch, uid, "command-cancelled", commandId=command_id)
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
    reading = Reading(_read(device_id, variable), datetime.now(UTC))
    with _lock:
        _cached[key] = reading
        _cached.move_to_end(key)
        while len(_cached) > MAX_CACHED:
            _cached.popitem(last=False)
    return reading


def call_device(device_id: str, function: str, argument: str) -> int:
    """Make the call; whose device it is, the caller has settled. Raises `ProductError`."""
    _require_token()
    try:
        return cloud.particle().call_function(cloud.tokens().server, device_id, function, argument)
    except errors.NotFoundError:
        raise UnknownFunction from None
    except errors.ParticleError as failure:
        raise _reason(failure) from failure


def _require_token() -> None:
    """Without a token nothing can be sent: its failures say so, and not that the call may run."""
    try:
        cloud.tokens().server.token()
    except errors.RateLimitedError as failure:
        raise ParticleRateLimited(retryAfter=round(failure.retry_after)) from failure
    except errors.ParticleError as failure:
        raise ParticleUnavailable from failure


def _read(device_id: str, variable: str) -> bool | float | str | None:
    try:
        return cloud.particle().read_variable(cloud.tokens().server, device_id, variable)
    except errors.NotFoundError:
        raise UnknownVariable from None
    except errors.OutcomeUnknownError:
        # Reading changes nothing, and was tried again already.
        raise ParticleUnavailable from None
    except errors.ParticleError as failure:
        raise _reason(failure) from failure


def _reason(failure: errors.ParticleError) -> ProductError:
    """What the caller is told of Particle's failure in a call to a device."""
    if isinstance(failure, errors.DeviceUnreachableError):
        return DeviceOffline() if failure.elapsed <= AT_ONCE else DeviceTimeout()
    if isinstance(failure, errors.RateLimitedError):
        return ParticleRateLimited(retryAfter=round(failure.retry_after))
    if isinstance(failure, errors.OutcomeUnknownError | errors.UnexpectedAnswerError):
        return DeviceTimeout()
    return ParticleUnavailable()


def _failed(uid: str, device_id: str, command_id: str, failure: ProductError) -> ProductError:
    status = "unknown" if isinstance(failure, DeviceTimeout) else "failed"
    command_records.end(uid, device_id, command_id, status, failure=failure)
    failure.details["commandId"] = command_id
    return failure


def _queue(
    uid: str, device_id: str, command_id: str, when_offline: WhenOffline, began_at: datetime
) -> None:
    """Keep the call, which surely did not run, until the device is online."""
    command_records.end(
        uid,
        device_id,
        command_id,
        "queued",
        expiresAt=began_at + when_offline.expires_in,
        coalesce=when_offline.coalesce,
    )


def _is_back_since(began_at: datetime, uid: str, device_id: str) -> bool:
    """Whether the device came online just now, before there was anything to send it."""
    device = store.user_device(uid, device_id).get(["status", "statusAt"]).to_dict() or {}
    return device.get("status") == "online" and bool(device["statusAt"] >= began_at)


def _send_queued(uid: str, command_id: str, request: dict[str, str]) -> Command:
    """Send what waits for the device, this call last, and answer what became of it."""
    device_id = request["deviceId"]
    try:
        queueing.send(uid, device_id, call_device)
    except queueing.NotFinishedError:
        queueing.send_later(device_id)
        return Command(command_id, "queued")
    return _answer_again(uid, command_id, request)


def _id_of(request_id: str) -> str:
    """The command's id for a request id: the same for the same request, and safe in a path."""
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


def _answer_again(uid: str, command_id: str, request: dict[str, str]) -> Command:
    """The answer of the first request with this id."""
    record = store.command(uid, command_id).get()
    if not record.exists:
        raise SignInRequired("This account was deleted.")
    fields: dict[str, Any] = record.to_dict() or {}
    if any(fields.get(key) != value for key, value in request.items()):
        raise BadRequest("This requestId was used for another request.", field="requestId")
    status = command_records.settle(record, datetime.now(UTC))
    if status == "sent":
        raise InProgress(commandId=command_id, retryAfter=5)
    if status == "unknown":
        raise DeviceTimeout(commandId=command_id)
    if status == "failed":
        failed = _OUTCOMES[fields["error"]["reason"]]
        raise failed(fields["error"]["message"], commandId=command_id)
    return Command(command_id, status, fields["returnValue"])
