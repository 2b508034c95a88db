"""The file of refused rows: the reason, then the columns of the stock list.

It can be corrected in a spreadsheet and imported as it is.
"""

import csv
import os
import pathlib
import tempfile

from admin.cli.errors import CannotRun
from admin.stock.rows import REASON, Refusal, Stock


def require_place(path: pathlib.Path) -> None:
    """Make sure, before anything is imported, that the refused rows can be written.

    Only an existing file of refused rows is replaced: a slip in the file's name must not destroy a
    stock list.

    Raises:
        CannotRun: the folder is missing or not writable, or the file is something else.
    """
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise CannotRun(f"{path} cannot be written: there is no such folder, or no right to write")
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(10_000)
    except OSError as error:
        raise CannotRun(f"{path} cannot be replaced: {error.strerror}") from error
    if REASON not in header.lower():
        raise CannotRun(
            f"{path} exists and is not a file of refused rows: "
            "name another one with --refused, or move this one"
        )


def write(path: pathlib.Path, stock: Stock, refusals: list[Refusal]) -> None:
    """Write the refused rows in the order of the stock list, all or nothing.

    Only the operator can read the file, since it contains setup codes.

    Raises:
        CannotRun: it cannot be written.
    """
    names = [name.strip().lower() for name in stock.header]
    at = names.index(REASON) if REASON in names else None
    header = stock.header if at is not None else [REASON, *stock.header]
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(
                handle, "w", encoding="utf-8", errors="surrogateescape", newline=""
            ) as f:
                if stock.bom:
                    f.write("\ufeff")
                table = csv.writer(f, delimiter=stock.delimiter, lineterminator="\n")
                table.writerow(header)
                for refusal in sorted(refusals, key=lambda one: one.line.number):
                    table.writerow(_cells(refusal, at))
            pathlib.Path(temporary).replace(path)
        except BaseException:
            pathlib.Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotRun(
            f"{path} cannot be written: {error.strerror}. "
            "The other rows are imported: make room and import the same file again"
        ) from error


def _cells(refusal: Refusal, at: int | None) -> list[str]:
    cells = refusal.line.cells
    if at is None:
        return [refusal.reason, *cells]
    padded = [*cells, *[""] * (at + 1 - len(cells))]
    return [*padded[:at], refusal.reason, *padded[at + 1 :]]
