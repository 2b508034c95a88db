"""Progress bars for long work, on standard error and only if it is a terminal."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

T = TypeVar("T")


@contextlib.contextmanager
def counting(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar; the function that is given advances it by a number of finished items."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar as progress:
        task = progress.add_task(title, total=total)
        yield lambda number: progress.advance(task, number)


def track(items: Iterable[T], title: str, total: int | None = None) -> Iterator[T]:
    """The items, counted as they are finished; `total` if it is known beforehand."""
    with counting(title, total) as advance:
        for item in items:
            yield item
            advance(1)
