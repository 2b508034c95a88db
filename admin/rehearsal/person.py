"""A customer of the deployment, with an app's rights: Auth, callables, and Firestore's rules."""

import os
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from admin.cli.errors import CannotRun
from admin.doctor.deployment import Deployment
from admin.doctor.in_public import site
from local.client import decode_fields, encode_fields

_SECONDS = 90.0
"""A first call starts an instance; a device may take 30 s to answer."""
_DOMAIN = "example.com"
"""Reserved for examples (RFC 2606): no mail reaches anybody."""
_PAGE = 300


class RefusedError(Exception):
    """What a customer was answered instead of what they asked for.

    Attributes:
        status: the HTTP status; 0 for no answer.
        reason: of a callable (`docs/functions.md`), else what the service said.
    """

    def __init__(self, what: str, status: int, reason: str) -> None:
        """`what` names the request, for people."""
        self.status = status
        self.reason = reason
        super().__init__(f"{what}: {reason or 'no reason'} (HTTP {status})" if status else reason)


@dataclass(frozen=True)
class Services:
    """Where the deployment's services are."""

    auth: str
    key: str
    documents: str
    deployment: Deployment
    app_check: str | None = None

    @classmethod
    def of(cls, deployment: Deployment, app_check: str | None) -> "Services":
        """Ask the site which key the web app uses.

        Raises:
            CannotRun: there is no site, or it does not say.
        """
        documents = f"/v1/projects/{deployment.project}/databases/(default)/documents"
        if deployment.local:
            host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
            auth, key = f"http://{host}/identitytoolkit.googleapis.com", "any"
        else:
            auth, key = "https://identitytoolkit.googleapis.com", _key(deployment)
        return cls(auth, key, deployment.firestore + documents, deployment, app_check)


def _key(deployment: Deployment) -> str:
    url = site(deployment)
    try:
        answer = deployment.public.get(f"{url}/__/firebase/init.json", timeout=_SECONDS)
        return str(answer.json()["apiKey"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as failure:
        raise CannotRun(
            f"The web app's configuration cannot be read from {url}: {deployment.deploy('web')}"
        ) from failure


class Person:
    """Somebody who has signed up."""

    def __init__(self, services: Services, name: str) -> None:
        """Sign up, with an address that nobody has. Raises `RefusedError`."""
        self.name = name
        self.email = f"rehearsal-{secrets.token_hex(8)}@{_DOMAIN}"
        self._services = services
        self._password = secrets.token_urlsafe(24)
        self._token = ""
        self.uid: str = self._identify("signUp")["localId"]

    def sign_in(self) -> None:
        """Sign in anew. Raises `RefusedError`."""
        self._identify("signInWithPassword")

    def call(self, function: str, /, **data: Any) -> dict[str, Any]:
        """Call a callable. Raises `RefusedError`."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if self._services.app_check:
            headers["X-Firebase-AppCheck"] = self._services.app_check
        url = self._services.deployment.callable_url(function)
        answer = self._send("POST", url, function, headers=headers, json={"data": data})
        try:
            body = answer.json()
            if answer.ok:
                result: dict[str, Any] = body["result"]
                return result
            error = body["error"]
            reason = (error.get("details") or {}).get("reason") or str(error.get("message"))
        except (ValueError, KeyError, TypeError, AttributeError):
            reason = "no answer of a callable"
        raise RefusedError(function, answer.status_code, reason)

    def read(self, path: str) -> dict[str, Any] | None:
        """A document; None if there is none. Raises `RefusedError` when the rules do not let it."""
        answer = self._document("GET", path)
        if answer.status_code == requests.codes.not_found:
            return None
        return decode_fields(self._good(answer, path).json())

    def documents(self, path: str) -> dict[str, dict[str, Any]]:
        """The first documents of a collection, by id; raises like `read`."""
        answer = self._good(self._document("GET", f"{path}?pageSize={_PAGE}"), path)
        listed = answer.json().get("documents", [])
        return {one["name"].rpartition("/")[2]: decode_fields(one) for one in listed}

    def write(self, path: str, **fields: Any) -> None:
        """Write a whole document; raises like `read`."""
        body = {"fields": encode_fields(fields)}
        self._good(self._document("PATCH", path, json=body), path)

    def _identify(self, method: str) -> dict[str, Any]:
        answer = self._send(
            "POST",
            f"{self._services.auth}/v1/accounts:{method}?key={quote(self._services.key)}",
            f"Auth, {method}",
            json={"email": self.email, "password": self._password, "returnSecureToken": True},
        )
        found: dict[str, Any] = self._good(answer, f"Auth, {method}").json()
        self._token = found["idToken"]
        return found

    def _document(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._services.documents}/{path}"
        return self._send(method, url, path, headers=headers, **more)

    def _send(self, method: str, url: str, what: str, **more: Any) -> requests.Response:
        try:
            return self._services.deployment.public.request(method, url, timeout=_SECONDS, **more)
        except requests.RequestException as failure:
            raise RefusedError(what, 0, f"{what}: {type(failure).__name__}, no answer") from failure

    @staticmethod
    def _good(answer: requests.Response, what: str) -> requests.Response:
        if answer.ok:
            return answer
        try:
            error = answer.json()["error"]
            said = str(error.get("message") or error.get("status"))
        except (ValueError, KeyError, TypeError, AttributeError):
            said = answer.reason or ""
        raise RefusedError(what, answer.status_code, " ".join(said.split())[:200])
