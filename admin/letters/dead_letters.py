"""Dead letters of both kinds: those in Firestore, and those that Pub/Sub keeps."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import typer
from google.cloud.firestore import FieldFilter, Query

from admin.cli.errors import CannotRun
from admin.cli.target import Target
from admin.letters import undelivered
from admin.letters.outcomes import come_again, ingest_again
from shared.firestore import paths
from shared.telemetry import ingest
from shared.telemetry.message import TOO_OLD, UnstorableError, read

_LISTED = ["receivedAt", "reason", "deviceId", "event"]


class Letter(Protocol):
    """A message that was not stored."""

    @property
    def id(self) -> str:
        """Its id, as the list shows it."""

    @property
    def reason(self) -> str:
        """Why it was not stored."""

    def replay(self) -> str:
        """Ingest it again: `stored`, `copy`, or why it is still a dead letter."""

    def drop(self) -> None:
        """Delete it permanently."""


@dataclass(frozen=True)
class Kept:
    """A message that can never be stored, in `deadLetters`."""

    snapshot: paths.Snapshot

    @property
    def id(self) -> str:
        """The document's id."""
        return str(self.snapshot.id)

    @property
    def reason(self) -> str:
        """As `ingest` found it."""
        return str(self.snapshot.get("reason"))

    def replay(self) -> str:
        """Store the message; on success, delete the document."""
        text = self.snapshot.get("message")
        if self.snapshot.get("length") != len(text.encode()):
            return "cut: more than is kept of a message"
        try:
            # An event that was too old may have been counted before it was deleted.
            counted = self.reason != TOO_OLD
            outcome = ingest.store(text, replayed=True, counted=counted)
        except UnstorableError as failure:
            return failure.reason
        except ingest.COME_AGAIN as failure:
            return come_again(failure)
        self.drop()
        return str(outcome.value)

    def drop(self) -> None:
        """Delete the document."""
        self.snapshot.reference.delete()


@dataclass(frozen=True)
class NeverAcknowledged:
    """A message that Pub/Sub gave up delivering to `ingest`."""

    letter: undelivered.Letter
    all: undelivered.Letters
    reason: str = undelivered.REASON

    @property
    def id(self) -> str:
        """The message's id."""
        return self.letter.id

    def replay(self) -> str:
        """Ingest the message, and acknowledge it unless it has to be tried again."""
        outcome, final = ingest_again(self.letter.delivered)
        if final:
            self.drop()
        return outcome

    def drop(self) -> None:
        """Acknowledge the message."""
        self.all.acknowledge(self.letter)


@dataclass(frozen=True)
class Choice:
    """The letters that a command works on: those with the ids, or else with the reason, or all."""

    ids: Sequence[str]
    reason: str | None = None

    @classmethod
    def required(cls, ids: Sequence[str], reason: str | None, *, everything: bool) -> "Choice":
        """Raise `CannotRun` when nothing, or two different things, were chosen."""
        if bool(ids) == (everything or reason is not None):
            raise CannotRun(
                "Choose the dead letters: by id, as `dead-letters list` shows it, by --reason, or "
                "with --all"
            )
        return cls(ids, reason)


@contextlib.contextmanager
def chosen(target: Target, choice: Choice) -> Iterator[list[Letter]]:
    """The chosen letters. Meanwhile Pub/Sub gives its messages to no other subscriber."""
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
    """The newest letters, without the messages: those are large and may be personal."""
    newest = _with_reason(reason).order_by("receivedAt", direction=Query.DESCENDING).limit(limit)
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
                f"There is no subscription {undelivered.SUBSCRIPTION}: messages that ingest never "
                f"acknowledges are lost. Run ./deploy.sh --project {target.project} again",
                err=True,
            )
        return []
    return [NeverAcknowledged(letter, letters) for letter in letters.waiting]


def _kept(choice: Choice) -> Iterator[Kept]:
    if choice.ids:
        references = [paths.dead_letter(letter_id) for letter_id in choice.ids]
        yield from (Kept(s) for s in paths.client().get_all(references) if s.exists)
        return
    yield from (Kept(snapshot) for snapshot in _with_reason(choice.reason).stream())


def _with_reason(reason: str | None) -> Any:
    letters = paths.client().collection(paths.DEAD_LETTERS)
    return (
        letters.where(filter=FieldFilter("reason", "==", reason)) if reason is not None else letters
    )
