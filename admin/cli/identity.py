"""Who the operator is, as the audit trail names them: a Google identity."""

import functools
import getpass

import google.auth
import requests
from google.auth.transport.requests import Request

from admin.cli.errors import LOG_IN, CannotRun
from admin.cli.target import Target

_TOKEN_INFO = "https://www.googleapis.com/oauth2/v1/tokeninfo"  # noqa: S105 - an address
_PATIENCE = 10.0
_OF_THE_MACHINE = "default"
"""What the credentials of a machine in Google's cloud call their account until they are used."""


@functools.cache
def operator(target: Target) -> str:
    """The operator's e-mail address or service account; on the demo, the user of this machine.

    Raises:
        CannotRun: Google does not say who it is. What cannot be recorded must not be done.
    """
    return getpass.getuser() if target.local else _google_identity()


def _google_identity() -> str:
    """Of the very credentials that the commands work with, whoever gcloud is logged in as."""
    credentials, _project = google.auth.default()
    account = getattr(credentials, "service_account_email", None)
    if account and account != _OF_THE_MACHINE:
        return str(account)
    credentials.refresh(Request())  # type: ignore[no-untyped-call]
    account = getattr(credentials, "service_account_email", None)
    if account and account != _OF_THE_MACHINE:
        return str(account)
    try:
        answer = requests.post(
            _TOKEN_INFO, data={"access_token": credentials.token}, timeout=_PATIENCE
        )
        address = answer.json().get("email") if answer.ok else None
    except requests.RequestException as error:
        raise CannotRun(
            "Google cannot be asked who you are, which the audit trail needs: check the network"
        ) from error
    if not address:
        raise CannotRun(
            "Google does not say who these credentials belong to, which the audit trail needs: "
            f"{LOG_IN}"
        )
    return str(address)
