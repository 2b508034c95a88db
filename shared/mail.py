"""The mails that the backend sends: invitations to use a device.

What customers have written comes into a fixed text, shortened, and without what could pass for a
link or a line of ours. The text is in the language of whoever invites, as their profile names it:
German, or else English.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import log, settings
from shared.errors import EmailUnverified, TooManyAttempts
from shared.firestore import paths
from shared.limits.counter import Counter, count
from shared.registry.share import Role

INVITATIONS_A_DAY = 30
"""Invitations to one owner's devices that are mailed in a UTC day."""

_LONGEST = 60
"""Characters of a name in a mail."""
_LIKE_A_LINK = re.compile(r"://|@|www\.|\w[.\u3002\uff0e\uff61]\w{2}", re.IGNORECASE)
"""Mail programs make links of such a text, and a mail of ours is no place for somebody's links."""
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Categories of characters that show nothing, or control the line, its direction, a terminal."""


@dataclass(frozen=True)
class Invitation:
    """What the mail of an invitation says."""

    id: str
    to: str
    """One address."""
    link: str
    role: Role
    device_name: str
    inviter_name: str
    inviter_email: str
    """Verified, so that nobody can invite in another's name."""
    until: datetime
    """When the link expires."""
    ends: datetime | None = None
    """When the share ends."""
    locale: str = ""
    """The inviter's, as in their profile: `de`, `de-AT`, `en`, …"""


def admit_invitation(owner_uid: str, *, email_verified: bool) -> None:
    """Count an invitation that is to be mailed, before it is created; nothing where none is mailed.

    Args:
        owner_uid: of the device's owner, whoever invites.
        email_verified: whether the inviter's address is.

    Raises:
        EmailUnverified: it is not.
        TooManyAttempts: `INVITATIONS_A_DAY` were mailed today; `retryAfter` is until the next day.
    """
    if settings.mail_server() is None:
        return
    if not email_verified:
        raise EmailUnverified
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    document = paths.invitation_mails(owner_uid, f"{now:%Y-%m-%d}")
    field_path = ("count",)
    fields = {"expireAt": tomorrow + timedelta(days=1)}
    [counted] = count(Counter(document, add={field_path: 1}, fields=fields))
    if counted[field_path] > INVITATIONS_A_DAY:
        raise TooManyAttempts(retryAfter=int((tomorrow - now).total_seconds()) + 1)


def send_invitation(invitation: Invitation) -> bool:
    """Mail an invitation; whether the mail server has accepted it.

    False where no mails are sent, and after a failure, which is logged: the inviter still has the
    link. Takes about as long as `settings.MAIL_PATIENCE`. Raises `SettingMissingError`.
    """
    server = settings.mail_server()
    if server is None:
        return False
    # Only here: the imports are slow.
    from shared import smtp  # noqa: PLC0415

    subject, text = _written(invitation)
    try:
        smtp.send(server, invitation.to, subject, text, mail_id=invitation.id)
    except smtp.RefusedError as failure:
        log.mail_refused(invitation.id, failure)
        return False
    except smtp.NotSentError as failure:
        log.mail_not_sent(invitation.id, failure)
        return False
    return True


def shown(name: str) -> str:
    """A name that a customer has chosen, as it may stand in a mail; empty if it may not."""
    line = _line(name)
    if _LIKE_A_LINK.search(line):
        return ""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _line(text: str) -> str:
    visible = (" " if unicodedata.category(one) in _INVISIBLE else one for one in text)
    return " ".join("".join(visible).split())


def _written(invitation: Invitation) -> tuple[str, str]:
    """Subject and text."""
    words = _WORDS["de" if invitation.locale.lower().startswith("de") else "en"]
    name, device = shown(invitation.inviter_name), shown(invitation.device_name)
    address = _line(invitation.inviter_email)
    who = f"{name} ({address})" if name else address
    text = words.text.format(
        who=who,
        device=words.device.format(device) if device else words.some_device,
        right=words.rights[invitation.role],
        ends=words.ends.format(_date(invitation.ends)) if invitation.ends else "",
        link=invitation.link,
        until=_date(invitation.until),
    )
    return words.subject, text


def _date(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class _Words:
    subject: str
    text: str
    device: str
    some_device: str
    ends: str
    rights: dict[Role, str]


_WORDS = {
    "en": _Words(
        subject="Invitation to use a device",
        text="""\
Hello,

{who} wants to share {device} with you. You may {right}{ends}.

To accept, open this link and sign in, or sign up with this e-mail address:

{link}

The link works once, and only until {until}.

If you do not know who this is, ignore this mail: nothing happens then.
""",
        device="the device “{}”",
        some_device="a device",
        ends=", until {}",
        rights={
            Role.VIEWER: "see what it reports",
            Role.CONTROLLER: "see what it reports, and control it",
            Role.MANAGER: "see what it reports, control it, rename it and share it with others",
        },
    ),
    "de": _Words(
        subject="Einladung zu einem Gerät",
        text="""\
Guten Tag,

{who} möchte {device} mit Ihnen teilen. Sie dürfen {right}{ends}.

Um anzunehmen, öffnen Sie diesen Link und melden Sie sich an, oder legen Sie mit dieser
E-Mail-Adresse ein Konto an:

{link}

Der Link gilt einmal, und nur bis {until}.

Wenn Sie nicht wissen, wer das ist, beachten Sie diese Mail nicht: Dann geschieht nichts.
""",
        device="das Gerät „{}“",
        some_device="ein Gerät",
        ends=", bis {}",
        rights={
            Role.VIEWER: "sehen, was es meldet",
            Role.CONTROLLER: "sehen, was es meldet, und es steuern",
            Role.MANAGER: "sehen, was es meldet, es steuern, umbenennen und mit anderen teilen",
        },
    ),
}
