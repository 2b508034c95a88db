"""The records of function calls, and what each commit of them decides.

One commit before the call, without a read, decides everything at once:

- `users/{uid}/commands/{commandId}` is created, or is taken from the queue as it was read,
- the device is held for the call (`CallHold`), which succeeds in its owner's tree alone,
- for a guest's call: their share is as it was read just now (`Share.act`),
- the activity is recorded.

A guest's call is recorded in the owner's tree, with the guest's uid in `by`.

A deleted account owns nothing before anything of it is erased, so the tombstone needs no look.

One commit after the call writes the outcome, if the record is still as the first one left it. When
the process crashed in between, the record becomes `unknown`: the call may have run, so it is never
made again.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    CollectionReference,
    DocumentReference,
    FieldFilter,
    Increment,
    Query,
    WriteBatch,
    WriteOption,
)

from shared import log, settings
from shared.accounts import account
from shared.errors import (
    BadRequest,
    DeviceOffline,
    DeviceTimeout,
    NotYourDevice,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    TryAgain,
    UnknownCommand,
)
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.registry import access
from shared.registry.entry import Entry
from shared.registry.hold import CallHold, Expiry
from shared.registry.share import Role, Share

Status = Literal["queued", "sent", "succeeded", "failed", "expired", "cancelled", "unknown"]
"""`sent` while the call may be running; `unknown` when it may have run."""

PASSING = (DeviceOffline, ParticleUnavailable, ParticleRateLimited, TryAgain)
"""After these the call definitely did not run, and nothing is wrong with it."""

_STORED = ("field", "retryAfter")
"""The details of a failure that its record has, too."""

_DEVICE_ID = re.compile(r"[0-9a-f]{24}")

MAX_SETTLED = 500
"""Records of each kind that one run of the schedule settles."""


@dataclass(frozen=True)
class Call:
    """Which function of which device is called, with which argument."""

    device_id: str
    function: str
    argument: str

    @classmethod
    def of(cls, record: paths.Snapshot) -> "Call | None":
        """The call that a record is about; None when the record is damaged."""
        fields = record.to_dict() or {}
        device_id = device_of(record)
        function, argument = fields.get("function"), fields.get("argument")
        if not device_id or not isinstance(function, str) or not isinstance(argument, str):
            return None
        return cls(device_id, function, argument)


@dataclass(frozen=True)
class Wait:
    """How a call may wait for a device that is offline."""

    until: datetime
    coalesce: bool
    """Whether it takes the place of earlier calls of the same function."""


@dataclass(frozen=True)
class Outcome:
    """What became of a call."""

    status: Status
    value: int | None = None
    """What the device's function returned."""
    failure: ProductError | None = None
    wait: Wait | None = None
    """Of a call that begins to wait now."""
    replaced: bool = False
    """Whether it was cancelled because a later call has taken its place."""

    @classmethod
    def of(cls, failure: ProductError, *, from_queue: bool = False) -> "Outcome":
        """The outcome of a call that failed: after a timeout it may have run.

        One `from_queue` waits on after a failure that passes. Any other failure is final, since
        the calls behind it wait for it.
        """
        if isinstance(failure, DeviceTimeout):
            return cls("unknown", failure=failure)
        if from_queue and isinstance(failure, PASSING):
            return WAITS_ON
        return cls("failed", failure=failure)


CANCELLED = Outcome("cancelled")
REPLACED = Outcome("cancelled", replaced=True)
WAITS_ON = Outcome("queued")
"""Of a call from the queue that definitely did not run."""


@dataclass(frozen=True)
class Begun:
    """A call whose record says `sent`, and for which the device is held."""

    call: Call
    hold: CallHold
    written_at: Any
    """The record's update time. Another one means that the record has been settled."""
    others_wait: bool = False
    """Whether other calls may be waiting for the device."""
    platform_id: int | None = None
    """The device's platform, where it was asked for and is known."""
    share: Share | None = None
    """Of a call that a guest makes now."""

    @property
    def reference(self) -> DocumentReference:
        """The record."""
        return paths.command(self.hold.uid, self.hold.command_id)


class UsedError(Exception):
    """The command id has a record already, of an earlier request."""

    def __init__(self, record: paths.Snapshot) -> None:
        """With the record as it was found."""
        super().__init__(record.id)
        self.record = record


class DeviceChangedError(Exception):
    """The device's entry in the registry has changed since it was read."""


def begin(
    uid: str,
    command_id: str,
    call: Call,
    *,
    share: Share | None = None,
    ask_platform: bool = False,
    schedule_id: str | None = None,
) -> Begun:
    """Create the record of a call that is about to be made, in the tree of the device's owner.

    With `share` it is the call of that guest, with `schedule_id` that of a schedule. With
    `ask_platform` the commit also returns the device's platform. Raises `UsedError` for a used id,
    Firestore's `NotFound` when the user does not own the device, and what `access.as_guest`
    expects.
    """
    hold = _hold(uid, command_id, call)
    batch = paths.client().batch()
    batch.create(
        paths.command(uid, command_id),
        {
            "deviceId": call.device_id,
            "function": call.function,
            "argument": call.argument,
            "status": "sent",
            "returnValue": None,
            "error": None,
            "createdAt": SERVER_TIMESTAMP,
            "deadline": hold.expiry.at,
            "finishedAt": None,
            "expireAt": _kept_until(datetime.now(UTC)),
            **({"by": share.guest_uid} if share else {}),
            **({"scheduleId": schedule_id} if schedule_id else {}),
        },
    )
    hold.begin(batch)
    if ask_platform:
        # Makes Firestore return what is stored, without a read. A platform that Particle has not
        # told becomes 0, which no device of a product has.
        asked = {"platformId": Increment(0)}
        batch.update(paths.user_device(uid, call.device_id), asked)
    noted = {"deviceId": call.device_id, "function": call.function, "commandId": command_id}
    if schedule_id:
        noted["scheduleId"] = schedule_id
    if share:
        share.act(batch, "function-called", **noted)
    else:
        account.note(batch, uid, "function-called", **noted)
    try:
        created, _owned, held, *others = batch.commit()
    except AlreadyExists:
        record = paths.command(uid, command_id).get()
        if share and not record.exists:
            raise NotYourDevice from None  # an account was deleted just now
        if not _is_written(record, hold):
            raise UsedError(record) from None
        # Our own, by an attempt whose answer was lost. Whether others wait is lost with it.
        return Begun(call, hold, record.update_time, others_wait=True, share=share)
    waiting_until: int = held.transform_results[0].integer_value
    others_wait = waiting_until > time.time() * 1000
    platform_id = others[0].transform_results[0].integer_value if ask_platform else None
    return Begun(call, hold, created.update_time, others_wait, platform_id or None, share)


def resume(
    uid: str, queued: paths.Snapshot, call: Call, share: Share | None = None
) -> Begun | None:
    """Take a queued call, as it was read, for sending; None when it is not queued any more.

    `share` is that of the guest who made it. Raises Firestore's `NotFound` or `AlreadyExists` when
    the user no longer owns the device, or the guest has no share of it any more.
    """
    hold = _hold(uid, queued.id, call)
    batch = paths.client().batch()
    batch.update(
        queued.reference,
        {"status": "sent", "deadline": hold.expiry.at},
        option=_unchanged(queued.update_time),
    )
    hold.begin(batch)
    if share:
        share.keep(batch)
        account.unless_deleted(batch, share.guest_uid)
    try:
        written_at = batch.commit()[0].update_time
    except FailedPrecondition:
        record = queued.reference.get()
        if not _is_written(record, hold):
            return None
        written_at = record.update_time
    return Begun(call, hold, written_at)


def finish(begun: Begun, outcome: Outcome, *, entry: Entry | None = None) -> None:
    """Write what became of a call, unless its time was over and `settle` has written that.

    A result that cannot be written is only logged, and the record becomes `unknown` later: the
    device has answered, and its owner shall hear it. But a call waits only when that is written:
    else raises `TryAgain`. Raises `DeviceChangedError` when `entry` is given and has changed.
    """
    hold, status, wait = begun.hold, outcome.status, outcome.wait
    batch = paths.client().batch()
    batch.update(
        begun.reference,
        {
            "status": status,
            "returnValue": outcome.value,
            "error": outcome.failure and _stored(outcome.failure),
            "finishedAt": None if status == "queued" else SERVER_TIMESTAMP,
            **({"replaced": True} if outcome.replaced else {}),
            **(_waits(wait) if wait else {}),
        },
        option=_unchanged(begun.written_at),
    )
    hold.end(batch, waits_until=wait.until if wait else None, entry=entry)
    try:
        try:
            batch.commit()
        except FailedPrecondition:
            record = begun.reference.get()
            if record.exists and record.update_time == begun.written_at:
                raise DeviceChangedError from None
            # Written by an attempt whose answer was lost, or settled.
            if not record.exists or record.get("status") != status:
                raise
    except FAILURES as lost:
        log.command_not_recorded(hold.uid, hold.command_id, status, lost)
        if status == "queued":
            raise TryAgain(commandId=hold.command_id) from lost
        return
    log.command_finished(hold.uid, hold.device_id, hold.command_id, status)


def settle(record: paths.Snapshot, now: datetime) -> Status:
    """The status of a record, as it was read, after what time alone has changed in it.

    A call that has not ended by its deadline is `unknown`; one that has waited too long is
    `expired`, and one whose record is too damaged to be sent is `failed`. It is written, unless the
    record has changed since.
    """
    fields = record.to_dict() or {}
    status: Status = fields.get("status", "unknown")
    if status == "sent" and _is_over(fields.get("deadline"), now):
        outcome = Outcome.of(DeviceTimeout())
    elif status == "queued" and _is_over(fields.get("expiresAt"), now):
        outcome = Outcome("expired")
    elif status == "queued" and Call.of(record) is None:
        log.command_damaged(record.id)
        outcome = Outcome.of(BadRequest("The call's record is damaged. Nothing was done."))
    else:
        return status
    if not _end(record, outcome):
        again = record.reference.get()
        if again.exists:
            return settle(again, now)
        # The account was deleted meanwhile.
    return outcome.status


def settle_overdue(now: datetime) -> int:
    """Settle the records of all customers whose time is over; the number of those settled."""
    group = paths.client().collection_group(paths.COMMANDS)
    settled = 0
    for status, until in (("sent", "deadline"), ("queued", "expiresAt")):
        overdue = group.where(filter=FieldFilter("status", "==", status)).where(
            filter=FieldFilter(until, "<=", now)
        )
        for record in overdue.limit(MAX_SETTLED).stream():
            settle(record, now)
            settled += 1
    return settled


def waiting(uid: str, device_id: str) -> Query:
    """The user's calls that wait for the device, in no order."""
    return of_device(uid, device_id).where(filter=FieldFilter("status", "==", "queued"))


def of_device(uid: str, device_id: str) -> Query:
    """The user's calls of the device's functions."""
    commands: CollectionReference = paths.user(uid).collection(paths.COMMANDS)
    return commands.where(filter=FieldFilter("deviceId", "==", device_id))


def cancel(uid: str, command_id: str, device_id: str | None = None) -> Status:
    """Cancel a call that still waits for its device; its status, which says what became of it.

    `device_id` is needed for a call of another customer's device: a guest cancels calls of their
    own there, and one who manages it everybody's. Raises `UnknownCommand`, also for a call of which
    the user may know nothing, `RoleTooLow` and `InProgress`.
    """
    while True:
        record = paths.command(uid, command_id).get()
        if not record.exists:
            break
        status = settle(record, datetime.now(UTC))
        if status != "queued":
            return status
        batch = paths.client().batch()
        batch.update(record.reference, _ended(CANCELLED), option=_unchanged(record.update_time))
        account.note(batch, uid, "command-cancelled", **_about(record))
        try:
            batch.commit()
        except FailedPrecondition:
            continue  # it was taken for sending just now, or cancelled by another request
        return "cancelled"
    if device_id is None:
        raise UnknownCommand
    cancel_as_guest = partial(_cancel_as_guest, command_id)
    try:
        return access.as_guest(uid, device_id, Role.CONTROLLER, cancel_as_guest)
    except NotYourDevice:
        raise UnknownCommand from None


def _cancel_as_guest(command_id: str, share: Share) -> Status:
    record = paths.command(share.owner_uid, command_id).get()
    is_theirs = made_by(record) == share.guest_uid or share.role.includes(Role.MANAGER)
    if device_of(record) != share.device_id or not is_theirs:
        raise UnknownCommand
    status = settle(record, datetime.now(UTC))
    if status != "queued":
        return status
    batch = paths.client().batch()
    batch.update(record.reference, _ended(CANCELLED), option=_unchanged(record.update_time))
    share.act(batch, "command-cancelled", **_about(record))
    batch.commit()
    return "cancelled"


def _about(record: paths.Snapshot) -> dict[str, Any]:
    """What an activity says of a call; a queued call has an intact record."""
    call = Call.of(record)
    about = {"deviceId": call.device_id, "function": call.function} if call else {}
    return {**about, "commandId": record.id}


def withdraw(queued: paths.Snapshot, outcome: Outcome = CANCELLED) -> None:
    """End a waiting call, as it was read, without sending it; not if it has changed since."""
    if not _end(queued, outcome):
        log.command_not_withdrawn(queued.id, outcome.status)


def cancel_waiting(batch: WriteBatch, uid: str, device_id: str) -> None:
    """Add to a commit that no call of the user waits for the device any more; one query."""
    for queued in waiting(uid, device_id).select([]).stream():
        batch.update(queued.reference, _ended(CANCELLED))


def cancel_in(batch: WriteBatch, queued: paths.Snapshot) -> None:
    """Add to a commit that a waiting call is cancelled; it fails when the call has changed."""
    batch.update(queued.reference, _ended(CANCELLED), option=_unchanged(queued.update_time))


def device_of(record: paths.Snapshot) -> str | None:
    """The device that a record is about; None when the record is damaged."""
    device_id = (record.to_dict() or {}).get("deviceId")
    return device_id if isinstance(device_id, str) and _DEVICE_ID.fullmatch(device_id) else None


def made_by(record: paths.Snapshot) -> str | None:
    """The guest who made a call; None for the device's owner."""
    by = (record.to_dict() or {}).get("by")
    return by if isinstance(by, str) else None


def _end(record: paths.Snapshot, outcome: Outcome) -> bool:
    """Write how a call ended that is not being made; False when the record has changed since."""
    try:
        record.reference.update(_ended(outcome), option=_unchanged(record.update_time))
    except (FailedPrecondition, NotFound):
        return False
    return True


def _ended(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "error": outcome.failure and _stored(outcome.failure),
        "finishedAt": SERVER_TIMESTAMP,
        **({"replaced": True} if outcome.replaced else {}),
    }


def _is_over(end: Any, now: datetime) -> bool:
    """Whether a time has passed; one that is missing has, since no call waits for ever."""
    return not isinstance(end, datetime) or end <= now


def _hold(uid: str, command_id: str, call: Call) -> CallHold:
    return CallHold(uid, call.device_id, command_id, Expiry.after(settings.CALL_HOLD))


def _waits(wait: Wait) -> dict[str, Any]:
    """The fields of a call that waits; its record is kept from the end of the waiting on."""
    return {
        "expiresAt": wait.until,
        "coalesce": wait.coalesce,
        "expireAt": _kept_until(wait.until),
    }


def _kept_until(since: datetime) -> datetime:
    return since + timedelta(days=settings.command_retention_days())


def _unchanged(update_time: Any) -> WriteOption:
    return paths.client().write_option(last_update_time=update_time)


def _is_written(record: paths.Snapshot, hold: CallHold) -> bool:
    """Whether the record was written for this hold, whose end is exact to the microsecond."""
    fields = record.to_dict() or {}
    return fields.get("status") == "sent" and fields.get("deadline") == hold.expiry.at


def _stored(failure: ProductError) -> dict[str, Any]:
    """A failure as the record holds it; a repeated request gets it again."""
    details = {key: failure.details[key] for key in _STORED if key in failure.details}
    return {"reason": failure.reason, "message": str(failure), **details}
