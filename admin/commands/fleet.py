"""`fleet status`: the states of the product's devices, counted and one by one."""

import contextlib
import csv
import pathlib
import sys
from collections.abc import Iterator
from typing import IO, Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, fields, heading, json_chosen, table_of, text
from admin.support.fleet_report import Numbers, devices

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


def status(
    context: typer.Context,
    *,
    listed: Annotated[bool, typer.Option("--list", help="Also list each device.")] = False,
    file: Annotated[
        str | None,
        typer.Option(
            "--csv", metavar="FILE", help="Write each device to a CSV file; - for standard output."
        ),
    ] = None,
) -> None:
    """Count devices by state and firmware.

    Counts registered, blocked and owned devices; of the owned ones, those that are online, asleep,
    silent, offline or never seen, as their owners' apps show them, and firmware versions. Costs one
    document read for each device and another for each owned one: at most 20 000 for 10 000 devices.

    Example: fleet status --csv fleet.csv
    """
    if file == "-" and json_chosen():
        raise CannotRun("--csv - and --json both write to standard output: name a file")
    with _written(file) as rows, connected(context):
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
        answer(document, lambda: _print(document))


@contextlib.contextmanager
def _written(file: str | None) -> Iterator[Any]:
    """A CSV writer that has written its header, or None for no file."""
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


def _print(document: dict[str, Any]) -> None:
    if "devices" in document:
        table_of(document["devices"], **_COLUMNS)
        typer.echo()
    fields(
        ("registered", document["registered"]),
        ("blocked", document["blocked"]),
        ("owned", document["owned"]),
        *((f"  {_WORDS.get(state, state)}", count) for state, count in document["states"].items()),
    )
    heading("Firmware of owned devices")
    table_of(document["firmware"], version="VERSION", devices="DEVICES")
