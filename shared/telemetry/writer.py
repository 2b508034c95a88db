"""Stores events: each once, below its owner, and in the usual case without reading.

One commit creates the event, updates the owner's device document and counts the event's numbers in
a rollup; deliveries that wait at the same moment share it. The commit is blind: nothing is read
before it. This is what makes it safe:

- The event's id is derived from its content. A copy makes the whole commit fail with
  ALREADY_EXISTS, so nothing is counted twice (`identity`).
- The device document exists only while the customer owns the device. After a change of owner the
  commit fails with NOT_FOUND.
- The commit returns the stored `claimEpoch`. This detects a remembered tenure that is outdated
  because the customer released the device and claimed it again.
- A copy of an event from the first minutes of a tenure may be outside any tenure, where it was
  stored while the claim was made. The commit deletes it there.
- The commit returns the greatest `order` seen for the event's name. When that is not ours, we have
  written an older value into `latest`. An event that is older than what a commit of this instance
  has seen is not written into `latest` at all; and no two commits of one device are under way in an
  instance at the same time.
- With a name that is new to this instance, the commit counts it and returns how many were counted.
  When those are too many, other instances have filled `latest` as well.

What the commit may thereby get wrong, `repair` puts right. When a commit fails for a batch, that
says nothing about any one of its events. Events that are stored already, or whose device has left
its owner, are found by a read; the event behind any other failure is found by halving the batch.

A delivery whose device this instance does not know looks up the owner before it joins a batch
(together with the others that look up owners at that moment), so that no commit waits for it.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from enum import Enum
from threading import Lock

from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    GoogleAPIError,
    InvalidArgument,
    NotFound,
)

from shared import settings
from shared.cache import Cache
from shared.firestore import deadline, raw
from shared.firestore.deadline import TRANSIENT
from shared.telemetry import retention
from shared.telemetry.alerts import judgement
from shared.telemetry.alerts.watch import Watch
from shared.telemetry.batch import MAX_EVENTS, Batch, in_batches
from shared.telemetry.batcher import Batcher
from shared.telemetry.message import NO_DEVICES, TOO_OLD, Event, UnstorableError
from shared.telemetry.pending import PendingEvent, Repair
from shared.telemetry.presence import STATUS
from shared.telemetry.repair import (
    OutdatedTenureError,
    OvertakenError,
    copies,
    firmware,
    latest,
    placement,
    presence,
)
from shared.telemetry.tenure import Tenure, Tenures, Unowned

MAX_BATCHES = 8
"""Commits under way at the same time."""
ENOUGH = 16
"""Waiting events that justify another commit beside those under way: two small commits cost more
than one, and they contend for the same devices."""
PATIENCE = 0.01
"""Seconds after which fewer events justify one. The service answers in 20 to 100 ms, and a commit
occupies this process for only a few of them."""
MAX_STORED = 20_000
"""Ids of stored events that an instance remembers; about 5 MB."""
ROUNDS = 4
"""How often the owners of a batch's devices are looked up again."""

_MISPLACED = Repair.STALE | Repair.EXISTS
"""The event may be where it does not belong."""


class Outcome(Enum):
    """What became of an event."""

    STORED = "stored"
    COPY = "copy"
    """It had been stored before."""


class _UnderWay:
    """An event that this process is storing at the moment."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.outcome: Future[Outcome] = Future()

    def was_copied_by(self, other: Event, timeout: float) -> bool:
        """Wait until it is stored; whether the other one, which has the same key, is its copy.

        Raises what storing it raised if that is so, and `TimeoutError`. An event that turns out to
        be a copy itself says nothing about another of the same key: what is stored is further away.
        """
        if other.id == self.event.id:
            self.outcome.result(timeout)
            return True
        failure = self.outcome.exception(timeout)
        stored = failure is None and self.outcome.result() is Outcome.STORED
        return stored and other.is_copy(self.event.id, self.event.published_at)


class EventWriter:
    """Stores events; safe for threads. One for each process."""

    def __init__(self) -> None:
        """Begin with an empty memory."""
        self._tenures = Tenures()
        self._stored: Cache[str, bool] = Cache(MAX_STORED)
        """Ids of events stored lately, so that their copies cost nothing."""
        self._watch = Watch()
        self._commits = _batcher(self._store, key=_device)
        self._look_ups = _batcher(self._look_up)
        self._marked_slot = 0
        """The last slot of time for which it is marked that events arrived."""
        self._under_way: dict[str, _UnderWay] = {}
        """The events that are being stored, by their keys."""
        self._lock = Lock()

    def write(
        self, event: Event, received_at: datetime, *, replayed: bool = False, counted: bool = True
    ) -> Outcome:
        """Make the event durable. Raises `UnstorableError` when that can never be.

        `PendingEvent` documents `replayed` and `counted`.

        Firestore's transient faults are raised as they are, and `TimeoutError` when no time is
        left: the message has to be delivered again.
        """
        if retention.event_expires(event.name, event.published_at) <= received_at:
            # Its first copy may have been stored, and have expired: it must not be counted again.
            raise UnstorableError(TOO_OLD)
        if event.id in self._stored:
            return Outcome.COPY
        mine = _UnderWay(event)
        while (first := self._begin(mine)) is not mine:
            if first.was_copied_by(event, deadline.end() - time.monotonic()):
                return Outcome.COPY
        try:
            try:
                pending = PendingEvent(event, received_at, replayed=replayed, counted=counted)
            except (TypeError, ValueError) as refusal:
                raise UnstorableError("refused-by-firestore") from refusal
            outcome = self._write_first(pending)
        except BaseException as failure:
            mine.outcome.set_exception(failure)
            raise
        else:
            mine.outcome.set_result(outcome)
            return outcome
        finally:
            with self._lock:
                del self._under_way[event.key]

    def _begin(self, mine: "_UnderWay") -> "_UnderWay":
        """The event under way that this one may be a copy of; this one if there is none."""
        with self._lock:
            return self._under_way.setdefault(mine.event.key, mine)

    def _write_first(self, pending: PendingEvent) -> Outcome:
        """Store an event of which this process is storing no other copy."""
        event = pending.event
        known = self._tenures.known(event.device_id)
        if known:
            pending.place = known
        elif event.device_id in NO_DEVICES:
            pending.place = Unowned(registered=False, was_owned=False)
        else:
            self._look_ups.process(pending, pending.deadline)
        if not pending.failure and not pending.may_be_former_owners:
            self._commits.process(pending, pending.deadline)
        if pending.failure:
            raise pending.failure
        outcome = self._finish(pending)
        self._consider_alerts(pending)
        if isinstance(pending.place, Tenure):
            # Without an owner it is not remembered: a copy may find that it is a new owner's.
            self._stored.put(pending.stored_id, value=True)
        return outcome

    def _finish(self, pending: PendingEvent) -> Outcome:
        """Store an event that belongs to no commit; make the repairs that any other needs."""
        event, tenure, repair = pending.event, pending.tenure, pending.repair
        if pending.may_be_former_owners:
            present = pending.place if isinstance(pending.place, Tenure) else None
            stored = placement.store_outside(event, pending.received_at, present)
            if not stored and present:
                self._refresh(present, event, outdated=True)
            return Outcome.STORED if stored else Outcome.COPY
        if tenure and Repair.OTHER_FIRMWARE in repair:
            firmware.repair(event.device_id, tenure, pending.firmware_known)
        if tenure and Repair.CROWDED in repair:
            self._keep_to_limit(tenure, event.device_id)
        repair &= ~(Repair.OTHER_FIRMWARE | Repair.CROWDED)
        if not repair:
            if tenure and event.name == STATUS:
                self._derive(tenure, event, shown=False)
        elif tenure and repair & _MISPLACED and Repair.SETTLED not in repair:
            place = self._tenures.look_up({event.device_id})[event.device_id]
            present = place if isinstance(place, Tenure) else None
            moved = placement.put_in_place(tenure.uid, event.device_id, pending.stored_id, present)
            if present and present.uid == tenure.uid:
                self._refresh(present, event, outdated=moved or Repair.STALE in repair)
        elif tenure and Repair.OVERTAKEN in repair:
            # Meanwhile a newer event may have been written over it.
            self._refresh(tenure, event, outdated=False)
        return Outcome.COPY if Repair.EXISTS in repair else Outcome.STORED

    def _consider_alerts(self, pending: PendingEvent) -> None:
        """Judge the alerts that the event may change, in the tenure that has it by now."""
        event, tenure, version = pending.event, pending.tenure, pending.alerts_version
        if tenure and version is None:
            tenure = self._tenures.known(event.device_id)  # looked up since
        elif tenure and pending.unnoticed:
            judgement.touch(tenure.uid, event.device_id)
            version = None
        if tenure and tenure.holds(event.published_at):
            self._watch.consider(event, pending.samples, tenure, version)

    def _refresh(self, tenure: Tenure, event: Event, *, outdated: bool) -> None:
        """Update what the device's document says about events of that name.

        Unless `latest` is known to be `outdated`, a read checks it: for most copies it is right.
        """
        shown = tenure.has_place(event.name) and (
            outdated or not latest.is_right(event.device_id, tenure, event.name)
        )
        self._derive(tenure, event, shown=shown)

    def _derive(self, tenure: Tenure, event: Event, *, shown: bool) -> None:
        """Write again what follows from the stored events, in the device's present tenure.

        That is the presence for status events, and `latest` when the event's name is to be `shown`.
        """
        device_id, name = event.device_id, event.name
        try:
            if shown:
                tenure.reserve_place(name)
                latest.repair(device_id, tenure, name)
            if name == STATUS:
                presence.repair(device_id, tenure)
        except OutdatedTenureError:
            place = self._tenures.look_up({device_id})[device_id]
            if isinstance(place, Tenure) and place.uid == tenure.uid:
                self._derive(place, event, shown=place.has_place(name))

    def _keep_to_limit(self, tenure: Tenure, device_id: str) -> None:
        """See that `latest` has not too many names, in the device's present tenure."""
        try:
            latest.keep_to_limit(device_id, tenure)
        except OutdatedTenureError:
            place = self._tenures.look_up({device_id})[device_id]
            if isinstance(place, Tenure) and place.uid == tenure.uid:
                self._keep_to_limit(place, device_id)

    def _look_up(self, events: Sequence[PendingEvent]) -> None:
        """Look up where the events belong, whatever is remembered of their devices."""
        places = self._tenures.look_up({pending.event.device_id for pending in events})
        for pending in events:
            pending.place = places[pending.event.device_id]

    def _store(self, events: Sequence[PendingEvent]) -> None:
        """Commit the events; afterwards each has its `failure`, or its `repair` is known.

        While a fault of ours is isolated, events come here again: those that are known to need a
        repair are stored already.
        """
        with deadline.until(time.monotonic() + settings.BATCH_TIMEOUT):
            blind = [p for p in events if not p.repair and not p.may_be_former_owners]
            for batch in in_batches(blind):
                self._commit(batch, ROUNDS)

    def _commit(self, events: Sequence[PendingEvent], rounds: int) -> None:
        if not rounds:
            _fail(events, OvertakenError("the batch was overtaken each time"))
            return
        batch = Batch(events)
        slot = batch.mark_arrival(self._marked_slot)
        try:
            batch.note_results(raw.commit(batch.writes))
            self._marked_slot = slot
        except (AlreadyExists, FailedPrecondition):
            self._commit_without_copies(events, rounds)
        except NotFound:
            self._commit_for_new_owners(events, rounds)
        except TRANSIENT as failure:
            _fail(events, failure)
        except GoogleAPICallError as failure:
            self._commit_halves(events, rounds, failure)

    def _commit_without_copies(self, events: Sequence[PendingEvent], rounds: int) -> None:
        """Leave out what is stored already, perhaps by a process that crashed before its repair."""
        try:
            copies.mark(events)
        except GoogleAPIError as failure:
            _fail(events, failure)
            return
        rest = [pending for pending in events if Repair.EXISTS not in pending.repair]
        if rest:
            self._commit(rest, rounds if len(rest) < len(events) else rounds - 1)

    def _commit_for_new_owners(self, events: Sequence[PendingEvent], rounds: int) -> None:
        """Look up the owners again; leave out events that may be a former owner's by now."""
        try:
            self._look_up([p for p in events if p.event.device_id not in NO_DEVICES])
        except GoogleAPIError as failure:
            _fail(events, failure)
            return
        rest = [pending for pending in events if not pending.may_be_former_owners]
        if rest:
            self._commit(rest, rounds - 1)

    def _commit_halves(
        self, events: Sequence[PendingEvent], rounds: int, failure: GoogleAPICallError
    ) -> None:
        """Commit each half of the batch; of a single event, less than the whole."""
        if len(events) > 1:
            middle = len(events) // 2
            self._commit(events[:middle], rounds)
            self._commit(events[middle:], rounds)
            return
        (pending,) = events
        if not isinstance(failure, InvalidArgument):
            # Firestore is at fault, not the event, which has to be delivered again.
            pending.failure = failure
        elif pending.fall_back():
            self._commit(events, rounds)
        else:
            pending.failure = UnstorableError("refused-by-firestore")


def _device(pending: PendingEvent) -> str:
    """Commits of one device follow each other: at the same time they would overtake each other."""
    return pending.event.device_id


def _batcher(
    work: Callable[[Sequence[PendingEvent]], None],
    key: Callable[[PendingEvent], str] | None = None,
) -> Batcher[PendingEvent]:
    return Batcher(
        lambda events: _isolate_faults(work, events),
        max_batches=MAX_BATCHES,
        max_items=MAX_EVENTS,
        enough=ENOUGH,
        patience=PATIENCE,
        key=key,
    )


def _isolate_faults(
    work: Callable[[Sequence[PendingEvent]], None], events: Sequence[PendingEvent]
) -> None:
    """Do some work for all of the events, in the time that each of them has.

    A failure of Firestore is the failure of all of them. Any other exception is a fault of ours
    that one of the events brings to light: halving finds that event, so that it harms no other.
    """
    try:
        with deadline.until(min(pending.deadline for pending in events)):
            work(events)
    except GoogleAPIError as failure:
        _fail(events, failure)
    except Exception as failure:  # noqa: BLE001 - raised by the event's own thread
        if len(events) == 1:
            _fail(events, failure)
            return
        middle = len(events) // 2
        _isolate_faults(work, events[:middle])
        _isolate_faults(work, events[middle:])


def _fail(events: Sequence[PendingEvent], failure: Exception) -> None:
    for pending in events:
        pending.failure = failure
