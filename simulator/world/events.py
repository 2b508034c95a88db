"""Events on their way from devices and the API to streams, integrations and subscribed devices."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

# A stream whose reader is so far behind is cut, as a broken connection would be.
STREAM_BACKLOG = 20_000

API = "api"
INTERNAL = "particle-internal"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A published event.

    `source` is a device id, `api` or `particle-internal`; `account` owns the source device or is
    the account that published through the API; `device_id` is the device that it concerns.
    """

    name: str
    data: str | None
    published_at: str
    source: str
    device_id: str | None = None
    product_id: int | None = None
    account: str | None = None
    version: int = 0
    ttl: int = 60

    def record(self) -> dict[str, Any]:
        """The data line of a stream of a user or customer."""
        return {
            "data": self.data,
            "ttl": self.ttl,
            "published_at": self.published_at,
            "coreid": self.source,
        }

    def product_record(self) -> dict[str, Any]:
        """The data line of a product's stream, which tells more."""
        return {
            **self.record(),
            "userid": self.account or "",
            "version": self.version,
            "public": False,
            "productID": self.product_id,
        }


Filter = Callable[[Event], bool]
Listener = Callable[[Event], None]


class Subscription:
    """The events that one open stream has still to send; None ends it."""

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()


class Hub:
    """Hands every event to whoever listens."""

    def __init__(self) -> None:
        self._streams: set[Subscription] = set()
        self._listeners: tuple[Listener, ...] = ()

    def set_listeners(self, *listeners: Listener) -> None:
        """These get every event, before it goes on any stream."""
        self._listeners = listeners

    def deliver(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
        for stream in self._streams:
            if stream.wanted(event):
                stream.queue.put_nowait(event)
        for stream in [s for s in self._streams if s.queue.qsize() > STREAM_BACKLOG]:
            self._streams.discard(stream)
            stream.queue.put_nowait(None)

    def subscribe(self, wanted: Filter) -> Subscription:
        """Opens a stream; events are kept for it from now on."""
        subscription = Subscription(wanted)
        self._streams.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._streams.discard(subscription)

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def close(self) -> None:
        """Ends all streams, so that the server can stop."""
        for stream in self._streams:
            stream.queue.put_nowait(None)
        self._streams.clear()
