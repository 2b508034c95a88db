"""Arguments and options that several commands have in common."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from admin.cli.errors import CannotRun

_PERIOD = re.compile(r"(\d{1,4})([hd])")
LONGEST_REASON = 300
"""Characters of a reason: the audit trail shows it in a line, and it is no place for files."""


def _reason(typed: str) -> str:
    """A reason as the audit trail records it."""
    reason = " ".join(typed.split())
    if not any(one.isalnum() for one in reason):
        raise typer.BadParameter("say why you do this, for whoever reads the audit trail")
    if len(reason) > LONGEST_REASON:
        raise typer.BadParameter(f"it has {len(reason)} characters of at most {LONGEST_REASON}")
    if not reason.isprintable():
        raise typer.BadParameter("it has characters that cannot be shown")
    return reason


Device = Annotated[str, typer.Argument(help="Serial number or device id.")]

User = Annotated[str, typer.Argument(help="E-mail address or uid.")]

Reason = Annotated[
    str,
    typer.Option(
        help="Why you do this, in at most 300 characters; recorded in the audit trail.",
        callback=_reason,
    ),
]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
]

Limit = Annotated[int, typer.Option(min=1, help="List at most this many.")]


def start_of(text: str) -> datetime:
    """The beginning of a period, as an operator writes it. Raises `CannotRun`."""
    if period := _PERIOD.fullmatch(text):
        number = int(period[1])
        hours = timedelta(hours=number) if period[2] == "h" else timedelta(days=number)
        return datetime.now(UTC) - hours
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"--since {text!r} is not a time: write 24h, 7d or 2026-05-01") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
