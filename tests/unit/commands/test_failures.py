"""What each failure at Particle means for a direct call, for a queued one, and for a read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared import connections, settings
from shared.commands import delivery
from shared.commands.record import Call, Outcome
from shared.errors import ProductError, TryAgain
from shared.particle import errors
from shared.registry.hold import Expiry

CALL = Call("f" * 24, "set_target", "20")
ROUTE = "POST /v1/x"
SLOW = settings.OFFLINE_AT_ONCE + 1

EXPECTED = {
    # failure: reason of a call, its status, its status when it was queued, reason of a read
    errors.NotSentError: ("particle-unavailable", "failed", "queued", "particle-unavailable"),
    errors.RateLimitedError: ("particle-rate-limited", "failed", "queued", "particle-rate-limited"),
    errors.TokenRejectedError: ("particle-unavailable", "failed", "queued", "particle-unavailable"),
    errors.ClientRejectedError: (
        "particle-unavailable",
        "failed",
        "queued",
        "particle-unavailable",
    ),
    errors.NoSuchCustomerError: (
        "particle-unavailable",
        "failed",
        "queued",
        "particle-unavailable",
    ),
    errors.DeviceUnreachableError: ("device-offline", "failed", "queued", "device-offline"),
    errors.OutcomeUnknownError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.InterruptedCallError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.ServerFaultError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.UnexpectedAnswerError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.UndeliveredError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.ParticleError: ("device-timeout", "unknown", "unknown", "particle-unavailable"),
    errors.RefusedError: ("bad-request", "failed", "failed", "bad-request"),
    errors.CustomerExistsError: ("bad-request", "failed", "failed", "bad-request"),
    errors.NotFoundError: ("unknown-function", "failed", "failed", "unknown-variable"),
    errors.ForbiddenError: ("device-not-ready", "failed", "failed", "device-not-ready"),
    errors.ForeignOwnerError: ("device-not-ready", "failed", "failed", "device-not-ready"),
}


def classes(kind: type[errors.ParticleError]) -> Iterator[type[errors.ParticleError]]:
    yield kind
    for sub in kind.__subclasses__():
        yield from classes(sub)


def made(kind: type[errors.ParticleError]) -> errors.ParticleError:
    if issubclass(kind, errors.DeviceUnreachableError | errors.RateLimitedError):
        return kind(ROUTE, "", None, 1.0)
    return kind(ROUTE)


@dataclass
class Particle:
    """Fails."""

    failure: Exception
    longest_call: float = 38.0

    def call_function(self, *_: Any) -> int:
        raise self.failure

    def read_variable(self, *_: Any) -> float:
        raise self.failure


@dataclass
class Token:
    """One that Particle takes."""

    def token(self) -> str:
        return "token"

    def renew(self, rejected: str) -> str:
        raise AssertionError(rejected)


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    monkeypatch.setattr(delivery, "credentials", Token)

    def fail(failure: Exception) -> None:
        monkeypatch.setattr(connections, "particle", lambda: Particle(failure))

    return fail


def of_call() -> ProductError:
    with pytest.raises(ProductError) as caught:
        delivery.send(CALL, Token(), Expiry.after(60))
    return caught.value


def of_read() -> ProductError:
    with pytest.raises(ProductError) as caught:
        delivery.read(CALL.device_id, "target")
    return caught.value


def test_every_failure_has_a_row() -> None:
    assert set(delivery.MEANINGS) == set(EXPECTED) == set(classes(errors.ParticleError))


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_what_it_means(
    kind: type[errors.ParticleError], fails: Callable[[Exception], None]
) -> None:
    fails(made(kind))
    failure = of_call()
    assert (
        failure.reason,
        Outcome.of(failure).status,
        Outcome.of(failure, from_queue=True).status,
        of_read().reason,
    ) == EXPECTED[kind]


def test_a_device_that_is_silent_may_have_done_it(fails: Callable[[Exception], None]) -> None:
    fails(errors.DeviceUnreachableError(ROUTE, "timed out", 408, SLOW))
    failure = of_call()
    assert failure.reason == of_read().reason == "device-timeout"
    assert Outcome.of(failure, from_queue=True).status == "unknown"


def test_a_refusal_names_what_the_caller_chose(fails: Callable[[Exception], None]) -> None:
    fails(errors.RefusedError(ROUTE, "argument too long", 400))
    assert of_call().details == {"field": "argument"}
    assert of_read().details == {"field": "variable"}


def test_a_limit_says_how_long(fails: Callable[[Exception], None]) -> None:
    fails(errors.RateLimitedError(ROUTE, "", 429, 7.4))
    assert of_call().details == of_read().details == {"retryAfter": 7}


def test_what_the_product_has_no_time_for_waits_on() -> None:
    assert Outcome.of(TryAgain(), from_queue=True).status == "queued"
