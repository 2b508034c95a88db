"""What keeps a command from running, said in a way that tells the operator what to do."""

import contextlib
from collections.abc import Iterator

from google.api_core import exceptions as api
from google.auth import exceptions as auth


class CannotRun(Exception):  # noqa: N818 - it reads as what it says: "raise CannotRun"
    """The command cannot do its work. The message names the cause and the remedy; status 2."""


class NoLogInError(CannotRun):
    """Nobody is logged in at Google Cloud, or the log-in has ended: nothing can be done at all."""


class NoAccessError(CannotRun):
    """The operator may not do this, which says nothing of whether it works."""


LOG_IN = "run: gcloud auth application-default login"

USAGE = "Service Usage Consumer (roles/serviceusage.serviceUsageConsumer)"
"""The role of people whose requests may count for the project."""


def remedy(said: str, role: str) -> str:
    """What a person does whom Google refuses with 403: the texts alone tell the causes apart.

    Requests of people count for a project, the quota project, which they must be allowed to use
    (Google Cloud docs, "Troubleshoot your ADC setup").
    """
    if "requires a quota project" in said:
        return (
            "Requests of this log-in count for no project: unset GOOGLE_CLOUD_QUOTA_PROJECT, or "
            "run: gcloud auth application-default set-quota-project ID"
        )
    if "serviceusage" in said.lower():
        return f"Ask for the role {USAGE} on the project"
    return f"Ask for the role {role} on the project, or log in with another account ({LOG_IN})"


@contextlib.contextmanager
def explained(project: str) -> Iterator[None]:
    """Turn what Google's clients raise into `CannotRun`. What is no matter of access passes."""
    try:
        yield
    except (auth.DefaultCredentialsError, auth.RefreshError) as error:
        raise NoLogInError(f"No valid credentials for Google Cloud: {LOG_IN}") from error
    except auth.TransportError as error:
        raise CannotRun("Google's log-in service cannot be reached: check the network") from error
    except (api.PermissionDenied, api.Unauthenticated) as error:
        raise CannotRun(
            f"No access to Firestore of project {project}: {error.message} "
            + remedy(str(error.message), "Cloud Datastore User (roles/datastore.user)")
        ) from error
    except api.NotFound as error:
        raise CannotRun(
            f"Project {project} has no Firestore database (or there is no such project): "
            f"{error.message} Run ./deploy.sh --project {project} first"
        ) from error
    except (api.ServiceUnavailable, api.DeadlineExceeded, api.RetryError) as error:
        raise CannotRun(
            f"Firestore of project {project} does not answer: check the network and run again"
        ) from error
    except api.ResourceExhausted as error:
        raise CannotRun(
            f"Firestore of project {project} has no quota left: {error.message} Run again later"
        ) from error
    except api.GoogleAPICallError as error:
        raise CannotRun(
            f"Firestore of project {project} failed: {error}. Run again; if it stays, see "
            "https://status.cloud.google.com"
        ) from error
