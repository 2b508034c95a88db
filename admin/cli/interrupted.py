"""What an operator is told who stops a command: what was done, and how to go on."""

from dataclasses import dataclass


@dataclass
class _Work:
    """What the command of this process is doing."""

    changes: bool = False
    """Whether it has begun an operation that the audit trail records."""
    title: str = ""
    done: int = 0
    total: int | None = None
    explained: bool = False


_work = _Work()


def begin() -> None:
    """A command begins."""
    global _work  # noqa: PLW0603 - a process runs one command at a time
    _work = _Work()


def will_change() -> None:
    """From now on the command may have changed something."""
    _work.changes = True


def explained() -> None:
    """The command says itself how to go on."""
    _work.explained = True


def progress(title: str, done: int, total: int | None) -> None:
    """So much of the work is done."""
    _work.title, _work.done, _work.total = title, done, total


def report() -> str:
    """What to tell the operator; empty if the command has said it."""
    if _work.explained:
        return ""
    if not _work.changes:
        return "Stopped. Nothing was changed"
    if _work.title:
        of = f" of {_work.total}" if _work.total is not None else ""
        return (
            f"Stopped after {_work.done}{of} ({_work.title.lower()}). What was done until then "
            "stays done: run the same command again to go on with the rest"
        )
    return (
        "Stopped. `audit list --since 1h` shows whether the change was made; if it is not there, "
        "run the same command again"
    )
