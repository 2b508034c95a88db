"""A simulator in the process of the tests, and clients of it."""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from simulator.server import Server
from simulator.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Settings

CLIENT = (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET)
PRODUCT = "/v1/products/1319"
WAIT = 5.0

_numbers = itertools.count(1)


class QuietServer(Server):
    """A server that reports to the test, not on the terminal, that it is ready."""

    ready: threading.Event

    def on_ready(self) -> None:
        self.ready.set()


@contextmanager
def running(settings: Settings) -> Iterator[QuietServer]:
    """Run a server on a free port while the block runs."""
    server = QuietServer(settings, "127.0.0.1", 0)
    server.ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        assert server.ready.wait(WAIT)
        yield server
    finally:
        server.should_exit = True
        thread.join(WAIT)
        assert not thread.is_alive()


@dataclass
class Token:
    """The answer to a request for a token."""

    access: str
    refresh: str
    body: dict[str, Any]


class World:
    """A client of the API and of the control API."""

    def __init__(self, server: QuietServer, http: httpx.Client) -> None:
        self.server = server
        self.url = server.url
        self.http = http

    # The API

    def call(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        """Send a request; `data` is a form, `json` is JSON, `auth` is an OAuth client."""
        headers = more.pop("headers", {})
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        return self.http.request(method, path, headers=headers, **more)

    def grant(self, auth: tuple[str, str] = CLIENT, /, **form: str) -> httpx.Response:
        return self.call("POST", "/oauth/token", auth=auth, data=form)

    def token(self, auth: tuple[str, str] = CLIENT, /, **form: str) -> Token:
        body = self.grant(auth, **form).json()
        return Token(body["access_token"], body["refresh_token"], body)

    def server_token(self) -> str:
        """The product's bearer token."""
        return self.token(grant_type="client_credentials").access

    def user_token(self) -> str:
        """The token of the developer who owns the product."""
        settings = self.server.cloud.settings
        return self.token(
            ("particle", "particle"),
            grant_type="password",
            username=settings.username,
            password=settings.password,
        ).access

    def shadow(self, email: str, auth: tuple[str, str] = CLIENT) -> httpx.Response:
        """Create a shadow customer."""
        form = {"email": email, "no_password": "true"}
        return self.call("POST", f"{PRODUCT}/customers", auth=auth, data=form)

    def customer(self) -> tuple[str, str]:
        """Create a customer; return the name and the token."""
        email = f"customer{next(_numbers)}@example.com"
        return email, self.shadow(email).json()["access_token"]

    def claim(self, device_id: str, token: str) -> httpx.Response:
        return self.call("POST", "/v1/devices", token, data={"id": device_id})

    def owned(self, **device: Any) -> tuple[str, str]:
        """Create a device with an owner; return its id and the token of that customer."""
        device_id = self.device(**device)["id"]
        token = self.customer()[1]
        assert self.claim(device_id, token).status_code == 200
        return device_id, token

    # The control API

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, f"/control{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def device(self, **more: Any) -> dict[str, Any]:
        """Create a device that publishes nothing by itself."""
        made: dict[str, Any] = self.control(
            "POST", "/devices", {"kind": "thermostat", "interval": 0, **more}
        )
        return made

    def publish(self, device_id: str, name: str, data: str | None = None) -> None:
        self.control("POST", f"/devices/{device_id}/publish", {"name": name, "data": data})

    def fault(
        self, fault: dict[str, Any], where: dict[str, str] | None = None, **end: float
    ) -> str:
        made: dict[str, str] = self.control(
            "POST", "/faults", {"where": where or {}, "fault": fault, **end}
        )
        return made["id"]

    def journal(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.control("GET", "/journal")["requests"]
        return requests

    @contextmanager
    def stream(self, path: str, token: str) -> "Iterator[Stream]":
        """An open event stream."""
        headers = {"Authorization": f"Bearer {token}"}
        with self.http.stream("GET", path, headers=headers) as response:
            yield Stream(response)


class Stream:
    """Reads an event stream line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def comment(self) -> str:
        """The first line, with the empty one after it."""
        first = next(self.lines)
        next(self.lines)
        return first

    def event(self) -> dict[str, Any]:
        """The next event, with its name."""
        name = ""
        end = time.monotonic() + WAIT
        for line in self.lines:
            # Without an event, too, the simulator sends an empty line now and then.
            assert time.monotonic() < end, "no event arrived"
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                record: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return {"name": name, **record}
        raise AssertionError("the stream has ended")


@contextmanager
def world_of(settings: Settings) -> Iterator[World]:
    """Run a simulator with other settings."""
    with running(settings) as server, client(server) as http:
        yield World(server, http)


def client(server: QuietServer) -> httpx.Client:
    """An HTTP client of the server."""
    return httpx.Client(base_url=server.url, timeout=10)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that the simulator does by itself."""
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
