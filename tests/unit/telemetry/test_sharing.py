"""Work that waiting threads share."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event, Lock

import pytest

from shared.telemetry.batcher import Sharing

LONG = 3600.0


def sharing_of(
    work: Callable[[Sequence[int]], None],
    *,
    at_once: int = 1,
    enough: int = 99,
    patience: float = LONG,
    at_most: int = 7,
) -> Sharing[int]:
    return Sharing(work, at_once=at_once, at_most=at_most, enough=enough, patience=patience)


class Held:
    """Work that lasts until it is let go; what it was given, group by group."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.started = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> None:
        self.groups.append(list(items))
        self.started.release()
        assert self.go.acquire(timeout=20)


def queued(sharing: Sharing[int], number: int) -> None:
    """Return when so many wait."""
    while len(sharing._queue) != number:
        pass


@pytest.mark.parametrize("patience", [0.0, 0.001, LONG])
def test_every_item_is_worked_off_once_in_groups_that_are_not_too_large(patience: float) -> None:
    done: list[int] = []
    sizes: list[int] = []
    lock = Lock()

    def work(items: Sequence[int]) -> None:
        with lock:
            done.extend(items)
            sizes.append(len(items))

    sharing = sharing_of(work, at_once=3, enough=3, patience=patience)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(sharing.do, range(2000)))
    assert sorted(done) == list(range(2000))
    assert max(sizes) <= 7
    assert (sharing._groups, len(sharing._queue)) == (0, 0)


def test_many_who_wait_are_worth_another_group() -> None:
    """The two groups meet at the barrier, which one alone would never pass."""
    both = Barrier(2, timeout=20)
    started = Event()

    def work(_items: Sequence[int]) -> None:
        started.set()
        both.wait()

    sharing = sharing_of(work, at_once=2, enough=4)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(sharing.do, 0)
        assert started.wait(20)
        rest = [pool.submit(sharing.do, n) for n in range(1, 5)]
        for result in (first, *rest):
            result.result()


def test_where_work_takes_long_few_are_worth_another_group() -> None:
    """Three of one item each meet, though nobody comes any more and no group has ended."""
    all_three = Barrier(3, timeout=20)

    def work(_items: Sequence[int]) -> None:
        all_three.wait()

    sharing = sharing_of(work, at_once=3, patience=0.001, at_most=1)
    with ThreadPoolExecutor(8) as pool:
        for result in [pool.submit(sharing.do, n) for n in range(3)]:
            result.result()


def test_no_more_groups_than_allowed_however_long_they_take() -> None:
    work = Held()
    sharing = sharing_of(work, at_once=2, patience=0.0)
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(sharing.do, n) for n in range(2)]
        for _ in results:
            assert work.started.acquire(timeout=20)
        results += [pool.submit(sharing.do, n) for n in range(2, 6)]
        queued(sharing, 4)
        assert len(work.groups) == 2
        work.go.release(3)
        for result in results:
            result.result()
    assert sorted(map(len, work.groups)) == [1, 1, 4]


def test_a_group_that_ends_leaves_few_to_the_others() -> None:
    """Two of two and of three would cost more than the one of five."""
    work = Held()
    sharing = sharing_of(work, at_once=2, enough=2)
    results: list[Future[None]] = []
    with ThreadPoolExecutor(16) as pool:
        results.append(pool.submit(sharing.do, 0))
        assert work.started.acquire(timeout=20)
        results += [pool.submit(sharing.do, n) for n in (1, 2)]
        assert work.started.acquire(timeout=20)
        sharing._enough = 99
        results += [pool.submit(sharing.do, n) for n in (3, 4)]
        queued(sharing, 2)
        work.go.release()
        while sharing._groups == 2:
            pass
        results += [pool.submit(sharing.do, n) for n in (5, 6, 7)]
        queued(sharing, 5)
        work.go.release(2)
        for result in results:
            result.result()
    assert sorted(map(sorted, work.groups)) == [[0], [1, 2], [3, 4, 5, 6, 7]]


def test_a_failure_is_that_of_its_group_and_ends_nothing() -> None:
    def work(items: Sequence[int]) -> None:
        if 3 in items:
            raise LookupError(3)

    sharing = sharing_of(work)
    with pytest.raises(LookupError):
        sharing.do(3)
    sharing.do(4)


def test_waiting_ends_with_the_time_and_the_item_with_it() -> None:
    work = Held()
    sharing = sharing_of(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(sharing.do, 0)
        assert work.started.acquire(timeout=20)
        with pytest.raises(TimeoutError):
            sharing.do(1, time.monotonic())
        patient = pool.submit(sharing.do, 2, time.monotonic() + LONG)
        queued(sharing, 1)
        work.go.release(2)
        first.result()
        patient.result()
    assert work.groups == [[0], [2]]


def test_a_group_that_outlasts_the_time_is_not_waited_for() -> None:
    work = Held()
    sharing = sharing_of(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(sharing.do, 0)
        assert work.started.acquire(timeout=20)
        leading = pool.submit(sharing.do, 1)
        queued(sharing, 1)
        impatient = pool.submit(sharing.do, 2, time.monotonic() + 0.2)
        queued(sharing, 2)
        work.go.release()
        assert work.started.acquire(timeout=20)
        with pytest.raises(TimeoutError):
            impatient.result()
        work.go.release()
        first.result()
        leading.result()
    assert work.groups[0] == [0]
    assert sorted(number for group in work.groups for number in group) in ([0, 1, 2], [0, 1])
