"""`users send-reset` and `users send-verification`: mails that a customer did not get."""

import os
import secrets
from typing import Any

import requests
import typer
from firebase_admin import auth

from admin.cli.arguments import Reason, User
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.google import Google, GoogleError
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.cli.target import Target
from admin.support import resolve
from shared import audit, connections, settings, smtp
from shared.firestore import paths

_ROLE = "Firebase Authentication Admin (roles/firebaseauth.admin)"
_SMTP = "SMTP_URL"
_SECONDS = 30
_SUBJECTS = {
    "en": "Confirm your e-mail address",
    "de": "Bestätigen Sie Ihre E-Mail-Adresse",
}
_TEXTS = {
    "en": """\
Hello,

open this link to confirm that this e-mail address is yours:

{link}

If you have no account with us, ignore this mail.
""",
    "de": """\
Guten Tag,

öffnen Sie diesen Link, um zu bestätigen, dass diese E-Mail-Adresse Ihre ist:

{link}

Wenn Sie kein Konto bei uns haben, beachten Sie diese Mail nicht.
""",
}


def send_reset(context: typer.Context, *, user: User, reason: Reason) -> None:
    """Send a customer the mail to choose a new password.

    Firebase sends it, as if they had asked for it in the app. You do not see its link.

    Example: users send-reset ada@example.org --reason "asked on the phone"
    """
    with connected(context) as target:
        account = _account(user)
        methods = [one.provider_id for one in account.provider_data]
        if "password" not in methods:
            raise CannotRun(
                f"{account.email} has no password: they sign in with {', '.join(methods)}"
            )
        audit.record(operation(target, "reset-mailed", reason), uid=account.uid)
        _ask_firebase(target, {"requestType": "PASSWORD_RESET", "email": account.email})
    answer({"uid": account.uid, "email": account.email}, f"Sent to {account.email}")


def send_verification(context: typer.Context, *, user: User, reason: Reason) -> None:
    """Send a customer the mail to confirm their address.

    The product's own mail server sends it, because Firebase does so only for a customer who is
    signed in.

    Example: users send-verification ada@example.org --reason "asked on the phone"
    """
    with connected(context) as target:
        account = _account(user)
        if not account.email_verified:
            server = _mail_server(target)
            audit.record(operation(target, "verification-mailed", reason), uid=account.uid)
            app = connections.firebase()
            link = auth.generate_email_verification_link(account.email, app=app)
            profile = paths.user(account.uid).get(["locale"]).to_dict() or {}
            german = str(profile.get("locale", "")).lower().startswith("de")
            language = "de" if german else "en"
            subject, text = _SUBJECTS[language], _TEXTS[language].format(link=link)
            try:
                mail_id = secrets.token_hex(16)
                smtp.send(server, account.email, subject, text, mail_id=mail_id)
            except smtp.MailError as failure:
                raise CannotRun(f"The mail server did not take the mail: {failure}") from failure
    answer(
        {"uid": account.uid, "email": account.email, "sent": not account.email_verified},
        f"{account.email} is verified already"
        if account.email_verified
        else f"Sent to {account.email}",
    )


def _account(user: str) -> Any:
    """An account with an address, which is not suspended."""
    uid = resolve.uid(user)
    resolve.require_account(uid)
    account = auth.get_user(uid, app=connections.firebase())
    if not account.email:
        raise CannotRun(f"{uid} has no e-mail address")
    if account.disabled:
        raise CannotRun(f"{account.email} is suspended: see `users enable`")
    return account


def _mail_server(target: Target) -> settings.MailServer:
    if settings.site_url() and not os.environ.get(_SMTP) and not target.local:
        os.environ[_SMTP] = target.secret(_SMTP)
    server = None
    if os.environ.get(_SMTP):
        server = settings.mail_server()
    if server is None:
        raise CannotRun(
            "The product has no mail server (docs/deploy.md, Mail). Ask the customer to request "
            "the mail in the app: Account, Confirm the address"
        )
    return server


def _ask_firebase(target: Target, body: dict[str, str]) -> None:
    """`accounts:sendOobCode` of Identity Toolkit, with the operator's log-in."""
    path = f"identitytoolkit.googleapis.com/v1/projects/{target.project}/accounts:sendOobCode"
    try:
        if target.local:
            requests.post(
                f"http://{os.environ['FIREBASE_AUTH_EMULATOR_HOST']}/{path}",
                json=body,
                headers={"Authorization": "Bearer owner"},
                timeout=_SECONDS,
            ).raise_for_status()
        else:
            Google.of_operator(target.project).ask(f"https://{path}", _ROLE, body)
    except GoogleError as failure:
        raise CannotRun(f"{failure.found}: {failure.fix}") from failure
    except requests.RequestException as failure:
        raise CannotRun("The demo's Auth did not send the mail: restart the demo") from failure
