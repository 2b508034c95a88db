"""Who operators are, for the audit trail."""

from collections.abc import Iterator
from typing import Any

import google.auth
import pytest
import requests
from pytest_mock import MockerFixture

from admin.cli import identity
from admin.cli.errors import CannotRun
from admin.cli.target import Target

CLOUD = Target("acme", local=False)


class Credentials:
    """Of a service account, or of a person when it has none."""

    def __init__(self, account: str | None, after_refresh: str | None = None) -> None:
        if account:
            self.service_account_email = account
        self.token: str | None = None
        self._after_refresh = after_refresh

    def refresh(self, _request: object) -> None:
        self.token = "token-of-a-person"
        if self._after_refresh:
            self.service_account_email = self._after_refresh


@pytest.fixture(autouse=True)
def _nobody_known() -> Iterator[None]:
    identity.operator.cache_clear()
    yield
    identity.operator.cache_clear()


def log_in(monkeypatch: pytest.MonkeyPatch, credentials: Credentials) -> None:
    monkeypatch.setattr(google.auth, "default", lambda: (credentials, "acme"))


def answering(mocker: MockerFixture, status: int, body: dict[str, Any]) -> Any:
    """Let Google tell this of a token."""
    answer = requests.Response()
    answer.status_code = status
    mocker.patch.object(answer, "json", return_value=body)
    return mocker.patch.object(requests, "post", return_value=answer)


def test_on_the_demo_it_is_the_user_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    assert identity.operator(Target("demo-particle", local=True)) == "ada"


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials("deployer@acme.iam.gserviceaccount.com"),
        Credentials("default", "deployer@acme.iam.gserviceaccount.com"),
    ],
)
def test_a_service_account(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(monkeypatch, credentials)
    assert identity.operator(CLOUD) == "deployer@acme.iam.gserviceaccount.com"


def test_a_person(monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture) -> None:
    log_in(monkeypatch, Credentials(None))
    asked = answering(mocker, 200, {"email": "ada@acme.example"})
    assert identity.operator(CLOUD) == "ada@acme.example"
    assert identity.operator(CLOUD) == "ada@acme.example"
    assert asked.call_count == 1
    assert asked.call_args.kwargs["data"] == {"access_token": "token-of-a-person"}
    assert "token-of-a-person" not in asked.call_args.args[0], "an address ends in logs"


@pytest.mark.parametrize(("status", "body"), [(400, {"error": "invalid_token"}), (200, {})])
def test_one_whom_google_does_not_name_changes_nothing(
    status: int,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    mocker: MockerFixture,
) -> None:
    log_in(monkeypatch, Credentials(None))
    answering(mocker, status, body)
    with pytest.raises(CannotRun, match="gcloud auth application-default login"):
        identity.operator(CLOUD)


def test_google_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture) -> None:
    log_in(monkeypatch, Credentials(None))
    mocker.patch.object(requests, "post", side_effect=requests.ConnectionError)
    with pytest.raises(CannotRun, match="network"):
        identity.operator(CLOUD)
