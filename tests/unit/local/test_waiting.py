"""Waiting."""

import http.server
import threading

import pytest

from local.errors import StackError
from local.ports import HOST, reserve_block
from local.waiting import answers, wait_until


def nothing() -> None:
    """All is well."""


def test_it_asks_until_it_is_ready() -> None:
    replies = iter([False, False, True])

    wait_until("It", lambda: next(replies), timeout=10, check=nothing)

    assert list(replies) == []


def test_it_gives_up_and_says_what_was_not_ready() -> None:
    with pytest.raises(StackError, match="The moon was not ready within 0 s"):
        wait_until("The moon", lambda: False, timeout=0.2, check=nothing)


def test_it_stops_asking_when_waiting_has_become_pointless() -> None:
    def dead() -> None:
        raise StackError("it has ended")

    with pytest.raises(StackError, match="it has ended"):
        wait_until("It", lambda: False, timeout=60, check=dead)


def test_any_answer_is_an_answer() -> None:
    with http.server.HTTPServer((HOST, 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        # This server knows no GET and says so.
        assert answers(f"http://{HOST}:{server.server_port}")
        thread.join()


def test_where_nothing_listens_there_is_no_answer() -> None:
    block = reserve_block()
    try:
        assert not answers(f"http://{HOST}:{block.first}")
    finally:
        block.release()
