"""Asking Particle about several devices at once."""

import time

import pytest

from shared import cache
from shared.commands import reads
from shared.firestore import deadline


def test_requests_in_threads_have_the_functions_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may have to count a token in Firestore, which must not outlast the function."""
    cache.empty_all()
    end = time.monotonic() + 5
    monkeypatch.setattr(reads, "_ask", lambda _: deadline.end() == end)
    with deadline.until(end):
        assert reads.online(["a", "b", "c"]) == {"a": True, "b": True, "c": True}
    cache.empty_all()
