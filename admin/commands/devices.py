"""`devices`: the registry of devices and what is printed on them."""

import dataclasses
import pathlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.output import answer
from admin.cli.progress import counting
from admin.cli.target import Target
from admin.commands.audit import operation
from admin.stock import refused, rows

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The registry of devices.")

_SHOWN = 20
"""Lines of a kind shown on a terminal before the rest is only counted."""


@app.callback()
def devices() -> None:
    """Make `devices` a group, also while it has a single command."""


@dataclasses.dataclass(frozen=True)
class _Report:
    """What an import did, or would do."""

    counts: Counter[str]
    refusals: list[rows.Refusal]
    warnings: list[tuple[int, str]]


@app.command("import")
def import_stock(
    context: typer.Context,
    *,
    file: Annotated[
        pathlib.Path,
        typer.Argument(
            help="CSV with a header: device_id, serial_number, setup_code. Other columns are "
            "ignored."
        ),
    ],
    refused_file: Annotated[
        pathlib.Path,
        typer.Option(
            "--refused", metavar="FILE", help="Where refused rows go, to be mended and imported."
        ),
    ] = pathlib.Path("refused.csv"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and write nothing, no file either.")
    ] = False,
) -> None:
    """Bring a stock list into the registry.

    Its devices can then be claimed.

    Can be repeated: what is there unchanged stays; a device that nobody owns gets the serial number
    and setup code of the list; one that a customer owns is refused. Exit status: 0 all rows are in,
    1 some were refused, 2 the command could not run.
    """
    listed = rows.read(file)
    if not dry_run:
        refused.require_place(refused_file)
    with connected(context) as target:
        report = _import(target, listed, dry_run=dry_run)
    if report.refusals and not dry_run:
        refused.write(refused_file, listed, report.refusals)
    _tell(report, None if dry_run else refused_file)
    if report.refusals:
        raise typer.Exit(1)


def _import(target: Target, listed: rows.Stock, *, dry_run: bool) -> _Report:
    # Not at the top: it imports Firestore's client, a second that --help need not wait.
    from admin.stock.importer import Intake, Outcome, Verdict  # noqa: PLC0415
    from shared import audit  # noqa: PLC0415 - as above

    intake = Intake(target.pepper())
    verdicts: list[Verdict] = []
    _follow("Checking", len(listed.rows), intake.judge(listed.rows), verdicts.extend)
    if not dry_run:
        judged, verdicts = verdicts, []
        done = operation(target, "stock-imported")
        try:
            _follow("Importing", len(judged), intake.write(judged), verdicts.extend)
        except BaseException:
            typer.echo(
                f"Stopped: {sum(bool(done.writes) for done in verdicts)} or more rows were "
                "written, the rest were not. Import the same file again to finish",
                err=True,
            )
            raise
        finally:
            written = Counter(verdict.outcome.value for verdict in verdicts if verdict.writes)
            if written:
                audit.record(done, **written)
    refusals = [
        *listed.refusals,
        *(
            rows.Refusal(verdict.row.line, verdict.reason)
            for verdict in verdicts
            if verdict.outcome is Outcome.REFUSED
        ),
    ]
    counts = Counter({outcome.value: 0 for outcome in Outcome})
    counts.update(verdict.outcome.value for verdict in verdicts)
    counts[Outcome.REFUSED.value] = len(refusals)
    return _Report(counts, sorted(refusals, key=lambda one: one.line.number), listed.warnings)


def _follow(
    title: str,
    total: int,
    chunks: Iterable[Sequence[Any]],
    take: Callable[[Sequence[Any]], None],
) -> None:
    """Take chunks as they are done."""
    with counting(title, total) as advance:
        for chunk in chunks:
            take(chunk)
            advance(len(chunk))


def _tell(report: _Report, refused_file: pathlib.Path | None) -> None:
    """The result: for people what needs their attention first, then one line of counts."""
    written = str(refused_file) if refused_file and report.refusals else None

    def people() -> None:
        limit = None if refused_file is None else _SHOWN
        _list("warning", sorted(report.warnings), limit)
        _list("refused", [(one.line.number, one.reason) for one in report.refusals], limit)
        counts = ", ".join(f"{name} {count}" for name, count in report.counts.items())
        typer.echo(f"dry run, nothing written: {counts}" if refused_file is None else counts)
        if written:
            typer.echo(f"Mend the refused rows in {written} and import that file.", err=True)

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
