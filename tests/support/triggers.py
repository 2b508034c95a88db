"""The functions emulator's triggers, for tests that deliver themselves, or nothing at all."""

import contextlib
from collections.abc import Iterator

import requests

from local import Stack


@contextlib.contextmanager
def paused(stack: Stack) -> Iterator[None]:
    """Documents and messages are left alone."""
    hub = f"http://127.0.0.1:{stack.ports.hub}/functions"
    requests.put(f"{hub}/disableBackgroundTriggers", timeout=30).raise_for_status()
    yield
    requests.put(f"{hub}/enableBackgroundTriggers", timeout=60).raise_for_status()
