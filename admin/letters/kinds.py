"""Dead letters of both kinds, each able to be described, taken in again and dropped."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import typer
from google.cloud.firestore import FieldFilter, Query

from admin.cli.target import Target
from admin.commands.dead_letters import Choice
from admin.letters import undelivered
from admin.letters.outcomes import come_again
from shared.firestore import paths
from shared.telemetry import ingest
from shared.telemetry.message import TOO_OLD, UnstorableError, read

_LISTED = ["receivedAt", "reason", "deviceId", "event"]


class Letter(Protocol):
    """A message that was not stored."""

    @property
    def id(self) -> str:
        """As the list shows it."""

    @property
    def reason(self) -> str:
        """Why."""

    def replay(self) -> str:
        """Take it in again: `stored`, `copy`, or why it stays."""

    def drop(self) -> None:
        """Delete it for good."""


@dataclass(frozen=True)
class Kept:
    """A message that can never be stored, in `deadLetters`."""

    snapshot: paths.Snapshot

    @property
    def id(self) -> str:
        """The document's."""
        return str(self.snapshot.id)

    @property
    def reason(self) -> str:
        """As `ingest` found it."""
        return str(self.snapshot.get("reason"))

    def replay(self) -> str:
        """Stored, it goes."""
        text = self.snapshot.get("message")
        if self.snapshot.get("length") != len(text.encode()):
            return "cut: more than is kept of a message"
        try:
            # What is older than it was kept may have been counted before it was deleted.
            counted = self.reason != TOO_OLD
            outcome = ingest.store(text, replayed=True, counted=counted)
        except UnstorableError as failure:
            return failure.reason
        except ingest.RETRIABLE as failure:
            return come_again(failure)
        self.snapshot.reference.delete()
        return str(outcome.value)

    def drop(self) -> None:
        """Delete the document."""
        self.snapshot.reference.delete()


@dataclass(frozen=True)
class NeverAcknowledged:
    """A message that the platform gave up delivering to `ingest`."""

    letter: undelivered.Letter
    all: undelivered.Letters
    reason: str = undelivered.REASON

    @property
    def id(self) -> str:
        """The message's."""
        return self.letter.id

    def replay(self) -> str:
        """As `ingest` does it: what turns out to be poison is kept in `deadLetters`."""
        try:
            outcome = ingest.ingest(self.letter.delivered, replayed=True)
        except ingest.RETRIABLE as failure:
            return come_again(failure)
        self.all.acknowledge(self.letter)
        return outcome.reason if isinstance(outcome, UnstorableError) else str(outcome.value)

    def drop(self) -> None:
        """Acknowledge it."""
        self.all.acknowledge(self.letter)


@contextlib.contextmanager
def chosen(target: Target, choice: Choice) -> Iterator[list[Letter]]:
    """The letters that were chosen; those at the platform are kept from others meanwhile."""
    with contextlib.ExitStack() as stack:
        found: list[Letter] = list(_kept(choice))
        missing = set(choice.ids) - {letter.id for letter in found}
        if missing or (not choice.ids and choice.reason in {None, undelivered.REASON}):
            waiting = _waiting(target, stack)
            found += [one for one in waiting if not choice.ids or one.letter.id in missing]
            missing -= {one.letter.id for one in waiting}
        for letter_id in sorted(missing):
            typer.echo(f"no such dead letter: {letter_id}", err=True)
        yield found


def listed(target: Target, reason: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest letters for people; without their data, which are large and may be personal."""
    query: Any = paths.client().collection(paths.DEAD_LETTERS)
    if reason is not None:
        query = query.where(filter=FieldFilter("reason", "==", reason))
    newest = query.order_by("receivedAt", direction=Query.DESCENDING).limit(limit)
    rows = [
        {"id": snapshot.id, **dict.fromkeys(_LISTED), **snapshot.to_dict()}
        for snapshot in newest.select(_LISTED).stream()
    ]
    if reason in {None, undelivered.REASON}:
        with contextlib.ExitStack() as stack:
            rows += [_row(one.letter) for one in _waiting(target, stack)]
    rows.sort(key=lambda row: row["receivedAt"], reverse=True)
    return rows[:limit]


def _row(letter: undelivered.Letter) -> dict[str, Any]:
    attributes = read(letter.delivered).attributes
    return {
        "id": letter.id,
        "receivedAt": letter.received_at,
        "reason": undelivered.REASON,
        "deviceId": attributes.get("device_id"),
        "event": attributes.get("event"),
    }


def _waiting(target: Target, stack: contextlib.ExitStack) -> list[NeverAcknowledged]:
    try:
        letters = stack.enter_context(undelivered.held(target.project))
    except undelivered.NoSubscriptionError:
        if not target.local:
            typer.echo(
                f"There is no subscription {undelivered.SUBSCRIPTION}: what ingest never "
                f"acknowledges is lost. Run ./deploy.sh --project {target.project} again",
                err=True,
            )
        return []
    return [NeverAcknowledged(letter, letters) for letter in letters.waiting]


def _kept(choice: Choice) -> Iterator[Kept]:
    if choice.ids:
        references = [paths.dead_letter(letter_id) for letter_id in choice.ids]
        yield from (Kept(s) for s in paths.client().get_all(references) if s.exists)
        return
    query: Any = paths.client().collection(paths.DEAD_LETTERS)
    if choice.reason is not None:
        query = query.where(filter=FieldFilter("reason", "==", choice.reason))
    yield from (Kept(snapshot) for snapshot in query.stream())
