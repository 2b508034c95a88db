"""The allowance of calls: a burst, a steady rate, each customer for themselves."""

import pytest

from shared.errors import TooManyAttempts
from shared.limits import rate
from shared.limits.rate import RateLimit


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def used_up(limit: RateLimit, uid: str) -> int:
    """Calls until the refusal."""
    for number in range(1000):
        try:
            limit.acquire(uid)
        except TooManyAttempts:
            return number
    raise AssertionError("no limit")


def test_a_burst_then_a_rate() -> None:
    clock = Clock()
    limit = RateLimit(lambda: 60, clock=clock)
    assert used_up(limit, "a") == 60
    with pytest.raises(TooManyAttempts) as refused:
        limit.acquire("a")
    assert refused.value.details == {"retryAfter": 1}
    clock.now = 2
    assert used_up(limit, "a") == 2
    clock.now = 1000
    assert used_up(limit, "a") == 60, "never more than the burst"


def test_each_for_themselves() -> None:
    limit = RateLimit(lambda: 3, clock=Clock())
    assert used_up(limit, "a") == 3
    assert used_up(limit, "b") == 3


def test_refused_calls_cost_nothing() -> None:
    clock = Clock()
    limit = RateLimit(lambda: 1, clock=clock)
    limit.acquire("a")
    for _ in range(10):
        clock.now += 5
        with pytest.raises(TooManyAttempts):
            limit.acquire("a")
    clock.now += 11
    limit.acquire("a")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MAX_KNOWN", 2)
    limit = RateLimit(lambda: 1, clock=Clock())
    for uid in "abc":
        limit.acquire(uid)
    assert len(limit._left) == 2


def test_no_limit() -> None:
    limit = RateLimit(lambda: 0, clock=Clock())
    for _ in range(100):
        limit.acquire("a")
