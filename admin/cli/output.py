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


def answer(document: Any, people: Callable[[], None] | str) -> None:
    """Print the document, or for people a text or what a function prints."""
    if json_chosen():
        typer.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))
    elif isinstance(people, str):
        typer.echo(people)
    else:
        people()


def heading(title: str) -> None:
    """Print the title of a part of a screen."""
    typer.echo(f"\n{title}")


def fields(*named: tuple[str, Any]) -> None:
    """Print values by name, a line each, without those that are not there."""
    there = [(name, value) for name, value in named if value not in (None, {})]
    width = max((len(name) for name, _ in there), default=0)
    for name, value in there:
        typer.echo(f"{name:<{width}}  {text(value)}")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table, cut to the terminal's width; whole where nobody watches, as in a pipe."""
    console = Console()
    shown = Table(*header, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text("-" if cell is None else text(cell)) for cell in row))
    if not shown.row_count:
        console.print("none")
        return
    if not console.is_terminal:
        console = Console(width=Console(width=_WIDEST).measure(shown).maximum)
    console.print(shown)


def text(value: Any) -> str:
    """A value for people: times in ISO 8601 UTC to the second, yes and no.

    Nothing that a device or a customer wrote reaches the terminal as a control character.
    """
    if isinstance(value, datetime):
        return _time(value.replace(microsecond=0))
    if isinstance(value, bool):
        return "yes" if value else "no"
    written = json.dumps(value, default=_plain) if isinstance(value, dict | list) else str(value)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in written
    )


def _plain(value: Any) -> str:
    return _time(value) if isinstance(value, datetime) else str(value)


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
