"""Requests to a device through Particle, and what the caller gets to know of their failures.

That the device is the caller's has been checked before. Whoever holds the device for a call passes
the end of that hold: nothing is sent that could still run when another may take the device.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared import connections, settings
from shared.commands.record import Call
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
from shared.particle import Credentials, errors
from shared.registry.hold import Expiry, TimedCredentials


@dataclass(frozen=True)
class ServerToken:
    """The product's own token, fetched before anything is written about a call."""

    value: str = field(repr=False)

    def token(self) -> str:
        """The token that was fetched."""
        return self.value

    def renew(self, rejected: str) -> str:
        """Another token. Without one the call had no effect, whatever happened to the renewal."""
        return _fetched(lambda: connections.tokens().server.renew(rejected))


def credentials() -> ServerToken:
    """What calls are sent with. Raises `ProductError`: without a token nothing can be sent."""
    return ServerToken(_fetched(connections.tokens().server.token))


def send(call: Call, credentials: Credentials, expiry: Expiry) -> int:
    """Have the device run a function, once; what the function returned.

    Raises `ProductError`: `TryAgain` when the call could outlast `expiry`.
    """
    particle = connections.particle()
    timed = TimedCredentials(
        credentials, expiry, particle.longest_call + settings.CALL_SLACK, _too_late
    )
    try:
        return particle.call_function(timed, call.device_id, call.function, call.argument)
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


def _fetched(fetch: Callable[[], str]) -> str:
    try:
        return fetch()
    except errors.RateLimitedError as failure:
        raise ParticleRateLimited(retryAfter=round(failure.retry_after)) from failure
    except errors.ParticleError as failure:
        raise ParticleUnavailable from failure


def _too_late() -> ProductError:
    return TryAgain("There was no time left for the call. Nothing was done; try again.")


def _reason(failure: errors.ParticleError) -> ProductError:
    """What the caller gets to know of Particle's failure in a request to a device."""
    if isinstance(failure, errors.DeviceUnreachableError):
        at_once = failure.elapsed <= settings.OFFLINE_AT_ONCE
        return DeviceOffline() if at_once else DeviceTimeout()
    if isinstance(failure, errors.RateLimitedError):
        return ParticleRateLimited(retryAfter=round(failure.retry_after))
    if isinstance(failure, errors.OutcomeUnknownError | errors.UnexpectedAnswerError):
        return DeviceTimeout()
    if isinstance(failure, errors.ForbiddenError):
        return DeviceNotReady()  # not a device of the product
    return ParticleUnavailable()
