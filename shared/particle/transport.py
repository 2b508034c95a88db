"""Requests to Particle: one pooled session, named timeouts, retries where repeating is safe."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter

from shared.particle import errors

T = TypeVar("T")


class Credentials(Protocol):
    """Gives the access token for a request."""

    def token(self) -> str:
        """A token that should be valid."""

    def renew(self, rejected: str) -> str:
        """A token other than the one that Particle has just refused."""


@dataclass(frozen=True)
class Timeouts:
    """How long a request waits, in seconds."""

    connect: float = 3.05
    """For a connection."""
    answer: float = 10.0
    """For an answer of the cloud itself."""
    device: float = 35.0
    """For an answer that a device gives: Particle itself waits up to 30 s for it."""


MAX_TRIES = 3

PATIENCE = 10.0
"""Seconds after which a failing request is not repeated: a person is waiting, and the function that
sends it has a timeout too."""


def pause_before_retry(
    failure: errors.ParticleError, tries: int, elapsed: float, chance: float
) -> float | None:
    """Seconds to wait before a repeatable request is sent again, or None to give up.

    `tries` were made so far, in `elapsed` seconds; `chance` in [0, 1) spreads the retries of many
    instances. A 429 is left to the caller, who knows whether it can wait that long. So is a 408: a
    device that did not answer for 30 s will hardly do so now.
    """
    retried = errors.NotSentError | errors.OutcomeUnknownError
    if tries >= MAX_TRIES or elapsed > PATIENCE or not isinstance(failure, retried):
        return None
    return float(0.25 * 2 ** (tries - 1) * (1 + chance))


@dataclass(frozen=True)
class Answer:
    """The body of a success, or a part of it, read tolerantly: unknown members are ignored."""

    route: str
    """The request's method and route, for errors."""
    body: Any

    def member(self, name: str, kind: type[T]) -> T:
        """A member that must be there. Raises `UnexpectedAnswerError`."""
        value = self.optional(name, kind)
        if value is None:
            raise self.unexpected(f"no {name}")
        return value

    def optional(self, name: str, kind: type[T]) -> T | None:
        """A member, if it is there and of that kind."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return value if isinstance(value, kind) else None

    def items(self, name: str | None = None) -> "list[Answer]":
        """The items of the list that is this member, or that is the whole body.

        Raises `UnexpectedAnswerError`.
        """
        listed = self.body if name is None else self.member(name, list)
        if not isinstance(listed, list):
            raise self.unexpected("no list")
        return [Answer(self.route, item) for item in listed]

    def require_ok(self) -> None:
        """Raise `UnexpectedAnswerError` unless the request was carried out.

        The answer may be a 204 without a body, which is `{}` here.
        """
        if not isinstance(self.body, dict) or self.body.get("ok", True) is not True:
            raise self.unexpected("not ok")

    def unexpected(self, text: str) -> errors.UnexpectedAnswerError:
        """The failure to raise for a body that is not as documented."""
        return errors.UnexpectedAnswerError(self.route, text)


@dataclass(frozen=True)
class _Request:
    method: str
    route: str
    url: str
    form: Mapping[str, str] | None
    document: Mapping[str, Any] | None
    read_timeout: float
    repeatable: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


class Transport:
    """Sends requests to one base URL; safe for threads."""

    def __init__(
        self,
        base_url: str,
        *,
        timeouts: Timeouts | None = None,
        connections: int = 40,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """At most `connections` are kept open, one for each concurrent request."""
        self.timeouts = timeouts or Timeouts()
        self._base_url = base_url.rstrip("/")
        self._sleep = sleep
        self._session = requests.Session()
        # Credentials are ours alone: no .netrc and no proxy variables of the host.
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self._session.mount(self._base_url, adapter)

    def send(
        self,
        method: str,
        route: str,
        credentials: Credentials | tuple[str, str] | str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        document: Mapping[str, Any] | None = None,
        repeatable: bool = True,
        of_device: bool = False,
    ) -> Answer:
        """Send a request and return the answer to its success. Raises `ParticleError`.

        `route` is a template such as `/v1/devices/{device}`, which errors name; `path` fills it.
        The body is a `form`, or a `document` in JSON.
        `credentials` give the bearer token, which is renewed once when Particle rejects it: such a
        request had no effect, so this holds for any. A text is a token that cannot be renewed; an
        OAuth client's id and secret are sent as Basic. `repeatable` says that sending the request
        twice has no more effect than once; any other is never repeated after another failure.
        `of_device` allows for the time that a device takes to answer.
        """
        url = self._base_url + route.format_map(
            {key: quote(value, safe="") for key, value in (path or {}).items()}
        )
        if query:
            url += "?" + urlencode(query)
        read_timeout = self.timeouts.device if of_device else self.timeouts.answer
        request = _Request(method, route, url, form, document, read_timeout, repeatable)
        if isinstance(credentials, str | tuple):
            return self._repeat(request, credentials)
        token = credentials.token()
        try:
            return self._repeat(request, token)
        except errors.TokenRejectedError:
            return self._repeat(request, credentials.renew(token))

    def _repeat(self, request: _Request, authorization: tuple[str, str] | str) -> Answer:
        tries = 0
        started = time.monotonic()
        while True:
            tries += 1
            try:
                return Answer(request.name, self._send_once(request, authorization))
            except errors.ParticleError as failure:
                if not request.repeatable:
                    raise
                chance = random.random()  # noqa: S311 - spreads retries, guards nothing
                elapsed = time.monotonic() - started
                pause = pause_before_retry(failure, tries, elapsed, chance)
                if pause is None:
                    raise
            self._sleep(pause)

    def _send_once(self, request: _Request, authorization: tuple[str, str] | str) -> Any:
        name = request.name
        bearer = isinstance(authorization, str)
        started = time.monotonic()
        try:
            response = self._session.request(
                request.method,
                request.url,
                headers={"Authorization": f"Bearer {authorization}"} if bearer else {},
                auth=None if isinstance(authorization, str) else authorization,
                data=request.form,
                json=request.document,
                timeout=(self.timeouts.connect, request.read_timeout),
                allow_redirects=False,
            )
        except requests.ConnectTimeout as cause:
            raise errors.NotSentError(name, "connection timed out") from cause
        except requests.ConnectionError as cause:
            if _never_connected(cause):
                raise errors.NotSentError(name, "no connection") from cause
            raise errors.InterruptedCallError(name, "connection cut") from cause
        except requests.Timeout as cause:
            raise errors.InterruptedCallError(name, "no answer in time") from cause
        except requests.RequestException as cause:
            # The answer began, and could not be read to its end or decoded.
            raise errors.InterruptedCallError(name, type(cause).__name__) from cause
        elapsed = time.monotonic() - started
        if response.status_code == requests.codes.no_content:
            return {}
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = None
        if response.ok and body is not None:
            return body
        if response.ok or response.is_redirect:
            raise errors.UnexpectedAnswerError(name, "not JSON", response.status_code)
        raise errors.from_answer(
            name,
            response.status_code,
            response.headers,
            response.text[:200] if body is None else body,
            elapsed,
            by_client=not bearer,
        )


def _never_connected(error: requests.ConnectionError) -> bool:
    """Whether no connection was made at all, by the cause that urllib3 gives."""
    cause: Any = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "SSLError"}
