"""`devices codes`: strong setup codes, and labels to print."""

import csv
import html
import pathlib
import secrets
from typing import Annotated
from urllib.parse import quote

import segno
import typer

from admin.cli.errors import CannotRun
from admin.cli.output import answer
from admin.stock import table
from admin.stock.rows import Columns

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that people confuse: 0 O, 1 I L."""
LENGTH = 10
"""Characters of a code: 31 to the power of ten, about 49 bits."""

_COLUMNS = ("device_id", "serial_number")


def codes(
    *,
    file: Annotated[
        pathlib.Path, typer.Argument(help="CSV file with a header: device_id, serial_number.")
    ],
    output: Annotated[
        pathlib.Path, typer.Option(help="CSV file to write, with setup_code, for devices import.")
    ] = pathlib.Path("codes.csv"),
    labels: Annotated[
        pathlib.Path, typer.Option(help="HTML file to write: the labels.")
    ] = pathlib.Path("labels.html"),
    url: Annotated[
        str, typer.Option(help="Address of the web app, to which the QR codes lead.")
    ] = "https://app.example.com",
) -> None:
    """Generate setup codes, and labels to print.

    A label has serial number, setup code and a QR code: a link with the setup code in its fragment,
    which browsers do not send to servers. Both files have the codes in plain text: keep them as
    safe as the labels.

    Example: devices codes stock.csv --url https://app.example.com
    """
    devices = _devices(file)
    for path in (output, labels):
        if path.exists():
            raise CannotRun(
                f"{path} exists, and its codes may be printed already: move it, or name another"
            )
    made = [(device_id, serial_number, _new_code()) for device_id, serial_number in devices]
    with output.open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["device_id", "serial_number", "setup_code"])
        table.writerows(made)
    output.chmod(0o600)
    cells = []
    for _, serial_number, code in made:
        link = f"{url.rstrip('/')}/claim#serial={quote(serial_number)}&code={code}"
        picture = segno.make(link, error="m").svg_inline(scale=2, border=4)
        shown = f"{code[:5]}-{code[5:]}"
        cells.append(f"<div>{picture}<p>{html.escape(serial_number)}<br><b>{shown}</b></p></div>")
    labels.write_text(_SHEET.format(cells="\n".join(cells)), encoding="utf-8")
    labels.chmod(0o600)
    answer(
        {"codes": len(made), "output": str(output), "labels": str(labels)},
        f"{len(made)} codes in {output}, labels in {labels}",
    )


def _devices(file: pathlib.Path) -> list[list[str]]:
    """Device ids and serial numbers. Raises `CannotRun`: what is printed wrong cannot be undone."""
    listed = table.read(file, _COLUMNS)
    columns = Columns(listed, _COLUMNS)
    devices = []
    for line, fault in listed.lines:
        try:
            if fault:
                raise ValueError(fault)  # noqa: TRY301 - one way for all that is wrong
            values, warnings = columns.of(line)
        except ValueError as refusal:
            raise CannotRun(f"{file}, line {line.number}: {refusal}") from refusal
        for warning in warnings:
            typer.echo(f"warning: line {line.number}: {warning}", err=True)
        devices.append(values)
    if not devices:
        raise CannotRun(f"{file} has a header and no devices")
    return devices


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


_SHEET = """<!doctype html>
<meta charset="utf-8"><title>Labels</title>
<style>
body {{ display: flex; flex-wrap: wrap; gap: 4mm; font: 9pt monospace; }}
div {{ width: 45mm; text-align: center; break-inside: avoid; }}
</style>
{cells}
"""
