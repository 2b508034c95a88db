"""Ports: what is free, who holds the others, and blocks that no two stacks share."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import StackError
from local.ports import HOST, PortBlock, Ports, holder, is_free, reserve_block, taken


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def test_a_port_that_is_listened_on_is_taken_and_its_holder_known(listener: socket.socket) -> None:
    port = port_of(listener)

    assert not is_free(port)
    process = holder(port)
    assert process is not None
    assert process.pid == os.getpid()
    (sentence,) = taken({"firestore": port})
    assert f"Port {port} (firestore) is taken by process {os.getpid()}" in sentence


def test_a_port_listened_on_at_every_address_is_taken() -> None:
    with socket.create_server(("", 0)) as server:
        assert not is_free(port_of(server))


def test_a_port_is_free_as_soon_as_its_listener_is_closed() -> None:
    # The side that closes first keeps the connection in TIME_WAIT: no obstacle to a new listener.
    with socket.create_server((HOST, 0)) as server:
        port = port_of(server)
        with socket.create_connection((HOST, port)) as connection:
            accepted, _address = server.accept()
            accepted.close()
            assert connection.recv(1) == b""

    assert is_free(port)
    assert holder(port) is None
    assert list(taken({"auth": port})) == []


def test_no_two_blocks_share_a_port(tmp_path: Path) -> None:
    blocks: list[PortBlock] = []
    try:
        with pytest.raises(StackError, match="free ports"):  # noqa: PT012 - the last of many raises
            while True:
                blocks.append(reserve_block(tmp_path))
        # Not all sixty: another stack on this machine may be using some.
        assert len(blocks) > 20
        ports = [
            port
            for block in blocks
            for port in (
                *Ports.of_block(block.first).services().values(),
                *Ports.of_block(block.first).workers,
            )
        ]
        assert len(ports) == len(set(ports))

        blocks.pop().release()
        blocks.append(reserve_block(tmp_path))
    finally:
        for block in blocks:
            block.release()


def test_a_block_in_which_somebody_listens_is_passed_over(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.ports._BLOCKS", 1)
    monkeypatch.setattr("local.ports._FIRST_BLOCK", port_of(listener))

    with pytest.raises(StackError):
        reserve_block(tmp_path)


def test_the_demo_has_the_ports_of_the_readme_and_keeps_the_others_in_its_block() -> None:
    ports = Ports.of_block(20_000, fixed=True)

    assert ports.public() == {
        "auth": 9099,
        "functions": 5001,
        "firestore": 8080,
        "pubsub": 8085,
        "hosting": 5000,
        "simulator": 8010,
    }
    inside = ports.services().items() - ports.public().items()
    assert all(20_000 <= port < ports.workers.start for _name, port in inside)
