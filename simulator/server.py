"""Serves a simulated cloud over HTTP."""

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

# Until requests that hang are given up at the end.
GRACE_SECONDS = 1


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way for the application to cut its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ABORT] = transport.abort
            await inner(scope, receive, send)

        self.app = app


class Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and ends open streams when it stops."""

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
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As in uvicorn, but a signal is not raised again: it asked for a stop and got it."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def on_ready(self) -> None:
        """Called when requests are accepted; the start script waits for this line."""
        print(f"simulator ready on {self.url}", flush=True)  # noqa: T201 - the CLI's output

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.cloud.stop()
        await super().shutdown(sockets)
