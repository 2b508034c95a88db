"""Measures how long the simulator takes to start, and how many function calls it answers."""

import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.load import deliver_all
from simulator.settings import Settings

ROOT = Path(__file__).parent.parent
FLEET = ROOT / "demo" / "fleet.csv"
CALLS = 3000
CONCURRENCY = 8
START_AIM = 1.0
"""Seconds."""
CALLS_AIM = 500.0
"""Function calls in a second."""


@dataclass(frozen=True)
class Measured:
    """The medians of the rounds."""

    start: float
    """Seconds from the start of the process until it is ready."""
    calls_per_second: float


def measure(rounds: int) -> Measured:
    """Start the simulator with the demo's fleet, call one of its devices, and stop it."""
    found = [_once() for _ in range(rounds)]
    return Measured(
        statistics.median(start for start, _ in found),
        statistics.median(calls for _, calls in found),
    )


def _once() -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - fixed argv
        [sys.executable, "-m", "simulator", "--port", "0", "--interval", "0", "--fleet", FLEET],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout  # noqa: S101 - it was asked for
        url = process.stdout.readline().split()[-1]
        start = time.perf_counter() - began
        run = deliver_all(urlsplit(url).port or 0, [_call(url)] * CALLS, CONCURRENCY)
        if run.failures:
            raise RuntimeError(f"{run.failures} of {CALLS} function calls failed")
        return start, run.per_second
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _call(url: str) -> bytes:
    """A function call on the product's route, as the bytes that are sent."""
    settings = Settings()
    client = (settings.client_id, settings.client_secret)
    grant = {"grant_type": "client_credentials"}
    token = requests.post(f"{url}/oauth/token", data=grant, auth=client, timeout=10).json()
    devices = requests.get(f"{url}/control/devices", timeout=10).json()["devices"]
    device = next(device for device in devices if device["kind"] == "thermostat")
    body = "arg=21.5"
    return (
        f"POST /v1/products/{settings.product}/devices/{device['id']}/set_target HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {token['access_token']}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
