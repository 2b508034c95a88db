"""Waiting for the thing itself, never for a length of time."""

import time
from collections.abc import Callable
from typing import Final

import requests

from local.errors import StackError

_PAUSE: Final = 0.1


def wait_until(
    what: str, ready: Callable[[], bool], patience: float, alive: Callable[[], None]
) -> None:
    """Ask `ready` until it is so.

    Args:
        what: named in the error.
        ready: the question.
        patience: seconds after which to give up.
        alive: raises when waiting has become pointless.

    Raises:
        StackError: not ready in time, or what `alive` raises.
    """
    deadline = time.monotonic() + patience
    while not ready():
        alive()
        if time.monotonic() > deadline:
            raise StackError(f"{what} was not ready within {patience:.0f} s")
        time.sleep(_PAUSE)


def answers(url: str) -> bool:
    """Whether an HTTP server answers there, whatever it says."""
    try:
        requests.get(url, timeout=5).close()
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True
