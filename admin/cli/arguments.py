"""Arguments and options that several commands have in common."""

from typing import Annotated

import typer

Device = Annotated[str, typer.Argument(help="Serial number or device id.")]

User = Annotated[str, typer.Argument(help="E-mail address or uid.")]

Reason = Annotated[str, typer.Option(help="Why you do this; recorded in the audit trail.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
]

Limit = Annotated[int, typer.Option(min=1, help="List at most this many.")]
