"""Requests to a device through Particle, and what their failures mean for the caller.

`MEANINGS` has a row for each class of `shared.particle.errors`. What a call's failure means in the
queue follows from its reason: `Outcome.of` in `shared/commands/record.py`.

That the device is the caller's has been checked before. Whoever holds the device for a call passes
the end of that hold: nothing is sent that could still run when another may take the device.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared import connections, settings
from shared.commands.record import Call
from shared.errors import (
    BadRequest,
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


class Meaning(NamedTuple):
    """What a failure at Particle means for the one who asked."""

    call: type[ProductError]
    """Of a call of a function."""
    read: type[ProductError]
    """Of reading a variable, which changes nothing and was repeated where that may help."""


_NOT_DONE = Meaning(ParticleUnavailable, ParticleUnavailable)
_MAY_HAVE_RUN = Meaning(DeviceTimeout, ParticleUnavailable)
_OFFLINE = Meaning(DeviceOffline, DeviceOffline)
_SILENT = Meaning(DeviceTimeout, DeviceTimeout)
_REFUSED = Meaning(BadRequest, BadRequest)
_NOT_IN_PRODUCT = Meaning(DeviceNotReady, DeviceNotReady)

MEANINGS: Mapping[type[errors.ParticleError], Meaning] = {
    # The request did not get to the device. It may succeed later as it is.
    errors.NotSentError: _NOT_DONE,
    errors.RateLimitedError: Meaning(ParticleRateLimited, ParticleRateLimited),
    errors.TokenRejectedError: _NOT_DONE,
    errors.ClientRejectedError: _NOT_DONE,
    errors.NoSuchCustomerError: _NOT_DONE,
    # The device is not there, if Particle says so at once (`_meaning`).
    errors.DeviceUnreachableError: _OFFLINE,
    # A call may have run. What is not expected of a call at all is no proof that it did not.
    errors.OutcomeUnknownError: _MAY_HAVE_RUN,
    errors.InterruptedCallError: _MAY_HAVE_RUN,
    errors.ServerFaultError: _MAY_HAVE_RUN,
    errors.UnexpectedAnswerError: _MAY_HAVE_RUN,
    errors.UndeliveredError: _MAY_HAVE_RUN,
    errors.ParticleError: _MAY_HAVE_RUN,
    # Particle has answered this very request: repeating it changes nothing.
    errors.RefusedError: _REFUSED,
    errors.CustomerExistsError: _REFUSED,
    errors.NotFoundError: Meaning(UnknownFunction, UnknownVariable),
    errors.ForbiddenError: _NOT_IN_PRODUCT,
    errors.ForeignOwnerError: _NOT_IN_PRODUCT,
}


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
    except errors.ParticleError as failure:
        raise _product_error(_meaning(failure).call, failure, "argument") from failure


def read(device_id: str, variable: str) -> bool | float | str | None:
    """Read a variable. Raises `ProductError`."""
    try:
        return connections.particle().read_variable(credentials(), device_id, variable)
    except errors.ParticleError as failure:
        raise _product_error(_meaning(failure).read, failure, "variable") from failure


def _fetched(fetch: Callable[[], str]) -> str:
    try:
        return fetch()
    except errors.RateLimitedError as failure:
        raise ParticleRateLimited(retryAfter=round(failure.retry_after)) from failure
    except errors.ParticleError as failure:
        raise ParticleUnavailable from failure


def _too_late() -> ProductError:
    return TryAgain("There was no time left for the call. Nothing was done; try again.")


def _meaning(failure: errors.ParticleError) -> Meaning:
    late = settings.OFFLINE_AT_ONCE
    if isinstance(failure, errors.DeviceUnreachableError) and failure.elapsed > late:
        return _SILENT
    return next(MEANINGS[kind] for kind in type(failure).__mro__ if kind in MEANINGS)


def _product_error(
    kind: type[ProductError], failure: errors.ParticleError, field: str
) -> ProductError:
    """The failure as its caller gets it; `field` is what they chose of the request."""
    if isinstance(failure, errors.RateLimitedError):
        return kind(retryAfter=round(failure.retry_after))
    if kind is BadRequest:
        return BadRequest(f"Particle refuses this {field}. Nothing was done.", field=field)
    return kind()
