"""Arguments and options that several commands have in common."""

from typing import Annotated

import typer

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
