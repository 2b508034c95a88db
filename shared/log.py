"""Every line that the functions log, as one named function each.

A line is one JSON object that Cloud Logging reads: `severity`, `message`, `event` (the name of the
function here, which metrics and alarms in `deploy/monitoring` match), the function served, the
request's trace, and fields. It may contain uids and device ids, and never a token, a secret, an
e-mail address, an argument or event data.
"""

import contextlib
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import flask

from shared import settings

_TRACE = re.compile(r"[0-9a-f]{32}")
_TRACE_FIELD = "logging.googleapis.com/trace"
_muted: set[str] = set()
_people: list[bool] = []
"""Not empty while lines are written for people."""

_FAULTS_OF_CALLERS = ("Error validating token", "Invalid request, unable to process")
"""What the SDK logs as errors although any caller can cause it. Alarms count errors."""


def call_refused(function: str, uid: str | None, failure: Exception, error_id: str) -> None:
    """A callable answered with a reason from the error table; `cause` is what led to it."""
    _line(
        "INFO",
        "call-refused",
        function=function,
        uid=uid,
        reason=getattr(failure, "reason", None),
        cause=str(failure.__cause__) if failure.__cause__ else None,
        errorId=error_id,
    )


def call_failed(function: str, uid: str | None, error_id: str, error: BaseException) -> None:
    """A callable failed by a fault of ours; the caller sees only the errorId."""
    _line(
        "ERROR",
        "call-failed",
        f"call failed\n{_traceback(error)}",
        function=function,
        uid=uid,
        errorId=error_id,
    )


def call_interrupted(function: str, uid: str | None, error_id: str, error: BaseException) -> None:
    """Firestore or Auth did not answer in time; the caller was asked to try again."""
    _line(
        "WARNING",
        "call-interrupted",
        "call interrupted: try again",
        function=function,
        uid=uid,
        cause=f"{type(error).__name__}: {error}",
        errorId=error_id,
    )


def event_ignored(function: str, error: BaseException) -> None:
    """An event about a document was acknowledged unread: it cannot be one of the product's."""
    _line("WARNING", "event-ignored", function=function, cause=str(error))


def customer_ready(uid: str) -> None:
    """A shadow customer was created at Particle, or found there and is ours."""
    _line("INFO", "customer-ready", "shadow customer ready", uid=uid)


def customer_failed(uid: str, error: BaseException) -> None:
    """Particle did not create a shadow customer; the trigger or the next call tries again."""
    _line("WARNING", "customer-failed", "shadow customer not made yet", uid=uid, cause=str(error))


def customer_lost(uid: str) -> None:
    """The customer no longer exists at Particle; the next call creates it again."""
    _line("WARNING", "customer-lost", "shadow customer is gone at Particle", uid=uid)


def customer_refused(uid: str) -> None:
    """The user's customer name at Particle is bound to another uid; trying again will not help."""
    _line("ERROR", "customer-refused", "identity at Particle is bound to another user", uid=uid)


def device_claimed(uid: str, device_id: str, epoch: int) -> None:
    """A device has a new owner."""
    _line("INFO", "device-claimed", uid=uid, deviceId=device_id, claimEpoch=epoch)


def device_released(uid: str, device_id: str) -> None:
    """A device has no owner any more."""
    _line("INFO", "device-released", uid=uid, deviceId=device_id)


def device_transferred(uid: str, to_uid: str, device_id: str, epoch: int) -> None:
    """A device has a new owner, to whom the former one has handed it over."""
    _line("INFO", "device-transferred", uid=uid, toUid=to_uid, deviceId=device_id, claimEpoch=epoch)


def release_to_be_continued(device_id: str, error: BaseException) -> None:
    """A released device may still have an owner at Particle; a job ends that claim later."""
    _line(
        "WARNING",
        "release-to-be-continued",
        "claim at Particle is ended later",
        deviceId=device_id,
        cause=str(error),
    )


def history_erased(uid: str, device_id: str) -> None:
    """A customer's history of a device that they released was erased."""
    _line("INFO", "history-erased", uid=uid, deviceId=device_id)


def tokens_ended(uid: str) -> None:
    """All tokens of Particle that a customer's apps had were ended."""
    _line("INFO", "tokens-ended", uid=uid)


def token_ending_to_be_continued(uid: str, error: BaseException) -> None:
    """A customer's tokens may still work at Particle; a job ends them later."""
    _line(
        "WARNING",
        "token-ending-to-be-continued",
        "tokens at Particle are ended later",
        uid=uid,
        cause=str(error),
    )


def token_not_discarded(error: BaseException) -> None:
    """A token that no app has could not be revoked; it expires within the hour."""
    _line("WARNING", "token-not-discarded", "token at Particle not revoked", cause=str(error))


def account_deleted(uid: str) -> None:
    """An account and all its data were deleted."""
    _line("INFO", "account-deleted", uid=uid)


def deletion_to_be_continued(uid: str, error: BaseException) -> None:
    """A run of a deletion stopped; the trigger's next delivery continues."""
    _line(
        "WARNING",
        "deletion-to-be-continued",
        "account's deletion continues later",
        uid=uid,
        cause=str(error),
    )


def job_not_finished(job: str, error: BaseException) -> None:
    """The schedule could not finish a job that its own trigger had not finished; it tries again."""
    _line(
        "WARNING",
        "job-not-finished",
        f"{job} is not finished",
        job=job,
        cause=f"{type(error).__name__}: {error}",
    )


def foreign_owner_found(device_id: str, uid: str | None, stranger: str | None) -> None:
    """A stranger had claimed a device at Particle that is somebody's here, or stock: ended.

    `uid` is the owner's here, and `stranger` the uid of the user whose customer it was, if known.
    """
    _line(
        "WARNING",
        "foreign-owner-found",
        "a stranger owned the device at Particle; released",
        deviceId=device_id,
        uid=uid,
        strangerUid=stranger,
    )


def foreign_owner_left(device_id: str, error: BaseException) -> None:
    """Whether a stranger owns the device at Particle is not known, or is left to the next look."""
    _line(
        "INFO",
        "foreign-owner-left",
        "the device's owner at Particle is looked at later",
        deviceId=device_id,
        cause=f"{type(error).__name__}: {error}",
    )


def foreign_owner_released(device_id: str) -> None:
    """A claim here found another user's at Particle, and ended it."""
    _line(
        "WARNING",
        "foreign-owner-released",
        "owner at Particle was not the registry's; released",
        deviceId=device_id,
    )


def particle_client_rejected() -> None:
    """Particle does not accept the OAuth client's id and secret: for the operator to fix."""
    _line(
        "CRITICAL",
        "particle-client-rejected",
        "Particle rejects PARTICLE_CLIENT_ID or PARTICLE_CLIENT_SECRET",
    )


def token_budget_spent(share: str, retry_after: float) -> None:
    """A request with the client's secret has to wait, so that Particle does not block the product.

    `share` is the part of the budget that is spent: `app`, `claim`, `sign_up` and so on.
    """
    _line(
        "WARNING",
        "token-budget-spent",
        "budget of token requests is spent",
        share=share,
        retryAfter=round(retry_after),
    )


def device_not_in_product(device_id: str) -> None:
    """A registered device is not in the product at Particle: for the operator to fix."""
    _line(
        "ERROR",
        "device-not-in-product",
        "device is not in the product at Particle",
        deviceId=device_id,
    )


def reservation_left(device_id: str, error: BaseException) -> None:
    """A reservation could not be released after its claim failed; it expires within a minute."""
    _line(
        "WARNING",
        "reservation-left",
        "reservation not released",
        deviceId=device_id,
        cause=type(error).__name__,
    )


def command_finished(uid: str, device_id: str, command_id: str, status: str) -> None:
    """A function call ended."""
    _line(
        "INFO",
        "command-finished",
        uid=uid,
        deviceId=device_id,
        commandId=command_id,
        status=status,
    )


def command_not_recorded(uid: str, command_id: str, status: str, error: BaseException) -> None:
    """The device was called, but the result was not recorded; the record becomes `unknown`."""
    _line(
        "ERROR",
        "command-not-recorded",
        f"command's result not recorded\n{_traceback(error)}",
        uid=uid,
        commandId=command_id,
        status=status,
    )


def command_not_withdrawn(command_id: str, status: str) -> None:
    """A waiting call did not end so: it was taken for sending or has ended, or is deleted."""
    _line("INFO", "command-not-withdrawn", commandId=command_id, status=status)


def command_damaged(command_id: str) -> None:
    """A waiting call was ended, since its record does not say what to send."""
    _line("WARNING", "command-damaged", commandId=command_id)


def commands_settled(number: int) -> None:
    """A number of calls whose time was over were given a final status."""
    _line("INFO", "commands-settled", number=number)


def device_document_missing(device_id: str) -> None:
    """The registry names an owner who has no document of the device; the event is not theirs."""
    _line(
        "ERROR",
        "device-document-missing",
        "owner has no document of the device",
        deviceId=device_id,
    )


def registry_entry_damaged(device_id: str) -> None:
    """The registry names an owner, but not since when; the device's events are not theirs."""
    _line(
        "ERROR",
        "registry-entry-damaged",
        "owner without claimEpoch or claimedAt",
        deviceId=device_id,
    )


def dead_letter(message_id: str, reason: str) -> None:
    """A message can never be stored as an event; it is kept in `deadLetters`."""
    _line("WARNING", "dead-letter", messageId=message_id, reason=reason)


def webhook_refused() -> None:
    """A request to `ingest_webhook` had none of the secrets."""
    _line("WARNING", "webhook-refused", "webhook refused: it has none of the secrets")


def webhook_postponed(failure: Exception) -> None:
    """An event that a webhook brought could not be stored; Particle sends it twice more."""
    _line("WARNING", "webhook-postponed", f"webhook postponed: {failure}")


def canary_arrived(delay_ms: int) -> None:
    """A test event arrived in Firestore, all the way from Particle."""
    _line("INFO", "canary-arrived", delayMs=delay_ms)


def canary_lost(cause: str, failures: int) -> None:
    """A test event did not arrive; `failures` is how many in a row have not."""
    _line("ERROR", "canary-lost", f"canary lost: {cause}", failures=failures)


def canary_refused(cause: str) -> None:
    """The server's OAuth client may not test integrations at Particle: for the operator to fix."""
    _line("WARNING", "canary-refused", f"canary refused: {cause}")


def integration_quiet(minutes: int, usual: int) -> None:
    """No event has arrived for `minutes`, which is unusually long at this time of day."""
    _line("ERROR", "integration-quiet", minutes=minutes, usualMinutes=usual)


def mail_refused(mail_id: str, error: BaseException) -> None:
    """The mail server will never take this mail for its recipient; nobody tries again."""
    _line("INFO", "mail-refused", mailId=mail_id, cause=str(error))


def mail_not_sent(mail_id: str, error: BaseException) -> None:
    """The mail server could not be used: for the operator to look at, if it happens again."""
    _line("ERROR", "mail-not-sent", f"mail not sent: {error}", mailId=mail_id)


def alert_not_judged(device_id: str, alert_id: str, error: BaseException) -> None:
    """An alert that is due could not be judged; the next run tries again."""
    _line(
        "WARNING",
        "alert-not-judged",
        "alert that is due not judged yet",
        deviceId=device_id,
        alertId=alert_id,
        cause=f"{type(error).__name__}: {error}",
    )


def schedule_not_begun(device_id: str, schedule_id: str, error: BaseException) -> None:
    """A schedule that is due could not be begun; the next run tries again."""
    _line(
        "WARNING",
        "schedule-not-begun",
        "schedule that is due not begun yet",
        deviceId=device_id,
        scheduleId=schedule_id,
        cause=f"{type(error).__name__}: {error}",
    )


def schedule_missed(device_id: str, schedule_id: str, seconds: int) -> None:
    """An occurrence was so late that it was left out."""
    _line(
        "ERROR",
        "schedule-missed",
        f"schedule left out: its time was {seconds} s ago",
        deviceId=device_id,
        scheduleId=schedule_id,
    )


def schedule_failed(device_id: str, schedule_id: str, reason: str) -> None:
    """The call of a schedule failed."""
    _line(
        "INFO",
        "schedule-failed",
        f"call of a schedule failed: {reason}",
        deviceId=device_id,
        scheduleId=schedule_id,
        reason=reason,
    )


def notification_sent(delivery_id: str, channel: str, number: int) -> None:
    """Somebody was told of alerts, in one message."""
    _line(
        "INFO",
        "notification-sent",
        "notification sent",
        deliveryId=delivery_id,
        channel=channel,
        number=number,
    )


def notification_failed(delivery_id: str, channel: str, cause: str) -> None:
    """A notification was given up."""
    _line(
        "WARNING",
        "notification-failed",
        f"notification not sent: {cause}",
        deliveryId=delivery_id,
        channel=channel,
    )


def alert_damaged(device_id: str, alert_id: str) -> None:
    """The document of an alert cannot be read; it was changed by hand, and is left alone."""
    _line(
        "ERROR",
        "alert-damaged",
        "document of an alert cannot be read",
        deviceId=device_id,
        alertId=alert_id,
    )


def silence_held(device_id: str, alert_id: str) -> None:
    """A device is silent while the way from Particle to here is broken: nobody is told yet."""
    _line(
        "WARNING",
        "silence-held",
        "device is silent, but so may be everything: alert held back",
        deviceId=device_id,
        alertId=alert_id,
    )


def share_not_ended(device_id: str, guest_uid: str, error: BaseException) -> None:
    """An expired share could not be ended; the next run tries again."""
    _line(
        "WARNING",
        "share-not-ended",
        "expired share not ended yet",
        deviceId=device_id,
        guestUid=guest_uid,
        cause=f"{type(error).__name__}: {error}",
    )


def sweep_late(seconds: int | None) -> None:
    """`run_due` has not completed a run for this long, or never; expired shares may go on."""
    _line("ERROR", "sweep-late", seconds=seconds)


def due_late(seconds: int) -> None:
    """Something has been due for this long; `run_due` does not get to it, or fails at it."""
    _line("ERROR", "due-late", seconds=seconds)


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@contextlib.contextmanager
def for_people() -> Iterator[None]:
    """Write warnings and errors alone, as sentences on standard error: for a command line.

    It reports itself what it did.
    """
    _muted.add("INFO")
    _people.append(True)
    try:
        yield
    finally:
        _people.pop()
        if not _people:
            _muted.discard("INFO")


def capture_standard_logging() -> None:
    """Write what libraries and the framework log as lines of this form, from INFO upwards.

    An uncaught exception becomes one entry with its traceback, as Error Reporting needs it. The
    framework would write an entry for each line of it, without severity, and drop INFO.
    """
    logging.basicConfig(level=logging.INFO, handlers=[_Lines()], force=True)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            message += "\n" + _traceback(record.exc_info[1])
        level = record.levelname
        if level == "ERROR" and message.startswith(_FAULTS_OF_CALLERS):
            level = "WARNING"
        _line(level, "library", message, logger=record.name)


def _line(severity: str, event: str, message: str | None = None, **fields: Any) -> None:
    if severity in _muted:
        return
    message = message or event.replace("-", " ")
    if _people:
        named = (f"{name} {fields[name]}" for name in ("deviceId", "uid") if fields.get(name))
        about = ", ".join(named)
        said = message.partition("\n")[0] + (f" ({about})" if about else "")
        sys.stderr.write(f"{severity.lower()}: {said}\n".encode(errors="replace").decode())
        return
    entry = {"severity": severity, "message": message, "event": event, **_circumstances(), **fields}
    stream = sys.stderr if severity == "ERROR" else sys.stdout
    line = json.dumps(entry, ensure_ascii=False)
    # In one write, so that lines of concurrent requests do not mix. Half of a surrogate pair, which
    # no stream can write, is replaced by its escape, which JSON allows.
    stream.write(line.encode(errors="backslashreplace").decode() + "\n")
    stream.flush()


def _circumstances() -> dict[str, str]:
    """The function that this instance serves, and the trace that joins a request's entries.

    Google sends the trace with each request (Cloud Run docs, "Correlate logs"); in the newer header
    it follows a version.
    """
    found = {"function": name} if (name := settings.function_served()) else {}
    if flask.has_request_context():
        headers = flask.request.headers
        header = headers.get("traceparent") or headers.get("X-Cloud-Trace-Context") or ""
        if trace := _TRACE.search(header):
            found[_TRACE_FIELD] = f"projects/{settings.project()}/traces/{trace[0]}"
    return found
