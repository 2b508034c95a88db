"""Bounded memory: what an instance remembers, without growing for ever.

Every cache of the product is a `Cache`, so that one call, `empty_all`, makes a test begin as a new
instance does.
"""

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_all: "weakref.WeakSet[Cache[Any, Any]]" = weakref.WeakSet()


class Cache(Generic[K, V]):
    """At most `size` values, those used last, and none older than `age`; safe for threads."""

    def __init__(
        self, size: int, *, age: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`age` is in seconds; None for no limit."""
        self._size = size
        self._age = age
        self._clock = clock
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()
        _all.add(self)

    def get(self, key: K) -> V | None:
        """The value, which counts as used now; None when it is unknown or too old."""
        with self._lock:
            known = self._values.get(key)
            if known is None:
                return None
            at, value = known
            if self._age is not None and self._clock() - at > self._age:
                del self._values[key]
                return None
            self._values.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Remember a value, and forget the ones that have been unused for longest."""
        with self._lock:
            self._values[key] = (self._clock(), value)
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)

    def get_or_put(self, key: K, make: Callable[[], V]) -> V:
        """The value; made and remembered when it is unknown. `make` runs under the lock."""
        with self._lock:
            known = self._values.get(key)
            if known is None or (self._age is not None and self._clock() - known[0] > self._age):
                known = self._values[key] = (self._clock(), make())
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return known[1]

    def forget(self, key: K) -> None:
        """Remember it no longer."""
        with self._lock:
            self._values.pop(key, None)

    def empty(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[K]:
        with self._lock:
            return iter(list(self._values))


def empty_all() -> None:
    """Empty every cache of this process."""
    for cache in list(_all):
        cache.empty()
