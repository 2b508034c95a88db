"""Progress bars for long work, on standard error and only if it is a terminal."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from admin.cli import interrupted

T = TypeVar("T")


def track(
    items: Iterable[T], title: str, total: int | None = None, size: Callable[[T], int] | None = None
) -> Iterator[T]:
    """The items, while a bar shows how many are finished.

    Args:
        items: the work.
        title: of the bar.
        total: how many there are, if it is known beforehand.
        size: how many an item, which may be a page of them, counts for; by default one.
    """
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar as progress:
        task = progress.add_task(title, total=total)
        interrupted.progress(title, done := 0, total)
        for item in items:
            yield item
            finished = size(item) if size else 1
            interrupted.progress(title, done := done + finished, total)
            progress.advance(task, finished)
