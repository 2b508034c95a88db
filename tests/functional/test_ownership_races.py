"""Races for one device, on two servers of the framework: whatever wins, the state is whole."""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.ports import HOST
from local.runs import ROOT
from local.stack import Stack
from local.waiting import answers, wait_until
from shared import customers, store
from tests.functional.conftest import Label
from tests.support.simulator import Simulator

pytestmark = pytest.mark.usefixtures("no_triggers")

ROUNDS = int(os.environ.get("RACE_ROUNDS", "20"))
"""Rounds of each race; a campaign sets more."""

_SERVE = """
import sys
from pathlib import Path
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
import functions_framework
names = sys.argv[1:]
apps = {f"/{name}": functions_framework.create_app(name, "main.py", "http") for name in names}
server = make_server("127.0.0.1", 0, DispatcherMiddleware(Flask("none"), apps), threaded=True)
print(server.server_port, flush=True)
# Nobody reads on, and a full pipe would stop the server at its next line of log.
sys.stdout = Path("/dev/null").open("w")
server.serve_forever()
"""
FUNCTIONS = ("claim_device", "release_device", "invoke_function", "delete_account")


@pytest.fixture(scope="module", params=["customer", "product"])
def servers(stack: Stack, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Two processes that serve the functions, as two instances do; their URLs."""
    environment = {**os.environ, **stack.environment, "PARTICLE_ACCESS_MODE": request.param}
    running = [
        subprocess.Popen(  # noqa: S603 - fixed argv
            [sys.executable, "-c", _SERVE, *FUNCTIONS],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        urls = []
        for process in running:
            assert process.stdout
            port = next(line for line in process.stdout if line.strip().isdigit()).strip()
            urls.append(f"http://{HOST}:{port}")
        for url in urls:
            wait_until(
                "A server of the functions", functools.partial(answers, url), 30, lambda: None
            )
        yield urls
    finally:
        for process in running:
            process.terminate()
            if process.stdout:
                process.stdout.close()
            process.wait(timeout=10)


Attempt = Callable[[int, str, Any, Account], str]


@pytest.fixture
def attempt(servers: list[str]) -> Attempt:
    """Calls a function on one of the servers: `succeeded`, or the reason."""

    def call(number: int, function: str, data: Any, account: Account) -> str:
        answer = requests.post(
            f"{servers[number % 2]}/{function}",
            json={"data": data},
            headers={"Authorization": f"Bearer {account.id_token}"},
            timeout=60,
        ).json()
        if "error" in answer:
            return str(answer["error"]["details"]["reason"])
        return "succeeded"

    return call


def check(label: Label, people: list[Account], simulator: Simulator, mode: str) -> str | None:
    """The registry, the customers' documents and Particle say the same; the owner's uid."""
    entry = store.device(label.device_id).get().to_dict() or {}
    uid: str | None = entry["ownerUid"]
    holders = [a.uid for a in people if store.user_device(a.uid, label.device_id).get().exists]
    assert holders == ([uid] if uid else [])
    assert (entry["claimedAt"] is None) == (uid is None)
    at_particle = simulator.device(label.device_id)["owner"]
    expected = customers.opaque_identity(uid) if uid and mode == "customer" else None
    assert at_particle == expected
    return uid


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["servers"])


def test_twenty_people_claim_one_device(
    attempt: Attempt,
    new_label: Callable[..., Label],
    client: Client,
    simulator: Simulator,
    mode: str,
) -> None:
    people = [client.sign_up() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        for _ in range(ROUNDS):
            label = new_label()
            told = list(
                pool.map(
                    lambda n, label=label: attempt(n, "claim_device", label.claim, people[n]),
                    range(20),
                )
            )
            assert told.count("succeeded") == 1
            assert set(told) <= {"succeeded", "claimed-by-another", "in-progress"}
            winner = people[told.index("succeeded")]
            assert check(label, people, simulator, mode) == winner.uid


def test_claim_against_release(
    attempt: Attempt,
    new_label: Callable[..., Label],
    client: Client,
    simulator: Simulator,
    mode: str,
) -> None:
    people = [client.sign_up() for _ in range(4)]
    label = new_label()
    assert attempt(0, "claim_device", label.claim, people[0]) == "succeeded"
    owner = people[0]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(ROUNDS):
            device = {"deviceId": label.device_id}
            releasing = pool.submit(attempt, 0, "release_device", device, owner)
            claiming = [
                pool.submit(attempt, n, "claim_device", label.claim, person)
                for n, person in enumerate(people)
                if person is not owner
            ]
            assert releasing.result() == "succeeded"
            told = [future.result() for future in claiming]
            assert told.count("succeeded") <= 1
            uid = check(label, people, simulator, mode)
            if uid is None:
                assert attempt(1, "claim_device", label.claim, people[0]) == "succeeded"
                uid = people[0].uid
            owner = next(person for person in people if person.uid == uid)


def test_commands_against_a_change_of_hands(
    attempt: Attempt,
    new_label: Callable[..., Label],
    client: Client,
    simulator: Simulator,
    mode: str,
) -> None:
    """No call reaches the device for one who no longer owns it."""
    people = [client.sign_up() for _ in range(2)]
    label = new_label()
    device = {"deviceId": label.device_id}
    assert attempt(0, "claim_device", label.claim, people[0]) == "succeeded"
    with ThreadPoolExecutor(8) as pool:
        for number in range(ROUNDS):
            owner, other = people[number % 2], people[1 - number % 2]
            invoke = {**device, "function": "set_target", "argument": "20"}
            calls = [
                pool.submit(attempt, n, "invoke_function", invoke, person)
                for n, person in enumerate((owner, owner, other, other))
            ]
            releasing = pool.submit(attempt, 1, "release_device", device, owner)
            told = [future.result() for future in calls]
            assert told[2:] == ["not-your-device"] * 2
            assert set(told[:2]) <= {"succeeded", "not-your-device"}
            while (outcome := releasing.result()) == "in-progress":
                releasing = pool.submit(attempt, 0, "release_device", device, owner)
            assert outcome == "succeeded"
            assert check(label, people, simulator, mode) is None
            assert attempt(0, "claim_device", label.claim, other) == "succeeded"


def test_delete_against_commands(
    attempt: Attempt,
    new_label: Callable[..., Label],
    client: Client,
    simulator: Simulator,
    mode: str,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(ROUNDS):
            person, label = client.sign_up(), new_label()
            assert attempt(0, "claim_device", label.claim, person) == "succeeded"
            invoke = {"deviceId": label.device_id, "function": "set_target", "argument": "20"}
            calls = [pool.submit(attempt, n, "invoke_function", invoke, person) for n in range(3)]
            deleting = pool.submit(attempt, 1, "delete_account", {"confirm": "delete"}, person)
            assert {future.result() for future in calls} <= {
                "succeeded",
                "sign-in-required",
                "not-your-device",
            }
            assert deleting.result() == "succeeded"
            assert attempt(0, "invoke_function", invoke, person) == "sign-in-required"
            assert store.deleted_user(person.uid).get().exists
