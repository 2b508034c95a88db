"""`fleet status`: how the product's devices are, in numbers and one by one."""

import contextlib
import csv
import pathlib
import sys
from collections.abc import Iterator
from typing import IO, Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, fields, heading, json_chosen, table, text

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="All devices together.")

_COLUMNS = {
    "serialNumber": "SERIAL",
    "deviceId": "DEVICE",
    "ownerUid": "OWNER",
    "state": "STATE",
    "lastSeenAt": "LAST HEARD OF",
    "firmwareVersion": "FIRMWARE",
    "blocked": "BLOCKED",
}
_WORDS = {"neverSeen": "never seen"}


@app.callback()
def fleet() -> None:
    """Make `fleet` a group."""


@app.command()
def status(
    context: typer.Context,
    *,
    listed: Annotated[bool, typer.Option("--list", help="Also each device.")] = False,
    file: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write each device to a CSV file; - for here."),
    ] = None,
) -> None:
    """Count the devices and their states.

    Registered, blocked and owned; of those owned online, asleep, silent, offline and never seen, as
    their owners' apps show it, and the versions of their firmware. Costs one document read for each
    device and another for each that somebody owns: at most 20 000 for 10 000 devices.
    """
    if file == "-" and json_chosen():
        raise CannotRun("--csv - and --json both want standard output: name a file")
    with _written(file) as rows, connected(context):
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.support.fleet_report import Numbers, devices  # noqa: PLC0415

        numbers = Numbers()
        kept: list[dict[str, Any]] = []
        for device in devices():
            numbers.count(device)
            if rows:
                rows.writerow([_cell(device[key]) for key in _COLUMNS])
            if listed:
                kept.append(device)
    document = numbers.document() | ({"devices": kept} if listed else {})
    if file != "-":
        answer(document, lambda: _screen(document))


@contextlib.contextmanager
def _written(file: str | None) -> Iterator[Any]:
    """A CSV writer with its header written, or None."""
    if file is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        out: IO[str] = sys.stdout
        if file != "-":
            try:
                path = pathlib.Path(file)
                out = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            except OSError as error:
                raise CannotRun(f"{file} cannot be written: {error.strerror}") from error
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(_COLUMNS)
        yield rows


def _cell(value: Any) -> str:
    return "" if value is None else text(value)


def _screen(document: dict[str, Any]) -> None:
    if "devices" in document:
        table(
            list(_COLUMNS.values()),
            ([device[key] for key in _COLUMNS] for device in document["devices"]),
        )
        typer.echo()
    fields(
        ("registered", document["registered"]),
        ("blocked", document["blocked"]),
        ("owned", document["owned"]),
        *((f"  {_WORDS.get(state, state)}", count) for state, count in document["states"].items()),
    )
    heading("Firmware of owned devices")
    table(
        ("VERSION", "DEVICES"),
        ([one["version"], one["devices"]] for one in document["firmware"]),
    )
