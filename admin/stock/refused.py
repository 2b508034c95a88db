"""The file of refused rows: the reason, then the columns of the stock list.

It can be corrected in a spreadsheet and imported as it is.
"""

import csv
import os
import pathlib
import tempfile

from admin.cli.errors import CannotRun
from admin.stock.rows import Refusal
from admin.stock.table import REASON, Table, is_of_refused_rows


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
        replaceable = is_of_refused_rows(path)
    except OSError as error:
        raise CannotRun(f"{path} cannot be replaced: {error.strerror}") from error
    if not replaceable:
        raise CannotRun(
            f"{path} exists and is not a file of refused rows: "
            "name another one with --refused, or move this one"
        )


def write(path: pathlib.Path, table: Table, refusals: list[Refusal]) -> None:
    """Write the refused rows in the order of the stock list, all or nothing.

    Only the operator can read the file, since it contains setup codes.

    Raises:
        CannotRun: it cannot be written.
    """
    names = [name.strip().lower() for name in table.header]
    at = names.index(REASON) if REASON in names else None
    header = table.header if at is not None else [REASON, *table.header]
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(
                handle, "w", encoding="utf-8", errors="surrogateescape", newline=""
            ) as f:
                if table.bom:
                    f.write("\ufeff")
                if table.separator_line:
                    f.write(f"sep={table.delimiter}\n")
                rows = csv.writer(f, delimiter=table.delimiter, lineterminator="\n")
                rows.writerow(header)
                for refusal in sorted(refusals, key=lambda one: one.line.number):
                    rows.writerow(_cells(refusal, at))
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
