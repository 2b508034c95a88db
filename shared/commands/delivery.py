"""One call to a device through Particle, and what the caller is told of its failures.

Whose device it is, the caller has settled. Whoever holds the device for a call says until when:
nothing is sent that could still run when another may take the device.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shared import connections
from shared.errors import (
    DeviceNotReady,
    DeviceOffline,
    DeviceTimeout,
    ParticleRateLimited,
    ParticleUnavailable,
    ProductError,
    TryAgain,
    UnknownFunction,
    UnknownVariable,
)
from shared.particle import errors

AT_ONCE = 2.0
"""Seconds within which Particle's 408 means that the device was known to be offline."""
SLACK = 5.0
"""Seconds that a call may take beyond its timeouts: a name looked up, further addresses tried."""


@dataclass(frozen=True)
class Line:
    """The credential of one call, got before anything is written about it."""

    value: str = field(repr=False)
    until: float
    """On the monotonic clock: a call has to be over by then."""

    def token(self) -> str:
        """The token that was got; its time is looked at before it is used."""
        if time.monotonic() + connections.particle().longest_call + SLACK > self.until:
            raise TryAgain("There was no time left for the call. Nothing was done; try again.")
        return self.value

    def renew(self, rejected: str) -> str:
        """Another token: the call that went with the rejected one had no effect."""
        renewed = _token(lambda: connections.tokens().server.renew(rejected))
        return Line(renewed, self.until).token()


def token() -> str:
    """A token to call devices with. Raises `ProductError`: without one nothing can be sent."""
    return _token(connections.tokens().server.token)


def call(line: Line, device_id: str, function: str, argument: str) -> int:
    """Call a function, once. Raises `ProductError`."""
    try:
        return connections.particle().call_function(line, device_id, function, argument)
    except errors.NotFoundError:
        raise UnknownFunction from None
    except errors.ParticleError as failure:
        raise _reason(failure) from failure


def read(device_id: str, variable: str) -> bool | float | str | None:
    """Read a variable. Raises `ProductError`."""
    try:
        return connections.particle().read_variable(
            connections.tokens().server, device_id, variable
        )
    except errors.NotFoundError:
        raise UnknownVariable from None
    except errors.OutcomeUnknownError:
        # Reading changes nothing, and was tried again already.
        raise ParticleUnavailable from None
    except errors.ParticleError as failure:
        raise _reason(failure) from failure


def _token(get: Callable[[], str]) -> str:
    try:
        return get()
    except errors.RateLimitedError as failure:
        raise ParticleRateLimited(retryAfter=round(failure.retry_after)) from failure
    except errors.ParticleError as failure:
        raise ParticleUnavailable from failure


def _reason(failure: errors.ParticleError) -> ProductError:
    """What the caller is told of Particle's failure in a call to a device."""
    if isinstance(failure, errors.DeviceUnreachableError):
        return DeviceOffline() if failure.elapsed <= AT_ONCE else DeviceTimeout()
    if isinstance(failure, errors.RateLimitedError):
        return ParticleRateLimited(retryAfter=round(failure.retry_after))
    if isinstance(failure, errors.OutcomeUnknownError | errors.UnexpectedAnswerError):
        return DeviceTimeout()
    if isinstance(failure, errors.ForbiddenError):
        return DeviceNotReady()  # no device of the product
    return ParticleUnavailable()
