"""A CSV file as a factory or a spreadsheet writes it.

Each line is one device and is parsed by itself, so that an unclosed quotation mark spoils only its
own line and not those that follow.
"""

import csv
import dataclasses
import pathlib
import re
from collections.abc import Sequence

from admin.cli.errors import CannotRun

REASON = "reason"
"""The column that a file of refused rows has besides."""

_DELIMITERS = (",", ";", "\t")
_BOM = "\ufeff"
# Excel's own first line, which says what separates the cells: `sep=;`. Excel obeys it before it
# reads anything else; a spreadsheet that does not know it saves it as a cell among empty ones.
_SEPARATOR = re.compile(r'\s*"?sep=(\\t|[^\w"]?)"?[\s,;"]*', re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number, where the file's first line is 1, and its cells."""

    number: int
    cells: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """The contents of a file.

    Attributes:
        header: the names of its columns, as they are spelled there.
        delimiter: the character between its cells.
        bom: whether it begins with a byte order mark, which Excel needs.
        separator_line: whether its first line is `sep=…`.
        lines: those below the header that are not empty, each with what is wrong with its form.
    """

    header: list[str]
    delimiter: str
    bom: bool
    separator_line: bool
    lines: list[tuple[Line, str | None]]

    def where(self, columns: Sequence[str]) -> list[int]:
        """The indices of columns of the header."""
        names = _names(self.header)
        return [names.index(column) for column in columns]


def read(path: pathlib.Path, columns: Sequence[str]) -> Table:
    """Read a file whose header has these columns, in any order and among others.

    Raises:
        CannotRun: the file cannot be read, or has no such header.
    """
    lines = _lines(path)
    bom = lines[0].startswith(_BOM)
    numbered = [(number, text.removeprefix(_BOM)) for number, text in enumerate(lines, 1)]
    numbered = [(number, text) for number, text in numbered if text.strip()]
    separator = _SEPARATOR.fullmatch(numbered[0][1]) if numbered else None
    if separator:
        del numbered[0]
    if not numbered:
        raise CannotRun(f"{path} is empty: its first line must be {','.join(columns)}")
    delimiters = [separator[1].replace("\\t", "\t")] if separator and separator[1] else []
    delimiter, header = _header(path, numbered[0][1], columns, [*delimiters, *_DELIMITERS])
    parsed = (_parse(number, text, delimiter, len(header)) for number, text in numbered[1:])
    kept = [(line, fault) for line, fault in parsed if any(cell.strip() for cell in line.cells)]
    return Table(header, delimiter, bom, separator is not None, kept)


def is_of_refused_rows(path: pathlib.Path) -> bool:
    """Whether the header of a file has the column of reasons. Raises `OSError`."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline(10_000)
        if _SEPARATOR.fullmatch(header):
            header = file.readline(10_000)
    return REASON in header.lower()


def _lines(path: pathlib.Path) -> list[str]:
    """At least one; bytes that are not UTF-8 become surrogates, and are written back unchanged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"{path} cannot be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:256]:
        raise CannotRun(f'{path} is not a text file in UTF-8: save it as "CSV UTF-8"')
    return re.split(r"\r\n|\n|\r", data.decode("utf-8", "surrogateescape"))


def _header(
    path: pathlib.Path, text: str, columns: Sequence[str], delimiters: Sequence[str]
) -> tuple[str, list[str]]:
    """The delimiter with which most of the columns are found, and the cells of the header."""

    def known(cells: list[str]) -> int:
        return sum(name in columns for name in _names(cells))

    readings = [
        (mark, next(csv.reader([text], delimiter=mark, skipinitialspace=True), []))
        for mark in delimiters
    ]
    delimiter, header = max(readings, key=lambda reading: known(reading[1]))
    names = _names(header)
    if missing := [name for name in columns if name not in names]:
        raise CannotRun(
            f"The first line of {path} is not a header: column{'s' * (len(missing) > 1)} "
            f"{', '.join(missing)} missing. It must name {', '.join(columns)}, in any order"
        )
    if twice := [name for name in (*columns, REASON) if names.count(name) > 1]:
        raise CannotRun(f"{path} has column {twice[0]} twice: keep one of them")
    return delimiter, header


def _names(header: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _parse(number: int, text: str, delimiter: str, columns: int) -> tuple[Line, str | None]:
    """The cells of a line and, if its form is wrong, what is wrong with it."""

    def cells(*, strict: bool) -> list[str]:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=strict))

    try:
        line = Line(number, cells(strict=True))
    except csv.Error as error:
        if "field larger" in str(error):
            return Line(number, [text]), "a cell is far too long"
        fault = "a quotation mark is not closed, or there is text after it"
        return Line(number, cells(strict=False)), fault
    if any(cell.strip() for cell in line.cells[columns:]):
        return line, f"has {len(line.cells)} cells where the header has {columns}"
    return line, None
