"""What became of messages that were ingested again, wherever they came from."""

from collections import Counter
from typing import Any

import typer

from admin.cli.output import answer
from shared.telemetry import ingest
from shared.telemetry.message import UnstorableError

_STORED = ("stored", "copy")


def ingest_again(delivered: Any) -> tuple[str, bool]:
    """Ingest a message as the function `ingest` does; what can never be stored is a dead letter.

    Returns:
        The outcome (`stored`, `copy`, or why it was not stored), and whether that is final.
    """
    try:
        outcome = ingest.ingest(delivered, replayed=True)
    except ingest.RETRIABLE as failure:
        return come_again(failure), False
    final = outcome.reason if isinstance(outcome, UnstorableError) else str(outcome.value)
    return final, True


def come_again(failure: Exception) -> str:
    """The outcome of a message that can be stored, but not now."""
    return f"come again: {type(failure).__name__}"


def report(outcomes: Counter[str], lost: str) -> None:
    """Answer with the outcomes; exits with status 1 unless all messages are stored.

    Args:
        outcomes: how often each occurred: `stored`, `copy`, or why a message was not stored.
        lost: what people call the messages that were not stored.
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
