"""`errors show` in the cloud, against answers in the form of Cloud Logging's reference (v2)."""

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import requests

from admin.app import main
from admin.cli.google import Google
from local import runs

ENTRY = {
    "insertId": "1a2b",
    "jsonPayload": {
        "event": "call-failed",
        "function": "claim_device",
        "uid": "ada",
        "errorId": "5495fe9355f2",
        "message": "call failed\nTraceback (most recent call last):\nKeyError",
    },
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "claim-device"}},
    "timestamp": "2026-05-06T07:08:09.101112Z",
    "severity": "ERROR",
    "logName": "projects/acme/logs/run.googleapis.com%2Fstderr",
}
SHOW = ["errors", "show", "5495fe9355f2", "--project", "acme"]


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    with mock.patch.dict(os.environ):
        for name in runs.ADDRESSES:
            os.environ.pop(name, None)
        yield


def log_in(mocker: Any, status: int, body: Any) -> Any:
    """Let Cloud Logging answer so; what it is asked."""
    session = requests.Session()
    answer = requests.Response()
    answer.status_code = status
    mocker.patch.object(answer, "json", return_value=body)
    mocker.patch.object(Google, "of_operator", return_value=Google("acme", session))
    return mocker.patch.object(session, "request", return_value=answer)


def test_it_is_found_by_its_number(mocker: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked = log_in(mocker, 200, {"entries": [ENTRY]})
    assert main(SHOW) == 0
    shown = capsys.readouterr().out
    for part in ("claim_device", "ada", "2026-05-06T07:08:09", "KeyError"):
        assert part in shown
    query = asked.call_args.kwargs["json"]
    assert query["resourceNames"] == ["projects/acme"]
    assert query["filter"].startswith('jsonPayload.errorId="5495fe9355f2" AND timestamp>="20')
    assert main([*SHOW, "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert (line["at"], line["severity"]) == (ENTRY["timestamp"], "ERROR")


@pytest.mark.parametrize(
    ("status", "body", "ended", "said"),
    [
        (200, {}, 1, "is not in the log of the last 30 days"),
        (403, {"error": {"message": "no", "details": []}}, 2, "roles/logging.viewer"),
    ],
)
def test_it_is_not(
    status: int,
    body: Any,
    ended: int,
    said: str,
    mocker: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_in(mocker, status, body)
    assert main(SHOW) == ended
    assert said in capsys.readouterr().err
