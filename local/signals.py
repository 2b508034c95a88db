"""Being told to stop: by Ctrl-C, by SIGTERM, by a closed terminal, or by what `make` was told."""

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
    """Somebody told this process to stop."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Within it, the first signal to stop raises `Stopped`; those after it change nothing."""
    told = False

    def tell(_signal: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            raise Stopped

    before = {number: signal.signal(number, tell) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Within it, signals to stop wait: what has to be ended is ended."""
    if threading.current_thread() is not threading.main_thread():
        # Signals are handled in the main thread alone.
        yield
        return
    waiting: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    # Not by blocking them: the system would hand them to another thread of this process.
    before = {number: signal.signal(number, remember) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for first in waiting[:1]:
            signal.raise_signal(first)


class Make:
    """The `make` that started this process, which may be told to stop in our place.

    `make` passes SIGTERM on to what it runs, but not SIGINT: it trusts that the terminal has sent
    it to all. When it alone gets one, it waits for us for ever. Linux shows it in the set of
    signals that a process catches: `make` stops catching SIGINT as soon as it has got one.
    """

    def __init__(self) -> None:
        """Look at the parent as it is now; when it is no `make`, nothing is expected of it."""
        parent = psutil.Process().parent()
        self._pid = parent.pid if parent and parent.name() in {"make", "gmake"} else None
        self._caught = self._catches_interrupt()

    def interrupted(self) -> bool:
        """Whether it is gone, or was told to stop."""
        if self._pid is None:
            return False
        return os.getppid() != self._pid or (self._caught and not self._catches_interrupt())

    def _catches_interrupt(self) -> bool:
        try:
            status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii")
        except OSError:
            # Not Linux, or gone in this moment.
            return False
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) & (1 << (signal.SIGINT - 1)))
