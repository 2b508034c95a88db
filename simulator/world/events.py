"""Events, and the hub that passes them on to streams, integrations and subscribed devices."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

# When the reader of a stream is so many events behind, the stream is cut.
STREAM_BACKLOG = 20_000

# The sources of events that come from no device.
API = "api"
INTERNAL = "particle-internal"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A published event.

    Attributes:
        name: of the event.
        data: its payload, always text.
        published_at: an ISO 8601 date.
        source: the id of a device, `api` or `particle-internal`.
        device_id: the device that the event is about, if any.
        product_id: the product of that device, or to which the event was published.
        account: the owner of that device, or who published through the API.
        version: the firmware version of that device.
        ttl: seconds; always 60, as in the cloud.
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
        """Return what a stream of a user or customer shows of the event."""
        return {
            "data": self.data,
            "ttl": self.ttl,
            "published_at": self.published_at,
            "coreid": self.source,
        }

    def product_record(self) -> dict[str, Any]:
        """Return what a stream of a product shows of the event, which is more."""
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
    """One open stream.

    Attributes:
        wanted: whether the stream carries an event.
        queue: the events that it has still to send; None ends it.
    """

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue()


class Hub:
    """Passes every event on to the listeners and to the open streams."""

    def __init__(self) -> None:
        self._streams: set[Subscription] = set()
        self._listeners: tuple[Listener, ...] = ()

    def set_listeners(self, *listeners: Listener) -> None:
        """Set the functions that get every event, before any stream does."""
        self._listeners = listeners

    def deliver(self, event: Event) -> None:
        """Pass an event on; a stream that is too far behind is cut."""
        for listener in self._listeners:
            listener(event)
        for stream in self._streams:
            if stream.wanted(event):
                stream.queue.put_nowait(event)
        for stream in [s for s in self._streams if s.queue.qsize() > STREAM_BACKLOG]:
            self._streams.discard(stream)
            stream.queue.put_nowait(None)

    def subscribe(self, wanted: Filter) -> Subscription:
        """Open a stream; from now on, events are queued for it."""
        subscription = Subscription(wanted)
        self._streams.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a stream."""
        self._streams.discard(subscription)

    @property
    def open_streams(self) -> int:
        """The number of open streams."""
        return len(self._streams)

    def close(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.queue.put_nowait(None)
        self._streams.clear()
