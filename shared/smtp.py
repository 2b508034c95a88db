"""Hands a mail over to the maker's mail server.

Apart from `shared/mail.py`, because the imports take 36 ms, and only who sends a mail needs them.
"""

import contextlib
import email.errors
import email.policy
import email.utils
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from shared import settings
from shared.settings import MailServer, SettingMissingError

_PERMANENT = 500
"""Replies from this one on say that a repetition would fail, too (RFC 5321, 4.2.1)."""


class MailError(Exception):
    """A mail was not handed over. The text names no address."""


class RefusedError(MailError):
    """The server will never take this mail for this recipient: a repetition does not help."""


class NotSentError(MailError):
    """The server could not be reached, did not let us in, or takes no mail at the moment.

    It may be repeated. If the server's last reply was lost, the mail may arrive nevertheless.
    """


def send(server: MailServer, to: str, subject: str, text: str, *, mail_id: str) -> None:
    """Hand a text over for one recipient. Copies with the same `mail_id` are one mail to readers.

    Raises:
        RefusedError: see above; also for what is not an address.
        NotSentError: see above.
        SettingMissingError: `MAIL_FROM` is not an address.
    """
    sender = _sender(server)
    message = _message(sender, _recipient(to), subject, text, mail_id)
    until = time.monotonic() + settings.MAIL_PATIENCE
    try:
        session = _session(server, until)
    except (smtplib.SMTPException, OSError) as failure:
        raise NotSentError(_cause(failure)) from failure
    try:
        _hand_over(session, message, sender.addr_spec, to)
    finally:
        # The mail is accepted or it is not: what the server answers now changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            session.quit()
        session.close()


def _hand_over(session: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> None:
    try:
        session.send_message(message, sender, [to])
    except smtplib.SMTPRecipientsRefused as failure:
        [(code, _)] = failure.recipients.values()
        raise _failure(code) from failure
    except smtplib.SMTPDataError as failure:
        raise _failure(failure.smtp_code) from failure
    except smtplib.SMTPNotSupportedError as failure:
        raise RefusedError("the server takes no address with such characters") from failure
    except (smtplib.SMTPException, OSError) as failure:
        raise NotSentError(_cause(failure)) from failure


def _failure(code: int) -> MailError:
    kind = RefusedError if code >= _PERMANENT else NotSentError
    return kind(f"the server replied {code}")


def _cause(failure: Exception) -> str:
    """What went wrong, without the server's own words, which may quote an address."""
    code = getattr(failure, "smtp_code", None)
    return type(failure).__name__ + (f", the server replied {code}" if code else "")


class _Patience(smtplib.SMTP):
    """A session that is over at a time; smtplib alone would wait that long for every reply."""

    def __init__(self, server: MailServer, until: float, **more: Any) -> None:
        self._until = until
        super().__init__(server.host, server.port, timeout=settings.MAIL_PATIENCE, **more)

    def getreply(self) -> tuple[int, bytes]:
        left = self._until - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError("the mail server is too slow")
        if self.sock:
            self.sock.settimeout(left)
        return super().getreply()


class _EncryptedPatience(_Patience, smtplib.SMTP_SSL):
    """The same, encrypted from the beginning."""


def _session(server: MailServer, until: float) -> smtplib.SMTP:
    """A session that is encrypted and logged in as `SMTP_URL` says, or none."""
    if server.tls == "at-once":
        session: smtplib.SMTP = _EncryptedPatience(
            server, until, context=ssl.create_default_context()
        )
    else:
        session = _Patience(server, until)
    try:
        if server.tls == "starttls":
            session.starttls(context=ssl.create_default_context())
        if server.user:
            session.login(server.user, server.password)
    except BaseException:
        session.close()
        raise
    return session


def _message(sender: Address, to: Address, subject: str, text: str, mail_id: str) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    # No out-of-office replies, please (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _sender(server: MailServer) -> Address:
    name, address = email.utils.parseaddr(server.sender)
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError, email.errors.MessageError) as failure:
        raise SettingMissingError(
            f"MAIL_FROM is {server.sender!r}; it must be an address, or `Name <address>`"
        ) from failure


def _recipient(to: str) -> Address:
    # One address: a comma, a name or a line break in it is an error.
    try:
        found = Address(addr_spec=to)
    except (ValueError, IndexError, email.errors.MessageError) as failure:
        raise RefusedError("this is not an address") from failure
    if not found.username or not found.domain or found.addr_spec != to:
        raise RefusedError("this is not an address")
    return found
