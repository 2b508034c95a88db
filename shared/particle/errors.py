"""What can go wrong when talking to Particle, and how its answers are distinguished.

    ParticleError
    ├── NotSentError              no connection: the request had no effect
    ├── OutcomeUnknownError       the request may have had its effect
    │   ├── InterruptedCallError  connection cut, or no answer in time
    │   └── ServerFaultError      5xx
    ├── DeviceUnreachableError    408: offline, or no answer within Particle's 30 s
    ├── RateLimitedError          429
    ├── UndeliveredError          an integration's test event did not reach its target
    ├── UnexpectedAnswerError     a success whose body is not as documented
    └── RefusedError              any other 4xx: the request had no effect
        ├── TokenRejectedError        the access token is unknown or expired
        ├── ClientRejectedError       the OAuth client's id or secret is wrong: fix the setting
        ├── NoSuchCustomerError       no token: the product has no such customer
        ├── CustomerExistsError
        ├── ForbiddenError            also for devices that are unknown or belong to another
        │   └── ForeignOwnerError     claim: "That belongs to someone else."
        └── NotFoundError             function, variable, device or product

No exception's text contains a token, an e-mail address or a path with a customer in it.
"""

import re
from collections.abc import Mapping
from typing import Any

_SENSITIVE = re.compile(r"[0-9a-f]{40}|[^\s\"'<>=:]+@[^\s\"'<>]+|access_token=\S+", re.IGNORECASE)


class ParticleError(Exception):
    """Base of all failures of a call to Particle."""

    def __init__(self, route: str, text: str = "", status: int | None = None) -> None:
        """With the route's template, Particle's own words, and the HTTP status, if there is one."""
        self.route = route
        self.status = status
        self.text = _SENSITIVE.sub("***", text)[:200]
        super().__init__(f"{route}: {status or 'no answer'} {self.text}".rstrip())


class NotSentError(ParticleError):
    """No connection could be made: the request had no effect."""


class OutcomeUnknownError(ParticleError):
    """The request was sent, and may have had its effect."""


class InterruptedCallError(OutcomeUnknownError):
    """The connection was cut, or no answer arrived in time."""


class ServerFaultError(OutcomeUnknownError):
    """A 5xx."""


class DeviceUnreachableError(ParticleError):
    """408: at once for a device known to be offline, after up to 30 s for one that is silent."""

    def __init__(self, route: str, text: str, status: int | None, elapsed: float) -> None:
        """With the seconds from sending the request to its answer."""
        super().__init__(route, text, status)
        self.elapsed = elapsed


class RateLimitedError(ParticleError):
    """429. `retry_after` is in seconds."""

    def __init__(self, route: str, text: str, status: int | None, retry_after: float) -> None:
        """With the seconds that Particle asks to wait, or `DEFAULT_RETRY_AFTER`."""
        super().__init__(route, text, status)
        self.retry_after = retry_after


class UndeliveredError(ParticleError):
    """An integration's test event did not reach its target; the text says why, if Particle does."""


class UnexpectedAnswerError(ParticleError):
    """A success whose body is not as documented."""


class RefusedError(ParticleError):
    """Another 4xx: the request was understood and not carried out."""


class TokenRejectedError(RefusedError):
    """The access token is unknown, revoked or expired."""


class ClientRejectedError(RefusedError):
    """The OAuth client's id or secret is wrong. Never retried: ten of these block the address."""


class NoSuchCustomerError(RefusedError):
    """No token can be minted for this customer."""


class CustomerExistsError(RefusedError):
    """The product already has this customer."""


class ForbiddenError(RefusedError):
    """403: not permitted, or it does not exist. Particle does not say which."""


class ForeignOwnerError(ForbiddenError):
    """The device is claimed by another user or customer."""


class NotFoundError(RefusedError):
    """404: an unknown function, variable, device or product."""


DEFAULT_RETRY_AFTER = 60.0
"""Seconds to wait after a 429 without a Retry-After header, which no source confirms.
The limits count per 5 minutes (Cloud API reference, "Rate limits")."""


def message_in(body: Any) -> str:
    """Particle's own words in an error body of any of the known shapes.

    `error_description`, `description`, `error`, `err`, `errors[]` (of texts, lists or objects),
    `message`, `status`, `info`, or a bare text; "" when there is none.
    """
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return next((text for item in body if (text := message_in(item))), "")
    if isinstance(body, Mapping):
        for key in (
            "error_description",
            "description",
            "error",
            "err",
            "errors",
            "message",
            "status",
            "info",
        ):
            if text := message_in(body.get(key)):
                return text
    return ""


def from_answer(  # noqa: PLR0911 - one return for each kind of answer
    route: str, status: int, headers: Mapping[str, str], body: Any, elapsed: float
) -> ParticleError:
    """The exception for an answer that is not a success. `elapsed` is in seconds."""
    text = message_in(body)
    lower = text.lower()
    kind = body.get("error") if isinstance(body, Mapping) else None
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return ServerFaultError(route, text, status)
    if status == 408 or (status == 400 and lower.startswith("timed out")):  # noqa: PLR2004
        # A call was answered by 400 in 2015.
        return DeviceUnreachableError(route, text, status, elapsed)
    if status == 429:  # noqa: PLR2004
        return RateLimitedError(route, text, status, _retry_after(headers))
    if status == 401:  # noqa: PLR2004
        return TokenRejectedError(route, text, status)
    if status == 400 and kind == "invalid_client":  # noqa: PLR2004
        return ClientRejectedError(route, text, status)
    if status == 400 and kind == "invalid_grant":  # noqa: PLR2004
        return NoSuchCustomerError(route, text, status)
    if status == 400 and (lower == "customer already exists" or kind == "customer_exists"):  # noqa: PLR2004
        return CustomerExistsError(route, text, status)
    if status == 403:  # noqa: PLR2004
        kind_of_refusal = (
            ForeignOwnerError if "belongs to someone else" in lower else ForbiddenError
        )
        return kind_of_refusal(route, text, status)
    if status == 404:  # noqa: PLR2004
        return NotFoundError(route, text, status)
    return RefusedError(route, text, status)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds from a Retry-After header; its other form, a date, is not used here."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 1.0), 3600.0) if seconds == seconds else DEFAULT_RETRY_AFTER  # noqa: PLR0124 - NaN
