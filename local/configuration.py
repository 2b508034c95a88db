"""The files that the Firebase CLI reads in one run: its configuration and the functions' settings.

Ports and the simulator's address differ from run to run, so each run has its own files, in places
that git and the deployment ignore.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.errors import StackError
from local.ports import HOST, Ports

PROJECT_ID: Final = "demo-particle"
REGION: Final = "us-central1"
TOPIC: Final = f"projects/{PROJECT_ID}/topics/particle-events"

#: The Firebase CLI's files for the settings of all projects, of the local project, and of one
#: developer.
SETTINGS_FILES: Final = (".env", f".env.{PROJECT_ID}")
DEVELOPER_SETTINGS: Final = ".env.local"
SECRETS_FILE: Final = ".secret.local"

_ASSIGNMENT: Final = re.compile(
    r"""(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*"""
    r"""(?:(?P<quoted>'[^']*'|"[^"]*")|(?P<bare>[^#]*))\s*(?:\#.*)?""",
    re.ASCII,
)


def read_settings(file: Path) -> dict[str, str]:
    """Return the variables in an env file, read as the Firebase CLI does; none if it is missing.

    Raises:
        StackError: a line is neither a comment nor an assignment.
    """
    if not file.exists():
        return {}
    settings = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _ASSIGNMENT.fullmatch(text)
        if not found:
            raise StackError(f"{file.name}, line {number}: expected NAME=value, found: {text[:60]}")
        name, quoted, bare = found.group("name", "quoted", "bare")
        settings[name] = quoted[1:-1] if quoted else bare.rstrip()
    return settings


def write_settings(file: Path, settings: Mapping[str, str]) -> None:
    """Write an env file from which `read_settings` returns the same variables.

    Raises:
        StackError: an env file cannot hold a value.
    """
    lines = []
    for name, value in settings.items():
        quote = "'" if '"' in value else '"'
        if quote in value or "\n" in value or "\\" in value:
            raise StackError(f"The setting {name} cannot be written to an env file: {value!r}")
        lines.append(f"{name}={quote}{value}{quote}\n")
    text = "".join(lines)
    file.write_text(text, encoding="utf-8")


def run_settings(
    root: Path, ports: Ports, changes: Mapping[str, str], *, developer: bool
) -> dict[str, str]:
    """Return the functions' settings in one run.

    Args:
        root: the project's folder.
        ports: the ports of this run.
        changes: settings for this run alone, which take precedence.
        developer: whether to read `.env.local` too. Tests do not, since they must not depend on it.
    """
    settings: dict[str, str] = {}
    for name in (*SETTINGS_FILES, *([DEVELOPER_SETTINGS] if developer else [])):
        settings |= read_settings(root / name)
    settings["PARTICLE_API_URL"] = f"http://{HOST}:{ports.simulator}"
    settings["SITE_URL"] = f"http://{HOST}:{ports.hosting}"
    return settings | dict(changes)


def run_secrets(root: Path, ports: Ports) -> dict[str, str]:
    """Return the functions' secrets in one run: those of the local project, and its mail server."""
    return read_settings(root / SECRETS_FILE) | {"SMTP_URL": f"smtp://{HOST}:{ports.smtp}"}


def firebase_configuration(root: Path, ports: Ports, settings_folder: Path) -> str:
    """Return `firebase.json` for one run, with its ports, its settings and this Python's version.

    Args:
        root: the project's folder.
        ports: the ports of this run.
        settings_folder: the folder below `root` with the functions' env file of this run.
    """
    configuration = json.loads((root / "firebase.json").read_text(encoding="utf-8"))
    version = f"python{sys.version_info.major}{sys.version_info.minor}"
    for codebase in configuration["functions"]:
        codebase["configDir"] = settings_folder.relative_to(root).as_posix()
        codebase["runtime"] = version
    del configuration["hosting"]["target"]  # which site it is in a project, says .firebaserc
    emulators = configuration["emulators"]
    listeners = ports.services()
    for name in listeners.keys() - {"simulator", "websocket", "smtp", "mails"}:
        emulators[name] = {"host": HOST, "port": listeners[name]}
    emulators["firestore"]["websocketPort"] = ports.websocket
    return json.dumps(configuration, indent=2)
