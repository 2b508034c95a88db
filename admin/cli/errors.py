"""Why a command cannot run, in words that tell the operator what to do."""


class CannotRun(Exception):  # noqa: N818 - it reads as what it says: "raise CannotRun"
    """The command cannot do its work: exit status 2. The message says why, and what to do."""


class NoLogInError(CannotRun):
    """Nobody is logged in to Google Cloud, or the log-in has expired: nothing can be done."""


class NoAccessError(CannotRun):
    """The operator may not do this, which does not mean that it is broken."""


LOG_IN = "run: gcloud auth application-default login"

USAGE = "Service Usage Consumer (roles/serviceusage.serviceUsageConsumer)"
"""The role of people whose requests may be charged to the project."""


def how_to_get_access(message: str, role: str) -> str:
    """What the operator does after Google's 403. Only the message tells its causes apart.

    The requests of people are charged to a project, the quota project, and they need permission to
    use it (Google Cloud docs, "Troubleshoot your ADC setup").

    Args:
        message: Google's.
        role: the role that allows the request.
    """
    if "requires a quota project" in message:
        return (
            "This log-in's requests are charged to no project: unset GOOGLE_CLOUD_QUOTA_PROJECT, "
            "or run: gcloud auth application-default set-quota-project ID"
        )
    if "serviceusage" in message.lower():
        return f"Ask for the role {USAGE} on the project"
    return f"Ask for the role {role} on the project, or log in with another account ({LOG_IN})"
