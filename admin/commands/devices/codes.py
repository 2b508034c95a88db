"""`devices codes`: strong setup codes, and labels to print."""

import csv
import pathlib
from typing import Annotated

import typer

from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.cli.progress import track
from admin.stock import labels as printed
from admin.stock import rows
from admin.stock.codes import new
from admin.stock.files import created

_SHOWN = 20
"""Refused lines that are listed before the rest is only counted."""


def codes(
    *,
    file: Annotated[
        pathlib.Path, typer.Argument(help="CSV file with a header: device_id, serial_number.")
    ],
    url: Annotated[str, typer.Option(help="Address of the web app, to which the QR codes lead.")],
    output: Annotated[
        pathlib.Path, typer.Option(help="CSV file to write, with setup_code, for devices import.")
    ] = pathlib.Path("codes.csv"),
    labels: Annotated[
        pathlib.Path, typer.Option(help="HTML file to write: the labels.")
    ] = pathlib.Path("labels.html"),
    sheet: Annotated[
        printed.Sheet,
        typer.Option(
            help="The sheet of labels, by its Avery number: L7160 (A4, 21 labels), L7651 (A4, 65), "
            "5160 (US Letter, 30); or single labels of 63.5 x 38.1 mm."
        ),
    ] = printed.Sheet.L7160,
) -> None:
    """Generate setup codes, and labels to print.

    A label has serial number, setup code and a QR code: a link with the setup code in its fragment,
    which browsers do not send to servers. Both files have the codes in plain text: keep them as
    safe as the labels. The list is checked as by devices import, but one wrong line refuses it all:
    what is printed wrong cannot be undone. Print without scaling ("100 %").

    Example: devices codes stock.csv --url https://app.acme.com --sheet L7160
    """
    address = printed.address(url)
    devices = _devices(file)
    made = [(row, new(row.serial_number)) for row in devices]
    with created(output, labels) as (listed, sheets):
        table = csv.writer(listed)
        table.writerow(rows.COLUMNS)
        table.writerows([row.device_id, row.serial_number, code] for row, code in made)
        each = ((row.serial_number, code) for row, code in track(made, "Labels", len(made)))
        sheets.writelines(printed.document(sheet, address, each))
    if printed.is_of_this_machine(address):
        typer.echo(f"warning: only this machine can open {address}: these are no labels", err=True)
    answer(
        {"codes": len(made), "output": str(output), "labels": str(labels)},
        f"{len(made)} codes in {output}, labels in {labels}",
    )


def _devices(file: pathlib.Path) -> list[rows.Row]:
    """The devices of the list. Raises `CannotRun` unless all its lines are right."""
    stock = rows.read(file, with_codes=False)
    for number, warning in stock.warnings[:_SHOWN]:
        typer.echo(f"warning: line {number}: {warning}", err=True)
    refusals = sorted(stock.refusals, key=lambda one: one.line.number)
    for one in refusals[:_SHOWN]:
        typer.echo(f"refused: line {one.line.number}: {one.reason}", err=True)
    if refusals:
        more = f", the first {_SHOWN} of which are listed" if len(refusals) > _SHOWN else ""
        raise CannotRun(f"{file} has {len(refusals)} wrong lines{more}: nothing was written")
    if not stock.rows:
        raise CannotRun(f"{file} has a header and no devices")
    return stock.rows
