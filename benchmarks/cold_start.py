"""Measures the time from the start of a process to its first stored event."""

import secrets
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from benchmarks import world
from benchmarks.load import deliver_all, request
from benchmarks.server import Server


def compare(environment: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Return the median milliseconds of `ingest` and of the bare function, measured in turns.

    Each time, a new process starts with compiled bytecode, as on the platform.
    """
    handlers = ("bare", "ingest")
    (device,) = world.new_devices(1, [f"bench-{secrets.token_hex(4)}"])
    world.register([device], datetime.now(UTC) - timedelta(hours=1))
    taken: dict[str, list[float]] = {name: [] for name in handlers}
    for turn in range(rounds + 1):
        for name in handlers if turn % 2 else reversed(handlers):
            body = world.message(device.id, "t", "1", datetime.now(UTC), secrets.token_hex(8))
            start = time.perf_counter()
            with Server(name, environment) as server:
                run = deliver_all(server.port, [request(body)], 1)
                taken[name].append(1000 * (time.perf_counter() - start))
            if run.failures:
                raise RuntimeError(f"{name}: the first event was not stored")
    # The first round is left out, because it compiled the bytecode of changed files.
    return {name: statistics.median(times[1:]) for name, times in taken.items()}
