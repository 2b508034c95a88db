"""What goes wrong, in words that say what to do."""

import contextlib

import pytest
from firebase_admin import exceptions as firebase

from admin.errors import CannotRun
from admin.failures import told
from shared.errors import InProgress
from shared.particle.errors import NotSentError
from shared.settings import SettingMissingError


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (firebase.PermissionDeniedError("no"), "roles/firebaseauth.admin"),
        (firebase.UnavailableError("away"), "Firebase Auth failed: away"),
        (NotSentError("GET /v1/devices", "no connection"), "Particle did not do it: GET"),
        (InProgress("A command is under way."), "A command is under way."),
        (SettingMissingError("PARTICLE_PRODUCT is not set"), "PARTICLE_PRODUCT is not set"),
    ],
)
def test_failures_are_told(failure: Exception, said: str) -> None:
    with pytest.raises(CannotRun, match=said), told(contextlib.nullcontext()):
        raise failure


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), told(contextlib.nullcontext()):
        raise ZeroDivisionError
