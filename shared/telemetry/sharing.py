"""Work that those who wait at the moment share.

Nobody waits for company: who comes alone works alone at once. Who comes while others work waits,
and the first of the waiting then works for all of them. So the groups grow with the load, and with
them the throughput.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(eq=False)
class _Waiting(Generic[Item]):
    item: Item
    woken: Event = field(default_factory=Event)
    leads: list["_Waiting[Item]"] | None = None
    """Those to work for, itself among them; None for one whose item another thread works off."""
    failure: BaseException | None = None


class Sharing(Generic[Item]):
    """Hands the items of waiting threads to one of these threads, which works for all."""

    def __init__(
        self, work: Callable[[Sequence[Item]], None], *, at_once: int, at_most: int, enough: int
    ) -> None:
        """Prepare it.

        Args:
            work: takes a group of items; what it raises, the thread of each of them raises.
            at_once: groups at the same time.
            at_most: items in a group.
            enough: waiting items that are worth another group beside those under way.
        """
        self._work = work
        self._at_once = at_once
        self._at_most = at_most
        self._enough = enough
        self._queue: deque[_Waiting[Item]] = deque()
        self._groups = 0
        self._lock = Lock()

    def do(self, item: Item) -> None:
        """Return when the item has been worked off; raise what that raised."""
        mine = _Waiting(item)
        with self._lock:
            self._queue.append(mine)
            if not self._groups or (
                self._groups < self._at_once and len(self._queue) >= self._enough
            ):
                self._groups += 1
                self._next()
        mine.woken.wait()
        if mine.leads is not None:
            self._lead(mine.leads)
        if mine.failure is not None:
            raise mine.failure

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
                self._next()
            for waiting in group:
                waiting.woken.set()

    def _next(self) -> None:
        """Hand the turn to the first who waits; with the lock held."""
        if not self._queue:
            self._groups -= 1
            return
        group: list[_Waiting[Item]] = []
        self._fill(group)
        group[0].leads = group
        group[0].woken.set()

    def _fill(self, group: list[_Waiting[Item]]) -> None:
        while self._queue and len(group) < self._at_most:
            group.append(self._queue.popleft())
