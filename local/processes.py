"""Processes of the stack: started in a session of their own, found again, and ended for certain.

The Firebase CLI leaves processes behind: the functions' workers are children of shells that die
first, and the Java emulators run in sessions of their own. So no parent and no process group knows
them all. What they all keep is the environment that they were started with: every process of a
stack carries a mark in it that names the stack and who started it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "LOCAL_STACK"
_PAUSE: Final = 0.02
_SEPARATOR: Final = "|"


def mark(root: Path, run: str) -> str:
    """The value of the mark for a stack of that project folder that this process starts."""
    me = psutil.Process()
    return _SEPARATOR.join((str(root), str(me.pid), f"{me.create_time():.2f}", run))


def marked(value: str) -> list[psutil.Process]:
    """The living processes that carry exactly that mark."""
    return [process for process, found in _all_marked() if found == value]


def leftovers(root: Path) -> list[psutil.Process]:
    """The living processes of stacks of that project folder whose starter is gone."""
    return [
        process
        for process, found in _all_marked()
        if found.startswith(f"{root}{_SEPARATOR}") and not _starter_lives(found)
    ]


def _all_marked() -> Iterable[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        try:
            value = process.environ().get(MARK)
            if value and process.status() != psutil.STATUS_ZOMBIE:
                yield process, value
        except (psutil.Error, OSError):
            # Gone in this moment, or somebody else's.
            continue


def _starter_lives(value: str) -> bool:
    _root, pid, created, _run = value.rsplit(_SEPARATOR, 3)
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == created
    except psutil.Error:
        return False


def neutral_environment() -> dict[str, str]:
    """The environment without what would tell a service of another stack or of one function.

    The tests' process has both: it uses a stack, and serves functions itself.
    """
    foreign = ("FUNCTION_", "K_", "PARTICLE_", "LOCAL_STACK")
    named = {"GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT", "FIREBASE_CONFIG", "PORT"}
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith(foreign) or name.endswith("_EMULATOR_HOST") or name in named)
    }


def end(processes: Sequence[psutil.Process], patience: float = 5) -> list[psutil.Process]:
    """Kill these processes and return those that still run after `patience` seconds."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    deadline = time.monotonic() + patience
    while alive := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        # An orphan that nobody collects stays in the table of processes, without any resource.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Service:
    """One process of the stack that runs until it is stopped; its output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        """Start it.

        Args:
            name: what it is called in messages.
            command: the program and its arguments.
            folder: its working directory.
            environment: its whole environment.
            log: file for what it prints.
        """
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - commands of ours, no shell
                [str(part) for part in command],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal is for us alone: we stop the parts in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id; also that of its process group."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def interrupt(self, patience: float) -> bool:
        """Ask it to stop as Ctrl-C would and wait; False when it still runs after `patience` s."""
        if self._process.poll() is not None:
            return True
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End its whole process group at once."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def tail(self, lines: int = 40) -> str:
        """The last lines of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])
