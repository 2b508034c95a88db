"""Stores events: each once, below its owner, without reads on the usual way.

One commit creates the event, updates the owner's device document and counts the event's numbers in
a rollup; deliveries that wait at the same moment share it. What makes it safe without reading
first:

- the event's id is derived from its content: a copy fails the whole commit with ALREADY_EXISTS, so
  nothing is counted twice,
- the device document exists only while the customer owns the device: after a change of owner the
  commit fails with NOT_FOUND,
- the commit returns `claimEpoch`, so a tenure remembered from before a release and a new claim by
  the same customer is found out,
- the copy of an event from a tenure's first minutes may lie outside, where it was stored while the
  claim was made: the commit deletes it there,
- the commit returns the greatest `order` seen for the event's name; when that is not ours, we
  wrote an older value into `latest`.

What that leaves to be put right, `settling` does. A commit that fails for a group says nothing
about any of its events: those that are stored already, or whose device has left its owner, are
found by a read, any other failure by halving the group.

Whose a device is that an instance does not know yet, a delivery looks up before it joins a group
(together with the others that look up at that moment), so that no commit waits for it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from enum import Enum
from threading import Lock

from google.api_core.exceptions import (
    AlreadyExists,
    GoogleAPICallError,
    GoogleAPIError,
    InvalidArgument,
    NotFound,
)

from shared.firestore import deadline, raw
from shared.firestore.deadline import TRANSIENT
from shared.telemetry import presence, retention
from shared.telemetry.batch import MAX_EVENTS, Entry, Group, in_groups
from shared.telemetry.batcher import Sharing
from shared.telemetry.message import NO_DEVICES, TOO_OLD, Event, UnstorableError
from shared.telemetry.repair import settling
from shared.telemetry.tenure import Tenure, Tenures, Unowned

GROUPS_AT_ONCE = 8
"""Commits under way at the same time."""
WORTH_ANOTHER = 16
"""Events that have to wait before another commit begins beside those under way: two small ones cost
more than one, and meet at the same devices."""
PATIENCE = 0.01
"""Seconds after which fewer are worth one: the service answers in 20 to 100 ms, most of which is
waiting, while a commit costs this process a few."""
MAX_RECENT = 20_000
"""Event ids that an instance remembers to have stored; about 4 MB."""
ROUNDS = 4
"""Times that the owners of a group's devices are looked up."""
GROUP_SECONDS = 25.0
"""A group that is not stored by then comes again: others wait for it."""


class Outcome(Enum):
    """What became of an event."""

    STORED = "stored"
    COPY = "copy"
    """It had been stored before."""


class Recorder:
    """Stores events; safe for threads. One for each process."""

    def __init__(self) -> None:
        """Knowing nothing yet."""
        self._tenures = Tenures()
        self._recent = _Recent()
        self._sharing = _sharing(self._store)
        self._looking_up = _sharing(self._look_up)
        self._marked_slot = 0
        """In which it has been marked that events come."""
        self._under_way: dict[str, Future[None]] = {}
        self._lock = Lock()

    def record(
        self, event: Event, received_at: datetime, *, replayed: bool = False, counted: bool = True
    ) -> Outcome:
        """Make the event durable. Raises `UnstorableError` when that can never be.

        Whether it is `replayed` and `counted`, the entry says.

        Firestore's transient faults are raised as they are, `TimeoutError` when there is no time
        left: the message has to come again.
        """
        if retention.event_expires(event.name, event.published_at) <= received_at:
            # Its first copy may have been stored and expired: it must not be counted again.
            raise UnstorableError(TOO_OLD)
        if event.id in self._recent:
            return Outcome.COPY
        mine: Future[None] = Future()
        with self._lock:
            first = self._under_way.setdefault(event.id, mine)
        if first is not mine:
            first.result(deadline.end() - time.monotonic())
            return Outcome.COPY
        try:
            try:
                entry = Entry(event, received_at, replayed=replayed, counted=counted)
            except (TypeError, ValueError) as refusal:
                raise UnstorableError("refused-by-firestore") from refusal
            outcome = self._record_first(entry)
        except BaseException as failure:
            mine.set_exception(failure)
            raise
        else:
            mine.set_result(None)
            return outcome
        finally:
            with self._lock:
                del self._under_way[event.id]

    def _record_first(self, entry: Entry) -> Outcome:
        event = entry.event
        known = self._tenures.known(event.device_id)
        if known:
            entry.place = known
        elif event.device_id in NO_DEVICES:
            entry.place = Unowned(registered=False, was_owned=False)
        else:
            self._looking_up.do(entry, entry.deadline)
        if not entry.failure and not entry.is_former:
            self._sharing.do(entry, entry.deadline)
        if entry.failure:
            raise entry.failure
        outcome = self._finish(entry)
        if isinstance(entry.place, Tenure):
            # A copy of what was stored of nobody's device may find that it is its new owner's.
            self._recent.add(event.id)
        return outcome

    def _finish(self, entry: Entry) -> Outcome:
        """Do what is left to do of an entry."""
        event, tenure = entry.event, entry.tenure
        if entry.is_former:
            present = entry.place if isinstance(entry.place, Tenure) else None
            stored = settling.store_outside(event, entry.received_at, present)
            if not stored and present:
                self._refresh(present, event, sure=True)
            return Outcome.STORED if stored else Outcome.COPY
        if tenure and entry.todo & {"exists", "stale"} and "settled" not in entry.todo:
            place = self._tenures.look_up({event.device_id})[event.device_id]
            present = place if isinstance(place, Tenure) else None
            moved = settling.put_in_place(tenure.uid, event.device_id, event.id, present)
            if present and present.uid == tenure.uid:
                self._refresh(present, event, sure=moved or "stale" in entry.todo)
        elif tenure and "overtaken" in entry.todo:
            self._refresh(tenure, event, sure=True)
        elif tenure and "exists" not in entry.todo and event.name == presence.STATUS:
            self._derive(tenure, event, latest=False)
        return Outcome.COPY if "exists" in entry.todo else Outcome.STORED

    def _refresh(self, tenure: Tenure, event: Event, *, sure: bool) -> None:
        """Bring what the device's document says about events of that name up to date.

        Unless it is `sure` that it is not, a read tells: copies are mostly of what is in order.
        """
        name = event.name
        latest = tenure.has_place(name) and (
            sure or not settling.latest_is_right(event.device_id, tenure, name)
        )
        self._derive(tenure, event, latest=latest)

    def _derive(self, tenure: Tenure, event: Event, *, latest: bool) -> None:
        """Write anew what follows from the stored events, in the device's present tenure."""
        device_id, name = event.device_id, event.name
        try:
            if latest:
                settling.repair_latest(device_id, tenure, name)
            if name == presence.STATUS:
                settling.judge_presence(device_id, tenure)
        except settling.OutdatedTenureError:
            place = self._tenures.look_up({device_id})[device_id]
            if isinstance(place, Tenure) and place.uid == tenure.uid:
                self._derive(place, event, latest=place.has_place(name))

    def _look_up(self, entries: Sequence[Entry]) -> None:
        """Look up where the entries belong, whatever is known of their devices."""
        places = self._tenures.look_up({entry.event.device_id for entry in entries})
        for entry in entries:
            entry.place = places[entry.event.device_id]

    def _store(self, entries: Sequence[Entry]) -> None:
        """Store a group: afterwards each entry knows its failure, or what is left to do."""
        with deadline.until(time.monotonic() + GROUP_SECONDS):
            blind = [entry for entry in entries if not entry.todo and not entry.is_former]
            for group in in_groups(blind):
                self._commit(group, ROUNDS)

    def _commit(self, entries: Sequence[Entry], rounds: int) -> None:
        if not rounds:
            _fail(entries, settling.OvertakenError("the group was overtaken each time"))
            return
        group = Group(entries)
        slot = group.mark_arrival(self._marked_slot)
        try:
            group.read_results(raw.commit(group.writes))
            self._marked_slot = slot
        except AlreadyExists:
            self._without_copies(entries, rounds)
        except NotFound:
            self._after_a_change_of_owner(entries, rounds)
        except TRANSIENT as failure:
            _fail(entries, failure)
        except GoogleAPICallError as failure:
            self._halve(entries, rounds, failure)

    def _without_copies(self, entries: Sequence[Entry], rounds: int) -> None:
        """Leave out what is stored already, perhaps by a run that died before it could settle."""
        try:
            settling.mark_copies(entries)
        except GoogleAPIError as failure:
            _fail(entries, failure)
            return
        rest = [entry for entry in entries if "exists" not in entry.todo]
        if rest:
            self._commit(rest, rounds if len(rest) < len(entries) else rounds - 1)

    def _after_a_change_of_owner(self, entries: Sequence[Entry], rounds: int) -> None:
        """Look up the owners again. What has none any more is not for this commit."""
        try:
            self._look_up([e for e in entries if e.event.device_id not in NO_DEVICES])
        except GoogleAPIError as failure:
            _fail(entries, failure)
            return
        rest = [entry for entry in entries if not entry.is_former]
        if rest:
            self._commit(rest, rounds - 1)

    def _halve(self, entries: Sequence[Entry], rounds: int, failure: GoogleAPICallError) -> None:
        if len(entries) > 1:
            middle = len(entries) // 2
            self._commit(entries[:middle], rounds)
            self._commit(entries[middle:], rounds)
            return
        (entry,) = entries
        if not isinstance(failure, InvalidArgument):
            # Firestore's fault and not the event's, which has to come again.
            entry.failure = failure
        elif entry.give_up_a_part():
            # The event may be good, and its rollup full, or the device's document.
            self._commit(entries, rounds)
        else:
            entry.failure = UnstorableError("refused-by-firestore")


def _sharing(work: Callable[[Sequence[Entry]], None]) -> Sharing[Entry]:
    return Sharing(
        lambda entries: _do(work, entries),
        at_once=GROUPS_AT_ONCE,
        at_most=MAX_EVENTS,
        enough=WORTH_ANOTHER,
        patience=PATIENCE,
    )


def _do(work: Callable[[Sequence[Entry]], None], entries: Sequence[Entry]) -> None:
    """Do something for all of the entries, in the time that each of them has.

    Firestore's failures are everybody's. Any other is a fault of ours, which one of the entries
    brings to light: it is found by halves, so that it harms no neighbour.
    """
    try:
        with deadline.until(min(entry.deadline for entry in entries)):
            work(entries)
    except GoogleAPIError as failure:
        _fail(entries, failure)
    except Exception as failure:  # noqa: BLE001 - raised by the entry's own thread
        if len(entries) == 1:
            _fail(entries, failure)
            return
        middle = len(entries) // 2
        _do(work, entries[:middle])
        _do(work, entries[middle:])


def _fail(entries: Sequence[Entry], failure: Exception) -> None:
    for entry in entries:
        entry.failure = failure


class _Recent:
    """The ids of events stored lately, so that their copies cost nothing."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, event_id: str) -> bool:
        with self._lock:
            return event_id in self._ids

    def add(self, event_id: str) -> None:
        with self._lock:
            self._ids[event_id] = None
            while len(self._ids) > MAX_RECENT:
                self._ids.popitem(last=False)
