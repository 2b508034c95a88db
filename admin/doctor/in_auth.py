"""The links in Firebase Auth: its users can be read, and customers can sign in."""

from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, broken, ok
from admin.errors import explained


def _users(deployment: Deployment) -> Finding:
    """By the client and the log-in that the commands for users work with."""
    # Not at the top: they import Firebase's client, which --help need not wait.
    from firebase_admin import auth  # noqa: PLC0415

    from admin.failures import told  # noqa: PLC0415
    from shared import cloud  # noqa: PLC0415

    with told(explained(deployment.project)):
        try:
            found = auth.list_users(max_results=1, app=cloud.firebase()).users
        except auth.ConfigurationNotFoundError:
            return broken("Firebase Auth was never set up", f"Get started: {_console(deployment)}")
    return ok("can be read" + ("" if found else "; nobody has signed up yet"))


def _console(deployment: Deployment) -> str:
    return f"https://console.firebase.google.com/project/{deployment.project}/authentication"


USERS = Link("users", _users)
