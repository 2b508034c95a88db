"""The ports on which the stack listens, and the processes that hold ports that are taken.

The demo uses the fixed ports that the README names. Each test stack uses a block of free ports, so
that tests can run beside the demo and beside each other. A block is reserved by a file lock for as
long as the stack runs, because a port that is free now may be taken a second later.
"""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

import psutil

from local.errors import StackError

HOST: Final = "127.0.0.1"

# Blocks are below the ports that Linux (from 32768) and macOS (from 49152) use for outgoing
# connections, and above those that services on a developer's machine usually use.
_FIRST_BLOCK: Final = 20_000
_BLOCK_SIZE: Final = 200
_BLOCKS: Final = 60
# The first ports of a block are for services, the rest for the functions' workers.
_SERVICES_IN_BLOCK: Final = 20


@dataclass(frozen=True)
class Ports:
    """The ports of one stack."""

    auth: int
    functions: int
    firestore: int
    pubsub: int
    hosting: int
    simulator: int
    #: Parts of the emulator suite that only it uses.
    hub: int
    eventarc: int
    tasks: int
    websocket: int
    logging: int
    #: The stack's mail server, and the page that shows what it got.
    smtp: int
    mails: int
    #: The processes that run the functions; each gets one of these.
    workers: range

    @classmethod
    def of_block(cls, first: int, *, fixed: bool = False) -> Self:
        """Return the ports of the stack that has reserved a block.

        Args:
            first: the first port of the block.
            fixed: use the ports that the README names for the public services. The other services
                always use the block, since no one needs to know their ports.
        """
        auth, functions, firestore, pubsub, hosting, simulator = (
            (9099, 5001, 8080, 8085, 5000, 8010) if fixed else range(first, first + 6)
        )
        return cls(
            auth=auth,
            functions=functions,
            firestore=firestore,
            pubsub=pubsub,
            hosting=hosting,
            simulator=simulator,
            hub=first + 6,
            eventarc=first + 7,
            tasks=first + 8,
            websocket=first + 9,
            logging=first + 10,
            smtp=first + 11,
            mails=first + 12,
            workers=range(first + _SERVICES_IN_BLOCK, first + _BLOCK_SIZE),
        )

    def public(self) -> dict[str, int]:
        """Return the ports of the services that people and clients use, by name."""
        return {
            "auth": self.auth,
            "functions": self.functions,
            "firestore": self.firestore,
            "pubsub": self.pubsub,
            "hosting": self.hosting,
            "simulator": self.simulator,
        }

    def services(self) -> dict[str, int]:
        """Return the ports of all services, by name."""
        return self.public() | {
            "hub": self.hub,
            "eventarc": self.eventarc,
            "tasks": self.tasks,
            "websocket": self.websocket,
            "logging": self.logging,
            "smtp": self.smtp,
            "mails": self.mails,
        }


class PortBlock:
    """A reserved block of free ports.

    Attributes:
        first: the first port of the block.
    """

    def __init__(self, first: int, lock: IO[str]) -> None:
        self.first = first
        self._lock = lock

    def release(self) -> None:
        """Give the block back."""
        self._lock.close()


def reserve_block(folder: Path | None = None) -> PortBlock:
    """Reserve a block of ports that are free and that no other stack on this machine will use.

    Args:
        folder: for the lock files; by default one folder per user for the whole machine.

    Raises:
        StackError: every block is in use.
    """
    locks = folder or Path(tempfile.gettempdir()) / f"local-stack-ports-{os.getuid()}"
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in random.sample(range(_BLOCKS), _BLOCKS):
        first = _FIRST_BLOCK + number * _BLOCK_SIZE
        lock = (locks / str(first)).open("a", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if all(is_free(port) for port in range(first, first + _SERVICES_IN_BLOCK)):
            return PortBlock(first, lock)
        lock.close()
    raise StackError(
        f"There are no {_BLOCK_SIZE} free ports between {_FIRST_BLOCK} and "
        f"{_FIRST_BLOCK + _BLOCKS * _BLOCK_SIZE}. Are many stacks of this project running?"
    )


def is_free(port: int) -> bool:
    """Whether nothing is listening on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier listener in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    # Some systems let a second socket bind the port when the first has bound all addresses.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) != 0


def holder(port: int) -> psutil.Process | None:
    """Return the process that listens on a port; None if there is none or it cannot be seen."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        if connection.laddr.port == port and connection.pid:
            try:
                return psutil.Process(connection.pid)
            except psutil.NoSuchProcess:
                return None
    return None


def taken(ports: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each port that is taken, with the process if that can be seen."""
    for name, port in ports.items():
        if is_free(port):
            continue
        process = holder(port)
        try:
            who = f"process {process.pid}: {' '.join(process.cmdline())[:100]}" if process else ""
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            who = ""
        yield f"Port {port} ({name}) is taken" + (f" by {who}" if who else "")
