"""Waits until a condition holds, never for a fixed time."""

import time
from collections.abc import Callable
from typing import Final

import requests

from local.errors import StackError

_PAUSE: Final = 0.1


def wait_until(
    what: str, ready: Callable[[], bool], timeout: float, check: Callable[[], None]
) -> None:
    """Call `ready` until it returns true.

    Args:
        what: what is waited for, for the error.
        ready: whether it is ready.
        timeout: seconds after which to give up.
        check: raises an error when waiting has become pointless.

    Raises:
        StackError: it was not ready in time, or `check` raised it.
    """
    deadline = time.monotonic() + timeout
    while not ready():
        check()
        if time.monotonic() > deadline:
            raise StackError(f"{what} was not ready within {timeout:.0f} s")
        time.sleep(_PAUSE)


def answers(url: str) -> bool:
    """Whether an HTTP server answers at this URL, with whatever status."""
    try:
        requests.get(url, timeout=5).close()
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True
