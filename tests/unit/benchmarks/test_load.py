"""The benchmarks' load generator."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import deliver_all, request


class _Refuses(BaseHTTPRequestHandler):
    """Answers every second delivery with a failure."""

    protocol_version = "HTTP/1.1"
    turn = 0

    def do_POST(self) -> None:
        """Answer a delivery."""
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).turn += 1
        self.send_response(500 if self.turn % 2 else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server that refuses half of what is delivered."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refuses)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_failure_of_simultaneous_deliveries_is_lost(port: int) -> None:
    _Refuses.turn = 0
    # In a thread of its own: where a browser test ran before, this one has Playwright's event loop.
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(deliver_all, port, [request({})] * 100, concurrency=10).result()
    assert (len(run.latencies), run.failures) == (100, 50)
