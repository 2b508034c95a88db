"""The links in Firebase Auth: its users can be read, and customers can sign in."""

from admin.cli.errors import explained
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, broken, ok

_VIEWER = "Firebase Authentication Viewer (roles/firebaseauth.viewer)"


def _users(deployment: Deployment) -> Finding:
    """By the client and the log-in that the commands for users work with."""
    # Not at the top: they import Firebase's client, which --help need not wait.
    from firebase_admin import auth  # noqa: PLC0415

    from admin.cli.failures import told  # noqa: PLC0415
    from shared import connections  # noqa: PLC0415

    with told(explained(deployment.project)):
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
    # Google leaves out what is false.
    if email.get("enabled") and email.get("passwordRequired"):
        return ok("with e-mail address and password")
    others = deployment.google.items(
        f"{base}/defaultSupportedIdpConfigs", "defaultSupportedIdpConfigs", _VIEWER
    )
    if names := sorted(one["name"].rpartition("/")[2] for one in others if one.get("enabled")):
        return ok(f"with {', '.join(names)}; e-mail address and password are turned off")
    return broken(
        "nobody can sign in: e-mail address and password are turned off",
        f"{deployment.deploy('sign-in')}, or by hand: {_console(deployment)}/providers",
    )


USERS = Link("users", _users)
SIGN_IN = Link(
    "sign-in", _sign_in, needs=("users",), cloud_only="the emulator lets everybody sign in"
)
