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
    ends: list[float] = []
    monkeypatch.setattr(reads, "_ask", lambda _: ends.append(deadline.end()))
    with deadline.until(end):
        assert reads.at_particle(["a", "b", "c"]) == dict.fromkeys("abc")
    assert ends == [end] * 3
    cache.empty_all()
