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
from local.runs import ADDRESSES, CHOSEN_DEMO, ROOT, Demo, running_demos

DEMO_PROJECT = "demo-particle"
PEPPER = "SETUP_CODE_PEPPER"
WEBHOOK_SECRET = "WEBHOOK_SECRET"  # noqa: S105 - the name of a secret
FUNCTIONS_EMULATOR_HOST = "FUNCTIONS_EMULATOR_HOST"
HOSTING_EMULATOR_HOST = "HOSTING_EMULATOR_HOST"

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

        With `--local` that is the stack whose addresses are all in the environment, or else the
        running demo of this checkout. Without it, an emulator's address is refused: an operator who
        names a project means the cloud, and Google's clients would silently use the emulator.

        Raises:
            CannotRun: the command line names none, no demo is running, it is not clear which one
                is meant, or the environment contradicts the command line.
        """
        local, project = context.obj
        if local:
            _find_demo()
            return cls(project or DEMO_PROJECT, local=True)
        if not project:
            raise CannotRun(
                "Name a target: --local for the demo on this machine (make demo), "
                "or --project ID for a project in the cloud"
            )
        emulators = [name for name in ADDRESSES if name.endswith("_EMULATOR_HOST")]
        if set_here := [name for name in emulators if os.environ.get(name)]:
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


def _find_demo() -> None:
    """Put the addresses of the running demo into the environment, unless they are all there."""
    named = [name for name in ADDRESSES if os.environ.get(name)]
    if len(named) == len(ADDRESSES):
        return
    if named:
        missing = [name for name in ADDRESSES if name not in named]
        raise CannotRun(
            f"{' and '.join(named)} in the environment would mix two demos, because "
            f"{' and '.join(missing)} are not there. Unset the former to use the running demo of "
            "this checkout, or set them all"
        )
    demo = _chosen(running_demos())
    os.environ.update(demo.addresses)
    typer.echo(f"Using {demo.run}, http://{demo.addresses[HOSTING_EMULATOR_HOST]}", err=True)


def _chosen(running: list[Demo]) -> Demo:
    wanted = os.environ.get(CHOSEN_DEMO)
    demos = [demo for demo in running if demo.run == wanted] if wanted else running
    if len(demos) == 1:
        return demos[0]
    if demos:
        which = ", ".join(f"{CHOSEN_DEMO}={demo.run}" for demo in demos)
        raise CannotRun(f"Several demos of this checkout are running. Set one of: {which}")
    other = f" {wanted} has ended: unset {CHOSEN_DEMO}." if wanted else ""
    raise CannotRun(
        f"No demo of this checkout is running.{other} Start it with make demo, wait for the line "
        "ready, and run this again in another terminal"
    )


def _require_listener(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError) as error:
        raise CannotRun(
            f"No Firestore emulator answers at {address}, which the environment or the running "
            "demo names. Restart the demo: make demo"
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
