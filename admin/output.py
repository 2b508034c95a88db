"""How commands answer: words and tables for people, or with `--json` one document for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_json: ContextVar[bool] = ContextVar("json", default=False)
_WIDEST = 10_000


def choose_json(context: typer.Context) -> None:
    """Let every command of this line answer in JSON."""
    before = _json.set(True)
    context.call_on_close(lambda: _json.reset(before))


def json_chosen() -> bool:
    """Whether the answer shall be JSON; progress and hints go to standard error at any rate."""
    return _json.get()


def answer(document: Any, people: Callable[[], None]) -> None:
    """Print the document, or call what prints it for people."""
    if json_chosen():
        typer.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))
    else:
        people()


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table, cut to the terminal's width; whole where nobody watches, as in a pipe."""
    console = Console()
    shown = Table(*header, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text("-" if cell is None else text(cell)) for cell in row))
    if not console.is_terminal:
        console = Console(width=Console(width=_WIDEST).measure(shown).maximum)
    console.print(shown)


def text(value: Any) -> str:
    """A value for people: times in ISO 8601 UTC to the second, yes and no."""
    if isinstance(value, datetime):
        return _time(value.replace(microsecond=0))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _plain(value: Any) -> str:
    return _time(value) if isinstance(value, datetime) else str(value)


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
