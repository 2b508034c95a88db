"""The functions emulator's triggers, for tests that deliver themselves, or nothing at all."""

import contextlib
from collections.abc import Iterator

import requests

from local import Stack

LIVE = "live_triggers"
"""The mark of modules of the functional tests that the emulator's own deliveries are a part of."""


def pause(stack: Stack) -> None:
    """Documents and messages are left alone from now on."""
    _put(stack, "disableBackgroundTriggers")


@contextlib.contextmanager
def paused(stack: Stack) -> Iterator[None]:
    """Documents and messages are left alone for a while."""
    pause(stack)
    yield
    _put(stack, "enableBackgroundTriggers")


def _put(stack: Stack, what: str) -> None:
    hub = f"http://127.0.0.1:{stack.ports.hub}/functions"
    requests.put(f"{hub}/{what}", timeout=60).raise_for_status()
