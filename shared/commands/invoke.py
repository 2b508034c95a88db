"""One call of a device's function: begun, sent or left waiting, and finished in its record.

It is never made twice for one request. `shared/commands/record.py` says how the records decide
that; `shared/commands/queue.py` keeps the calls that wait for a device that is offline.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import NotFound

from shared import errors, settings
from shared.commands import delivery, queue, record
from shared.commands.offer import check_size, depends_on_platform, offer
from shared.commands.record import Begun, Call, Outcome, Status, UsedError, Wait
from shared.errors import (
    BadRequest,
    DeviceOffline,
    DeviceTimeout,
    InProgress,
    ProductError,
    SignInRequired,
    TryAgain,
)
from shared.firestore import paths
from shared.firestore.deadline import TRANSIENT
from shared.particle import Credentials
from shared.registry import access
from shared.registry.share import Role, Share


@dataclass(frozen=True)
class Command:
    """What became of a function call, for its caller."""

    command_id: str
    status: Status
    return_value: int | None = None


def _nothing_to_wait_for() -> None:
    """Nothing."""


def invoke(
    uid: str,
    call: Call,
    *,
    request_id: str | None = None,
    wait: Wait | None = None,
    confirm: Callable[[], None] = _nothing_to_wait_for,
    schedule_id: str | None = None,
) -> Command:
    """Call a function once, however often the same request comes.

    The device is the user's, or they are a guest who may control it. With `wait`, a call whose
    device is offline is kept. `confirm` is called when the call has been recorded, before anything
    reaches the device or ends another call; when it raises, the call has failed. `schedule_id` says
    which schedule makes it. Raises `NotAllowed`, `NotYourDevice`, `RoleTooLow`, `UnknownFunction`,
    `DeviceOffline`, `DeviceTimeout`, `DeviceNotReady`, `ParticleUnavailable`,
    `ParticleRateLimited`, `InProgress`, `TryAgain`, and `BadRequest` for an argument that is not
    offered or that the device or Particle does not take, and for a request id that was used for
    another call. A repeated request gets the outcome of the first one, be it a result or a failure.
    """
    offer().check_call(call.function, call.argument)
    request_id = request_id or secrets.token_hex(16)
    began_at = datetime.now(UTC)
    try:
        credentials = delivery.credentials()
    except ProductError:
        # Nothing can be sent, so nothing is written. A used request id is still answered.
        found = _first_of(uid, call, request_id)
        if found is None:
            raise
        return _recorded(found, uid, call)
    try:
        begun = _begin(uid, call, request_id, schedule_id)
    except UsedError as used:
        return _recorded(used.record, uid, call)

    try:
        confirm()
        outcome = _decide(begun, credentials, wait)
    except ProductError as failure:
        outcome = Outcome.of(failure)

    if outcome.wait:
        outcome = queue.keep(begun, outcome.wait)
    else:
        record.finish(begun, outcome)

    if outcome.failure:
        outcome.failure.details["commandId"] = begun.hold.command_id
        raise outcome.failure
    if outcome.status == "queued" and (
        # Others wait for a device that may be there; or it came back when no call waited yet.
        begun.others_wait or queue.was_there_since(began_at, begun.hold.uid, call.device_id)
    ):
        return _send_queued(begun, uid)
    return Command(begun.hold.command_id, outcome.status, outcome.value)


def _begin(uid: str, call: Call, request_id: str, schedule_id: str | None) -> Begun:
    """Record the call: as the owner's, which needs no read, or else as a guest's."""
    ask_platform = depends_on_platform(call.argument)
    try:
        return record.begin(
            uid,
            _id_of(request_id),
            call,
            ask_platform=ask_platform,
            schedule_id=schedule_id,
        )
    except NotFound:
        pass

    def begin_as_guest(share: Share) -> Begun:
        command_id = _id_of(request_id, uid)
        return record.begin(
            share.owner_uid, command_id, call, share=share, ask_platform=ask_platform
        )

    return access.as_guest(uid, call.device_id, Role.CONTROLLER, begin_as_guest)


def _first_of(uid: str, call: Call, request_id: str) -> paths.Snapshot | None:
    """The record of the first request with this id; None if there was none."""
    found = paths.command(uid, _id_of(request_id)).get()
    if found.exists:
        return found
    share = access.find_share(uid, call.device_id)
    if share:
        found = paths.command(share.owner_uid, _id_of(request_id, uid)).get()
    return found if found.exists else None


def _decide(begun: Begun, credentials: Credentials, wait: Wait | None) -> Outcome:
    """Send the call, or leave it waiting: behind others, or for a device that is offline.

    Raises `ProductError`.
    """
    call, hold = begun.call, begun.hold
    check_size(call.argument, begun.platform_id)
    try:
        if wait and wait.coalesce:
            queue.cancel_earlier(begun)
        if not (wait and begun.others_wait):
            try:
                return Outcome("succeeded", delivery.send(call, credentials, hold.expiry))
            except DeviceOffline:
                if wait is None:
                    raise
        if not queue.has_room(begun):
            raise DeviceOffline
    except TRANSIENT as failure:
        raise TryAgain from failure
    return Outcome("queued", wait=wait)


def _send_queued(begun: Begun, uid: str) -> Command:
    """Send what waits for the device, this call last, and answer the user what became of it."""
    call = begun.call
    try:
        queue.send(begun.hold.uid, call.device_id, settings.CALLER_SEND_BUDGET)
    except (queue.NotFinishedError, *TRANSIENT):
        queue.send_later(call.device_id)
        return Command(begun.hold.command_id, "queued")
    return _recorded(begun.reference.get(), uid, call)


def _recorded(found: paths.Snapshot, uid: str, call: Call) -> Command:
    """The outcome of the user's first request with this id, by its record. Raises like `invoke`."""
    if not found.exists:
        raise SignInRequired("This account was deleted.")
    made_by = record.made_by(found) or found.reference.parent.parent.id
    if Call.of(found) != call or made_by != uid:
        raise BadRequest("This requestId was used for another request.", field="requestId")
    status = record.settle(found, datetime.now(UTC))
    if status == "sent":
        raise InProgress(commandId=found.id, retryAfter=5)
    if status == "unknown":
        raise DeviceTimeout(commandId=found.id)
    if status == "failed":
        error: dict[str, Any] = dict(found.get("error"))
        failed = errors.by_reason(error.pop("reason"))
        raise failed(error.pop("message"), commandId=found.id, **error)
    return Command(found.id, status, found.get("returnValue"))


def _id_of(request_id: str, guest_uid: str | None = None) -> str:
    """The command's id for a request id: the same for the same request, and safe in a path.

    That of a guest, whose call is recorded in the owner's tree, is of no use to anybody else. No
    uid has a slash, so two guests never have the same.
    """
    text = request_id if guest_uid is None else f"{guest_uid}/{request_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
