"""Work that waiting threads share."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock

import pytest

from shared.telemetry.sharing import Sharing


def test_every_item_is_worked_off_once_in_groups_that_are_not_too_large() -> None:
    done: list[int] = []
    sizes: list[int] = []
    lock = Lock()

    def work(items: Sequence[int]) -> None:
        with lock:
            done.extend(items)
            sizes.append(len(items))

    sharing: Sharing[int] = Sharing(work, at_once=2, at_most=7, enough=3)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(sharing.do, range(2000)))
    assert sorted(done) == list(range(2000))
    assert max(sizes) <= 7


def test_many_who_wait_are_worth_another_group() -> None:
    """The two groups meet at the barrier, which one alone would never pass."""
    both = Barrier(2, timeout=20)
    started = Event()

    def work(_items: Sequence[int]) -> None:
        started.set()
        both.wait()

    sharing: Sharing[int] = Sharing(work, at_once=2, at_most=9, enough=4)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(sharing.do, 0)
        assert started.wait(20)
        rest = [pool.submit(sharing.do, n) for n in range(1, 5)]
        for result in (first, *rest):
            result.result()


def test_a_failure_is_that_of_its_group_and_ends_nothing() -> None:
    def work(items: Sequence[int]) -> None:
        if 3 in items:
            raise LookupError(3)

    sharing: Sharing[int] = Sharing(work, at_once=1, at_most=5, enough=99)
    with pytest.raises(LookupError):
        sharing.do(3)
    sharing.do(4)
