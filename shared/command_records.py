"""The records of function calls, and what each commit of them decides.

One commit before the call, without a read, decides everything at once:

- `users/{uid}/commands/{commandId}` is created, or taken from the queue as it was seen,
- `users/{uid}/devices/{deviceId}` is touched: it exists only while the user owns the device,
- `devices/{deviceId}.underWay.{commandId}` keeps the device from changing hands until the call
  has ended, for `DEADLINE` at most, and tells until when others may wait there (`waitingUntil`),
- the activity is noted.

A deleted account owns nothing before anything of it is erased, so the tombstone needs no look.

One commit after the call writes the result. A record whose function died in between becomes
`unknown`: the call may have run, so it is never made again.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import FailedPrecondition, GoogleAPICallError, NotFound
from google.cloud.firestore import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    Increment,
    Maximum,
    WriteBatch,
)
from google.cloud.firestore_v1.field_path import FieldPath

from shared import log, ownership, store
from shared.errors import DeviceTimeout, ProductError

DEADLINE = timedelta(seconds=60)
"""A call has ended after this: the functions' own time limit."""


def begin(uid: str, command_id: str, request: dict[str, Any]) -> bool:
    """Make the record of a call that is about to be made; whether others may wait for the device.

    Raises Firestore's `AlreadyExists` for a used id, and `NotFound` when the user does not own the
    device.
    """
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
    _hold(batch, uid, request["deviceId"], command_id)
    ownership.note(
        batch,
        uid,
        "function-called",
        deviceId=request["deviceId"],
        function=request["function"],
        commandId=command_id,
    )
    _created, _owned, held, _noted = batch.commit(timeout=10)
    waiting_until: int = held.transform_results[0].integer_value
    return waiting_until > time.time() * 1000


def resume(uid: str, queued: store.Snapshot) -> bool:
    """Take a queued call, as it was read, for sending; False when somebody else was faster.

    Raises Firestore's `NotFound` when the user no longer owns the device.
    """
    batch = store.client().batch()
    batch.update(
        queued.reference,
        {"status": "sent", "deadline": datetime.now(UTC) + DEADLINE},
        option=store.client().write_option(last_update_time=queued.update_time),
    )
    _hold(batch, uid, queued.get("deviceId"), queued.id)
    try:
        batch.commit(timeout=10)
    except FailedPrecondition:
        return False
    return True


def end(
    uid: str,
    device_id: str,
    command_id: str,
    status: str,
    *,
    value: int | None = None,
    failure: ProductError | None = None,
    **more: Any,
) -> None:
    """Write what became of a call. When that fails, the record becomes `unknown` later."""
    batch = store.client().batch()
    batch.update(
        store.command(uid, command_id),
        {
            "status": status,
            "returnValue": value,
            "error": failure and {"reason": failure.reason, "message": str(failure)},
            "finishedAt": None if status == "queued" else SERVER_TIMESTAMP,
            **more,
        },
    )
    registered: dict[str, Any] = {_under_way(command_id): DELETE_FIELD}
    if "expiresAt" in more:
        registered["waitingUntil"] = Maximum(_milliseconds(more["expiresAt"]))
    batch.update(store.device(device_id), registered)
    try:
        batch.commit(timeout=10)
    except GoogleAPICallError as lost:
        # The device has answered, and its owner shall hear it.
        log.command_not_recorded(uid, command_id, status, lost)
        return
    log.command_finished(uid, device_id, command_id, status)


def settle(record: store.Snapshot, now: datetime) -> str:
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
            option=store.client().write_option(last_update_time=record.update_time),
        )
    except FailedPrecondition:
        return settle(record.reference.get(), now)
    except NotFound:
        pass  # the account was deleted meanwhile
    return str(changed["status"])


def _hold(batch: WriteBatch, uid: str, device_id: str, command_id: str) -> None:
    """Only for the owner, and keeping the device theirs until the call has ended."""
    # Changes nothing, but fails the commit when the document is not there.
    batch.update(store.user_device(uid, device_id), {"claimEpoch": Increment(0)})
    until = _milliseconds(datetime.now(UTC) + DEADLINE)
    # The second one changes nothing either, and gives back what is stored.
    registered = {_under_way(command_id): until, "waitingUntil": Increment(0)}
    batch.update(store.device(device_id), registered)


def _milliseconds(time_: datetime) -> int:
    return round(time_.timestamp() * 1000)


def _under_way(command_id: str) -> str:
    return str(FieldPath("underWay", command_id).to_api_repr())
