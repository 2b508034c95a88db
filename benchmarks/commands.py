"""Compares `invoke_function` with a callable that only forwards the call."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice
from typing import Any

import requests

from benchmarks import world
from benchmarks.distance import DistantServer
from benchmarks.load import call, deliver_all
from benchmarks.proxy import Fault, Proxy
from benchmarks.server import Server
from benchmarks.throughput import Result, in_turns
from local import Stack
from local.client import Account, Client

HANDLERS = ("forward", "invoke_function")
CUSTOMERS = 64
"""Each has a device. There are many more than call at once, so that calls rarely collide."""
COUNTED = 200
"""The number of calls whose round trips are counted."""


@dataclass(frozen=True)
class Case:
    """How many customers call at once, and how long their devices take."""

    delay: float
    """Seconds."""
    callers: int
    calls: int
    """In a round."""

    @property
    def title(self) -> str:
        """The name of the case in the table."""
        return f"device takes {1000 * self.delay:.0f} ms, {self.callers} at once"


AUTH, FIRESTORE, PARTICLE = 0.06, 0.01, 0.3
"""Seconds to an answer in the cloud: of Auth and Firestore from the same region, and of Particle
with a device that is at once done."""
PRESSES = 20
"""Presses of a button in a round."""

CASES = (Case(0, 1, 250), Case(0, 16, 800), Case(0.2, 1, 20), Case(0.2, 16, 320))


@dataclass(frozen=True)
class Measured:
    """The results of both handlers in all cases, and the cost of a warm `invoke_function`."""

    results: Mapping[Case, Mapping[str, Result]]
    distant: Mapping[str, Mapping[str, Result]]
    """By when the call comes, with the distances of the cloud."""
    firestore: float
    """Round trips to Firestore for a call."""
    particle: float
    """Requests to Particle for a call."""


def measure(stack: Stack, rounds: int) -> Measured:
    """Run both handlers in each round, in turns, with the simulator in place of Particle."""
    environment = {**stack.environment, "CALLS_PER_MINUTE": "0"}
    calls = _calls(stack)
    results = {}
    servers = {name: Server(name, environment) for name in HANDLERS}
    try:
        for server in servers.values():
            server.start()
            _warm(server, calls)
        for case in CASES:
            with _slow_devices(stack, case.delay):
                new_calls = partial(_for_all, calls, case.calls)
                results[case] = in_turns(servers, rounds, new_calls, case.callers)
    finally:
        for server in servers.values():
            server.stop()
    distant = _at_a_distance(stack, environment, rounds)
    return Measured(results, distant, *_costs(stack, environment, calls))


def _at_a_distance(
    stack: Stack, environment: Mapping[str, str], rounds: int
) -> dict[str, dict[str, Result]]:
    """What a person waits for at the press of a button, one after the other."""
    with (
        DistantServer(environment["FIREBASE_AUTH_EMULATOR_HOST"], AUTH) as auth,
        Proxy(stack.firestore_host, lambda: Fault(delay=FIRESTORE)) as firestore,
        _slow_devices(stack, PARTICLE),
    ):
        far = {
            **environment,
            "FIREBASE_AUTH_EMULATOR_HOST": auth.address,
            "FIRESTORE_EMULATOR_HOST": firestore.address,
        }
        servers = {name: Server(name, far) for name in HANDLERS}
        cases = {
            "within a minute of the last": _calls(stack),
            "the first in a minute": _calls(stack, _reissued),
        }
        results = {}
        try:
            for server in servers.values():
                server.start()
            for title, calls in cases.items():
                for server in servers.values():
                    _warm(server, calls)
                results[title] = in_turns(
                    servers, rounds, partial(_for_all, calls, PRESSES), concurrency=1
                )
        finally:
            for server in servers.values():
                server.stop()
    return results


def _as_issued(account: Account, _turn: int) -> str:
    return account.id_token


def _reissued(account: Account, turn: int) -> str:
    """The ID token that the app gets for the same sign-in so many seconds later."""
    header, payload, _ = account.id_token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["iat"] += turn
    later = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{later}."


def _calls(stack: Stack, token: Callable[[Account, int], str] = _as_issued) -> Iterator[bytes]:
    """Yield calls for ever, each with its own request id, by all customers in turn."""
    app = Client(stack)
    accounts = [app.sign_up() for _ in range(CUSTOMERS)]
    app.close()
    devices = [world.Device(_new_device(stack), account.uid) for account in accounts]
    world.register(devices, datetime.now(UTC))

    def endless() -> Iterator[bytes]:
        for turn in count():
            for device, account in zip(devices, accounts, strict=True):
                data = {
                    "deviceId": device.id,
                    "function": "set_target",
                    "argument": "20",
                    "requestId": secrets.token_hex(8),
                }
                yield call(data, token(account, turn))

    return endless()


def _some(calls: Iterator[bytes], count: int) -> list[bytes]:
    return list(islice(calls, count))


def _for_all(calls: Iterator[bytes], count: int) -> dict[str, list[bytes]]:
    return dict.fromkeys(HANDLERS, _some(calls, count))


def _new_device(stack: Stack) -> str:
    answer = _control(stack, "POST", "/devices", {"kind": "thermostat", "interval": 0})
    return str(answer.json()["id"])


@contextmanager
def _slow_devices(stack: Stack, seconds: float) -> Iterator[None]:
    where = {"route": "POST /v1/products/*/devices/*/set_target"}
    _control(
        stack, "POST", "/faults", {"where": where, "fault": {"kind": "slow", "seconds": seconds}}
    )
    try:
        yield
    finally:
        _control(stack, "DELETE", "/faults")


def _warm(server: Server, calls: Iterator[bytes]) -> None:
    """Serve each customer once, after which a server has its token and knows the sign-ins."""
    run = deliver_all(server.port, [next(calls)], 1)
    rest = deliver_all(server.port, _some(calls, CUSTOMERS - 1), 16)
    if run.failures + rest.failures:
        raise RuntimeError(f"{server.target}: {run.failures + rest.failures} calls failed")


def _costs(
    stack: Stack, environment: Mapping[str, str], calls: Iterator[bytes]
) -> tuple[float, float]:
    """The round trips of a warm `invoke_function` to Firestore and to Particle."""
    with (
        Proxy(stack.firestore_host) as proxy,
        Server(
            "invoke_function", {**environment, "FIRESTORE_EMULATOR_HOST": proxy.address}
        ) as server,
    ):
        _warm(server, calls)
        proxy.take_counts()
        _control(stack, "DELETE", "/journal")
        deliver_all(server.port, _some(calls, COUNTED), 16)
        made = _control(stack, "GET", "/journal").json()["requests"]
        return proxy.take_counts()["round trips"] / COUNTED, len(made) / COUNTED


def _control(
    stack: Stack, method: str, path: str, body: dict[str, Any] | None = None
) -> requests.Response:
    answer = requests.request(method, f"{stack.simulator_url}/control{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer
