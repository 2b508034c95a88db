"""Measures events per second, latency, memory and Firestore traffic of the handlers in turns."""

import contextlib
import dataclasses
import json
import random
import secrets
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import world
from benchmarks.load import Run, deliver_all, request
from benchmarks.proxy import Fault, Proxy
from benchmarks.server import Server

HANDLERS = ("nothing", "naive", "ingest")
CLEAN = "clean"
"""In a case with duplicates, `ingest` without any, on the same server and in the same rounds."""


@dataclass(frozen=True)
class Case:
    """What is delivered."""

    devices: int = 200
    concurrency: int = 16
    duplicates: float = 0.0
    elsewhere: bool = False
    """Whether another instance has stored the originals of the duplicates."""
    delay: float = 0.0
    """Seconds by which each answer of Firestore is delayed."""
    events: int = 600
    """In a round."""

    @property
    def title(self) -> str:
        """The name of the case in the table."""
        share = f"{self.duplicates:.0%} duplicates{' of another instance' * self.elsewhere}"
        away = f", Firestore {1000 * self.delay:.0f} ms away" * bool(self.delay)
        return f"{self.devices} devices, {self.concurrency} at once, {share}{away}"


@dataclass
class Result:
    """What one handler did in the rounds of a case."""

    runs: list[Run] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """The server's processor time for a request in each round, in milliseconds."""

    @property
    def per_second(self) -> float:
        """The median of the rounds."""
        return statistics.median(run.per_second for run in self.runs)

    @property
    def cpu_milliseconds(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.cpu)

    def to(self, other: "Result") -> float:
        """Return the ratio of events per second to another's: the median of the rounds' ratios."""
        rounds = zip(self.runs, other.runs, strict=True)
        return statistics.median(run.per_second / its.per_second for run, its in rounds)

    def percentile(self, share: float) -> float:
        """Return a percentile of the latency in milliseconds, as the median of the rounds."""
        return statistics.median(run.percentile(share) for run in self.runs)


@dataclass(frozen=True)
class Traffic:
    """The Firestore traffic of an event, and the memory of the server."""

    round_trips: float
    reads: float
    writes: float
    megabytes: float
    """Resident memory after the events that were counted."""
    megabytes_before: float
    """The same after a tenth of them."""


class Fleet:
    """The devices of a case, and the events that they publish."""

    def __init__(self, case: Case, seed: int = 1) -> None:
        """Register the devices."""
        self._case = case
        self._at = datetime.now(UTC) - timedelta(minutes=20)
        self._number = 0
        self._chance = random.Random(seed)  # noqa: S311 - values of measurements, not secrets
        owners = [f"bench-{secrets.token_hex(4)}-{n}" for n in range(max(case.devices // 10, 1))]
        self._devices = world.new_devices(case.devices, owners)
        world.register(self._devices, datetime.now(UTC) - timedelta(hours=1))

    def requests(self, count: int) -> list[bytes]:
        """Return so many deliveries, some of them copies, from all devices in turn."""
        case = self._case
        bodies: list[dict[str, Any]] = []
        # Events must be newer than all earlier ones, because older events cost more.
        self._at = max(self._at, datetime.now(UTC) - timedelta(milliseconds=count))
        for _ in range(count):
            if bodies and not case.elsewhere and self._chance.random() < case.duplicates:
                bodies.append(self._chance.choice(bodies[-1000:]))
                continue
            self._at += timedelta(milliseconds=1)
            self._number += 1
            device = self._devices[self._number % len(self._devices)]
            number = self._chance.randint(0, 40960) / 1024
            data = json.dumps({"temperature": number, "humidity": self._number % 100})
            bodies.append(world.message(device.id, "climate", data, self._at, secrets.token_hex(8)))
        return [request(body) for body in bodies]

    def with_copies_of(self, requests: list[bytes], count: int) -> list[bytes]:
        """Return so many deliveries, among them at random those of another instance."""
        mixed = self.requests(count - len(requests))
        for copy in requests:
            mixed.insert(self._chance.randint(0, len(mixed)), copy)
        return mixed

    def one_each(self) -> list[bytes]:
        """Return one delivery of each device, after which a server knows all of them."""
        earlier = datetime.now(UTC) - timedelta(minutes=30)
        return [
            request(world.message(device.id, "climate", "{}", earlier, secrets.token_hex(8)))
            for device in self._devices
        ]


def compare(
    case: Case, environment: Mapping[str, str], rounds: int, firestore: str
) -> dict[str, Result]:
    """Run all handlers in each round, in turns; the servers keep running between rounds."""
    fleet = Fleet(case)
    with contextlib.ExitStack() as stack:
        if case.delay:
            proxy = stack.enter_context(Proxy(firestore, lambda: Fault(delay=case.delay)))
            environment = {**environment, "FIRESTORE_EMULATOR_HOST": proxy.address}

        def started(name: str) -> Server:
            server = stack.enter_context(Server(name, environment))
            deliver_all(server.port, fleet.one_each(), 32)
            return server

        servers = {name: started(name) for name in HANDLERS}
        if case.duplicates:
            servers[CLEAN] = servers["ingest"]
            # From other devices, so that neither makes the events of the other the older ones.
            clean = Fleet(dataclasses.replace(case, duplicates=0, elsewhere=False))
            deliver_all(servers[CLEAN].port, clean.one_each(), 32)
        other = started("ingest") if case.elsewhere else None

        def new_requests() -> dict[str, Sequence[bytes]]:
            if other:
                stored = fleet.requests(round(case.duplicates * case.events))
                first = deliver_all(other.port, stored, case.concurrency)
                if first.failures:
                    raise RuntimeError(f"the other instance: {first.failures} deliveries failed")
                requests = fleet.with_copies_of(stored, case.events)
            else:
                requests = fleet.requests(case.events)
            return {
                name: clean.requests(case.events) if name == CLEAN else requests for name in servers
            }

        return in_turns(servers, rounds, new_requests, case.concurrency)


def in_turns(
    servers: Mapping[str, Server],
    rounds: int,
    new_requests: Callable[[], Mapping[str, Sequence[bytes]]],
    concurrency: int,
) -> dict[str, Result]:
    """Send each round's requests to all servers, beginning with a different one in each round."""
    results = {name: Result() for name in servers}
    names = list(servers)
    for turn in range(rounds):
        requests = new_requests()
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            mine = requests[name]
            before = servers[name].cpu_seconds()
            run = deliver_all(servers[name].port, mine, concurrency)
            taken = servers[name].cpu_seconds() - before
            if run.failures:
                raise RuntimeError(f"{name}: {run.failures} of {len(mine)} requests failed")
            results[name].runs.append(run)
            results[name].cpu.append(1000 * taken / len(mine))
    return results


def traffic(case: Case, environment: Mapping[str, str], handler: str, firestore: str) -> Traffic:
    """Count the requests that a handler sends to Firestore for the events of a case."""
    fleet = Fleet(case)
    with (
        Proxy(firestore) as proxy,
        Server(handler, {**environment, "FIRESTORE_EMULATOR_HOST": proxy.address}) as server,
    ):
        deliver_all(server.port, fleet.one_each(), 32)
        requests = fleet.requests(case.events)
        tenth = len(requests) // 10
        proxy.take_counts()
        deliver_all(server.port, requests[:tenth], case.concurrency)
        before = server.resident_megabytes()
        deliver_all(server.port, requests[tenth:], case.concurrency)
        counts: Counter[str] = proxy.take_counts()
        events = len(set(requests))
        return Traffic(
            counts["round trips"] / events,
            counts["reads"] / events,
            counts["writes"] / events,
            server.resident_megabytes(),
            before,
        )
