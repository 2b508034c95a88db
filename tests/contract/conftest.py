"""A simulator of its own for these tests: nothing else of the stack runs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def simulator_url() -> Iterator[str]:
    """The address of a running simulator; it has to end cleanly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    ready = process.stdout.readline()
    assert ready.startswith("simulator ready on "), ready
    yield ready.split()[-1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    process.stdout.close()
