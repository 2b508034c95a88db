"""Which deployment a command works on: the demo on this machine, or a project in the cloud."""

import dataclasses
import os
import socket
import subprocess

import typer

from admin.cli.environments import project_named
from admin.cli.errors import CannotRun
from local.configuration import SECRETS_FILE, read_settings
from local.errors import StackError
from local.runs import ROOT

DEMO_PROJECT = "demo-particle"
PEPPER = "SETUP_CODE_PEPPER"
FUNCTIONS_EMULATOR_HOST = "FUNCTIONS_EMULATOR_HOST"
HOSTING_EMULATOR_HOST = "HOSTING_EMULATOR_HOST"
"""Our own names: Google has none for these two."""

_EMULATORS = {
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:8080",
    "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:8085",
    FUNCTIONS_EMULATOR_HOST: "127.0.0.1:5001",
    HOSTING_EMULATOR_HOST: "127.0.0.1:5000",
}
_GCLOUD_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Target:
    """A deployment, and how to reach it.

    Attributes:
        project: id of the Google Cloud project.
        local: whether it is the demo's emulators instead of the cloud.
    """

    project: str
    local: bool

    @classmethod
    def of(cls, context: typer.Context) -> "Target":
        """The target that the command line names; tells Google's clients where the emulators are.

        With `--local`, addresses that are in the environment already take precedence, so that a
        demo on other ports can be reached. Without it they are refused: an operator who names a
        project means the cloud, and Google's clients would silently use the emulator.

        Raises:
            CannotRun: the command line names none, or the environment contradicts it.
        """
        local, project = context.obj
        if local:
            for name, address in _EMULATORS.items():
                os.environ.setdefault(name, address)
            return cls(project or DEMO_PROJECT, local=True)
        if not project:
            raise CannotRun(
                "Name a target: --local for the demo on this machine (make demo), "
                "or --project ID for a project in the cloud"
            )
        if set_here := [name for name in _EMULATORS if os.environ.get(name)]:
            raise CannotRun(
                f"--project means the cloud, but {' and '.join(set_here)} would send this to an "
                "emulator: unset it, or use --local"
            )
        return cls(project_named(project), local=False)

    def connect(self) -> None:
        """Point the product's own modules (`shared.firestore.paths`) at this deployment.

        Raises:
            CannotRun: no demo is running.
        """
        if self.local:
            _require_listener(os.environ["FIRESTORE_EMULATOR_HOST"])
        else:
            # Firebase Auth refuses people whose requests are charged to no project.
            os.environ.setdefault("GOOGLE_CLOUD_QUOTA_PROJECT", self.project)
        os.environ["GCLOUD_PROJECT"] = os.environ["GOOGLE_CLOUD_PROJECT"] = self.project

    def pepper(self) -> str:
        """The secret that setup codes are digested with. Never print it."""
        return self.secret(PEPPER)

    def secret(self, name: str) -> str:
        """A secret's value. Never print it.

        The demo's is in `.secret.local`. The cloud's is taken from the environment or else from
        Secret Manager, with gcloud's log-in.

        Raises:
            CannotRun: it cannot be read.
        """
        if self.local:
            return _from_secret_file(name)
        return os.environ.get(name, "").strip() or _from_secret_manager(name, self.project)


def _require_listener(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError) as error:
        raise CannotRun(
            f"No Firestore emulator answers at {address}: start the demo with make demo, "
            "wait for the line ready, and run this again in another terminal"
        ) from error


def _from_secret_file(name: str) -> str:
    try:
        value = read_settings(ROOT / SECRETS_FILE).get(name)
    except (OSError, StackError) as error:
        raise CannotRun(f"The demo's secrets cannot be read: {error}") from error
    if not value:
        raise CannotRun(
            f"{SECRETS_FILE} has no {name}: restore it with git checkout {SECRETS_FILE}"
        )
    return value


def _from_secret_manager(name: str, project: str) -> str:
    # fmt: off
    command = [
        "gcloud", "secrets", "versions", "access", "latest",
        "--secret", name, "--project", project, "--quiet",
    ]
    # fmt: on
    what_to_do = (
        f"Deploy first (./deploy.sh --project {project}), log in (gcloud auth login) with the role "
        f"Secret Manager Secret Accessor, or set {name} in the environment"
    )
    try:
        done = subprocess.run(  # noqa: S603 - fixed argv; the project id is one argument
            command,
            capture_output=True,
            text=True,
            timeout=_GCLOUD_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise CannotRun(
            f"The gcloud command is missing and {name} is not in the environment: install the "
            "Google Cloud CLI, or set the variable"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CannotRun(
            f"gcloud did not return secret {name} within {_GCLOUD_SECONDS} s. {what_to_do}"
        ) from error
    except subprocess.CalledProcessError as error:
        message = " ".join(error.stderr.split())[:500]
        raise CannotRun(
            f"Secret {name} of project {project} cannot be read ({message}). {what_to_do}"
        ) from error
    if not done.stdout.strip():
        raise CannotRun(f"Secret {name} of project {project} is empty. {what_to_do}")
    return done.stdout.strip()
