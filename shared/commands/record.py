"""The records of function calls, and what each commit of them decides.

One commit before the call, without a read, decides everything at once:

- `users/{uid}/commands/{commandId}` is created, or taken from the queue as it was seen,
- `users/{uid}/devices/{deviceId}` is touched: it exists only while the user owns the device,
- `devices/{deviceId}.underWay.{commandId}` keeps the device from changing hands until the call
  has ended, for `DEADLINE` at most, and tells until when others may wait there (`waitingUntil`),
- the activity is noted.

A deleted account owns nothing before anything of it is erased, so the tombstone needs no look.

One commit after the call writes the result, if the record is still as the first one left it. A
record whose function died in between becomes `unknown`: the call may have run, so it is never made
again.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    Increment,
    Maximum,
    WriteBatch,
)
from google.cloud.firestore_v1.field_path import FieldPath

from shared import log
from shared.accounts import account
from shared.errors import DeviceTimeout, ProductError, TryAgain
from shared.firestore import paths
from shared.firestore.deadline import FAILURES

DEADLINE = timedelta(seconds=60)
"""A call has ended after this, and the device may change hands."""


@dataclass(frozen=True)
class Held:
    """A call whose record is written, and for which the device is held."""

    uid: str
    device_id: str
    command_id: str
    written_at: Any
    """The record's update time: any other says that its time was over."""
    until: float
    """On the monotonic clock: until then nobody else may have the device."""
    others_wait: bool = False
    """Whether others may be waiting for the device."""


class UsedError(Exception):
    """There is a record with this id, of an earlier request."""

    def __init__(self, record: paths.Snapshot) -> None:
        """As it was found."""
        super().__init__(record.id)
        self.record = record


class DeviceChangedError(Exception):
    """The registry's entry is not as it was read."""


def begin(uid: str, command_id: str, request: dict[str, Any]) -> Held:
    """Make the record of a call that is about to be made.

    Raises `UsedError` for a used id, and Firestore's `NotFound` when the user does not own the
    device.
    """
    until, deadline = _deadline()
    batch = paths.client().batch()
    batch.create(
        paths.command(uid, command_id),
        {
            **request,
            "status": "sent",
            "returnValue": None,
            "error": None,
            "createdAt": SERVER_TIMESTAMP,
            "deadline": deadline,
            "finishedAt": None,
        },
    )
    _hold(batch, uid, request["deviceId"], command_id, deadline)
    account.note(
        batch,
        uid,
        "function-called",
        deviceId=request["deviceId"],
        function=request["function"],
        commandId=command_id,
    )
    try:
        created, _owned, held, _noted = batch.commit()
    except AlreadyExists:
        record = paths.command(uid, command_id).get()
        if not _is_written(record, deadline):
            raise UsedError(record) from None
        # Our own, by an attempt whose answer was lost: others may wait, for all that is known.
        return Held(
            uid, request["deviceId"], command_id, record.update_time, until, others_wait=True
        )
    waiting_until: int = held.transform_results[0].integer_value
    return Held(
        uid,
        request["deviceId"],
        command_id,
        created.update_time,
        until,
        others_wait=waiting_until > time.time() * 1000,
    )


def resume(uid: str, queued: paths.Snapshot) -> Held | None:
    """Take a queued call, as it was read, for sending; None when somebody else was faster.

    Raises Firestore's `NotFound` when the user no longer owns the device.
    """
    until, deadline = _deadline()
    device_id: str = queued.get("deviceId")
    batch = paths.client().batch()
    batch.update(
        queued.reference,
        {"status": "sent", "deadline": deadline},
        option=paths.client().write_option(last_update_time=queued.update_time),
    )
    _hold(batch, uid, device_id, queued.id, deadline)
    try:
        written_at = batch.commit()[0].update_time
    except FailedPrecondition:
        record = queued.reference.get()
        if not _is_written(record, deadline):
            return None
        written_at = record.update_time
    return Held(uid, device_id, queued.id, written_at, until)


def end(
    held: Held,
    status: str,
    *,
    value: int | None = None,
    failure: ProductError | None = None,
    device: paths.Snapshot | None = None,
    **more: Any,
) -> None:
    """Write what became of a call, unless its time was over and `settle` has said so.

    When a result cannot be written, its record becomes `unknown` later: the device has answered,
    and its owner shall hear it. That a call waits is told only when it is written: else raises
    `TryAgain`. Raises `DeviceChangedError` when the registry's entry is to be as in `device` and
    is not.
    """
    batch = paths.client().batch()
    batch.update(
        paths.command(held.uid, held.command_id),
        {
            "status": status,
            "returnValue": value,
            "error": failure and _told(failure),
            "finishedAt": None if status == "queued" else SERVER_TIMESTAMP,
            **more,
        },
        option=paths.client().write_option(last_update_time=held.written_at),
    )
    registered: dict[str, Any] = {_under_way(held.command_id): DELETE_FIELD}
    if "expiresAt" in more:
        registered["waitingUntil"] = Maximum(_milliseconds(more["expiresAt"]))
    unchanged = (
        None if device is None else paths.client().write_option(last_update_time=device.update_time)
    )
    batch.update(paths.device(held.device_id), registered, option=unchanged)
    try:
        try:
            batch.commit()
        except FailedPrecondition:
            record = paths.command(held.uid, held.command_id).get()
            if record.exists and record.update_time == held.written_at:
                raise DeviceChangedError from None
            # Written by an attempt whose answer was lost, or settled.
            if not record.exists or record.get("status") != status:
                raise
    except FAILURES as lost:
        log.command_not_recorded(held.uid, held.command_id, status, lost)
        if status == "queued":
            raise TryAgain(commandId=held.command_id) from lost
        return
    log.command_finished(held.uid, held.device_id, held.command_id, status)


def _told(failure: ProductError) -> dict[str, Any]:
    """A failure as the record has it, to be told again."""
    told = {"reason": failure.reason, "message": str(failure)}
    retry_after = failure.details.get("retryAfter")
    return told if retry_after is None else {**told, "retryAfter": retry_after}


def _deadline() -> tuple[float, datetime]:
    """When a call that begins now has ended: on the monotonic clock, and as it is written."""
    return time.monotonic() + DEADLINE.total_seconds(), datetime.now(UTC) + DEADLINE


def _is_written(record: paths.Snapshot, deadline: datetime) -> bool:
    """Whether the record was written with this deadline, which is to the microsecond."""
    fields = record.to_dict() or {}
    return fields.get("status") == "sent" and fields.get("deadline") == deadline


def settle(record: paths.Snapshot, now: datetime) -> str:
    """The status of a record, as it was read, after what time alone has changed in it.

    A call that has not ended by its deadline is `unknown`; one that has waited too long is
    `expired`. Either is written, unless the record has changed since.
    """
    fields = record.to_dict() or {}
    status: str = fields["status"]
    changed: dict[str, Any]
    if status == "sent" and fields["deadline"] <= now:
        error = {"reason": DeviceTimeout.reason, "message": DeviceTimeout.message}
        changed = {"status": "unknown", "error": error}
    elif status == "queued" and fields["expiresAt"] <= now:
        changed = {"status": "expired"}
    else:
        return status
    try:
        record.reference.update(
            {**changed, "finishedAt": SERVER_TIMESTAMP},
            option=paths.client().write_option(last_update_time=record.update_time),
        )
    except FailedPrecondition:
        return settle(record.reference.get(), now)
    except NotFound:
        pass  # the account was deleted meanwhile
    return str(changed["status"])


def _hold(batch: WriteBatch, uid: str, device_id: str, command_id: str, deadline: datetime) -> None:
    """Only for the owner, and keeping the device theirs until the call has ended."""
    # Changes nothing, but fails the commit when the document is not there.
    batch.update(paths.user_device(uid, device_id), {"claimEpoch": Increment(0)})
    # The second one changes nothing either, and gives back what is stored.
    registered = {_under_way(command_id): _milliseconds(deadline), "waitingUntil": Increment(0)}
    batch.update(paths.device(device_id), registered)


def _milliseconds(time_: datetime) -> int:
    return round(time_.timestamp() * 1000)


def _under_way(command_id: str) -> str:
    return str(FieldPath("underWay", command_id).to_api_repr())
