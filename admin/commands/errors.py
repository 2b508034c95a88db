"""`errors show` and `errors list`: what the log says about the errors that customers saw."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import typer

from admin.cli.arguments import Limit, start_of
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.google import Google, GoogleError
from admin.cli.output import answer, fields, heading, table_of
from admin.cli.target import Target
from admin.support import named, resolve
from local.runs import FOLDER

KEPT = timedelta(days=30)
"""How long Cloud Logging keeps lines, unless its bucket says otherwise."""

_ID = re.compile(r"[0-9a-f]{12}")
_VIEWER = "Logs Viewer (roles/logging.viewer)"
_ENTRIES = "https://logging.googleapis.com/v2/entries:list"
_LEFT_OUT = {"errorId", "severity", "message"}
_LISTED = ("at", "function", "reason", "cause", "errorId")
_MOST = 20
"""Lines about one error number."""
_MOST_PER_PAGE = 1000
"""Of Cloud Logging (`entries.list`)."""


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
    if target.local:
        found = list(_in_demo("errorId", error_id, _MOST))
    else:
        wanted = f'jsonPayload.errorId="{error_id}"'
        found = _in_cloud(wanted, datetime.now(UTC) - KEPT, _MOST, target.project)
    answer(found, lambda: _print(found))
    if not found:
        period = "runs" if target.local else f"{KEPT.days} days"
        typer.echo(f"Error number {error_id} is not in the log of the last {period}", err=True)
        raise typer.Exit(1)


def list_errors(
    context: typer.Context,
    *,
    user: Annotated[str, typer.Option(help="Of this customer: e-mail address or uid.")],
    since: Annotated[
        str, typer.Option(help="Only errors since then: 24h, 7d, 2026-05-01 or a time.")
    ] = "24h",
    limit: Limit = 100,
) -> None:
    """List a customer's recent errors, newest first.

    Refusals and failures of their calls, summed by reason, without an error number. With --local it
    searches the logs of the demo's runs, which have no times; in the cloud, Cloud Logging.

    Example: errors list --user ada@example.org --since 7d
    """
    start = start_of(since)
    with connected(context) as target:
        uid = resolve.uid(user)
        name = named.user(uid)
    if target.local:
        found = list(_in_demo("uid", uid, limit))
    else:
        wanted = f"jsonPayload.uid={json.dumps(uid)} AND jsonPayload.errorId:*"
        found = _in_cloud(wanted, start, limit, target.project)
    rows = [{field: line.get(field) for field in _LISTED} for line in found]
    for row in rows:
        row["reason"] = row["reason"] or "internal"
    reasons = Counter(row["reason"] for row in rows)

    def people() -> None:
        headings = ("AT", "FUNCTION", "REASON", "CAUSE", "ERROR NUMBER")
        table_of(rows, **dict(zip(_LISTED, headings, strict=True)))
        newest = "the newest " if len(rows) == limit else ""
        sums = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        typer.echo(f"{newest}{len(rows)} errors of {name}{': ' if sums else ''}{sums}")

    document = {"uid": uid, "reasons": dict(reasons.most_common()), "errors": rows}
    answer(document, people)


def _in_demo(field: str, value: str, limit: int) -> Iterator[dict[str, Any]]:
    """From the output of the demo's functions, newest first; its lines have no times."""
    wanted = f'"{field}": {json.dumps(value, ensure_ascii=False)}'
    logs = FOLDER.glob("*/emulators.log")
    found = (
        line
        for log in sorted(logs, key=lambda file: file.stat().st_mtime, reverse=True)
        for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines())
        if wanted in line and '"errorId": "' in line
    )
    for line in islice(found, limit):
        with contextlib.suppress(ValueError):
            yield {"at": None, **json.loads(line[line.index("{") :])}


def _in_cloud(wanted: str, since: datetime, limit: int, project: str) -> list[dict[str, Any]]:
    query = {
        "resourceNames": [f"projects/{project}"],
        "filter": f'{wanted} AND timestamp>="{since.isoformat(timespec="seconds")}"',
        "orderBy": "timestamp desc",
        "pageSize": min(limit, _MOST_PER_PAGE),
    }
    try:
        entries = Google.of_operator(project).ask(_ENTRIES, _VIEWER, query).get("entries", [])
    except GoogleError as failure:
        raise CannotRun(f"{failure.found}: {failure.fix}") from failure
    return [
        {"at": entry.get("timestamp"), "severity": entry.get("severity"), **entry["jsonPayload"]}
        for entry in entries[:limit]
    ]


def _print(found: list[dict[str, Any]]) -> None:
    for number, line in enumerate(found):
        if number:
            heading("Also")
        fields(*((name, value) for name, value in line.items() if name not in _LEFT_OUT))
        # A traceback follows the first line of the message.
        for part in str(line.get("message", "")).splitlines()[1:]:
            typer.echo(f"  {part}")
