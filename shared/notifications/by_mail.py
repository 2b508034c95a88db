"""Notifications by mail, to the address that the customer has verified."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError

from shared import connections, log, settings, smtp
from shared.firestore import paths
from shared.limits.counter import Counter, count
from shared.notifications import words
from shared.notifications.sending import GaveUpError, Notification, NotNowError

MAILS_A_DAY = 100
"""Mails about alerts that a customer is sent in a UTC day."""


def send(
    uid: str, _target: str | None, notifications: Sequence[Notification], mail_id: str
) -> None:
    """Mail notifications to a customer. Raises `GaveUpError` and `NotNowError`."""
    server = settings.mail_server()
    if server is None:
        raise GaveUpError("no mails are sent")
    address = _address(uid)
    _count(uid)
    said = list(notifications)
    link = f"{settings.site_url()}/devices/{{}}"
    try:
        smtp.send(server, address, words.subject(said), words.text(said, link), mail_id=mail_id)
    except smtp.RefusedError as failure:
        suspended = {"at": datetime.now(UTC), "reason": str(failure)}
        paths.preferences(uid).set({"emailSuspended": suspended}, merge=True)
        log.mail_refused(mail_id, failure)
        raise GaveUpError(str(failure)) from failure
    except smtp.NotSentError as failure:
        log.mail_not_sent(mail_id, failure)
        raise NotNowError(str(failure)) from failure


def _address(uid: str) -> str:
    try:
        user = auth.get_user(uid, app=connections.firebase())
    except auth.UserNotFoundError as failure:
        raise GaveUpError("the account does not exist any more") from failure
    except FirebaseError as failure:
        raise NotNowError(f"Auth does not answer: {type(failure).__name__}") from failure
    if not user.email or not user.email_verified or user.disabled:
        raise GaveUpError("the customer has no verified address")
    return str(user.email)


def _count(uid: str) -> None:
    now = datetime.now(UTC)
    document = paths.alert_mails(uid, f"{now:%Y-%m-%d}")
    fields = {"expireAt": now + timedelta(days=2)}
    [counted] = count(Counter(document, add={("count",): 1}, fields=fields))
    if counted["count",] > MAILS_A_DAY:
        raise GaveUpError(f"{MAILS_A_DAY} mails were sent today")
