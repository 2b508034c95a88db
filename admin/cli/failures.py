"""Failures of Google, of Particle and of the product's own modules, turned into `CannotRun`."""

import contextlib
import math
from collections.abc import Iterator

from firebase_admin import exceptions as firebase
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from admin.cli.errors import LOG_IN, CannotRun, NoAccessError, NoLogInError, how_to_get_access
from shared import log
from shared.errors import ProductError
from shared.firestore.ids import InvalidIdError
from shared.particle import errors as particle
from shared.particle.errors import ParticleError
from shared.settings import SettingMissingError

FAILURES = (ProductError, ParticleError, SettingMissingError, InvalidIdError)
"""What a request to Particle, or work for a user, may raise; the last for an id as typed."""

_AUTH_ROLE = (
    "Firebase Authentication Admin (roles/firebaseauth.admin; to look only, "
    "roles/firebaseauth.viewer)"
)


@contextlib.contextmanager
def explained(project: str) -> Iterator[None]:
    """Turn failures of Firestore, Firebase Auth, Particle and the product into `CannotRun`.

    Log lines below the level of a warning are suppressed, because the command says itself what it
    did; the others are written as sentences.
    """
    try:
        with explained_firestore(project), log.for_people():
            yield
    except ParticleError as failure:
        raise CannotRun(in_words(failure)) from failure
    except FAILURES as failure:
        raise CannotRun(str(failure)) from failure
    except (firebase.PermissionDeniedError, firebase.UnauthenticatedError) as failure:
        message = " ".join(str(failure).split())
        raise NoAccessError(
            f"No access to the project's users: {message[:300]} - "
            + how_to_get_access(message, _AUTH_ROLE)
        ) from failure
    except firebase.FirebaseError as failure:
        code = str(failure.code).lower().replace("_", " ")
        raise CannotRun(f"Firebase Auth failed ({code}). Run it again") from failure


def in_words(failure: ParticleError) -> str:
    """What went wrong at Particle, and what to do; without what an HTTP library says of it."""
    words = f"Particle refused the request ({failure.status}: {failure.text or 'no reason given'})"
    match failure:
        case particle.NotSentError():
            words = "Particle cannot be reached. Check the network and https://status.particle.io"
        case particle.InterruptedCallError():
            words = (
                "Particle did not answer in time: whether it did what was asked is unknown. See "
                "https://status.particle.io, and run this again"
            )
        case particle.ServerFaultError():
            words = (
                f"Particle has a fault ({failure.status}). See https://status.particle.io, and run "
                "this again"
            )
        case particle.RateLimitedError():
            words = (
                f"Particle accepts no more requests now ({failure.status}). Run this again in "
                f"{math.ceil(failure.retry_after)} s"
            )
        case particle.DeviceUnreachableError():
            words = "The device does not answer: it is offline or asleep, or has crashed"
        case particle.TokenRejectedError() | particle.ClientRejectedError():
            words = (
                "Particle does not accept the server's credentials. Run `particle check`, which "
                "says how to fix them"
            )
        case particle.UnexpectedAnswerError():
            words = f"Particle's answer to {failure.route} is not as documented. Run this again"
        case particle.NotFoundError():
            words = f"Particle does not know it ({failure.route})"
    return words


@contextlib.contextmanager
def explained_firestore(project: str) -> Iterator[None]:
    """Turn what Firestore's client raises into `CannotRun`; other exceptions pass."""
    try:
        yield
    except (auth.DefaultCredentialsError, auth.RefreshError) as error:
        raise NoLogInError(f"No valid credentials for Google Cloud: {LOG_IN}") from error
    except auth.TransportError as error:
        raise CannotRun("Google's log-in service cannot be reached: check the network") from error
    except (api.PermissionDenied, api.Unauthenticated) as error:
        raise CannotRun(
            f"No access to Firestore of project {project}: {error.message} "
            + how_to_get_access(str(error.message), "Cloud Datastore User (roles/datastore.user)")
        ) from error
    except api.NotFound as error:
        raise CannotRun(
            f"Project {project} has no Firestore database, or does not exist: "
            f"{error.message} Run ./deploy.sh --project {project} first"
        ) from error
    except (api.ServiceUnavailable, api.DeadlineExceeded, api.RetryError) as error:
        raise CannotRun(
            f"Firestore of project {project} does not answer: check the network and run this again"
        ) from error
    except api.ResourceExhausted as error:
        raise CannotRun(
            f"Firestore of project {project} has no quota left: {error.message} Run this again "
            "later"
        ) from error
    except api.InvalidArgument as error:
        raise CannotRun(
            "Firestore accepts no such id or text: it is too long, or has characters that no id has"
        ) from error
    except api.GoogleAPICallError as error:
        raise CannotRun(
            f"Firestore of project {project} failed ({_status(error)}). Run this again; if it "
            "keeps failing, see https://status.cloud.google.com"
        ) from error


def _status(error: api.GoogleAPICallError) -> str:
    """Google's name of a status, such as `internal` or `data loss`."""
    code = error.grpc_status_code
    return code.name.lower().replace("_", " ") if code is not None else type(error).__name__
