"""Reading answers tolerantly, and sending requests with tokens that may be rejected."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.particle import errors
from shared.particle.transport import Answer, Timeouts, Transport

ROUTE = "GET /v1/x"


def test_a_member_is_there_and_of_its_kind_or_fails_by_its_route() -> None:
    answer = Answer(ROUTE, {"id": "a", "n": 0, "ok": False, "list": [{"id": "b"}]})
    assert (answer.member("id", str), answer.member("n", int)) == ("a", 0)
    assert answer.member("ok", bool) is False
    assert answer.optional("id", int) is None
    assert [item.member("id", str) for item in answer.items("list")] == ["b"]
    for read in (
        lambda: answer.member("id", int),
        lambda: answer.member("none", str),
        lambda: answer.items("id"),
        answer.items,
        answer.require_ok,
        lambda: answer.items("list")[0].member("n", int),
    ):
        with pytest.raises(errors.UnexpectedAnswerError, match=ROUTE):
            read()


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_of_another_shape_has_no_members(body: Any) -> None:
    answer = Answer(ROUTE, body)
    assert answer.optional("id", str) is None
    with pytest.raises(errors.UnexpectedAnswerError):
        answer.member("id", str)
    with pytest.raises(errors.UnexpectedAnswerError):
        answer.require_ok()


def test_a_list_may_be_the_whole_body() -> None:
    assert [item.body for item in Answer(ROUTE, [1, 2]).items()] == [1, 2]
    assert Answer(ROUTE, []).items() == []


class Fickle:
    """Credentials whose tokens are `1`, `2`, … and are wrong where the server says so."""

    def __init__(self) -> None:
        self.renewed: list[str] = []

    def token(self) -> str:
        return "1"

    def renew(self, rejected: str) -> str:
        self.renewed.append(rejected)
        return str(int(rejected) + 1)


class Server:
    """Answers with the statuses that it is given, one after the other, and notes what came."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.came: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.came.append(self.headers.get("Authorization"))
                body = b"{}"
                self.send_response(outer.statuses.pop(0))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def send(self, *statuses: int, credentials: Any, repeatable: bool = False) -> Answer:
        self.statuses[:], self.came[:] = statuses, []
        url = f"http://127.0.0.1:{self.http.server_port}"
        transport = Transport(url, timeouts=Timeouts(1, 1, 1), sleep=lambda _: None)
        try:
            return transport.send("POST", "/v1/x", credentials, repeatable=repeatable)
        finally:
            transport._session.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.http.shutdown()
    running.thread.join(5)
    running.http.server_close()


def test_a_rejected_token_is_renewed_and_the_request_sent_again(server: Server) -> None:
    credentials = Fickle()
    assert server.send(401, 200, credentials=credentials).body == {}
    assert server.came == ["Bearer 1", "Bearer 2"]
    assert credentials.renewed == ["1"]


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_second_rejection_is_final(server: Server, *, repeatable: bool) -> None:
    with pytest.raises(errors.TokenRejectedError):
        server.send(401, 401, 200, credentials=Fickle(), repeatable=repeatable)
    assert len(server.came) == 2


def test_after_the_renewal_what_is_not_repeatable_is_still_sent_once(server: Server) -> None:
    with pytest.raises(errors.ServerFaultError):
        server.send(401, 503, 200, credentials=Fickle())
    assert len(server.came) == 2


def test_a_rejection_after_a_repetition_is_renewed_too(server: Server) -> None:
    server.send(503, 401, 503, 200, credentials=Fickle(), repeatable=True)
    assert server.came == ["Bearer 1", "Bearer 1", "Bearer 2", "Bearer 2"]


@pytest.mark.parametrize("credentials", ["1", ("id", "secret")])
def test_a_bare_token_and_a_client_are_not_renewed(server: Server, credentials: Any) -> None:
    token = credentials == "1"
    with pytest.raises(errors.TokenRejectedError if token else errors.ClientRejectedError):
        server.send(401, 200, credentials=credentials)
    assert server.came == ["Bearer 1" if token else "Basic aWQ6c2VjcmV0"]


def test_credentials_that_cannot_be_renewed_send_nothing_more(server: Server) -> None:
    class Ended(Fickle):
        def renew(self, rejected: str) -> str:
            raise errors.RateLimitedError("POST /oauth/token", "", 429, 7)

    with pytest.raises(errors.RateLimitedError):
        server.send(401, 200, credentials=Ended(), repeatable=True)
    assert server.came == ["Bearer 1"]
