"""Structs of msgspec that several threads may use from the start.

msgspec (0.22) builds what it knows of a struct at the struct's first use, and runs Python code for
that. A second thread that uses the struct meanwhile finds it half built, and the process crashes.
An instance gets its first requests at the same time, so each struct is used once where it is
defined, while there is one thread only.
"""

import contextlib
from typing import TypeVar

import msgspec

T = TypeVar("T")


def prepared(kind: type[T]) -> type[T]:
    """The struct, and what is nested in it, ready for threads; a decorator."""
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.convert({}, kind, dec_hook=_unread)
    return kind


def _unread(kind: type, value: object) -> object:
    raise NotImplementedError(kind, value)  # an empty one has nothing to read
