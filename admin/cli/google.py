"""Google Cloud's REST APIs, read with the operator's log-in; each error says how to fix it."""

from typing import Any
from urllib.parse import urlsplit

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession

from admin.cli.errors import LOG_IN, USAGE, NoLogInError

_SECONDS = 30.0


class GoogleError(Exception):
    """A request that Google did not answer with success.

    Attributes:
        status: the HTTP status; 0 for no answer.
        found: what Google said, in one line.
        fix: what to do.
        hidden: the operator may not look, which does not mean that anything is broken.
    """

    def __init__(self, status: int, found: str, fix: str, *, hidden: bool = False) -> None:
        """See the attributes."""
        self.status = status
        self.found = found
        self.fix = fix
        self.hidden = hidden
        super().__init__(f"{found} {fix}")


class Google:
    """A client that only reads."""

    def __init__(self, project: str, session: requests.Session) -> None:
        """`session` authenticates the requests where that is needed."""
        self._project = project
        self._session = session

    @classmethod
    def of_operator(cls, project: str) -> "Google":
        """A client with the log-in of `gcloud auth application-default login`.

        Raises:
            NoLogInError: there is none.
        """
        try:
            # Some APIs demand to know which project a person's requests are charged to.
            credentials, _ = google.auth.default(
                scopes=["https://www.googleapis.com/auth/cloud-platform"],
                quota_project_id=project,
            )
        except DefaultCredentialsError as error:
            raise NoLogInError(f"No valid credentials for Google Cloud: {LOG_IN}") from error
        return cls(project, AuthorizedSession(credentials))  # type: ignore[no-untyped-call] # the package has no types

    def get(self, url: str, role: str, **query: str) -> Any:
        """The answer to a GET request. `role` allows it, and is named to those who lack it.

        Raises:
            GoogleError: it was not answered with success.
            NoLogInError: the operator's log-in has expired.
        """
        return self._answer(url, role, query).json()

    def ask(self, url: str, role: str, body: Any = None) -> Any:
        """As `get`, for requests that change nothing but have to be POST."""
        return self._answer(url, role, {}, body or {}).json()

    def content(self, url: str, role: str, **query: str) -> bytes:
        """As `get`, for an answer that is not JSON."""
        return self._answer(url, role, query).content

    def items(self, url: str, key: str, role: str, **query: str) -> list[Any]:
        """All items of a list, page after page. Raises as `get`."""
        found: list[Any] = []
        token = ""
        while True:
            page = self.get(url, role, **query, **({"pageToken": token} if token else {}))
            found += page.get(key, [])
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def _answer(
        self, url: str, role: str, query: dict[str, str], body: Any = None
    ) -> requests.Response:
        service = urlsplit(url).netloc
        try:
            answer = self._session.request(
                "GET" if body is None else "POST", url, params=query, json=body, timeout=_SECONDS
            )
        except RefreshError as error:
            raise NoLogInError(f"The log-in to Google Cloud has expired: {LOG_IN}") from error
        except (requests.RequestException, GoogleAuthError) as error:
            raise GoogleError(0, f"{service} cannot be reached", "check the network") from error
        if answer.ok:
            return answer
        raise self._error(service, role, answer)

    def _error(self, service: str, role: str, answer: requests.Response) -> GoogleError:
        """The error, by its status and by the reason in `details` (google.rpc.ErrorInfo)."""
        try:
            error = answer.json()["error"]
            message = " ".join(str(error["message"]).split())[:300]
            reasons = {detail.get("reason") for detail in error.get("details", [])}
        except (requests.JSONDecodeError, KeyError, TypeError, AttributeError):
            message, reasons = answer.reason or "", set()
        found = f"{service}: {answer.status_code} {message}".strip()
        forbidden = answer.status_code == requests.codes.forbidden
        if "SERVICE_DISABLED" in reasons:
            forbidden = False
            fix = f"gcloud services enable {service} --project {self._project}"
        elif "BILLING_DISABLED" in reasons:
            forbidden = False
            fix = (
                "give the project a billing account: https://console.firebase.google.com/project/"
                f"{self._project}/usage/details"
            )
        elif "USER_PROJECT_DENIED" in reasons:
            fix = f"ask for the role {USAGE} on project {self._project}"
        elif answer.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            fix = (
                f"ask for the role {role} on project {self._project}, "
                f"or log in with another account ({LOG_IN})"
            )
        elif answer.status_code == requests.codes.not_found:
            fix = f"./deploy.sh --project {self._project}"
        else:
            fix = "run this again; if it keeps failing, see https://status.cloud.google.com"
        return GoogleError(answer.status_code, found, fix, hidden=forbidden)
