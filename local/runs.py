"""The files of one run: its logs, its settings, and the configuration of the Firebase CLI.

A run is named `<name>-<process id of the starter>-<first port of its block>`, so that one can see
later whether the process that started it still runs.
"""

import os
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / ".local"

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
