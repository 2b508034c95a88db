"""The files of one run: its logs, its settings, and the configuration of the Firebase CLI.

A run is named `<name>-<process id of the starter>-<first port of its block>`, so that one can see
later whether the process that started it still runs.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / ".local"

DEMO: Final = "demo"
CHOSEN_DEMO: Final = "PARTICLE_DEMO"
"""The variable that names one of several running demos."""
ADDRESSES: Final = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "FUNCTIONS_EMULATOR_HOST",
    "HOSTING_EMULATOR_HOST",
    "PARTICLE_API_URL",
)
"""The variables that say where the parts of a stack are. Those for the functions and for Hosting
are our own: Google has none."""

_ADDRESSES_FILE: Final = "addresses.json"
_KEPT: Final = 6
_PATTERN: Final = "*-*-*"


def run_name(name: str, first_port: int) -> str:
    """Return the name of a run that this process starts."""
    return f"{name}-{os.getpid()}-{first_port}"


def logs_folder(run: str) -> Path:
    """Return the folder for the logs of a run, which are kept for a while."""
    return FOLDER / run


def configuration_file(run: str) -> Path:
    """Return the Firebase CLI's configuration file, which must be in the project's folder."""
    return ROOT / f".firebase.{run}.json"


@dataclass(frozen=True)
class Demo:
    """A running demo of this checkout.

    Attributes:
        run: the name of its run.
        addresses: the value of each variable in `ADDRESSES`.
    """

    run: str
    addresses: Mapping[str, str]


def announce(run: str, addresses: Mapping[str, str]) -> None:
    """Let programs of this checkout find a demo that runs; web/vite.demo.ts reads the same file."""
    (logs_folder(run) / _ADDRESSES_FILE).write_text(json.dumps(dict(addresses)), encoding="utf-8")


def conceal(run: str) -> None:
    """Let nobody find a demo any more, because it ends."""
    (logs_folder(run) / _ADDRESSES_FILE).unlink(missing_ok=True)


def running_demos() -> list[Demo]:
    """Return the demos of this checkout that run now."""
    found = sorted(FOLDER.glob(f"{DEMO}-*-*/{_ADDRESSES_FILE}"))
    return [
        Demo(file.parent.name, json.loads(file.read_text(encoding="utf-8")))
        for file in found
        if is_running(file.parent.name)
    ]


def forget_old_runs() -> None:
    """Delete the files of runs that have ended, except the logs of the last few."""
    for file in ROOT.glob(configuration_file(_PATTERN).name):
        if not is_running(file.name.removeprefix(".firebase.").removesuffix(".json")):
            file.unlink(missing_ok=True)
    runs = [run for run in FOLDER.glob(_PATTERN) if run.is_dir() and not is_running(run.name)]
    runs.sort(key=lambda run: run.stat().st_mtime, reverse=True)
    for run in runs[_KEPT:]:
        shutil.rmtree(run, ignore_errors=True)


def is_running(run: str) -> bool:
    """Whether a process with the id of the run's starter exists."""
    _name, pid, _port = run.rsplit("-", 2)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        # The process is another user's, or the file is not one of a run.
        return True
    return True
