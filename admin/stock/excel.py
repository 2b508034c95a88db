"""What spreadsheets do to serial numbers and codes that look like numbers, dates or formulas.

Excel keeps 15 digits of a number and shows a long one as 1.23E+11; it turns 10-3 into a date; other
tools write 1001 as 1001.0. That a cell is text is written as ="00123" or with an apostrophe before
it. A value is restored where its meaning is certain, and otherwise refused.
"""

import re
from collections.abc import Iterable

_EXACT_DIGITS = 15
"""A longer number ends in zeros ("Excel specifications and limits": number precision)."""

_TEXT = re.compile(r"=\s*\"([^\"]*)\"|'(.*)", re.DOTALL)
# Not 12E4 or 5E-3, which a serial number may be.
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+E[+-]?\d+|E\+\d+)", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)[.,]0{1,2}")
_FORMATTED = re.compile(r"[+-]?\d+(?:[.,]\d+)+")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTH})(?:-\d{{2,4}})?|(?:{_MONTH})-\d{{2}}|\d{{1,4}}([./])\d{{1,2}}\1\d{{1,4}}"
)
_HOW = (
    'Format the column as "Text" before the values are entered or pasted and export it again, or '
    "import the list as it was before a spreadsheet opened it"
)
_RIGHT = 'If it is right, write it as ="…"'


class DamagedError(ValueError):
    """The value is lost; the message says what became of it, and how to export it."""


def restored(cell: str, *, long_numbers: bool) -> tuple[str, str | None]:
    """The value of a cell, and a warning when something of it may be lost.

    Args:
        cell: as it is in the file, without white space around it.
        long_numbers: whether the column keeps the digits of long numbers, as `keeps_long_numbers`
            says of it.

    Raises:
        DamagedError: nobody can tell what the value was.
    """
    text = _TEXT.fullmatch(cell)
    value = (text[1] or text[2] or "") if text else cell
    if value.startswith("="):
        raise DamagedError(f"is a formula and not its result. {_HOW}")
    if value.startswith("#"):
        raise DamagedError(f"is an error of the spreadsheet, or its column was too narrow. {_HOW}")
    if _SCIENTIFIC.fullmatch(value):
        raise DamagedError(
            "is a long number that Excel has shortened, as in 1.23E+11: its digits are lost. "
            f"{_HOW}"
        )
    if text:
        return value, None
    if _DATE.fullmatch(value):
        raise DamagedError(f"looks like a date that Excel has made of it. {_HOW}. {_RIGHT}")
    whole = _WHOLE.fullmatch(value)
    if _FORMATTED.fullmatch(value) and not whole:
        raise DamagedError(f"is a number as a spreadsheet formats it. {_HOW}")
    digits = whole[1] if whole else value
    if _is_rounded(digits) and not long_numbers:
        raise DamagedError(
            f"has only zeros after its {_EXACT_DIGITS}th digit, as numbers that Excel has rounded. "
            f"{_HOW}. {_RIGHT}"
        )
    if whole:
        return digits, "was written as a number, with .0: zeros before it are lost, if it had any"
    return value, None


def keeps_long_numbers(cells: Iterable[str]) -> bool:
    """Whether a column has a number with more digits than Excel keeps."""
    return any(_is_long(cell) and not _is_rounded(cell) for cell in cells)


def _is_long(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) > _EXACT_DIGITS


def _is_rounded(value: str) -> bool:
    return _is_long(value) and not value[_EXACT_DIGITS:].strip("0")
