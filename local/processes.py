"""Starts the processes of a stack, finds all of them again, and ends them.

The Firebase CLI leaves processes behind: the functions' workers are children of shells that end
first, and the Java emulators run in their own sessions. So no parent and no process group contains
them all. But all of them keep the environment with which they were started: every process of a
stack has a mark in it that names the stack and the process that started the stack.
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
    """Return the mark for a stack of a project folder that this process starts."""
    me = psutil.Process()
    return _SEPARATOR.join((str(root), str(me.pid), f"{me.create_time():.2f}", run))


def marked(value: str) -> list[psutil.Process]:
    """Return the running processes with exactly this mark."""
    return [process for process, found in _all_marked() if found == value]


def leftovers(root: Path) -> list[psutil.Process]:
    """Return the running processes of stacks of a project folder whose starter has ended."""
    return [
        process
        for process, found in _all_marked()
        if found.startswith(f"{root}{_SEPARATOR}") and not _starter_runs(found)
    ]


def _all_marked() -> Iterable[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        try:
            value = process.environ().get(MARK)
            if value and process.status() != psutil.STATUS_ZOMBIE:
                yield process, value
        except (psutil.Error, OSError):
            # It has just ended, or it belongs to another user.
            continue


def _starter_runs(value: str) -> bool:
    _root, pid, created, _run = value.rsplit(_SEPARATOR, 3)
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == created
    except psutil.Error:
        return False


def neutral_environment() -> dict[str, str]:
    """Return the environment without the variables of another stack or of a single function.

    The process of the tests has both, since it uses a stack and serves functions itself.
    """
    foreign = ("FUNCTION_", "K_", "PARTICLE_", "LOCAL_STACK")
    named = {"GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT", "FIREBASE_CONFIG", "PORT"}
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith(foreign) or name.endswith("_EMULATOR_HOST") or name in named)
    }


def end(processes: Sequence[psutil.Process], timeout: float = 5) -> list[psutil.Process]:
    """Kill these processes and return those that still run after `timeout` seconds."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    deadline = time.monotonic() + timeout
    while alive := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        # A zombie stays in the process table until its parent waits for it; it uses nothing else.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Service:
    """A process of the stack that runs until it is stopped; its output goes to a log file.

    Attributes:
        name: its name in messages.
        log: the file with its output.
    """

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
            name: its name in messages.
            command: the program and its arguments.
            folder: its working directory.
            environment: its whole environment.
            log: the file for its output.
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
                # Ctrl-C must reach only this process, which then stops the services in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process and of its process group."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self._process.poll()

    def interrupt(self, timeout: float) -> bool:
        """Ask it to stop as Ctrl-C would; return whether it has ended within `timeout` seconds."""
        if self._process.poll() is not None:
            return True
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill its whole process group."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def tail(self, lines: int = 40) -> str:
        """Return the last lines of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])
