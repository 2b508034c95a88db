"""Work that those who wait at the moment share.

Nobody waits for company: who comes alone works alone at once. Who comes while others work waits,
and the first of the waiting then works for all of them. So the groups grow with the load, and with
them the throughput.

Beside a group under way another one begins when enough wait, or when the last one began a while
ago. Work that is quickly done is so done in few large groups; where it is mostly waiting, for a
service that is far away, many groups wait at the same time.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import TIMEOUT_MAX, Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Waiting(Generic[Item]):
    """An item, and the thread that waits for it."""

    __slots__ = ("failure", "item", "leads", "queued", "woken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.queued = True
        """Whether no group has taken it yet."""
        self.leads: list[_Waiting[Item]] | None = None
        """Those to work for, itself among them; None for one that another thread works for."""
        self.failure: BaseException | None = None
        # An `Event` without its weight: held until the thread may go on.
        self.woken = Lock()
        self.woken.acquire()


class Sharing(Generic[Item]):
    """Hands the items of waiting threads to one of these threads, which works for all."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], None],
        *,
        at_once: int,
        at_most: int,
        enough: int,
        patience: float,
    ) -> None:
        """Prepare it.

        Args:
            work: takes a group of items; what it raises, the thread of each of them raises.
            at_once: groups at the same time.
            at_most: items in a group.
            enough: waiting items that are worth another group beside those under way.
            patience: seconds after the last group's begin in which fewer are not.
        """
        self._work = work
        self._at_once = at_once
        self._at_most = at_most
        self._enough = enough
        self._patience = patience
        self._queue: deque[_Waiting[Item]] = deque()
        self._groups = 0
        self._last_began = 0.0
        self._lock = Lock()

    def do(self, item: Item, deadline: float = TIMEOUT_MAX) -> None:
        """Return when the item has been worked off; raise what that raised.

        Raises `TimeoutError` when another thread has not done so by the deadline, in
        `time.monotonic`. An item that no group has taken by then is never worked off.
        """
        mine = _Waiting(item)
        with self._lock:
            self._queue.append(mine)
            self._begin()
        self._wait(mine, deadline)
        if mine.leads is not None:
            self._lead(mine.leads)
        if mine.failure is not None:
            raise mine.failure

    def _wait(self, mine: _Waiting[Item], deadline: float) -> None:
        while True:
            left = max(deadline - time.monotonic(), 0)
            pause = min(left, self._patience) if mine.queued else left
            if mine.woken.acquire(timeout=pause):
                return
            with self._lock:
                if mine.leads is not None:
                    return
                if time.monotonic() >= deadline:
                    if mine.queued:
                        self._queue.remove(mine)
                    raise TimeoutError("the group was not done in time")
                self._begin()

    def _lead(self, group: list[_Waiting[Item]]) -> None:
        with self._lock:
            # Those who came since the turn was handed over.
            self._fill(group)
        try:
            self._work([waiting.item for waiting in group])
        except BaseException as failure:  # noqa: BLE001 - raised again by each of the threads
            for waiting in group:
                waiting.failure = failure
        finally:
            with self._lock:
                self._groups -= 1
                self._begin()
            for waiting in group[1:]:
                waiting.woken.release()

    def _begin(self) -> None:
        """Hand the turn to the first who waits, if that is due; with the lock held."""
        if not self._queue or not self._is_due():
            return
        self._groups += 1
        self._last_began = time.monotonic()
        group: list[_Waiting[Item]] = []
        self._fill(group)
        group[0].leads = group
        group[0].woken.release()

    def _is_due(self) -> bool:
        if not self._groups:
            return True
        if self._groups >= self._at_once:
            return False
        return (
            len(self._queue) >= self._enough
            or time.monotonic() - self._last_began >= self._patience
        )

    def _fill(self, group: list[_Waiting[Item]]) -> None:
        while self._queue and len(group) < self._at_most:
            waiting = self._queue.popleft()
            waiting.queued = False
            group.append(waiting)
