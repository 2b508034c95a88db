"""The bounded cache: how much it remembers, for how long, and what it forgets first."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.cache import Cache, empty_all


class Clock:
    """Stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_remembers_the_values_used_last() -> None:
    cache: Cache[str, int] = Cache(3)
    for number, key in enumerate("abc"):
        cache.put(key, number)
    assert cache.get("a") == 0
    cache.put("b", 10)
    cache.put("d", 3)
    assert list(cache) == ["a", "b", "d"], "c was not used for longest"
    assert "c" not in cache
    assert len(cache) == 3


def test_a_value_that_is_put_again_counts_once() -> None:
    cache: Cache[str, int] = Cache(2)
    for number in range(5):
        cache.put("a", number)
    cache.put("b", 0)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (4, 0, 2)


def test_use_does_not_make_a_value_younger() -> None:
    clock = Clock()
    cache: Cache[str, int] = Cache(3, age=10, clock=clock)
    cache.put("a", 1)
    clock.now += 6
    assert cache.get("a") == 1
    clock.now += 4
    assert cache.get("a") == 1, "not older than its age"
    clock.now += 0.1
    assert cache.get("a") is None
    assert len(cache) == 0, "what is too old is forgotten"
    cache.put("a", 2)
    assert cache.get("a") == 2


def test_without_an_age_a_value_stays() -> None:
    clock = Clock()
    cache: Cache[str, int] = Cache(1, clock=clock)
    cache.put("a", 1)
    clock.now += 1e9
    assert cache.get("a") == 1


def test_a_value_is_made_when_it_is_not_known_or_too_old() -> None:
    clock = Clock()
    cache: Cache[str, float] = Cache(1, age=10, clock=clock)
    assert cache.get_or_put("a", clock) == 100
    clock.now += 5
    assert cache.get_or_put("a", clock) == 100
    clock.now += 6
    assert cache.get_or_put("a", clock) == 111
    cache.get_or_put("b", clock)
    assert list(cache) == ["b"]


def test_a_failure_to_make_a_value_leaves_no_trace() -> None:
    cache: Cache[str, float] = Cache(1)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_put("a", lambda: 1 / 0)
    assert cache.get_or_put("a", lambda: 2.0) == 2


def test_a_value_can_be_forgotten() -> None:
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1)
    cache.forget("a")
    cache.forget("a")
    assert "a" not in cache


def test_all_caches_are_emptied_at_once_and_work_on() -> None:
    one: Cache[str, int] = Cache(2)
    two: Cache[int, str] = Cache(2, age=5)
    one.put("a", 1)
    two.put(1, "a")
    empty_all()
    assert (len(one), len(two)) == (0, 0)
    one.put("a", 2)
    assert one.get("a") == 2


def test_threads_make_a_value_once_and_never_exceed_the_size() -> None:
    cache: Cache[int, object] = Cache(8)
    made: list[int] = []
    start = threading.Barrier(16)

    def make() -> object:
        made.append(1)
        return object()

    def use(thread: int) -> object:
        start.wait()
        shared = cache.get_or_put(-1, make)
        for number in range(500):
            cache.put(number * 16 + thread, shared)
            assert cache.get(-1) in {shared, None}
            assert len(cache) <= 8
            list(cache)
        return shared

    with ThreadPoolExecutor(16) as pool:
        results = set(pool.map(use, range(16)))
    assert len(results) == len(made) == 1
