"""One run of a schedule: the owner's call of the function, once, whatever crashes.

The request id of the call is that of the occurrence and the attempt, so a run that is repeated
after a crash finds the record of its call (`shared/commands/invoke.py`) and calls no device again.
Only after a failure by which the call definitely did not run, a further attempt follows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound

from shared import log
from shared.commands import invoke
from shared.commands.record import Call, Wait
from shared.errors import (
    BadRequest,
    InProgress,
    NotAllowed,
    NotYourDevice,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    TryAgain,
    UnknownFunction,
)
from shared.firestore import paths
from shared.schedules.due import LATE

ATTEMPTS = 3
_PAUSE = timedelta(minutes=1)
_LEASE = timedelta(minutes=3)
"""Longer than a run may take: after a crash it is tried again."""
_AGAIN = (ParticleUnavailable, ParticleRateLimited, TryAgain)
_HOPELESS = (NotAllowed, UnknownFunction, BadRequest)
"""It would fail each time: the schedule is switched off."""


def run(run_id: str) -> None:
    """Make the call of a run if its time has come; its outcome is in the schedule."""
    found = paths.schedule_run(run_id).get()
    now = datetime.now(UTC)
    if not found.exists or found.get("retryAt") > now or not _take(found, now):
        return
    uid, device_id = found.get("uid"), found.get("deviceId")
    device = paths.user_device(uid, device_id)
    plan = device.collection(paths.SCHEDULES).document(found.get("scheduleId"))
    shown, schedule = paths.read_all([device, plan])
    fields = schedule.to_dict() or {}
    epoch = found.get("claimEpoch")
    if (shown.to_dict() or {}).get("claimEpoch") != epoch or fields.get("claimEpoch") != epoch:
        found.reference.delete()  # the device has left, or the schedule is deleted
        return
    attempt = found.get("attempt")
    if attempt == 1 and now - found.get("dueAt") > LATE:
        _end(found, schedule, "missed")
        return
    occurrence = round(found.get("dueAt").timestamp() * 1000)
    request_id = f"schedule:{schedule.id}:{occurrence}:{attempt}"
    try:
        command = invoke.invoke(
            uid,
            Call(device_id, fields["function"], fields["argument"]),
            request_id=request_id,
            wait=_wait(fields, now),
            schedule_id=schedule.id,
        )
    except InProgress:
        _again(found, now, attempt)  # the run before this one is calling
    except _AGAIN as failure:
        if attempt >= ATTEMPTS or now + _PAUSE - found.get("dueAt") > LATE:
            _end(found, schedule, "failed", failure)
        else:
            _again(found, now, attempt + 1)
    except ProductError as failure:
        _end(found, schedule, "failed", failure)
    else:
        _end(found, schedule, command.status, command_id=command.command_id)


def _take(found: paths.Snapshot, now: datetime) -> bool:
    """Whether this run may work on it; another one that has read it may not."""
    unchanged = paths.client().write_option(last_update_time=found.update_time)
    try:
        found.reference.update({"retryAt": now + _LEASE}, option=unchanged)
    except (Aborted, FailedPrecondition, NotFound):
        return False
    return True


def _wait(fields: dict[str, Any], now: datetime) -> Wait | None:
    if fields["whenOffline"] != "queue":
        return None
    return Wait(now + timedelta(seconds=fields["expiresInSeconds"]), coalesce=True)


def _again(found: paths.Snapshot, now: datetime, attempt: int) -> None:
    found.reference.update({"retryAt": now + _PAUSE, "attempt": attempt})


def _end(
    found: paths.Snapshot,
    schedule: paths.Snapshot,
    outcome: str,
    failure: ProductError | None = None,
    *,
    command_id: str | None = None,
) -> None:
    """Note the outcome in the schedule, if no later occurrence has begun, and delete the run."""
    if failure:
        command_id = failure.details.get("commandId")
        log.schedule_failed(found.get("deviceId"), schedule.id, failure.reason)
    changes: dict[str, Any] = {
        "last": {
            "dueAt": found.get("dueAt"),
            "outcome": outcome,
            "reason": failure and failure.reason,
            "commandId": command_id,
            "at": datetime.now(UTC),
        }
    }
    if isinstance(failure, _HOPELESS):
        changes |= {"enabled": False, "disabledReason": failure.reason, "dueAt": None}
    batch = paths.client().batch()
    batch.delete(found.reference)
    last = (schedule.to_dict() or {}).get("last") or {}
    if last.get("dueAt") == found.get("dueAt") and not isinstance(failure, NotYourDevice):
        batch.update(schedule.reference, changes)
    try:
        batch.commit()
    except NotFound:
        found.reference.delete()  # the schedule was deleted meanwhile
