"""Requests to Particle: one pooled session, named timeouts, retries where repeating is safe."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import requests
from requests.adapters import HTTPAdapter

from shared.particle import errors


@dataclass(frozen=True)
class Timeouts:
    """Seconds."""

    connect: float = 3.05
    """To make a connection."""
    answer: float = 10.0
    """For an answer of the cloud itself."""
    device: float = 35.0
    """For an answer that a device gives: Particle itself waits up to 30 s for it."""


MAX_TRIES = 3


PATIENCE = 10.0
"""Seconds after which a failing request is not tried again: a person is waiting, and the function
that asks has an end too."""


def pause_before_retry(
    failure: errors.ParticleError, tries: int, elapsed: float, chance: float
) -> float | None:
    """Seconds to wait before a request that is safe to repeat is sent again, or None for never.

    `tries` were made so far, in `elapsed` seconds; `chance` in [0, 1) spreads the retries of many
    instances. A 429 is left to the caller, who knows whether it can wait that long; a 408 too,
    since a device that did not answer for 30 s will hardly do so now.
    """
    retried = errors.NotSentError | errors.OutcomeUnknownError
    if tries >= MAX_TRIES or elapsed > PATIENCE or not isinstance(failure, retried):
        return None
    return float(0.25 * 2 ** (tries - 1) * (1 + chance))


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
        """`connections` are kept open at most, one for each concurrent request."""
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
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        token: str | None = None,
        client: tuple[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool,
        of_device: bool = False,
    ) -> Any:
        """Send a request and return the decoded body of its success.

        `route` is a template such as `/v1/devices/{device}`, which errors name; `path` fills it.
        `token` goes as bearer, `client` (id, secret) as Basic. `repeatable` says that a second
        request would change nothing more than the first. Raises `ParticleError`.
        """
        url = self._base_url + route.format_map(
            {key: quote(value, safe="") for key, value in (path or {}).items()}
        )
        if query:
            url += "?" + urlencode(query)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        read = self.timeouts.device if of_device else self.timeouts.answer
        name = f"{method} {route}"
        tries = 0
        started = time.monotonic()
        while True:
            tries += 1
            try:
                return self._send_once(method, name, url, headers, client, form, read)
            except errors.ParticleError as failure:
                if not repeatable:
                    raise
                chance = random.random()  # noqa: S311 - spreads retries, guards nothing
                elapsed = time.monotonic() - started
                pause = pause_before_retry(failure, tries, elapsed, chance)
                if pause is None:
                    raise
            self._sleep(pause)

    def _send_once(
        self,
        method: str,
        name: str,
        url: str,
        headers: Mapping[str, str],
        client: tuple[str, str] | None,
        form: Mapping[str, str] | None,
        read: float,
    ) -> Any:
        started = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                headers=headers,
                auth=client,
                data=form,
                timeout=(self.timeouts.connect, read),
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
            # The answer began and could not be read to its end or decoded.
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
            name, response.status_code, response.headers, body or response.text[:200], elapsed
        )


def _never_connected(error: requests.ConnectionError) -> bool:
    """Whether not even a connection came about, by the cause that urllib3 gives."""
    cause: Any = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "SSLError"}
