"""A client that does over plain HTTP what a customer's app does: sign up, call, read, write.

The demo creates its first customer with it, and the tests use it to act as customers. It has no
more rights than an app: Firestore's rules apply to it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from local.stack import Stack

# Longer than the longest device call (30 s at Particle) and the start of a worker together.
_TIMEOUT: Final = 90.0


@dataclass(frozen=True)
class Account:
    """A signed-in user.

    Attributes:
        uid: the user's id at Auth.
        id_token: bearer token for callables and Firestore, valid for one hour.
        email: None for an anonymous user.
        password: None for an anonymous user.
    """

    uid: str
    id_token: str
    email: str | None = None
    password: str | None = None


class CallableError(Exception):
    """A callable answered with an error.

    Attributes:
        status: the error code, such as `PERMISSION_DENIED`.
        message: a text for developers.
        details: further data from the function, such as `reason`.
        http_status: the HTTP status of the answer.
    """

    def __init__(self, http_status: int, error: Mapping[str, Any]) -> None:
        """Take the error as the callable protocol sends it."""
        self.status = str(error.get("status", ""))
        self.message = str(error.get("message", ""))
        self.details: Any = error.get("details")
        self.http_status = http_status
        super().__init__(f"{self.status}: {self.message} {self.details or ''}")

    @property
    def reason(self) -> str | None:
        """The reason by which apps tell errors apart, if the error has one."""
        return self.details.get("reason") if isinstance(self.details, dict) else None


class Client:
    """A client of one stack, with the rights of an app."""

    def __init__(self, stack: Stack) -> None:
        """Use the services of this stack."""
        self._stack = stack
        self._session = requests.Session()
        # The services are on this machine, whatever proxy the environment names.
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def sign_up(
        self,
        email: str | None = None,
        password: str = "correct-horse",  # noqa: S107 - of users on this machine's Auth emulator
        *,
        anonymous: bool = False,
    ) -> Account:
        """Create a new user and sign them in.

        Args:
            email: the address; None for a new one.
            password: at least six characters.
            anonymous: create a user without address and password.
        """
        body: dict[str, Any] = {"returnSecureToken": True}
        if not anonymous:
            email = email or f"customer-{secrets.token_hex(6)}@example.com"
            body |= {"email": email, "password": password}
        answer = self._identity("signUp", body)
        if anonymous:
            return Account(answer["localId"], answer["idToken"])
        return Account(answer["localId"], answer["idToken"], email, password)

    def sign_in(self, email: str, password: str) -> Account:
        """Sign an existing user in.

        Raises:
            requests.HTTPError: there is no such user, or the password is wrong.
        """
        body = {"email": email, "password": password, "returnSecureToken": True}
        answer = self._identity("signInWithPassword", body)
        return Account(answer["localId"], answer["idToken"], email, password)

    def call(self, function: str, data: Any = None, account: Account | None = None) -> Any:
        """Call a callable through the functions emulator.

        Args:
            function: the exported name.
            data: the request; None for `{}`.
            account: the caller; None to call without an ID token.

        Returns:
            The response.

        Raises:
            CallableError: the function answered with an error.
        """
        headers = {"Authorization": f"Bearer {account.id_token}"} if account else {}
        answer = self._session.post(
            f"{self._stack.functions_url}/{function}",
            json={"data": {} if data is None else data},
            headers=headers,
            timeout=_TIMEOUT,
        )
        body = answer.json()
        if "error" in body:
            raise CallableError(answer.status_code, body["error"])
        return body["result"]

    def read(self, path: str, account: Account | None) -> dict[str, Any] | None:
        """Read a document; None when there is none.

        Args:
            path: such as `users/abc`.
            account: whose rights apply; None for someone who is not signed in.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        answer = self._documents("GET", path, account)
        if answer.status_code == requests.codes.not_found:
            return None
        answer.raise_for_status()
        return decode_fields(answer.json())

    def documents(self, path: str, account: Account | None) -> dict[str, dict[str, Any]]:
        """Return the documents of a collection, such as `users/abc/devices`, by id.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        answer = self._documents("GET", path, account, {"pageSize": "300"})
        answer.raise_for_status()
        return {
            document["name"].rsplit("/", 1)[1]: decode_fields(document)
            for document in answer.json().get("documents", [])
        }

    def create(self, path: str, fields: Mapping[str, Any], account: Account | None) -> None:
        """Create a document.

        Raises:
            requests.HTTPError: 403 when the rules refuse, 409 when it exists.
        """
        collection, _, document = path.rpartition("/")
        body = {"fields": encode_fields(fields)}
        self._documents(
            "POST", collection, account, {"documentId": document}, body
        ).raise_for_status()

    def update(self, path: str, fields: Mapping[str, Any], account: Account | None) -> None:
        """Set these fields of a document and leave the others; create it if it does not exist.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        body = {"fields": encode_fields(fields)}
        mask = {"updateMask.fieldPaths": list(fields)}
        self._documents("PATCH", path, account, mask, body).raise_for_status()

    def replace(self, path: str, fields: Mapping[str, Any], account: Account | None) -> None:
        """Replace all fields of a document by these.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        body = {"fields": encode_fields(fields)}
        self._documents("PATCH", path, account, None, body).raise_for_status()

    def query_group(self, collection: str, account: Account | None) -> int:
        """Query all collections with this name; return the number of documents found, at most 10.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        query = {"from": [{"collectionId": collection, "allDescendants": True}], "limit": 10}
        answer = self._documents("POST", ":runQuery", account, None, {"structuredQuery": query})
        answer.raise_for_status()
        return sum("document" in row for row in answer.json())

    def delete(self, path: str, account: Account | None) -> None:
        """Delete a document.

        Raises:
            requests.HTTPError: 403 when the rules refuse.
        """
        self._documents("DELETE", path, account).raise_for_status()

    def _identity(self, method: str, body: Mapping[str, Any]) -> Any:
        answer = self._session.post(
            f"{self._stack.auth_url}/identitytoolkit.googleapis.com/v1/accounts:{method}",
            params={"key": "any"},
            json=body,
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()
        return answer.json()

    def _documents(
        self,
        method: str,
        path: str,
        account: Account | None,
        parameters: Mapping[str, str | list[str]] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        return self._session.request(
            method,
            f"http://{self._stack.firestore_host}/v1/projects/{self._stack.project_id}"
            f"/databases/(default)/documents{path if path.startswith(':') else '/' + path}",
            params=parameters,
            json=body,
            headers={"Authorization": f"Bearer {account.id_token}"} if account else {},
            timeout=_TIMEOUT,
        )


def encode_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values as the Firestore REST API writes them."""
    return {name: _encode(value) for name, value in fields.items()}


def _encode(value: Any) -> dict[str, Any]:  # noqa: PLR0911 - JSON; one return per type
    match value:
        case None:
            return {"nullValue": None}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"integerValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_encode(item) for item in value]}}
        case dict():
            return {"mapValue": {"fields": encode_fields(value)}}
        case _:
            raise TypeError(f"No Firestore value for {type(value).__name__}")


def decode_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a document of the REST API as plain values; timestamps stay strings."""
    return {name: _decode(value) for name, value in document.get("fields", {}).items()}


def _decode(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "integerValue":
            return int(content)
        case "doubleValue":
            return float(content)
        case "arrayValue":
            return [_decode(item) for item in content.get("values", [])]
        case "mapValue":
            return decode_fields(content)
        case _:
            return content
