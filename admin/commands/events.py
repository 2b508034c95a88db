"""`events replay`: recorded messages of devices, ingested again."""

import pathlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated

import typer

from admin.cli.connection import connected
from admin.cli.operation import operation
from admin.cli.progress import track
from admin.letters.outcomes import ingest_again, report
from admin.recordings.bigquery import DataType
from admin.recordings.forms import Message
from admin.recordings.recording import opened
from shared import audit

_THREADS = 40
"""As many requests as an instance of the function serves at once; they share their commits."""
_AHEAD = 400
"""Messages that are read before the first of them is stored."""


def replay(
    context: typer.Context,
    *,
    file: Annotated[
        pathlib.Path,
        typer.Argument(
            help="Messages of Pub/Sub, rows of BigQuery, bodies of Particle's webhooks or events "
            "of its stream, as JSON or as they arrive; one below the other or in an array."
        ),
    ],
    bigquery_data: Annotated[
        DataType | None,
        typer.Option(help="The type of the column data in rows of BigQuery that do not show it."),
    ] = None,
) -> None:
    """Ingest recorded messages.

    They are treated as if they had just been delivered. Messages that are stored already stay as
    they are, so running it twice changes nothing. The whole file is checked first: if a record
    cannot be read or can never be stored, nothing is written. An event that is too old becomes a
    dead letter; `come again` means that Firestore did not store it now.

    Exit status: 0 all are stored, 1 some are not, 2 the command could not run.

    Example: events replay messages.json
    """
    with opened(file, bigquery_data) as recording:
        for _ in track(recording.check(), "Checking"):
            pass
        with connected(context) as target:
            done = operation(target, "events-replayed")
            outcomes: Counter[str] = Counter()
            try:
                replayed = _ingested(recording.messages())
                for outcome in track(replayed, "Messages", recording.count):
                    outcomes[outcome] += 1
            finally:
                # Also when it is interrupted: record what was done until then.
                audit.record(done, outcomes=dict(outcomes))
    report(outcomes, "dead letters")


def _ingested(messages: Iterable[Message]) -> Iterator[str]:
    """The outcome of each message, in order."""
    under_way: deque[Future[tuple[str, bool]]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for message in messages:
                under_way.append(pool.submit(ingest_again, message))
                if len(under_way) >= _AHEAD:
                    yield under_way.popleft().result()[0]
            while under_way:
                yield under_way.popleft().result()[0]
        finally:
            for future in under_way:
                future.cancel()
