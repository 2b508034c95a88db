"""The links in Firebase Auth: users can be read, and customers can sign in."""

from firebase_admin import auth

from admin.cli.failures import explained
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, broken, ok
from shared import connections

_VIEWER = "Firebase Authentication Viewer (roles/firebaseauth.viewer)"


def _users(deployment: Deployment) -> Finding:
    """With the client and the log-in that the commands for users use."""
    with explained(deployment.project):
        try:
            found = auth.list_users(max_results=1, app=connections.firebase()).users
        except auth.ConfigurationNotFoundError:
            return broken("Firebase Auth was never set up", f"Get started: {_console(deployment)}")
    return ok("can be read" + ("" if found else "; nobody has signed up yet"))


def _console(deployment: Deployment) -> str:
    return f"https://console.firebase.google.com/project/{deployment.project}/authentication"


def _sign_in(deployment: Deployment) -> Finding:
    """Whether customers can sign in with what the web app offers."""
    base = f"https://identitytoolkit.googleapis.com/admin/v2/projects/{deployment.project}"
    email = deployment.google.get(f"{base}/config", _VIEWER).get("signIn", {}).get("email", {})
    # Google omits what is false.
    if email.get("enabled") and email.get("passwordRequired"):
        return ok("with e-mail address and password")
    others = deployment.google.items(
        f"{base}/defaultSupportedIdpConfigs", "defaultSupportedIdpConfigs", _VIEWER
    )
    if names := sorted(one["name"].rpartition("/")[2] for one in others if one.get("enabled")):
        return ok(f"with {', '.join(names)}; e-mail address and password are turned off")
    return broken(
        "no customer can sign in: e-mail address and password are turned off",
        f"{deployment.deploy('sign-in')}, or by hand: {_console(deployment)}/providers",
    )


USERS = Link("users", _users)
SIGN_IN = Link(
    "sign-in", _sign_in, needs=("users",), cloud_only="the emulator lets everyone sign in"
)
