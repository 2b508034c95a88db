"""`devices import`: a stock list brought into the registry."""

import dataclasses
import pathlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from admin.cli import interrupted
from admin.cli.connection import connected
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.cli.progress import track
from admin.cli.target import Target
from admin.stock import refused, rows
from admin.stock.importer import Importer, Outcome, Verdict
from shared import audit

_SHOWN = 20
"""How many warnings, and how many refusals, are shown before the rest is only counted."""
_VARIES = re.compile(r"\b[0-9a-f]{24}\b|\blines? \d+(, \d+)*( and \d+ more)?|'[^']*'")
"""What makes reasons of one kind differ."""


@dataclasses.dataclass(frozen=True)
class _Report:
    """What an import did, or would do."""

    counts: Counter[str]
    refusals: list[rows.Refusal]
    warnings: list[tuple[int, str]]


def import_stock(
    context: typer.Context,
    *,
    file: Annotated[
        pathlib.Path,
        typer.Argument(
            help="CSV file with a header: device_id, serial_number, setup_code. Other columns are "
            "ignored."
        ),
    ],
    refused_file: Annotated[
        pathlib.Path,
        typer.Option(
            "--refused",
            metavar="FILE",
            help="Where to write refused rows, so that they can be corrected and imported.",
        ),
    ] = pathlib.Path("refused.csv"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and write nothing, no file either.")
    ] = False,
) -> None:
    """Import a stock list, so that its devices can be claimed.

    Devices that are registered and unchanged stay as they are. A device without an owner gets the
    serial number and setup code of the list; one that a customer owns is refused. Can be repeated.

    Exit status: 0 all rows are imported, 1 some were refused, 2 the command could not run.

    Example: devices import stock.csv --dry-run
    """
    stock = rows.read(file)
    if not dry_run:
        refused.require_place(refused_file)
    with connected(context) as target:
        report = _import(target, stock, dry_run=dry_run)
    if report.refusals and not dry_run:
        refused.write(refused_file, stock.table, report.refusals)
    _answer(report, None if dry_run else refused_file)
    if report.refusals:
        raise typer.Exit(1)


def _import(target: Target, stock: rows.Stock, *, dry_run: bool) -> _Report:
    importer = Importer(target.pepper())
    verdicts: list[Verdict] = []
    for chunk in track(importer.judge(stock.rows), "Checking", len(stock.rows), len):
        verdicts += chunk
    if not dry_run:
        judged, verdicts = verdicts, []
        done = operation(target, "stock-imported")
        try:
            for chunk in track(importer.write(judged), "Importing", len(judged), len):
                verdicts += chunk
        except BaseException:
            interrupted.explained()
            typer.echo(
                f"Stopped: at least {sum(bool(one.writes) for one in verdicts)} rows were "
                "written, the others were not. Import the same file again to finish",
                err=True,
            )
            raise
        finally:
            written = Counter(verdict.outcome.value for verdict in verdicts if verdict.writes)
            if written:
                audit.record(done, **written)
    refusals = [
        *stock.refusals,
        *(
            rows.Refusal(verdict.row.line, verdict.reason)
            for verdict in verdicts
            if verdict.outcome is Outcome.REFUSED
        ),
    ]
    counts = Counter({outcome.value: 0 for outcome in Outcome})
    counts.update(verdict.outcome.value for verdict in verdicts)
    counts[Outcome.REFUSED.value] = len(refusals)
    return _Report(counts, sorted(refusals, key=lambda one: one.line.number), stock.warnings)


def _answer(report: _Report, refused_file: pathlib.Path | None) -> None:
    """Answer with the result: for people first what needs their attention, then the counts."""
    written = str(refused_file) if refused_file and report.refusals else None

    def people() -> None:
        limit = None if refused_file is None else _SHOWN
        _list("warning", sorted(report.warnings), limit)
        _list("refused", [(one.line.number, one.reason) for one in report.refusals], limit)
        if len(report.refusals) > 1:
            sums = Counter(_VARIES.sub("…", one.reason) for one in report.refusals)
            for why, number in sums.most_common():
                typer.echo(f"refused: {number} x {why}", err=True)
        counts = ", ".join(f"{name} {count}" for name, count in report.counts.items())
        typer.echo(f"dry run, nothing written: {counts}" if refused_file is None else counts)
        if written:
            typer.echo(f"Correct the refused rows in {written} and import that file.", err=True)

    answer(
        {
            **report.counts,
            "dryRun": refused_file is None,
            "refusedFile": written,
            "refusals": [
                {"line": one.line.number, "reason": one.reason} for one in report.refusals
            ],
            "warnings": [{"line": line, "warning": text} for line, text in report.warnings],
        },
        people,
    )


def _list(kind: str, entries: Sequence[tuple[int, str]], limit: int | None) -> None:
    for line, text in entries[:limit]:
        typer.echo(f"{kind}: line {line}: {text}", err=True)
    if limit is not None and len(entries) > limit:
        typer.echo(f"{kind}: {len(entries) - limit} more", err=True)
