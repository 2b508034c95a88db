"""A checkout with stand-ins for the tools, and the project in the cloud that they play."""

import dataclasses
import os
import pathlib
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parent.parent.parent.parent
HERE = pathlib.Path(__file__).parent
PROJECT = "acme-pumps"
SETTINGS = """\
# of the test
PARTICLE_PRODUCT=12345
PARTICLE_API_URL="https://api.particle.io"
export PARTICLE_ACCESS_MODE='customer'
EVENT_RETENTION_DAYS = 30 # days
FUNCTIONS_REGION=us-central1
"""
CLIENT_ID = "acme-backend-4711"
CLIENT_SECRET = "0123456789abcdef-hush"
ACCESS_TOKEN = "fedcba9876543210-mine"
# fmt: off
STEPS = (
    "billing", "apis", "rights", "secrets", "particle", "database", "backups", "topic", "metrics",
    "rules", "fixed-ip", "functions", "public", "dead-letters", "web", "sign-in", "bigquery",
    "alerts", "publisher", "integration",
)
KINDS = (
    "services", "databases", "topics", "subscriptions", "metrics", "networks", "subnets",
    "connectors", "addresses", "routers", "nats", "functions", "granted", "apps", "channels",
    "policies", "public", "sites", "schedules", "recovery", "target",
)
# fmt: on
TOOLS = ("gcloud", "bq", "node", "npm", "make", "python3.11")
EVERYTHING = ("--fixed-ip", "--bigquery", "--alert-email", "ops@acme.example")
SYSTEM = ("awk", "bash", "cat", "dirname", "env", "grep")
FIREBASE = "tools/node_modules/.bin/firebase"
ADMIN = "venv/bin/python"
ALWAYS = ("make", "gcloud auth", "gcloud projects describe", "firebase projects:list")
"""How the commands begin that every run begins with."""
FUNCTIONS = """\
FUNCTIONS = (
    "ingest",
    "mint_token",
)
"""


@dataclasses.dataclass
class Call:
    """A command that deploy.sh started, as the stand-in recorded it."""

    argv: list[str]
    environment: str
    given: str

    @property
    def line(self) -> str:
        return " ".join(self.argv)


class Checkout:
    """The project's folder with stand-ins for the tools, and the project in the cloud they play."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "checkout"
        self.bin = folder / "bin"
        self.state = folder / "state"
        for new in (self.bin, self.state / "secrets", self.folder / "tools/node_modules/.bin"):
            new.mkdir(parents=True)
        shutil.copy(ROOT / "deploy.sh", self.folder)
        (self.folder / "main.py").write_text(FUNCTIONS)
        (self.folder / "functions").mkdir()
        (self.folder / "functions/ingest.py").write_text("@on_message_published(TOPIC)\n")
        (self.folder / "functions/mint_token.py").write_text("@callable_function(Request)\n")
        # The alerts are the test's own, so that it does not change with those of the product.
        for sample in ("metrics/calls_failed.json", "alerts/calls-failed.json"):
            (path := self.folder / "deploy/monitoring" / sample).parent.mkdir(parents=True)
            path.write_text("{}")
        for path in (*(ROOT / "deploy").glob("*.sh"), *(ROOT / "deploy").glob("*.py")):
            shutil.copy(path, self.folder / "deploy")
        (self.folder / f".env.{PROJECT}").write_text(SETTINGS)
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        (self.folder / "venv/bin").mkdir(parents=True)
        tools = [self.bin / tool for tool in TOOLS]
        for path in [*tools, self.folder / FIREBASE, self.folder / ADMIN]:
            path.symlink_to(HERE / "stand_in.sh")
        for path in (self.bin, self.folder / "venv/bin"):
            (path / "python3.11").unlink(missing_ok=True)
            (path / "python3.11").symlink_to(sys.executable)
        self.holds("account", "dev@acme.example")
        self.holds("number", "4711")
        self.holds("billing", "True")
        self.holds("components", "2026.01.02\t2026.01.02")
        self.holds("firebase", "other", PROJECT)
        self.holds("state", "ENABLED")
        for kind in KINDS:
            self.holds(kind)
        self.holds("granted", "roles/editor")

    def holds(self, what: str, *lines: str) -> None:
        """Say what the project in the cloud holds."""
        (self.state / what).write_text("".join(f"{line}\n" for line in lines))

    def held(self, what: str) -> list[str]:
        """What the project in the cloud holds."""
        path = self.state / what
        return path.read_text().splitlines() if path.exists() else []

    def secret(self, name: str) -> list[str]:
        """The values of a secret in the cloud; none when it does not exist either."""
        return self.held(f"secrets/{name}")

    @property
    def secrets(self) -> dict[str, list[str]]:
        return {path.name: self.secret(path.name) for path in (self.state / "secrets").iterdir()}

    @property
    def project(self) -> dict[str, str]:
        """All that is in the cloud, by the names of the files that play it."""
        places = [path for path in self.state.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.state)): path.read_text()
            for path in places
            if path.name not in {"calls", "failed", "fails", "refused"}
        }

    def lets_each_command_fail_twice(self, *, except_for: Sequence[str] = ()) -> None:
        """Before it has done anything, then after; not the lines named."""
        self.holds("failed", *except_for, *except_for)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.bin), "STAND_IN": str(self.state), "HOME": str(self.state)}

    def run(
        self, *arguments: str, given: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run deploy.sh for the project without a terminal; `calls` start anew."""
        (self.state / "calls").unlink(missing_ok=True)
        return subprocess.run(  # noqa: S603 - fixed argv
            [str(self.bin / "bash"), "deploy.sh", "--project", PROJECT, *arguments],
            cwd=self.folder,
            env={**self.environment, **(given or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def deploy(self, *arguments: str, smtp_url: str = "") -> subprocess.CompletedProcess[str]:
        """Run it as a machine does: no questions, secrets in the environment."""
        given = {
            "PARTICLE_CLIENT_ID": CLIENT_ID,
            "PARTICLE_CLIENT_SECRET": CLIENT_SECRET,
            "PARTICLE_ACCESS_TOKEN": ACCESS_TOKEN,
            "SETUP_CODE_PEPPER": "a pepper of somebody else",
            "SMTP_URL": smtp_url,
        }
        return self.run("--yes", *arguments, given=given)

    @property
    def steps(self) -> list[str]:
        """The lines of the last run without those that every run begins with."""
        return [call.line for call in self.calls if not call.line.startswith(ALWAYS)]

    @property
    def calls(self) -> list[Call]:
        path = self.state / "calls"
        records = path.read_text().split("\x1e")[:-1] if path.exists() else []
        parts = [record.split("\x1d") for record in records]
        return [Call(words.split("\x1f")[:-1], *rest) for words, *rest in parts]


def commands(printed: str) -> list[list[str]]:
    """The commands that a run or a dry run printed, with the environment's settings left out."""
    lines = [line[5:] for line in printed.splitlines() if line.startswith("   + ")]
    words = [shlex.split(line) for line in lines]
    bare = [line[2:] if line[0] == "env" else line for line in words]
    return [[pathlib.Path(line[0]).name, *line[1:]] for line in bare]


def at_a_terminal(
    checkout: Checkout, answers: list[tuple[str, str]], *arguments: str
) -> tuple[int, str]:
    """Run deploy.sh at a terminal and type each answer once its question stands there."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - fixed argv
        [str(checkout.bin / "bash"), "deploy.sh", "--project", PROJECT, *arguments],
        cwd=checkout.folder,
        env=checkout.environment,
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    shown = ""
    (checkout.state / "calls").unlink(missing_ok=True)
    waiting = list(answers)
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed: Linux says so with EIO
            break
        if not data:
            break
        shown += data.decode()
        if waiting and waiting[0][0] in shown:
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    assert not waiting, f"never asked: {waiting[0][0]}\n{shown}"
    return process.wait(30), shown
