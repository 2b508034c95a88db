"""What Cloud Logging reads of a function, on the framework's own server object."""

import json
import pathlib
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from local.runs import ROOT

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"

FUNCTION = """
    import logging

    import functions_framework

    from shared import log

    log.capture_standard_logging()

    @functions_framework.http
    def show(request):
        logging.getLogger("library").info("the %s of a library", "news")
        log.device_claimed("uid", "0" * 24, 3)
        if request.args:
            from firebase_functions.private import util

            request.headers = {"Authorization": "anybody's"}
            util.on_call_check_tokens(request)
            raise LookupError("the cause")
        return "done"
"""
SERVER = """
    import sys

    from functions_framework import create_app

    client = create_app("show", sys.argv[1]).test_client()
    headers = dict([sys.argv[2].split(": ")])
    client.get("/", headers=headers)
    client.get("/?fail=1")
"""


@pytest.fixture
def entries(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What a request that succeeds and one that fails have logged."""
    source = tmp_path / "function.py"
    source.write_text(textwrap.dedent(FUNCTION))
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", textwrap.dedent(SERVER), source, request.param],
        env={
            "PYTHONPATH": str(ROOT),
            "FUNCTION_TARGET": "show",
            "GCLOUD_PROJECT": "demo-particle",
            "LOG_EXECUTION_ID": "true",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in (done.stdout + done.stderr).splitlines()]


@pytest.mark.parametrize(
    "entries",
    [f"traceparent: 00-{TRACE}-{SPAN}-01", f"X-Cloud-Trace-Context: {TRACE}/123;o=1"],
    indirect=True,
)
def test_each_line_is_an_entry_of_its_request(entries: list[dict[str, Any]]) -> None:
    news, claimed, *_ = entries
    assert news["severity"] == "INFO"
    assert news["message"] == "the news of a library"
    assert claimed["severity"] == "INFO"
    assert claimed["event"] == "device-claimed"
    assert claimed["claimEpoch"] == 3
    for entry in (news, claimed):
        assert entry["function"] == "show"
        assert entry["logging.googleapis.com/trace"] == f"projects/demo-particle/traces/{TRACE}"
    assert "logging.googleapis.com/trace" not in entries[2]


@pytest.mark.parametrize("entries", [f"traceparent: 00-{TRACE}-{SPAN}-01"], indirect=True)
def test_an_uncaught_exception_is_one_entry_with_its_traceback(
    entries: list[dict[str, Any]],
) -> None:
    [failure] = [entry for entry in entries if entry["severity"] == "ERROR"]
    assert "Traceback (most recent call last):" in failure["message"]
    assert failure["message"].rstrip().endswith("LookupError: the cause")
    assert not [e for e in entries if e is not failure and "Traceback" in e["message"]]
    [refused] = [e for e in entries if e["message"].startswith("Error validating token")]
    assert refused["severity"] == "WARNING", "alarms count errors, and anybody can send bad tokens"
