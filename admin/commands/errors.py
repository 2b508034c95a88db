"""`errors show`: what the log says about the error number that a customer reads to support."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from admin.cli.errors import CannotRun
from admin.cli.google import Google, GoogleError
from admin.cli.output import answer, fields, heading
from admin.cli.target import Target
from local.runs import FOLDER

KEPT = timedelta(days=30)
"""How long Cloud Logging keeps lines, unless its bucket says otherwise."""

_ID = re.compile(r"[0-9a-f]{12}")
_VIEWER = "Logs Viewer (roles/logging.viewer)"
_ENTRIES = "https://logging.googleapis.com/v2/entries:list"
_LEFT_OUT = {"errorId", "severity", "message"}


def show(
    context: typer.Context,
    *,
    number: Annotated[
        str, typer.Argument(metavar="ERROR-ID", help="As it is shown on the customer's screen.")
    ],
) -> None:
    """Show what caused an error.

    Says which function refused or failed, why, and for whom. With --local it searches the logs of
    the demo's runs, in the cloud the last 30 days of Cloud Logging.

    Exit status: 0 it was found, 1 it was not found, 2 the command could not run.

    Example: errors show 5495fe9355f2
    """
    error_id = number.strip().lower()
    if not _ID.fullmatch(error_id):
        raise CannotRun(f"{number} is not an error number: it has twelve characters, 0-9 and a-f")
    target = Target.of(context)
    found = list(_in_demo(error_id)) if target.local else _in_cloud(error_id, target.project)
    answer(found, lambda: _print(found))
    if not found:
        period = "runs" if target.local else f"{KEPT.days} days"
        typer.echo(f"Error number {error_id} is not in the log of the last {period}", err=True)
        raise typer.Exit(1)


def _in_demo(error_id: str) -> Iterator[dict[str, Any]]:
    """From the output of the demo's functions, newest run first; its lines have no times."""
    logs = FOLDER.glob("*/emulators.log")
    for log in sorted(logs, key=lambda file: file.stat().st_mtime, reverse=True):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if f'"errorId": "{error_id}"' in line:
                yield {"at": None, **json.loads(line[line.index("{") :])}


def _in_cloud(error_id: str, project: str) -> list[dict[str, Any]]:
    since = (datetime.now(UTC) - KEPT).isoformat(timespec="seconds")
    query = {
        "resourceNames": [f"projects/{project}"],
        "filter": f'jsonPayload.errorId="{error_id}" AND timestamp>="{since}"',
        "orderBy": "timestamp desc",
        "pageSize": 20,
    }
    try:
        entries = Google.of_operator(project).ask(_ENTRIES, _VIEWER, query).get("entries", [])
    except GoogleError as failure:
        raise CannotRun(f"{failure.found}: {failure.fix}") from failure
    return [
        {"at": entry.get("timestamp"), "severity": entry.get("severity"), **entry["jsonPayload"]}
        for entry in entries
    ]


def _print(found: list[dict[str, Any]]) -> None:
    for number, line in enumerate(found):
        if number:
            heading("Also")
        fields(*((name, value) for name, value in line.items() if name not in _LEFT_OUT))
        # A traceback follows the first line of the message.
        for part in str(line.get("message", "")).splitlines()[1:]:
            typer.echo(f"  {part}")
