"""Failures, explained in words that say what to do."""

import pytest
from firebase_admin import exceptions as firebase
from google.api_core import exceptions as api

from admin.cli.errors import CannotRun
from admin.cli.failures import explained
from shared.errors import InProgress
from shared.particle.errors import (
    DeviceUnreachableError,
    InterruptedCallError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    RefusedError,
    ServerFaultError,
    TokenRejectedError,
)
from shared.settings import SettingMissingError

INVALID: Exception = api.InvalidArgument("Resource id is invalid")  # type: ignore[no-untyped-call]
BROKEN: Exception = api.InternalServerError("grpc: {…}")  # type: ignore[no-untyped-call]


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
        (firebase.UnavailableError("HTTPSConnectionPool…"), r"Auth failed \(unavailable\)"),
        (NotSentError("GET /v1/devices", "HTTPSConnectionPool…"), "Particle cannot be reached"),
        (InterruptedCallError("PUT /x", "Read timed out"), "did not answer in time"),
        (ServerFaultError("GET /x", "<html>", 502), r"Particle has a fault \(502\)"),
        (RateLimitedError("GET /x", "slow down", 429, 11.2), "in 12 s"),
        (DeviceUnreachableError("GET /x", "Timed out.", 408, 1.0), "offline or asleep"),
        (TokenRejectedError("GET /x", "invalid_token", 401), "Run `particle check`"),
        (NotFoundError("GET /v1/devices/:id", "", 404), "does not know it"),
        (RefusedError("GET /x", "Too old", 400), r"refused the request \(400: Too old\)"),
        (INVALID, "accepts no such id or text"),
        (BROKEN, r"project acme failed \(internal"),
        (InProgress("A command is under way."), "A command is under way."),
        (SettingMissingError("PARTICLE_PRODUCT is not set"), "PARTICLE_PRODUCT is not set"),
    ],
)
def test_failures_are_explained(failure: Exception, said: str) -> None:
    with pytest.raises(CannotRun, match=said) as raised, explained("acme"):
        raise failure
    assert not any(raw in str(raised.value) for raw in ("Pool", "<html>", "{", "grpc"))


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), explained("acme"):
        raise ZeroDivisionError
