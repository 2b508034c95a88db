"""Calls of a device's functions: owned, recorded, and never made twice for one request.

One commit before the call, without a read, decides everything at once:

- `users/{uid}/commands/{commandId}` is created: a used `requestId` fails it,
- `users/{uid}/devices/{deviceId}` is touched: it exists only while the user owns the device,
- `devices/{deviceId}.underWay.{commandId}` keeps the device from changing hands until the call
  has ended, for `DEADLINE` at most,
- the activity is noted.

One commit after it writes the result. A record whose function died in between becomes `unknown`:
the call may have run, so it is never made again.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, NotFound
from google.cloud.firestore import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    Increment,
    WriteBatch,
)
from google.cloud.firestore_v1.field_path import FieldPath

from shared import cloud, log, store
from shared.errors import (
    BadRequest,
    DeviceOffline,
    DeviceTimeout,
    InProgress,
    NotYourDevice,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    UnknownFunction,
    UnknownVariable,
)
from shared.particle import errors

DEADLINE = timedelta(seconds=60)
"""A call has ended after this: the functions' own time limit."""
AT_ONCE = 2.0
"""Seconds within which Particle's 408 means that the device was known to be offline."""

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


@dataclass(frozen=True)
class Command:
    """What became of a function call."""

    command_id: str
    status: str
    return_value: int | None


def invoke(
    uid: str, device_id: str, function: str, argument: str, request_id: str | None
) -> Command:
    """Call a function of the user's device once, however often the same request comes.

    Raises `NotYourDevice`, `UnknownFunction`, `DeviceOffline`, `DeviceTimeout`,
    `ParticleUnavailable`, `ParticleRateLimited`, `InProgress`, and `BadRequest` for a request id
    that was used for something else. A repeated request gets the first one's answer, be it a
    result or a failure.
    """
    command_id = _id_of(request_id) if request_id else secrets.token_hex(16)
    request = {"deviceId": device_id, "function": function, "argument": argument}
    try:
        _begin(uid, device_id, command_id, request)
    except AlreadyExists:
        return _answer_again(uid, command_id, request)
    except NotFound:
        raise NotYourDevice from None
    try:
        value = _call(device_id, function, argument)
    except ProductError as failure:
        status = "unknown" if isinstance(failure, DeviceTimeout) else "failed"
        _end(uid, device_id, command_id, status, failure=failure)
        failure.details["commandId"] = command_id
        raise
    _end(uid, device_id, command_id, "succeeded", value=value)
    return Command(command_id, "succeeded", value)


def read_variable(device_id: str, variable: str) -> bool | float | str | None:
    """Read a variable of a device; whose it is, the caller has checked.

    Raises `UnknownVariable`, `DeviceOffline`, `DeviceTimeout`, `ParticleUnavailable` and
    `ParticleRateLimited`.
    """
    try:
        return cloud.particle().read_variable(cloud.tokens().server, device_id, variable)
    except errors.NotFoundError:
        raise UnknownVariable from None
    except errors.OutcomeUnknownError:
        # Reading changes nothing, and was tried again already.
        raise ParticleUnavailable from None
    except errors.ParticleError as failure:
        raise _reason(failure) from failure


def _call(device_id: str, function: str, argument: str) -> int:
    try:
        return cloud.particle().call_function(cloud.tokens().server, device_id, function, argument)
    except errors.NotFoundError:
        raise UnknownFunction from None
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


def _id_of(request_id: str) -> str:
    """The command's id for a request id: the same for the same request, and safe in a path."""
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


def _under_way(command_id: str) -> str:
    return FieldPath("underWay", command_id).to_api_repr()


def _begin(uid: str, device_id: str, command_id: str, request: dict[str, str]) -> None:
    batch = store.client().batch()
    batch.create(
        store.command(uid, command_id),
        {
            **request,
            "status": "sent",
            "returnValue": None,
            "error": None,
            "createdAt": SERVER_TIMESTAMP,
            "deadline": datetime.now(UTC) + DEADLINE,
            "finishedAt": None,
        },
    )
    # Changes nothing, but fails the commit when the document is not there.
    batch.update(store.user_device(uid, device_id), {"claimEpoch": Increment(0)})
    batch.update(
        store.device(device_id),
        {_under_way(command_id): round((time.time() + DEADLINE.total_seconds()) * 1000)},
    )
    batch.create(
        store.activity(uid).document(),
        {
            "action": "function-called",
            "deviceId": device_id,
            "function": request["function"],
            "commandId": command_id,
            "at": SERVER_TIMESTAMP,
        },
    )
    _commit(batch)


def _end(
    uid: str,
    device_id: str,
    command_id: str,
    status: str,
    *,
    value: int | None = None,
    failure: ProductError | None = None,
) -> None:
    batch = store.client().batch()
    batch.update(
        store.command(uid, command_id),
        {
            "status": status,
            "returnValue": value,
            "error": failure and {"reason": failure.reason, "message": str(failure)},
            "finishedAt": SERVER_TIMESTAMP,
        },
    )
    batch.update(store.device(device_id), {_under_way(command_id): DELETE_FIELD})
    try:
        _commit(batch)
    except GoogleAPICallError as lost:
        # The device has answered, and its owner shall hear it. The record becomes `unknown`.
        log.command_not_recorded(uid, command_id, status, lost)
        return
    log.command_finished(uid, device_id, command_id, status)


def _commit(batch: WriteBatch) -> None:
    batch.commit(timeout=10)


def _answer_again(uid: str, command_id: str, request: dict[str, str]) -> Command:
    """The answer of the first request with this id."""
    record: dict[str, Any] = store.command(uid, command_id).get().to_dict() or {}
    if any(record.get(key) != value for key, value in request.items()):
        raise BadRequest("This requestId was used for another request.", field="requestId")
    status = record["status"]
    if status == "succeeded":
        return Command(command_id, status, record["returnValue"])
    if status == "sent":
        if record["deadline"] > datetime.now(UTC):
            raise InProgress(commandId=command_id, retryAfter=5)
        _end(uid, record["deviceId"], command_id, "unknown", failure=DeviceTimeout())
        raise DeviceTimeout(commandId=command_id)
    failed = _OUTCOMES[record["error"]["reason"]]
    raise failed(record["error"]["message"], commandId=command_id)
