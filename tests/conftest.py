"""What the tests share: the running stack, clean between tests, and customers who use it."""

import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from local import Stack
from local.client import Account, Client
from local.reset import reset
from local.runs import ROOT
from tests.support import triggers
from tests.support.limits import forget_limits

WITH_STACK = (
    "tests/docs/",
    "tests/functional/test_attack_matrix.py",
    "tests/functional/test_listeners.py",
    "tests/functional/test_ownership_races.py",
    "tests/functional/test_sharing.py",
    "tests/rules/",
    "tests/web/",
)
"""Tests that run on a stack of their own, so that both workers have about as much to do."""
# How long an example takes says more about the machine than about the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

FLEET = ROOT / "demo" / "fleet.csv"


class _Groups(LoadScopeScheduling):  # type: ignore[misc] # the package has no types
    """For two workers (`make test`): what shares a stack stays together, else each file.

    The workers have a stack each, one for most of the functions' tests and one for the others.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith(WITH_STACK):
            return "stack"
        return "functional" if file.startswith("tests/functional/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Groups:
    """Hand out the tests in these groups."""
    return _Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that the emulator's triggers are a part of come before those that deliver themselves.

    The emulator is told so once, for it takes seconds to begin again.
    """
    items.sort(key=_delivers_itself)


def _delivers_itself(item: pytest.Item) -> bool:
    if item.nodeid.startswith("tests/functional"):
        return item.get_closest_marker(triggers.LIVE) is None
    return "no_triggers" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack, on ports of its own; started when the first test asks for it.

    The process's environment is set as in a deployed function, so that functions can also be called
    in this process. The simulated devices of the demo's fleet publish only when told.
    """

    def terminated(_signal: int, _frame: FrameType | None) -> None:
        # Otherwise the process would end without stopping what it has started.
        pytest.exit("terminated", returncode=128 + signal.SIGTERM)

    previous = signal.signal(signal.SIGTERM, terminated)
    with (
        Stack("tests", fleet=FLEET if FLEET.exists() else None, interval=0) as running,
        mock.patch.dict(os.environ, running.environment),
    ):
        yield running
    signal.signal(signal.SIGTERM, previous)


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a test does to the process's environment ends with it."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture
def clean_stack(stack: Stack) -> Stack:
    """The stack without documents and users, and with the simulator as at its start."""
    reset(stack)
    return stack


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """An app's view of the stack: sign-up, callables over HTTP, Firestore with the rules."""
    app = Client(stack)
    yield app
    app.close()


@pytest.fixture
def sign_up(client: Client) -> Callable[..., Account]:
    """Makes a user: `sign_up(email=None, anonymous=False)`."""
    return client.sign_up


@pytest.fixture(autouse=True)
def _unspent_limits(request: pytest.FixtureRequest) -> None:
    """Counters that all instances share begin anew: tests are many customers in little time."""
    if "stack" in request.fixturenames:
        request.getfixturevalue("stack")
        forget_limits()


@pytest.fixture(scope="session")
def no_triggers(stack: Stack) -> None:
    """The functions emulator leaves documents and messages alone: the test delivers them."""
    triggers.pause(stack)
