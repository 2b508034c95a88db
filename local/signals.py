"""Requests to stop: Ctrl-C, SIGTERM, a closed terminal, or a signal to the parent `make`."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """This process was asked to stop."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise `Stopped` at the first signal to stop within the block, and ignore later ones."""
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            raise Stopped

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay signals to stop until the end of the block, so that a clean-up is completed."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread handles signals.
        yield
        return
    waiting: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    # Blocking them would not do: another thread of this process would get them.
    before = {number: signal.signal(number, remember) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for first in waiting[:1]:
            signal.raise_signal(first)


class Make:
    """The `make` that started this process, which may get a signal that was meant for it.

    `make` passes SIGTERM on to what it runs, but not SIGINT, because the terminal sends that to
    all processes. When only `make` gets a SIGINT, it would wait for this process for ever. Linux
    shows which signals a process catches, and `make` stops catching SIGINT once it has got one.
    """

    def __init__(self) -> None:
        """Remember the parent process, if it is a `make`."""
        parent = psutil.Process().parent()
        self._pid = parent.pid if parent and parent.name() in {"make", "gmake"} else None
        self._caught = self._catches_interrupt()

    def interrupted(self) -> bool:
        """Whether `make` has ended or got a SIGINT."""
        if self._pid is None:
            return False
        return os.getppid() != self._pid or (self._caught and not self._catches_interrupt())

    def _catches_interrupt(self) -> bool:
        try:
            status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii")
        except OSError:
            # The system is not Linux, or `make` has just ended.
            return False
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) & (1 << (signal.SIGINT - 1)))
