"""A call is sent only while its hold has time for it, also after its token was renewed."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from shared import connections, settings
from shared.commands import delivery
from shared.commands.record import Call, Outcome
from shared.errors import DeviceOffline, DeviceTimeout, TryAgain
from shared.registry import hold
from shared.registry.hold import Expiry

CALL = Call("f" * 24, "set_target", "20")
LONGEST = 38.0


@dataclass
class Clock:
    """Moves only when it is told to."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Tokens:
    """Credentials whose renewal takes its time."""

    clock: Clock
    seconds: float

    def token(self) -> str:
        return "first"

    def renew(self, rejected: str) -> str:
        assert rejected == "first"
        self.clock.now += self.seconds
        return "second"


@dataclass
class Particle:
    """Refuses the first token; remembers what it was sent."""

    longest_call: float = LONGEST
    sent: list[str] = field(default_factory=list)

    def call_function(self, credentials: Any, *_: str) -> int:
        self.sent.append(credentials.token())
        self.sent.append(credentials.renew("first"))
        return 7


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(hold, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def particle(monkeypatch: pytest.MonkeyPatch) -> Particle:
    made = Particle()
    monkeypatch.setattr(connections, "particle", lambda: made)
    return made


NEEDED = LONGEST + settings.CALL_SLACK


@pytest.mark.parametrize(
    ("left", "renewal", "sent"),
    [
        (NEEDED - 1, 0, []),
        (NEEDED + 10, 11, ["first"]),
        (NEEDED + 10, 9, ["first", "second"]),
    ],
)
def test_nothing_is_sent_that_could_outlast_the_hold(
    left: float, renewal: float, sent: list[str], clock: Clock, particle: Particle
) -> None:
    expiry = Expiry.after(left)
    tokens = Tokens(clock, renewal)
    if sent == ["first", "second"]:
        assert delivery.send(CALL, tokens, expiry) == 7
    else:
        with pytest.raises(TryAgain):
            delivery.send(CALL, tokens, expiry)
    assert particle.sent == sent


def test_after_a_timeout_a_call_may_have_run() -> None:
    assert Outcome.of(DeviceTimeout()).status == "unknown"
    assert Outcome.of(DeviceOffline()).status == "failed"
