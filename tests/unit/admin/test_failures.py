"""Failures, explained in words that say what to do."""

import pytest
from firebase_admin import exceptions as firebase

from admin.cli.errors import CannotRun
from admin.cli.failures import explained
from shared.errors import InProgress
from shared.particle.errors import NotSentError
from shared.settings import SettingMissingError


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (firebase.PermissionDeniedError("no"), "users: no - Ask for the role Firebase Auth"),
        (
            # What Google says to people (Google Cloud docs, "Troubleshoot your ADC setup").
            firebase.PermissionDeniedError(
                "Your application is authenticating by using local Application Default "
                "Credentials. The identitytoolkit.googleapis.com API requires a quota project, "
                "which is not set by default."
            ),
            "set-quota-project",
        ),
        (
            firebase.PermissionDeniedError(
                "Caller does not have required permission to use project acme. Grant the caller "
                "the roles/serviceusage.serviceUsageConsumer role"
            ),
            "Ask for the role Service Usage Consumer",
        ),
        (firebase.UnavailableError("away"), "Firebase Auth failed: away"),
        (NotSentError("GET /v1/devices", "no connection"), "The request to Particle failed: GET"),
        (InProgress("A command is under way."), "A command is under way."),
        (SettingMissingError("PARTICLE_PRODUCT is not set"), "PARTICLE_PRODUCT is not set"),
    ],
)
def test_failures_are_explained(failure: Exception, said: str) -> None:
    with pytest.raises(CannotRun, match=said), explained("acme"):
        raise failure


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), explained("acme"):
        raise ZeroDivisionError
