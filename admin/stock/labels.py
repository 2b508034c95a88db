"""Sheets of labels to print: serial number, setup code, and a QR code that leads to the web app."""

import enum
import html
import ipaddress
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, urlsplit

import segno

from admin.cli.errors import CannotRun


class Sheet(enum.StrEnum):
    """A sheet of labels that shops sell, by the number on its package."""

    L7160 = "L7160"
    L7651 = "L7651"
    US5160 = "5160"
    SINGLE = "single"


@dataclass(frozen=True)
class _Form:
    """A sheet's measures, in millimetres."""

    paper: tuple[float, float]
    columns: int
    rows: int
    label: tuple[float, float]
    gap: float = 0.0
    """Between two columns; rows touch."""

    @property
    def margins(self) -> tuple[float, float]:
        """Above the first row, and left of the first column: the labels are in the middle."""
        width = self.columns * self.label[0] + (self.columns - 1) * self.gap
        return (self.paper[1] - self.rows * self.label[1]) / 2, (self.paper[0] - width) / 2

    @property
    def picture(self) -> float:
        """The side of the QR code with its quiet zone."""
        return min(self.label[1] - 2 * _EDGE, self.label[0] / 2)


_EDGE = 1.5
"""Millimetres at the edge of a label on which nothing is printed, since printers are not exact."""
_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)
_FORMS = {
    Sheet.L7160: _Form(_A4, 3, 7, (63.5, 38.1), 2.5),
    Sheet.L7651: _Form(_A4, 5, 13, (38.1, 21.2), 2.5),
    Sheet.US5160: _Form(_LETTER, 3, 10, (66.675, 25.4), 3.175),
    Sheet.SINGLE: _Form((63.5, 38.1), 1, 1, (63.5, 38.1)),
}
"""The measures on the manufacturer's packages (Avery)."""
_SMALLEST_MODULE = 0.33
"""Millimetres; smaller squares are not read reliably by phones from an office printer's label."""
_QUIET = 4
"""Modules around a QR code (ISO/IEC 18004)."""

_PLACEHOLDER = re.compile(r"(^|\.)(example(\.(com|org|net))?|test|invalid|yourdomain\.[a-z]+)$")
_LOCAL = {"localhost"}


def address(url: str) -> str:
    """The address of the web app, as the beginning of the labels' links.

    Raises:
        CannotRun: it is none, or a placeholder: what is printed wrong cannot be undone.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in {"https", "http"} or not host or parts.username is not None:
        raise CannotRun(
            f"--url {url!r} is not the address of a web app: write https://app.acme.com"
        )
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise CannotRun("--url must end before ? and #: the labels' links add what follows")
    if _PLACEHOLDER.search(host):
        raise CannotRun(f"{host} is a placeholder: name the address at which your web app is")
    if not _is_local(host) and (parts.scheme != "https" or "." not in host):
        raise CannotRun(f"--url {url} must begin with https:// and name a public address")
    return url.rstrip("/")


def is_of_this_machine(url: str) -> bool:
    """Whether no other machine can open the address."""
    return _is_local(urlsplit(url).hostname or "")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL


def link(url: str, serial_number: str, code: str) -> str:
    """What a QR code says. The setup code is in the fragment, which browsers send to no server."""
    return f"{url}/claim#serial={quote(serial_number)}&code={code.replace('-', '')}"


def document(sheet: Sheet, url: str, made: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The parts of an HTML file of labels, by serial numbers and setup codes.

    Raises:
        CannotRun: a label is too small for a link.
    """
    form = _FORMS[sheet]
    yield _HEAD.format(
        paper=form.paper,
        columns=form.columns,
        label=form.label,
        gap=form.gap,
        margins=form.margins,
        picture=form.picture,
        edge=_EDGE,
        font=max(1.8, form.label[1] / 12),
    )
    labels = (_label(form, sheet, url, serial, code) for serial, code in made)
    while page := list(islice(labels, form.columns * form.rows)):
        yield "<section>\n" + "\n".join(page) + "\n</section>\n"


def _label(form: _Form, sheet: Sheet, url: str, serial_number: str, code: str) -> str:
    picture = segno.make(link(url, serial_number, code), error="m", micro=False)
    modules = picture.symbol_size(border=_QUIET)[0]
    if form.picture / modules < _SMALLEST_MODULE:
        side = math.ceil(modules * _SMALLEST_MODULE)
        raise CannotRun(
            f"The QR code of {serial_number} needs {side} mm, and labels of {sheet} have room for "
            f"{form.picture:.0f} mm: use larger labels (--sheet) or a shorter address (--url)"
        )
    drawn = picture.svg_inline(border=_QUIET, omitsize=True)
    return f"<div>{drawn}<p>{html.escape(serial_number)}<br><b>{html.escape(code)}</b></p></div>"


_HEAD = """<!doctype html>
<meta charset="utf-8"><title>Labels</title>
<style>
@page {{ size: {paper[0]}mm {paper[1]}mm; margin: 0; }}
* {{ box-sizing: border-box; margin: 0; }}
section {{
  width: {paper[0]}mm; height: {paper[1]}mm; padding: {margins[0]}mm 0 0 {margins[1]}mm;
  display: grid; align-content: start; column-gap: {gap}mm;
  grid-template-columns: repeat({columns}, {label[0]}mm); grid-auto-rows: {label[1]}mm;
  break-after: page; overflow: hidden;
}}
section:last-of-type {{ break-after: auto; }}
div {{ display: flex; align-items: center; padding: {edge}mm; overflow: hidden; }}
svg {{ width: {picture}mm; height: {picture}mm; flex: none; }}
p {{ font: {font:.1f}mm/1.3 monospace; overflow-wrap: anywhere; }}
</style>
"""
