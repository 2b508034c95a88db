"""What became of messages that were taken in again, told alike wherever they came from."""

from collections import Counter

import typer

from admin.cli.output import answer

_STORED = ("stored", "copy")


def come_again(failure: Exception) -> str:
    """The outcome of one that can be stored, but not now."""
    return f"come again: {getattr(failure, 'message', None) or type(failure).__name__}"


def tell(outcomes: Counter[str], lost: str) -> None:
    """Answer with the outcomes of `intake`; ends the command with status 1 unless all are stored.

    Args:
        outcomes: how often each came: `stored`, `copy`, or why it is not stored.
        lost: what people call those that are not stored.
    """
    reasons = {name: outcomes[name] for name in sorted(outcomes) if name not in _STORED}
    for reason, count in reasons.items():
        typer.echo(f"{lost}: {reason} {count}", err=True)
    stored, copies = (outcomes[name] for name in _STORED)
    answer(
        {
            "stored": stored,
            "copies": copies,
            "deadLetters": [{"reason": name, "letters": n} for name, n in reasons.items()],
        },
        f"stored {stored}, copies {copies}, {lost} {sum(reasons.values())}",
    )
    if reasons:
        raise typer.Exit(1)
