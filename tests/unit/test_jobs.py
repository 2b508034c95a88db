"""The jobs of releases and deletions: how long a run asks Firestore, and how patiently."""

import time

import pytest

from shared.firestore import deadline
from shared.privacy import deletion


def test_a_deletion_has_a_jobs_patience_and_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a callable, whose own requests are for a person who waits."""
    seen: list[tuple[float, float]] = []
    monkeypatch.setattr(
        deletion, "_run", lambda _: seen.append((deadline.end(), deadline.arguments()["timeout"]))
    )
    with deadline.within(60, deadline.PERSON):
        before = time.monotonic()
        deletion.run("u", 20)
        deletion.run("u", 3600)
        function = deadline.end()
    (end, patience), (late, _) = seen
    assert before + 20 <= end <= time.monotonic() + 20
    assert patience == deadline.EVENT.attempt
    assert late == function, "never beyond the function's own"
