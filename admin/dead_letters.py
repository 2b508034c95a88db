"""Dead letters of both kinds, each able to be described, taken in again and dropped."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import typer
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import FieldFilter

from admin import platform_letters
from admin.letters import Choice
from admin.target import Target
from shared import store
from shared.telemetry import intake
from shared.telemetry.message import UnstorableError, read

_LONGEST = 64


class Letter(Protocol):
    """A message that was not stored."""

    @property
    def reason(self) -> str:
        """Why."""

    def description(self) -> dict[str, Any]:
        """A row of the list; never the data, which may be personal."""

    def replay(self) -> str:
        """Take it in again: `stored`, `copy`, or why it stays."""

    def drop(self) -> None:
        """Delete it for good."""


@dataclass(frozen=True)
class Kept:
    """A message that can never be stored, in `deadLetters`."""

    snapshot: store.Snapshot

    @property
    def reason(self) -> str:
        """As `ingest` found it."""
        return str(self.snapshot.get("reason"))

    def description(self) -> dict[str, Any]:
        """A row of the list."""
        fields = self.snapshot.to_dict() or {}
        return _description(self.snapshot.id, fields["receivedAt"], self.reason, fields["message"])

    def replay(self) -> str:
        """Stored, it goes."""
        text = self.snapshot.get("message")
        if self.snapshot.get("length") != len(text.encode()):
            return "cut: more than is kept of a message"
        try:
            outcome = intake.store(text)
        except UnstorableError as failure:
            return failure.reason
        self.snapshot.reference.delete()
        return str(outcome.value)

    def drop(self) -> None:
        """Delete the document."""
        self.snapshot.reference.delete()


@dataclass(frozen=True)
class NeverAcknowledged:
    """A message that the platform gave up delivering to `ingest`."""

    letter: platform_letters.Letter
    all: platform_letters.Letters
    reason: str = platform_letters.REASON

    def description(self) -> dict[str, Any]:
        """A row of the list."""
        message = self.letter.delivered
        return _description(self.letter.id, self.letter.received_at, self.reason, message)

    def replay(self) -> str:
        """As `ingest` does it: what turns out to be poison is kept in `deadLetters`."""
        try:
            outcome = intake.take(self.letter.delivered)
        except GoogleAPICallError as failure:
            return f"{self.reason}: {failure.message}"
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
        missing = set(choice.ids) - {letter.description()["id"] for letter in found}
        if missing or (not choice.ids and choice.reason in {None, platform_letters.REASON}):
            waiting = _waiting(target, stack)
            found += [one for one in waiting if not choice.ids or one.letter.id in missing]
            missing -= {one.letter.id for one in waiting}
        for letter_id in sorted(missing):
            typer.echo(f"no such dead letter: {letter_id}", err=True)
        yield found


def _waiting(target: Target, stack: contextlib.ExitStack) -> list[NeverAcknowledged]:
    try:
        letters = stack.enter_context(platform_letters.held(target.project))
    except platform_letters.NoSubscriptionError:
        if not target.local:
            typer.echo(
                f"There is no subscription {platform_letters.SUBSCRIPTION}: what ingest never "
                f"acknowledges is lost. Run ./deploy.sh --project {target.project} again",
                err=True,
            )
        return []
    return [NeverAcknowledged(letter, letters) for letter in letters.waiting]


def _kept(choice: Choice) -> Iterator[Kept]:
    if choice.ids:
        references = [store.dead_letter(letter_id) for letter_id in choice.ids]
        yield from (Kept(s) for s in store.client().get_all(references) if s.exists)
        return
    query: Any = store.client().collection(store.DEAD_LETTERS)
    if choice.reason is not None:
        query = query.where(filter=FieldFilter("reason", "==", choice.reason))
    yield from (Kept(snapshot) for snapshot in query.stream())


def _description(
    letter_id: str, received_at: datetime, reason: str, delivered: Any
) -> dict[str, Any]:
    attributes = read(delivered).attributes
    return {
        "id": letter_id,
        "receivedAt": received_at,
        "reason": reason,
        "deviceId": _text(attributes.get("device_id")),
        "event": _text(attributes.get("event")),
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:_LONGEST]
