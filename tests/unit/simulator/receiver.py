"""An HTTP server that webhooks are sent to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue


@dataclass
class Received:
    """A request that has arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Receiver:
    """Records requests, and answers with the given answers in turn; the last one is repeated."""

    def __init__(self, url: str, answers: list[tuple[int, str | bytes]]) -> None:
        self.url = url
        self.answers = answers
        self.requests: Queue[Received] = Queue()

    def next(self) -> Received:
        return self.requests.get(timeout=5)


@contextmanager
def receiving(*answers: tuple[int, str | bytes]) -> Iterator[Receiver]:
    """Run a server while the block runs; each answer is a status and a body."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.put(Received(self.command, self.path, headers, body))
            more = len(receiver.answers) > 1
            status, sent = receiver.answers.pop(0) if more else receiver.answers[0]
            answer = sent.encode() if isinstance(sent, str) else sent
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(sent, str) else "image/png")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}", list(answers) or [(200, "")])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
