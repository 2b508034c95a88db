"""Group commit: the items of waiting threads are processed in batches."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event, Lock

import pytest

from shared.telemetry.batcher import Batcher

LONG = 3600.0


def batcher_of(
    work: Callable[[Sequence[int]], None],
    *,
    max_batches: int = 1,
    enough: int = 99,
    patience: float = LONG,
    max_items: int = 7,
) -> Batcher[int]:
    return Batcher(
        work, max_batches=max_batches, max_items=max_items, enough=enough, patience=patience
    )


class Held:
    """Work that lasts until it is let go; what it was given, batch by batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> None:
        self.batches.append(list(items))
        self.started.release()
        assert self.go.acquire(timeout=20)


def queued(batcher: Batcher[int], number: int) -> None:
    """Return when so many wait."""
    while len(batcher._queue) != number:
        pass


@pytest.mark.parametrize("patience", [0.0, 0.001, LONG])
def test_every_item_is_processed_once_in_batches_that_are_not_too_large(patience: float) -> None:
    done: list[int] = []
    sizes: list[int] = []
    lock = Lock()

    def work(items: Sequence[int]) -> None:
        with lock:
            done.extend(items)
            sizes.append(len(items))

    batcher = batcher_of(work, max_batches=3, enough=3, patience=patience)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(batcher.process, range(2000)))
    assert sorted(done) == list(range(2000))
    assert max(sizes) <= 7
    assert (batcher._under_way, len(batcher._queue)) == (0, 0)


def test_many_waiting_items_justify_another_batch() -> None:
    """The two batches meet at the barrier, which one alone would never pass."""
    both = Barrier(2, timeout=20)
    started = Event()

    def work(_items: Sequence[int]) -> None:
        started.set()
        both.wait()

    batcher = batcher_of(work, max_batches=2, enough=4)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher.process, 0)
        assert started.wait(20)
        rest = [pool.submit(batcher.process, n) for n in range(1, 5)]
        for result in (first, *rest):
            result.result()


def test_where_work_takes_long_few_items_justify_another_batch() -> None:
    """Three of one item each meet, though no item arrives any more and no batch has ended."""
    all_three = Barrier(3, timeout=20)

    def work(_items: Sequence[int]) -> None:
        all_three.wait()

    batcher = batcher_of(work, max_batches=3, patience=0.001, max_items=1)
    with ThreadPoolExecutor(8) as pool:
        for result in [pool.submit(batcher.process, n) for n in range(3)]:
            result.result()


def test_no_more_batches_than_allowed_however_long_they_take() -> None:
    work = Held()
    batcher = batcher_of(work, max_batches=2, patience=0.0)
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(batcher.process, n) for n in range(2)]
        for _ in results:
            assert work.started.acquire(timeout=20)
        results += [pool.submit(batcher.process, n) for n in range(2, 6)]
        queued(batcher, 4)
        assert len(work.batches) == 2
        work.go.release(3)
        for result in results:
            result.result()
    assert sorted(map(len, work.batches)) == [1, 1, 4]


def test_a_batch_that_ends_leaves_few_to_the_others() -> None:
    """Two of two and of three would cost more than the one of five."""
    work = Held()
    batcher = batcher_of(work, max_batches=2, enough=2)
    results: list[Future[None]] = []
    with ThreadPoolExecutor(16) as pool:
        results.append(pool.submit(batcher.process, 0))
        assert work.started.acquire(timeout=20)
        results += [pool.submit(batcher.process, n) for n in (1, 2)]
        assert work.started.acquire(timeout=20)
        batcher._enough = 99
        results += [pool.submit(batcher.process, n) for n in (3, 4)]
        queued(batcher, 2)
        work.go.release()
        while batcher._under_way == 2:
            pass
        results += [pool.submit(batcher.process, n) for n in (5, 6, 7)]
        queued(batcher, 5)
        work.go.release(2)
        for result in results:
            result.result()
    assert sorted(map(sorted, work.batches)) == [[0], [1, 2], [3, 4, 5, 6, 7]]


def test_a_failure_is_that_of_its_batch_and_ends_nothing() -> None:
    def work(items: Sequence[int]) -> None:
        if 3 in items:
            raise LookupError(3)

    batcher = batcher_of(work)
    with pytest.raises(LookupError):
        batcher.process(3)
    batcher.process(4)


def test_waiting_ends_with_the_time_and_the_item_with_it() -> None:
    work = Held()
    batcher = batcher_of(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(batcher.process, 0)
        assert work.started.acquire(timeout=20)
        with pytest.raises(TimeoutError):
            batcher.process(1, time.monotonic())
        patient = pool.submit(batcher.process, 2, time.monotonic() + LONG)
        queued(batcher, 1)
        work.go.release(2)
        first.result()
        patient.result()
    assert work.batches == [[0], [2]]


def test_a_batch_that_outlasts_the_time_is_not_waited_for() -> None:
    work = Held()
    batcher = batcher_of(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(batcher.process, 0)
        assert work.started.acquire(timeout=20)
        leading = pool.submit(batcher.process, 1)
        queued(batcher, 1)
        impatient = pool.submit(batcher.process, 2, time.monotonic() + 0.2)
        queued(batcher, 2)
        work.go.release()
        assert work.started.acquire(timeout=20)
        with pytest.raises(TimeoutError):
            impatient.result()
        work.go.release()
        first.result()
        leading.result()
    assert work.batches[0] == [0]
    assert sorted(number for batch in work.batches for number in batch) in ([0, 1, 2], [0, 1])


def test_items_of_one_key_are_never_under_way_twice() -> None:
    work = Held()
    batcher = Batcher(
        work, max_batches=9, max_items=9, enough=1, patience=LONG, key=lambda n: str(n % 10)
    )
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(batcher.process, 1)]
        assert work.started.acquire(timeout=20)
        for waiting, item in enumerate((11, 21), start=1):
            done.append(pool.submit(batcher.process, item))
            queued(batcher, waiting)
        done.append(pool.submit(batcher.process, 2))
        assert work.started.acquire(timeout=20)
        assert work.batches == [[1], [2]]
        work.go.release()
        work.go.release()
        assert work.started.acquire(timeout=20)
        work.go.release()
        for one in done:
            one.result(20)
    assert work.batches == [[1], [2], [11, 21]]
    assert (batcher._under_way, len(batcher._queue), batcher._busy) == (0, 0, set())
