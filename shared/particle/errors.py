"""What can go wrong when talking to Particle, and how its answers are distinguished.

    ParticleError
    ├── NotSentError              it did not get to Particle: the request had no effect
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
from collections.abc import Iterable, Mapping
from typing import Any

_SENSITIVE = re.compile(r"[0-9a-f]{40}|[^\s\"'<>=:]+@[^\s\"'<>]+|access_token=\S+", re.IGNORECASE)


class ParticleError(Exception):
    """Base of all failures of a call to Particle."""

    def __init__(self, route: str, text: str = "", status: int | None = None) -> None:
        """With the route's template, Particle's own words, and the HTTP status, if there is one."""
        self.route = route
        self.status = status
        self.text = _SENSITIVE.sub("***", text)[:200]
        said = dict.fromkeys((str(status or "no answer"), self.text))
        super().__init__(f"{route}: {' '.join(said)}".rstrip())


class NotSentError(ParticleError):
    """The request did not get to Particle, and had no effect.

    There was no connection, or something in front of Particle's API refused it.
    """


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


def from_answer(
    route: str,
    status: int,
    headers: Mapping[str, str],
    body: Any,
    elapsed: float,
    *,
    by_client: bool = False,
) -> ParticleError:
    """The exception for an answer that is not a success. `elapsed` is in seconds.

    `by_client` says that the request showed the OAuth client's id and secret, and no token. The
    status decides, then OAuth's code in `error`, and Particle's words only where neither says
    enough: the words have changed over the years.
    """
    text = message_in(body)
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return ServerFaultError(route, text, status)
    if status == 429:  # noqa: PLR2004
        return RateLimitedError(route, text, status, _retry_after(headers))
    words, code = _words(body), _code(body)
    if status == 408 or (status == 400 and "timed out" in words):  # noqa: PLR2004
        # The 400 is what a function of an offline device was answered in 2015.
        return DeviceUnreachableError(route, text, status, elapsed)
    if by_client:
        kind = _refusal_of_client(status, words, code)
    elif status == 403 and _is_page(body):  # noqa: PLR2004
        return NotSentError(route, "refused in front of Particle's API", status)
    else:
        kind = _refusal_of_token(status, words, code)
    return kind(route, text, status)


def _refusal_of_client(status: int, words: str, code: str) -> type[RefusedError]:
    if status == 401 or code in _WRONG_CLIENT:  # noqa: PLR2004
        return ClientRejectedError
    if code in _WRONG_CUSTOMER:
        return NoSuchCustomerError
    if _EXISTS.search(words):
        return CustomerExistsError
    return _BY_STATUS.get(status, RefusedError)


def _refusal_of_token(status: int, words: str, code: str) -> type[RefusedError]:
    if status == 401 or code == "invalid_token":  # noqa: PLR2004
        return TokenRejectedError
    if status == 403 and _FOREIGN.search(words):  # noqa: PLR2004
        return ForeignOwnerError
    if code == "unauthorized":
        return ForbiddenError  # an API user, who is refused with a 400
    return _BY_STATUS.get(status, RefusedError)


_BY_STATUS = {403: ForbiddenError, 404: NotFoundError}
_WRONG_CLIENT = {"invalid_client", "unauthorized_client"}
_WRONG_CUSTOMER = {"invalid_grant", "invalid_scope"}
_EXISTS = re.compile(r"already exists|customer.exists")
_FOREIGN = re.compile(r"someone else|somebody else|request_transfer")


def _code(body: Any) -> str:
    """OAuth's code, such as `invalid_token`; in lower case, "" for none."""
    code = body.get("error") if isinstance(body, Mapping) else None
    return code.strip().lower() if isinstance(code, str) else ""


def _words(body: Any) -> str:
    """All texts in an error body, in lower case; none of a web page."""
    if isinstance(body, str):
        return "" if _is_page(body) else body.lower()
    parts = body.values() if isinstance(body, Mapping) else body
    return " ".join(map(_words, parts)) if isinstance(parts, Iterable) else ""


def _is_page(body: Any) -> bool:
    """Whether it is a web page: the answer of something in front of Particle's API."""
    return isinstance(body, str) and body.lstrip().startswith("<")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds from a Retry-After header; its other form, a date, is not used here."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 1.0), 3600.0) if seconds == seconds else DEFAULT_RETRY_AFTER  # noqa: PLR0124 - NaN
