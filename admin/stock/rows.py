"""A stock list: the devices to sell, checked as far as possible without the registry."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence

from admin.stock import excel, table
from admin.stock.table import Line, Table
from shared.claims import label

COLUMNS = ("device_id", "serial_number", "setup_code")

_NO_CODE = "NOCODEYET"
"""Stands for the setup code in a list that is to get its codes."""

# What bytes that are not UTF-8 are decoded to.
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A device of the list, checked as far as possible without the registry.

    Attributes:
        line: its line in the file.
        device_id: in lower case.
        serial_number: as printed on the device.
        serial: the same, normalised.
        setup_code: as printed on the device.
    """

    line: Line
    device_id: str
    serial_number: str
    serial: str
    setup_code: str


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is not imported, and why."""

    line: Line
    reason: str


@dataclasses.dataclass
class Stock:
    """The contents of a file.

    Attributes:
        table: the file.
        rows: the valid rows, in the file's order.
        refusals: the invalid lines.
        warnings: line numbers and texts, about valid rows.
    """

    table: Table
    rows: list[Row] = dataclasses.field(default_factory=list)
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
    warnings: list[tuple[int, str]] = dataclasses.field(default_factory=list)


def read(path: pathlib.Path, *, with_codes: bool = True) -> Stock:
    """Read and check a stock list, or one that is to get its setup codes.

    Raises:
        CannotRun: the file cannot be read, or has no header with the columns.
    """
    wanted = COLUMNS if with_codes else COLUMNS[:-1]
    stock = Stock(table.read(path, wanted))
    columns = Columns(stock.table, wanted)
    rows = []
    for line, fault in stock.table.lines:
        try:
            if fault:
                raise ValueError(fault)  # noqa: TRY301 - one way for all that is refused
            values, warnings = columns.of(line)
            rows.append(_row(line, values if with_codes else [*values, _NO_CODE]))
        except ValueError as refusal:
            stock.refusals.append(Refusal(line, str(refusal)))
            continue
        stock.warnings += [(line.number, warning) for warning in warnings]
        if with_codes:
            _warn(stock, rows[-1])
    stock.rows = _without_duplicates(rows, stock)
    return stock


class Columns:
    """Some columns of a table, read as what they were before a spreadsheet changed them."""

    def __init__(self, whole: Table, columns: Sequence[str]) -> None:
        """Look at each column, since a rounded number shows only beside others."""
        self._names = [column.replace("_", " ") for column in columns]
        self._where = whole.where(columns)
        cells = [self._cells(line) for line, _ in whole.lines]
        self._long = [excel.keeps_long_numbers(column) for column in zip(*cells, strict=True)]

    def of(self, line: Line) -> tuple[list[str], list[str]]:
        """The values of a line, and warnings. Raises `ValueError` with what is wrong."""
        values, warnings = [], []
        for name, cell, long in zip(self._names, self._cells(line), self._long, strict=True):
            if _UNDECODED.search(cell):
                raise ValueError("is not UTF-8 text: save the file as UTF-8")
            try:
                value, warning = excel.restored(cell, long_numbers=long)
            except excel.DamagedError as damage:
                raise ValueError(f"{name} {damage}") from damage
            values.append(value)
            if warning:
                warnings.append(f"{name} {warning}")
        return values, warnings

    def _cells(self, line: Line) -> list[str]:
        cells = line.cells
        return [cells[at].strip() if at < len(cells) else "" for at in self._where]


def _row(line: Line, values: Sequence[str]) -> Row:
    device_id, serial_number, setup_code = values
    if not device_id:
        raise ValueError("device id is missing")
    device_id = label.normalise_device_id(device_id)
    serial = label.normalise_serial(serial_number)
    label.normalise_setup_code(setup_code)
    return Row(line, device_id, serial_number, serial, setup_code)


def _warn(stock: Stock, row: Row) -> None:
    if why := label.weakness(row.setup_code, row.serial_number):
        stock.warnings.append((row.line.number, why))
    if any(_UNDECODED.search(cell) for cell in row.line.cells):
        stock.warnings.append(
            (row.line.number, "is not UTF-8 text, in a column that the import does not read")
        )


def _without_duplicates(rows: list[Row], stock: Stock) -> list[Row]:
    """Refuse duplicates.

    Of lines that contradict each other none is imported: it is unknown which one is right, and
    importing the refused ones again would let the last one win. Of equal lines the first is
    imported.
    """
    by_device: dict[str, list[Row]] = {}
    by_serial: dict[str, list[Row]] = {}
    said: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        by_device.setdefault(row.device_id, []).append(row)
        by_serial.setdefault(row.serial, []).append(row)
        says = (row.serial, label.normalise_setup_code(row.setup_code))
        said.setdefault(row.device_id, set()).add(says)
    shared = {
        serial for serial, same in by_serial.items() if len({row.device_id for row in same}) > 1
    }
    good = []
    for row in rows:
        same_device = by_device[row.device_id]
        if len(said[row.device_id]) > 1:
            reason = f"device id also on {_others(row, same_device)}, with other values"
        elif row.serial in shared:
            reason = f"serial number also on {_others(row, by_serial[row.serial])}"
        elif same_device[0] is not row:
            reason = f"repeats line {same_device[0].line.number}"
        else:
            good.append(row)
            continue
        stock.refusals.append(Refusal(row.line, reason))
    return good


def _others(row: Row, rows: list[Row]) -> str:
    shown = 3
    numbers = [str(other.line.number) for other in rows[: shown + 1] if other is not row][:shown]
    more = len(rows) - 1 - len(numbers)
    return (
        f"line{'s' * (len(rows) > 2)} {', '.join(numbers)}"  # noqa: PLR2004 - this one and another
        + (f" and {more} more" if more else "")
    )
