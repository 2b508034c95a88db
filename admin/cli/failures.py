"""Failures of the product's own, of Particle's and of Auth's, in the words of a command line."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

from firebase_admin import exceptions as firebase

from admin.cli.errors import CannotRun, NoAccessError, remedy
from shared import log
from shared.errors import ProductError
from shared.particle.errors import ParticleError
from shared.settings import SettingMissingError

FAILURES = (ProductError, ParticleError, SettingMissingError)
"""What asking Particle, or working for a user, may end in."""

_ROLE = (
    "Firebase Authentication Admin (roles/firebaseauth.admin; to look only, "
    "roles/firebaseauth.viewer)"
)


@contextlib.contextmanager
def told(inner: AbstractContextManager[None]) -> Iterator[None]:
    """Turn them into `CannotRun`; what `inner` explains, too."""
    try:
        with inner, log.without_news():
            yield
    except ParticleError as failure:
        raise CannotRun(f"Particle did not do it: {failure}") from failure
    except FAILURES as failure:
        raise CannotRun(str(failure)) from failure
    except (firebase.PermissionDeniedError, firebase.UnauthenticatedError) as failure:
        said = " ".join(str(failure).split())
        raise NoAccessError(
            f"No access to the project's users: {said[:300]} - {remedy(said, _ROLE)}"
        ) from failure
    except firebase.FirebaseError as failure:
        raise CannotRun(f"Firebase Auth failed: {failure}. Run it again") from failure
