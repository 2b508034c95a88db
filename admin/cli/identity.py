"""Who the operator is, as the audit trail names them: a Google identity."""

import functools
import getpass

import google.auth
import requests
from google.auth.transport.requests import Request

from admin.cli.errors import LOG_IN, CannotRun
from admin.cli.target import Target

_TOKEN_INFO = "https://www.googleapis.com/oauth2/v1/tokeninfo"  # noqa: S105 - an address
_TIMEOUT = 10.0
_NOT_YET_KNOWN = "default"
"""The account name of a Google Cloud machine's credentials until they are first refreshed."""


@functools.cache
def operator(target: Target) -> str:
    """The operator's e-mail address or service account; on the demo, this machine's user.

    Raises:
        CannotRun: Google does not say who it is. What cannot be recorded must not be done.
    """
    return getpass.getuser() if target.local else _google_identity()


def _google_identity() -> str:
    """The owner of the credentials that the commands use, whoever gcloud is logged in as."""
    credentials, _project = google.auth.default()
    if account := _service_account(credentials):
        return account
    credentials.refresh(Request())  # type: ignore[no-untyped-call]
    if account := _service_account(credentials):
        return account
    try:
        answer = requests.post(
            _TOKEN_INFO, data={"access_token": credentials.token}, timeout=_TIMEOUT
        )
        address = answer.json().get("email") if answer.ok else None
    except requests.RequestException as error:
        raise CannotRun(
            "The audit trail needs your identity, and Google cannot be reached to ask for it: "
            "check the network"
        ) from error
    if not address:
        raise CannotRun(
            "The audit trail needs your identity, and Google does not say whose credentials these "
            f"are: {LOG_IN}"
        )
    return str(address)


def _service_account(credentials: object) -> str | None:
    account = getattr(credentials, "service_account_email", None)
    return str(account) if account and account != _NOT_YET_KNOWN else None
