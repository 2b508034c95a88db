"""Races for one device, on two servers of the framework: whatever wins, the state is whole."""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.client import Account, Client
from local.ports import HOST
from local.runs import ROOT
from local.stack import Stack
from local.waiting import answers, wait_until
from shared.customers import shadow
from shared.firestore import paths
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support.limits import forget_limits
from tests.support.sharing import check
from tests.support.simulator import Simulator

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
FUNCTIONS = (
    "claim_device",
    "create_claim_code",
    "list_devices",
    "release_device",
    "invoke_function",
    "delete_account",
    "share_device",
    "accept_invitation",
    "end_share",
)


@pytest.fixture(scope="module", params=["customer", "product"])
def servers(
    stack: Stack, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """Two processes that serve the functions, as two instances do; their URLs."""
    said = tmp_path_factory.mktemp("servers") / "stderr"
    environment = {
        **os.environ,
        **stack.environment,
        "PARTICLE_ACCESS_MODE": request.param,
        # The same few customers act in every round, more often than the limit allows.
        "CALLS_PER_MINUTE": "0",
    }
    with said.open("a") as stderr:
        running = [
            subprocess.Popen(  # noqa: S603 - fixed argv
                [sys.executable, "-c", _SERVE, *FUNCTIONS],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
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
        ended = [process.returncode for process in running if process.poll() is not None]
        assert not ended, said.read_text()[-4000:]
    finally:
        for process in running:
            process.terminate()
            if process.stdout:
                process.stdout.close()
            process.wait(timeout=10)


def reason(answer: Any) -> str:
    """Of a function's failure, or `succeeded`."""
    return str(answer["error"]["details"]["reason"]) if "error" in answer else "succeeded"


@dataclass(frozen=True)
class Arena:
    """Where a race is run: two servers, people and devices."""

    servers: list[str]
    mode: str
    client: Client
    simulator: Simulator
    new_label: Callable[[], Label]
    pool: ThreadPoolExecutor

    def post(self, number: int, function: str, data: Any, account: Account) -> Any:
        """Call a function on one of the servers; its answer."""
        return requests.post(
            f"{self.servers[number % 2]}/{function}",
            json={"data": data},
            headers={"Authorization": f"Bearer {account.id_token}"},
            timeout=60,
        ).json()

    def attempt(self, number: int, function: str, data: Any, account: Account) -> str:
        """The same: `succeeded`, or the reason."""
        return reason(self.post(number, function, data, account))

    def start(self, number: int, function: str, data: Any, account: Account) -> Future[str]:
        """The same, at once with others."""
        return self.pool.submit(self.attempt, number, function, data, account)

    def claimed(self, person: Account) -> Label:
        """A new device of that person."""
        label = self.new_label()
        assert self.attempt(0, "claim_device", label.claim, person) == "succeeded"
        return label

    def check(self, label: Label, people: list[Account]) -> str | None:
        """The registry, the customers' documents and Particle say the same; the owner's uid."""
        entry = paths.device(label.device_id).get().to_dict() or {}
        uid: str | None = entry["ownerUid"]
        holders = [a.uid for a in people if paths.user_device(a.uid, label.device_id).get().exists]
        assert holders == ([uid] if uid else [])
        assert (entry["claimedAt"] is None) == (uid is None)
        at_particle = self.simulator.device(label.device_id)["owner"]
        expected = shadow.opaque_name(uid) if uid and self.mode == "customer" else None
        assert at_particle == expected
        return uid


Round = Callable[[int], None]


def twenty_claims_of_one_device(arena: Arena) -> Round:
    people = [arena.client.sign_up() for _ in range(20)]

    def one(_number: int) -> None:
        label = arena.new_label()
        claiming = [
            arena.start(n, "claim_device", label.claim, person) for n, person in enumerate(people)
        ]
        told = [claim.result() for claim in claiming]
        assert told.count("succeeded") == 1
        assert set(told) <= {"succeeded", "claimed-by-another", "in-progress"}
        assert arena.check(label, people) == people[told.index("succeeded")].uid

    return one


def claim_against_release(arena: Arena) -> Round:
    people = [arena.client.sign_up() for _ in range(4)]
    label = arena.claimed(people[0])

    def one(_number: int) -> None:
        (owner,) = [p for p in people if p.uid == arena.check(label, people)]
        device = {"deviceId": label.device_id}
        releasing = arena.start(0, "release_device", device, owner)
        claiming = [
            arena.start(n, "claim_device", label.claim, person)
            for n, person in enumerate(people)
            if person is not owner
        ]
        assert releasing.result() == "succeeded"
        assert [claim.result() for claim in claiming].count("succeeded") <= 1
        if arena.check(label, people) is None:
            assert arena.attempt(1, "claim_device", label.claim, people[0]) == "succeeded"

    return one


def commands_against_a_change_of_hands(arena: Arena) -> Round:
    """No call reaches the device for one who does not own it."""
    people = [arena.client.sign_up() for _ in range(2)]
    label = arena.claimed(people[0])
    device = {"deviceId": label.device_id}

    def one(number: int) -> None:
        owner, other = people[number % 2], people[1 - number % 2]
        invoke = {**device, "function": "set_target", "argument": "20"}
        arena.simulator.forget()
        calls = [
            arena.start(n, "invoke_function", invoke, person)
            for n, person in enumerate((owner, owner, other, other))
        ]
        releasing = arena.start(1, "release_device", device, owner)
        told = [call.result() for call in calls]
        assert told[2:] == ["not-your-device"] * 2
        assert set(told[:2]) <= {"succeeded", "not-your-device"}
        while (outcome := releasing.result()) == "in-progress":
            releasing = arena.start(0, "release_device", device, owner)
        assert outcome == "succeeded"
        made = arena.simulator.requests("POST", f"{label.device_id}/set_target")
        assert len(made) == told.count("succeeded")
        assert arena.check(label, people) is None
        assert arena.attempt(0, "claim_device", label.claim, other) == "succeeded"

    return one


def deletion_against_commands(arena: Arena) -> Round:
    def one(_number: int) -> None:
        person = arena.client.sign_up()
        label = arena.claimed(person)
        invoke = {"deviceId": label.device_id, "function": "set_target", "argument": "20"}
        calls = [arena.start(n, "invoke_function", invoke, person) for n in range(3)]
        deleting = arena.start(1, "delete_account", {"confirm": "delete"}, person)
        allowed = {"succeeded", "sign-in-required", "not-your-device"}
        assert {call.result() for call in calls} <= allowed
        assert deleting.result() == "succeeded"
        # A server that has just asked Auth about this sign-in does not ask again; and a call that
        # was under way may have kept the device with its owner.
        over = {"sign-in-required", "not-your-device", "succeeded"}
        assert arena.attempt(0, "invoke_function", invoke, person) in over
        deletion.run(person.uid)  # what a call that was under way has kept from ending
        assert arena.check(label, [person]) is None
        assert paths.command(person.uid, "any").parent.get() == []

    return one


def confirmation_against_a_claim(arena: Arena) -> Round:
    """A device presents one person's claim code while another claims it by its label."""
    people = [arena.client.sign_up() for _ in range(2)]
    awaiting, claiming = people

    def one(_number: int) -> None:
        label = arena.new_label()
        answer = arena.post(0, "create_claim_code", label.claim, awaiting)
        if arena.mode == "product":
            assert reason(answer) == "not-in-this-mode"
            return
        arena.simulator.connect(label.device_id, answer["result"]["claimCode"])
        claim = arena.start(0, "claim_device", label.claim, claiming)
        confirm = [arena.start(n, "list_devices", {"refresh": True}, awaiting) for n in range(3)]
        assert claim.result() in {"succeeded", "claimed-by-another", "in-progress"}
        assert {listing.result() for listing in confirm} == {"succeeded"}
        arena.attempt(1, "list_devices", {"refresh": True}, awaiting)
        assert arena.check(label, people)

    return one


def acceptances_against_what_ends_them(arena: Arena) -> Round:
    """A release, or the end of the inviter's share: one wins, and no half of a share is left."""
    owner, manager = (arena.client.sign_up() for _ in range(2))
    guests = [arena.client.sign_up() for _ in range(16)]
    people = [owner, manager, *guests]

    def invite(host: Account, device: dict[str, Any], role: str) -> dict[str, str]:
        link = arena.post(0, "share_device", {**device, "role": role}, host)["result"]["link"]
        return {"token": link.partition("#")[2]}

    def one(number: int) -> None:
        label = arena.claimed(owner)
        device = {"deviceId": label.device_id}
        managing = invite(owner, device, "manager")
        assert arena.attempt(0, "accept_invitation", managing, manager) == "succeeded"
        tokens = [invite(manager, device, "viewer") for _ in range(4)]
        accepting = [
            arena.start(n, "accept_invitation", tokens[n % 4], guest)
            for n, guest in enumerate(guests)
        ]
        if number % 2:
            ending = arena.start(1, "release_device", device, owner)
        else:
            ending = arena.start(1, "end_share", {**device, "uid": manager.uid}, owner)
        told = [accept.result() for accept in accepting]
        assert set(told) <= {"succeeded", "unknown-invitation", "in-progress"}
        outcome = ending.result()
        while outcome == "in-progress":
            outcome = arena.attempt(1, "release_device", device, owner)
        assert outcome == "succeeded"
        if number % 2:
            assert check(label, None, people) == set()
        else:
            assert check(label, owner, people) == {
                guest.uid for guest, said in zip(guests, told, strict=True) if said == "succeeded"
            }

    return one


def calls_of_a_guest_against_the_end_of_their_share(arena: Arena) -> Round:
    """A call was recorded before the end, or it is refused: none reaches the device afterwards."""
    owner, guest = (arena.client.sign_up() for _ in range(2))
    label = arena.claimed(owner)
    device = {"deviceId": label.device_id}
    invoke = {**device, "function": "set_target", "argument": "20"}

    def one(_number: int) -> None:
        made = arena.post(0, "share_device", {**device, "role": "controller"}, owner)
        token = {"token": made["result"]["link"].partition("#")[2]}
        assert arena.attempt(0, "accept_invitation", token, guest) == "succeeded"
        arena.simulator.forget()
        calls = [arena.start(n, "invoke_function", invoke, guest) for n in range(6)]
        ending = arena.start(1, "end_share", {**device, "uid": guest.uid}, owner)
        assert ending.result() == "succeeded"
        told = [call.result() for call in calls]
        assert set(told) <= {"succeeded", "not-your-device"}
        sent = len(arena.simulator.requests("POST", "/set_target"))
        assert sent == told.count("succeeded")
        assert arena.attempt(0, "invoke_function", invoke, guest) == "not-your-device"
        assert check(label, owner, [guest]) == set()

    return one


RACES = (
    acceptances_against_what_ends_them,
    calls_of_a_guest_against_the_end_of_their_share,
    twenty_claims_of_one_device,
    claim_against_release,
    commands_against_a_change_of_hands,
    deletion_against_commands,
    confirmation_against_a_claim,
)


@pytest.mark.timeout(60 + 15 * ROUNDS)
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_a_race(
    race: Callable[[Arena], Round],
    servers: list[str],
    client: Client,
    simulator: Simulator,
    new_label: Callable[[], Label],
    request: pytest.FixtureRequest,
) -> None:
    with ThreadPoolExecutor(20) as pool:
        mode = str(request.node.callspec.params["servers"])
        one_round = race(Arena(servers, mode, client, simulator, new_label, pool))
        for number in range(ROUNDS):
            # Of tokens for new customers (80 in 5 minutes), and of coming too late for a device.
            forget_limits()
            one_round(number)
