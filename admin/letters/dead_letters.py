"""Dead letters of both kinds: those in Firestore, and those that Pub/Sub keeps."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

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


@dataclass(frozen=True)
class Letter:
    """A message that was not stored."""

    id: str
    reason: str
    replay: Callable[[], str]
    """Ingests it again: `stored`, `copy`, or why it is still a dead letter."""
    drop: Callable[[], Any]
    """Deletes it permanently."""


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
    """The chosen letters. Meanwhile Pub/Sub gives its messages to no other subscriber.

    Raises:
        CannotRun: an id is no letter's.
    """
    with contextlib.ExitStack() as stack:
        found = [_stored(snapshot) for snapshot in _snapshots(choice)]
        missing = set(choice.ids) - {letter.id for letter in found}
        if missing or (not choice.ids and choice.reason in {None, undelivered.REASON}):
            letters = _held(target, stack)
            waiting = [one for one in letters.waiting if not choice.ids or one.id in missing]
            found += [_never_acknowledged(one, letters) for one in waiting]
            missing -= {one.id for one in waiting}
        if missing:
            names = ", ".join(sorted(missing))
            raise CannotRun(f"There is no dead letter {names}. Nothing was changed")
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
            rows += map(_row, _held(target, stack).waiting)
    rows.sort(key=lambda row: row["receivedAt"], reverse=True)
    return rows[:limit]


def _row(message: undelivered.Message) -> dict[str, Any]:
    attributes = read(message.delivered).attributes
    return {
        "id": message.id,
        "receivedAt": message.received_at,
        "reason": undelivered.REASON,
        "deviceId": attributes.get("device_id"),
        "event": attributes.get("event"),
    }


def _snapshots(choice: Choice) -> Iterator[paths.Snapshot]:
    if choice.ids:
        references = [paths.dead_letter(letter_id) for letter_id in choice.ids]
        return (s for s in paths.client().get_all(references) if s.exists)
    found: Iterator[paths.Snapshot] = _with_reason(choice.reason).stream()
    return found


def _with_reason(reason: str | None) -> Any:
    letters = paths.client().collection(paths.DEAD_LETTERS)
    if reason is None:
        return letters
    return letters.where(filter=FieldFilter("reason", "==", reason))


def _held(target: Target, stack: contextlib.ExitStack) -> undelivered.Messages:
    try:
        return stack.enter_context(undelivered.held(target.project))
    except undelivered.NoSubscriptionError:
        if not target.local:
            typer.echo(
                f"There is no subscription {undelivered.SUBSCRIPTION}: messages that ingest never "
                f"acknowledges are lost. Run ./deploy.sh --project {target.project} again",
                err=True,
            )
        return undelivered.Messages()


def _stored(snapshot: paths.Snapshot) -> Letter:
    """A message that can never be stored, in `deadLetters`."""
    reason = str(snapshot.get("reason"))
    delete = snapshot.reference.delete
    return Letter(str(snapshot.id), reason, partial(_replay_stored, snapshot, reason), delete)


def _replay_stored(snapshot: paths.Snapshot, reason: str) -> str:
    text = snapshot.get("message")
    if snapshot.get("length") != len(text.encode()):
        return "cut: more than is kept of a message"
    try:
        # An event that was too old may have been counted before it was deleted.
        outcome = ingest.store(text, replayed=True, counted=reason != TOO_OLD)
    except UnstorableError as failure:
        return failure.reason
    except ingest.RETRIABLE as failure:
        return come_again(failure)
    snapshot.reference.delete()
    return str(outcome.value)


def _never_acknowledged(message: undelivered.Message, messages: undelivered.Messages) -> Letter:
    """A message that Pub/Sub gave up delivering to `ingest`."""
    acknowledge = partial(messages.acknowledge, message)

    def replay() -> str:
        outcome, final = ingest_again(message.delivered)
        if final:
            acknowledge()
        return outcome

    return Letter(message.id, undelivered.REASON, replay, acknowledge)
