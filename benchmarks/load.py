"""Sends many HTTP requests at once, and measures how long each takes."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_HEAD = (
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "{more}Content-Length: {length}\r\n\r\n"
)
_EVENT = (
    "ce-specversion: 1.0\r\nce-id: 1\r\nce-time: 2026-05-13T10:55:02.520Z\r\n"
    "ce-type: google.cloud.pubsub.topic.v1.messagePublished\r\n"
    "ce-source: //pubsub.googleapis.com/projects/demo-particle/topics/particle-events\r\n"
)
_ACKNOWLEDGED = range(200, 300)


def request(body: Any) -> bytes:
    """Return a delivery by Pub/Sub's push, as the bytes that are sent."""
    return _post(body, _EVENT)


def call(data: Any, id_token: str) -> bytes:
    """Return an app's call of a callable, as the bytes that are sent."""
    return _post({"data": data}, f"Authorization: Bearer {id_token}\r\n")


def _post(body: Any, more: str) -> bytes:
    data = json.dumps(body).encode()
    return _HEAD.format(length=len(data), more=more).encode() + data


class Connection:
    """A connection that is kept open between deliveries."""

    def __init__(self, port: int) -> None:
        """Prepare a connection to a server on this machine."""
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def deliver(self, data: bytes) -> bool:
        """Send a delivery and return whether it was acknowledged; a broken connection means no."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            lower = head.lower()
            start = lower.index(b"content-length:") + 15
            await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return False
        if b"connection: close" in lower:
            self.close()
        return status in _ACKNOWLEDGED

    def close(self) -> None:
        """Close the connection; the next delivery opens another."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


@dataclass(frozen=True)
class Run:
    """How long a number of deliveries took."""

    seconds: float
    latencies: list[float]
    """Sorted, in seconds."""
    failures: int

    @property
    def per_second(self) -> float:
        """Deliveries in a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the milliseconds that this share of the deliveries did not exceed."""
        return 1000 * self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def deliver_all(port: int, requests: Sequence[bytes], concurrency: int) -> Run:
    """Deliver all requests, with this many at a time."""
    return asyncio.run(_deliver_all(port, requests, concurrency))


async def _deliver_all(port: int, requests: Sequence[bytes], concurrency: int) -> Run:
    waiting = iter(requests)
    latencies: list[float] = []
    failures = 0

    async def work() -> None:
        nonlocal failures
        connection = Connection(port)
        for data in waiting:
            start = time.perf_counter()
            # In a line of its own: `failures += not await …` reads the count before it waits, and
            # loses what others have counted meanwhile.
            acknowledged = await connection.deliver(data)
            latencies.append(time.perf_counter() - start)
            failures += not acknowledged
        connection.close()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return Run(time.perf_counter() - start, sorted(latencies), failures)
