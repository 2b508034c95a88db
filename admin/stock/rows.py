"""A stock list: the CSV file of devices to sell, as a factory or a spreadsheet writes it.

Each line is one device and is parsed by itself, so that an unclosed quotation mark spoils only its
own line and not those that follow.
"""

import csv
import dataclasses
import pathlib
import re

from admin.cli.errors import CannotRun
from shared.claims import label

COLUMNS = ("device_id", "serial_number", "setup_code")
REASON = "reason"

_DELIMITERS = (",", ";", "\t")
_BOM = "\ufeff"
# Bytes that are not UTF-8 are decoded to these, and written back unchanged.
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number, where the header is on line 1, and its cells."""

    number: int
    cells: list[str]


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
        header: the names of its columns, as they are spelled there.
        delimiter: the character between its cells.
        bom: whether it begins with a byte order mark, which Excel needs.
        rows: the valid rows, in the file's order.
        refusals: the invalid lines.
        warnings: line numbers and texts, about valid rows.
    """

    header: list[str]
    delimiter: str
    bom: bool
    rows: list[Row] = dataclasses.field(default_factory=list)
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
    warnings: list[tuple[int, str]] = dataclasses.field(default_factory=list)


def read(path: pathlib.Path) -> Stock:
    """Read and check a stock list.

    Raises:
        CannotRun: the file cannot be read, or has no header with the three columns.
    """
    lines = _lines(path)
    bom = bool(lines) and lines[0].startswith(_BOM)
    if bom:
        lines[0] = lines[0].removeprefix(_BOM)
    numbered = [(number, text) for number, text in enumerate(lines, 1) if text.strip()]
    if not numbered:
        raise CannotRun(f"{path} is empty: its first line must be {','.join(COLUMNS)}")
    delimiter, header = _header(path, numbered[0][1])
    stock = Stock(header, delimiter, bom)
    where = {name.strip().lower(): index for index, name in enumerate(header)}
    indices = [where[name] for name in COLUMNS]
    rows = []
    for number, text in numbered[1:]:
        line, fault = _parse(number, text, delimiter)
        if not any(cell.strip() for cell in line.cells):
            continue
        if fault is None and any(cell.strip() for cell in line.cells[len(header) :]):
            fault = f"has {len(line.cells)} cells where the header has {len(header)}"
        checked = fault or _check(line, indices)
        if isinstance(checked, Row):
            rows.append(checked)
            _warn(stock, checked)
        else:
            stock.refusals.append(Refusal(line, checked))
    stock.rows = _without_duplicates(rows, stock)
    return stock


def _lines(path: pathlib.Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:256]:
        raise CannotRun(f'{path} is not a text file in UTF-8: save it as "CSV UTF-8"')
    return re.split(r"\r\n|\n|\r", data.decode("utf-8", "surrogateescape"))


def _header(path: pathlib.Path, text: str) -> tuple[str, list[str]]:
    """The delimiter with which most of our columns are found, and the cells of the header."""

    def known(cells: list[str]) -> int:
        return sum(cell.strip().lower() in COLUMNS for cell in cells)

    readings = [
        (mark, next(csv.reader([text], delimiter=mark, skipinitialspace=True), []))
        for mark in _DELIMITERS
    ]
    delimiter, header = max(readings, key=lambda reading: known(reading[1]))
    names = [cell.strip().lower() for cell in header]
    if missing := [name for name in COLUMNS if name not in names]:
        raise CannotRun(
            f"The first line of {path} is not a header: column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)} missing. It must name {', '.join(COLUMNS)}, in any order"
        )
    if twice := [name for name in (*COLUMNS, REASON) if names.count(name) > 1]:
        raise CannotRun(f"{path} has column {twice[0]} twice: keep one of them")
    return delimiter, header


def _parse(number: int, text: str, delimiter: str) -> tuple[Line, str | None]:
    """The cells of a line and, if its quotation marks are wrong, what is wrong with them."""

    def cells(*, strict: bool) -> list[str]:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=strict))

    try:
        return Line(number, cells(strict=True)), None
    except csv.Error as error:
        if "field larger" in str(error):
            return Line(number, [text]), "a cell is far too long"
        fault = "a quotation mark is not closed, or there is text after it"
        return Line(number, cells(strict=False)), fault


def _check(line: Line, indices: list[int]) -> Row | str:
    device_id, serial_number, setup_code = (
        line.cells[index].strip() if index < len(line.cells) else "" for index in indices
    )
    if _UNDECODED.search(device_id + serial_number + setup_code):
        return "is not UTF-8 text: save the file as UTF-8"
    if not device_id:
        return "device id is missing"
    try:
        device_id = label.normalise_device_id(device_id)
        serial = label.normalise_serial(serial_number)
        label.normalise_setup_code(setup_code)
    except ValueError as error:
        return str(error)
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
