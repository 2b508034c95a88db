"""Progress for the person at the terminal: one line for each step, with its duration."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    """Print a line at once, even into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and when it is done its duration."""
    sys.stdout.write(f"{name} ... ")
    sys.stdout.flush()
    start = time.monotonic()
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - start:.1f} s")
