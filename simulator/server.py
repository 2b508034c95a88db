"""The HTTP server of a simulated cloud."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.app import ABORT, make_app
from simulator.settings import Settings
from simulator.world.cloud import Cloud

# How long a stop waits for requests that are still being handled.
GRACE_SECONDS = 1


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which also lets the application cut its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the application a function in its scope that cuts this connection."""
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class Server(uvicorn.Server):
    """uvicorn's server, which also reports when it is ready, and ends open streams when it stops.

    Attributes:
        cloud: the cloud that it serves.
        host: the address on which it listens.
        port: the port on which it listens; the one that was asked for until it has started.
    """

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self.cloud = Cloud(settings)
        self.host = host
        self.port = port
        super().__init__(
            uvicorn.Config(
                make_app(self.cloud),
                host=host,
                port=port,
                http=Protocol,
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and report the port."""
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As in uvicorn, but do not raise the signal again at the end: it has done its work."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def on_ready(self) -> None:
        """Report that requests are accepted; scripts wait for this line."""
        print(f"simulator ready on {self.url}", flush=True)  # noqa: T201 - the CLI's output

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://{self.host}:{self.port}"

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would delay the stop, then stop."""
        self.cloud.stop()
        await super().shutdown(sockets)
