"""Runs one function on the functions framework's production server, as the platform does."""

import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
THREADS = 40
"""The functions' concurrency, as in `.env`."""

_SOURCES = {
    "ingest": "main.py",
    "invoke_function": "main.py",
    "forward": "benchmarks/forward.py",
}
"""The source files of functions; those that are missing here are in `peers.py`."""
_CALLABLES = ("invoke_function", "forward")

_START_SECONDS = 60.0
_PAUSE = 0.005


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Server:
    """The framework's server with one function; a context manager."""

    def __init__(
        self,
        target: str,
        environment: Mapping[str, str],
        *,
        source: str | None = None,
        log: pathlib.Path | None = None,
    ) -> None:
        """Prepare a server for a function of the product or for a peer, by default as deployed."""
        file = ROOT / (source or _SOURCES.get(target, "benchmarks/peers.py"))
        self.target = target
        self.port = free_port()
        self._environment = {
            **os.environ,
            **environment,
            "THREADS": str(THREADS),
            "FUNCTION_TARGET": target,
            "PYTHONPATH": str(ROOT),
        }
        self._command = [
            sys.executable,
            "-m",
            "functions_framework",
            f"--target={target}",
            f"--source={file}",
            f"--signature-type={'http' if target in _CALLABLES else 'cloudevent'}",
            "--host=127.0.0.1",
            f"--port={self.port}",
        ]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it accepts connections."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start the server. Raises `RuntimeError` when it does not start."""
        with open(self._log or os.devnull, "ab") as output:  # noqa: PTH123 - one of them is not a file
            self._process = subprocess.Popen(  # noqa: S603 - fixed argv
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.target} did not start; see {self._log}")
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """Kill the server and its worker."""
        if self._process is None:
            return
        for process in [*self._workers(), psutil.Process(self._process.pid)]:
            _kill(process)
        self._process.wait()
        self._process = None

    def kill_worker(self) -> None:
        """Kill the worker process; the server starts another one, with empty caches."""
        for worker in self._workers():
            _kill(worker)

    def resident_megabytes(self) -> float:
        """Return the resident memory of the worker process."""
        return max((w.memory_info().rss for w in self._workers()), default=0) / 2**20

    def cpu_seconds(self) -> float:
        """Return the processor time that the worker process has used so far."""
        times = [worker.cpu_times() for worker in self._workers()]
        return sum(taken.user + taken.system for taken in times)

    def _workers(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
