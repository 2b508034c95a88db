"""How commands answer: text and tables for people, or with `--json` a document for programs."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from admin.cli.errors import CannotRun

_json: ContextVar[bool] = ContextVar("json", default=False)
_UNLIMITED_WIDTH = 10_000


def choose_json(context: typer.Context) -> None:
    """Let the command of this command line answer in JSON."""
    before = _json.set(True)
    context.call_on_close(lambda: _json.reset(before))


def json_chosen() -> bool:
    """Whether to answer in JSON; progress and hints go to standard error either way."""
    return _json.get()


def answer(document: Any, people: Callable[[], None] | str) -> None:
    """Print the document as JSON or, for people, a text or whatever a function prints.

    Raises:
        CannotRun: it cannot be written, to a full disk for example.
    """
    try:
        _answer(document, people)
    except BrokenPipeError:
        raise  # whoever reads has read enough
    except OSError as failure:
        raise CannotRun(
            f"The answer cannot be written: {failure.strerror}. What the command did is done; "
            "`audit list --since 1h` shows it"
        ) from failure


def _answer(document: Any, people: Callable[[], None] | str) -> None:
    if json_chosen():
        typer.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))
    elif isinstance(people, str):
        typer.echo(people)
    else:
        people()


def heading(title: str) -> None:
    """Print a heading, after a blank line."""
    typer.echo(f"\n{title}")


def fields(*named: tuple[str, Any]) -> None:
    """Print names and values, one pair a line; leaves out values that are missing."""
    present = [(name, value) for name, value in named if value not in (None, {})]
    width = max((len(name) for name, _ in present), default=0)
    for name, value in present:
        typer.echo(f"{name:<{width}}  {text(value)}")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table, cut to the terminal's width, or whole where there is no terminal."""
    console = Console()
    shown = Table(*header, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text("-" if cell is None else text(cell)) for cell in row))
    if not shown.row_count:
        console.print("none")
        return
    if not console.is_terminal:
        console = Console(width=Console(width=_UNLIMITED_WIDTH).measure(shown).maximum)
    console.print(shown)


def table_of(documents: Iterable[Mapping[str, Any]], **columns: str) -> None:
    """Print documents as a table; `columns` are the fields to show, with their headings."""
    table(list(columns.values()), ([one.get(name) for name in columns] for one in documents))


def some(names: Sequence[str], shown: int = 5) -> str:
    """The first of some names, and how many there are besides."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def text(value: Any) -> str:
    """A value for people: times in ISO 8601 UTC to the second, booleans as yes and no.

    Control characters that a device or a customer wrote never reach the terminal.
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
