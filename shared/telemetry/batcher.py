"""Group commit: the items of threads that wait at the same moment are processed in one batch.

No thread waits for company: one that arrives alone processes its item at once. One that arrives
while a batch is under way waits, and the first of those that wait becomes the leader of the next
batch: it processes the items of all of them. So batches grow with the load, and the throughput
grows with them.

Another batch begins beside those under way when enough items wait, or when the last batch began
some time ago. Quick work is therefore done in a few large batches. Work that mostly waits for a
distant service is done in many batches at the same time.

Items may have keys. Items of one key are never in two batches that are under way at the same time:
they wait for the next one, in which they are together.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import TIMEOUT_MAX, Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Waiter(Generic[Item]):
    """An item, and the thread that waits for it."""

    __slots__ = ("batch", "failure", "item", "key", "queued", "woken")

    def __init__(self, item: Item, key: str | None) -> None:
        self.item = item
        self.key = key
        self.queued = True
        """Whether the item is in no batch yet."""
        self.batch: list[_Waiter[Item]] | None = None
        """The batch that this thread leads, itself included; None unless it is a leader."""
        self.failure: BaseException | None = None
        # A lock weighs less than an `Event`. It is held until the thread may go on.
        self.woken = Lock()
        self.woken.acquire()


class Batcher(Generic[Item]):
    """Collects the items of waiting threads into batches; one thread processes each batch."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], None],
        *,
        max_batches: int,
        max_items: int,
        enough: int,
        patience: float,
        key: Callable[[Item], str] | None = None,
    ) -> None:
        """Create a batcher without threads of its own.

        Args:
            work: processes a batch; what it raises is raised in the thread of each item.
            max_batches: batches under way at the same time.
            max_items: items in a batch.
            enough: waiting items that justify another batch beside those under way.
            patience: seconds after the start of the last batch from which fewer items do.
            key: what two batches under way may never have in common, if there is such a thing.
        """
        self._work = work
        self._max_batches = max_batches
        self._max_items = max_items
        self._enough = enough
        self._patience = patience
        self._key = key
        self._busy: set[str] = set()
        """The keys of the items in the batches under way."""
        self._held_back = 0
        """How many of those that wait, from the first on, wait for such a key."""
        self._queue: deque[_Waiter[Item]] = deque()
        self._under_way = 0
        self._last_started = 0.0
        self._lock = Lock()

    def process(self, item: Item, deadline: float = TIMEOUT_MAX) -> None:
        """Return when the item has been processed; raise what its processing raised.

        Raises `TimeoutError` when another thread has not done so by the deadline, in
        `time.monotonic`. An item that is in no batch by then is never processed.
        """
        mine = _Waiter(item, self._key(item) if self._key else None)
        with self._lock:
            self._queue.append(mine)
            self._start_if_due()
        self._wait(mine, deadline)
        if mine.batch is not None:
            self._lead(mine.batch)
        if mine.failure is not None:
            raise mine.failure

    def _wait(self, mine: _Waiter[Item], deadline: float) -> None:
        """Return when the item has been processed, or when this thread is to lead a batch."""
        while True:
            left = max(deadline - time.monotonic(), 0)
            pause = min(left, self._patience) if mine.queued else left
            if mine.woken.acquire(timeout=pause):
                return
            with self._lock:
                if mine.batch is not None:
                    return
                if time.monotonic() >= deadline:
                    if mine.queued:
                        self._queue.remove(mine)
                    raise TimeoutError("the batch was not done in time")
                self._start_if_due()

    def _lead(self, batch: list[_Waiter[Item]]) -> None:
        with self._lock:
            # Items may have arrived since the batch was started.
            self._fill(batch)
        try:
            self._work([waiter.item for waiter in batch])
        except BaseException as failure:  # noqa: BLE001 - raised again by each of the threads
            for waiter in batch:
                waiter.failure = failure
        finally:
            with self._lock:
                self._under_way -= 1
                self._busy.difference_update(_keys(batch))
                self._held_back = 0
                self._start_if_due()
            for waiter in batch[1:]:
                waiter.woken.release()

    def _start_if_due(self) -> None:
        """Make the first waiter lead a batch if one is due; the caller holds the lock."""
        if not self._queue or not self._is_due():
            return
        batch: list[_Waiter[Item]] = []
        self._fill(batch)
        self._last_started = time.monotonic()
        if not batch:
            return
        self._under_way += 1
        batch[0].batch = batch
        batch[0].woken.release()

    def _is_due(self) -> bool:
        if not self._under_way:
            return True
        if self._under_way >= self._max_batches:
            return False
        return (
            len(self._queue) - self._held_back >= self._enough
            or time.monotonic() - self._last_started >= self._patience
        )

    def _fill(self, batch: list[_Waiter[Item]]) -> None:
        """Move waiters into a batch, in their order, but not those whose key another batch has."""
        elsewhere = self._busy.difference(_keys(batch))
        held_back: list[_Waiter[Item]] = []
        while self._queue and len(batch) < self._max_items:
            waiter = self._queue.popleft()
            if waiter.key in elsewhere:
                held_back.append(waiter)
                continue
            waiter.queued = False
            batch.append(waiter)
        self._queue.extendleft(reversed(held_back))
        self._held_back = len(held_back)
        self._busy.update(_keys(batch))


def _keys(batch: Sequence[_Waiter[Item]]) -> set[str]:
    return {waiter.key for waiter in batch if waiter.key is not None}
