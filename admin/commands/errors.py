"""`errors show`: what the log says of the error number that a customer reads to support."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from admin.cli.errors import CannotRun
from admin.cli.output import answer, fields, heading
from local.runs import FOLDER

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What went wrong, by error number."
)

KEPT = timedelta(days=30)
"""How long Cloud Logging keeps lines, unless its bucket says otherwise."""

_ID = re.compile(r"[0-9a-f]{12}")
_VIEWER = "Logs Viewer (roles/logging.viewer)"
_ENTRIES = "https://logging.googleapis.com/v2/entries:list"
_LEFT_OUT = {"errorId", "severity", "message"}


@app.callback()
def errors() -> None:
    """Make `errors` a group."""


@app.command()
def show(
    context: typer.Context,
    *,
    number: Annotated[
        str, typer.Argument(metavar="ERROR-ID", help="As it stands on the customer's screen.")
    ],
) -> None:
    """Show what led to a customer's error.

    Which function refused or failed, why, and for whom. On the demo it looks through the logs of
    the emulators, in the cloud through the last 30 days of Cloud Logging. Exit status: 0 it was
    found, 1 it was not, 2 the command could not run.
    """
    error_id = number.strip().lower()
    if not _ID.fullmatch(error_id):
        raise CannotRun(f"{number} is no error number: it has twelve digits or letters from a to f")
    target = context.obj()
    found = list(_emulated(error_id)) if target.local else _logged(error_id, target.project)
    answer(found, lambda: _screen(found))
    if not found:
        kept = "of the last runs" if target.local else f"of the last {KEPT.days} days"
        typer.echo(f"No line {kept} has the error number {error_id}", err=True)
        raise typer.Exit(1)


def _emulated(error_id: str) -> Iterator[dict[str, Any]]:
    """From what the functions of the demo printed, newest run first; it bears no times."""
    logs = FOLDER.glob("*/emulators.log")
    for log in sorted(logs, key=lambda file: file.stat().st_mtime, reverse=True):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if f'"errorId": "{error_id}"' in line:
                yield {"at": None, **json.loads(line[line.index("{") :])}


def _logged(error_id: str, project: str) -> list[dict[str, Any]]:
    from admin.doctor.google import Google, GoogleError  # noqa: PLC0415 - only the cloud needs it

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
        raise CannotRun(f"{failure.found}: {failure.mend}") from failure
    return [
        {"at": entry.get("timestamp"), "severity": entry.get("severity"), **entry["jsonPayload"]}
        for entry in entries
    ]


def _screen(found: list[dict[str, Any]]) -> None:
    for number, line in enumerate(found):
        if number:
            heading("Also")
        fields(*((name, value) for name, value in line.items() if name not in _LEFT_OUT))
        # What follows the first line of a message is a traceback.
        for part in str(line.get("message", "")).splitlines()[1:]:
            typer.echo(f"  {part}")
