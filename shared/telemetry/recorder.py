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
- the commit returns the greatest `order` seen for the event's name; when that is not ours, we
  wrote an older value into `latest`.

What that leaves to be put right, `settling` does. A commit that fails for a group says nothing
about any of its events: those that are stored already, or whose device has left its owner, are
found by a read, any other failure by halving the group.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
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
    RetryError,
)

from shared import store
from shared.telemetry import presence, protobuf, retention, settling
from shared.telemetry.commits import COMMIT_SECONDS, RETRY, TRANSIENT
from shared.telemetry.group import MAX_EVENTS, Entry, Group, in_groups
from shared.telemetry.message import Event, UnstorableError
from shared.telemetry.sharing import Sharing
from shared.telemetry.tenure import Tenure, Tenures, Unowned

GROUPS_AT_ONCE = 2
"""Commits under way at the same time."""
WORTH_ANOTHER = 16
"""Events that have to wait before a second commit begins beside the first: two small ones cost more
than one, and meet at the same devices."""
MAX_RECENT = 20_000
"""Event ids that an instance remembers to have stored; about 4 MB."""
ROUNDS = 4
"""Times that the owners of a group's devices are looked up."""
GROUP_SECONDS = 25.0
"""A group that is not stored by then comes again; the function has 60 seconds, and may have waited
for the group before."""
COPY_SECONDS = 50.0


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
        self._sharing: Sharing[Entry] = Sharing(
            self._store, at_once=GROUPS_AT_ONCE, at_most=MAX_EVENTS, enough=WORTH_ANOTHER
        )
        self._marked_slot = 0
        """In which it has been marked that events come."""
        self._under_way: dict[str, Future[None]] = {}
        self._lock = Lock()

    def record(self, event: Event, received_at: datetime) -> Outcome:
        """Make the event durable. Raises `UnstorableError` when that can never be.

        Firestore's transient faults are raised as they are: the message has to come again.
        """
        if retention.event_expires(event.name, event.published_at) <= received_at:
            # Its first copy may have been stored and expired: it must not be counted again.
            raise UnstorableError("too-old")
        if event.id in self._recent:
            return Outcome.COPY
        mine: Future[None] = Future()
        with self._lock:
            first = self._under_way.setdefault(event.id, mine)
        if first is not mine:
            first.result(COPY_SECONDS)
            return Outcome.COPY
        try:
            outcome = self._record_first(event, received_at)
        except BaseException as failure:
            mine.set_exception(failure)
            raise
        else:
            self._recent.add(event.id)
            mine.set_result(None)
            return outcome
        finally:
            with self._lock:
                del self._under_way[event.id]

    def _record_first(self, event: Event, received_at: datetime) -> Outcome:
        try:
            entry = Entry(event, received_at)
        except (TypeError, ValueError) as refusal:
            raise UnstorableError("refused-by-firestore") from refusal
        self._sharing.do(entry)
        if entry.failure:
            raise entry.failure
        try:
            return self._finish(entry)
        except InvalidArgument as refusal:
            raise UnstorableError("refused-by-firestore") from refusal

    def _finish(self, entry: Entry) -> Outcome:
        """Do what is left to do of an entry."""
        event, tenure = entry.event, entry.tenure
        if "former" in entry.todo:
            present = entry.place if isinstance(entry.place, Tenure) else None
            stored = settling.store_outside(event, entry.received_at, present)
            if not stored and present:
                self._refresh(present, event)
            return Outcome.STORED if stored else Outcome.COPY
        if tenure and entry.todo & {"exists", "stale"}:
            place = self._tenures.look_up({event.device_id})[event.device_id]
            present = place if isinstance(place, Tenure) else None
            moved = settling.put_in_place(tenure.uid, event.device_id, event.id, present)
            if present and present.uid == tenure.uid:
                self._refresh(present, event, sure=moved or "stale" in entry.todo)
        elif tenure and ("overtaken" in entry.todo or event.name == presence.STATUS):
            self._refresh(tenure, event)
        return Outcome.COPY if "exists" in entry.todo else Outcome.STORED

    def _refresh(self, tenure: Tenure, event: Event, *, sure: bool = True) -> None:
        """Bring what the device's document says about events of that name up to date.

        Unless it is `sure` that it is not, a read tells: copies are mostly of what is in order.
        """
        device_id, name = event.device_id, event.name
        if tenure.has_place(name) and (
            sure or not settling.latest_is_right(device_id, tenure, name)
        ):
            try:
                settling.repair_latest(device_id, tenure, name)
            except settling.OutdatedTenureError:
                place = self._tenures.look_up({device_id})[device_id]
                if isinstance(place, Tenure) and place.uid == tenure.uid:
                    self._refresh(place, event)
                return
        if event.name == presence.STATUS:
            settling.judge_presence(event.device_id, tenure)

    def _store(self, entries: Sequence[Entry]) -> None:
        """Store a group: afterwards each entry knows its failure, or what is left to do."""
        deadline = time.monotonic() + GROUP_SECONDS
        try:
            self._place(entries)
        except GoogleAPIError as failure:
            _fail(entries, failure)
            return
        blind = [entry for entry in entries if not entry.todo]
        for group in in_groups(blind):
            self._commit(group, deadline, ROUNDS)

    def _place(self, entries: Sequence[Entry]) -> None:
        """Look up where the entries belong."""
        places = self._tenures.of({entry.event.device_id for entry in entries})
        for entry in entries:
            place = entry.place = places[entry.event.device_id]
            late = isinstance(place, Tenure) and entry.tenure is None
            if late or (isinstance(place, Unowned) and place.was_owned):
                entry.todo.add("former")

    def _commit(self, entries: Sequence[Entry], deadline: float, rounds: int) -> None:
        group = Group(entries)
        if time.monotonic() > deadline or not rounds:
            _fail(entries, settling.OvertakenError("the group could not be stored in time"))
            return
        slot = group.mark_arrival(self._marked_slot)
        try:
            group.read_results(protobuf.commit(group.writes, retry=RETRY, timeout=COMMIT_SECONDS))
            self._marked_slot = slot
        except AlreadyExists:
            self._without_copies(entries, deadline, rounds)
        except NotFound:
            self._after_a_change_of_owner(entries, deadline, rounds)
        except (*TRANSIENT, RetryError) as failure:
            _fail(entries, failure)
        except GoogleAPICallError as failure:
            self._halve(entries, deadline, rounds, failure)

    def _without_copies(self, entries: Sequence[Entry], deadline: float, rounds: int) -> None:
        """Leave out what is stored already, perhaps by a run that died before it could settle."""
        references = {"/".join(entry.path): entry for entry in entries}
        try:
            found = store.client().get_all([store.client().document(p) for p in references], [])
            for snapshot in found:
                if snapshot.exists:
                    references[snapshot.reference.path].todo.add("exists")
        except GoogleAPIError as failure:
            _fail(entries, failure)
            return
        rest = [entry for entry in entries if "exists" not in entry.todo]
        if rest:
            self._commit(rest, deadline, rounds if len(rest) < len(entries) else rounds - 1)

    def _after_a_change_of_owner(
        self, entries: Sequence[Entry], deadline: float, rounds: int
    ) -> None:
        """Look up the owners again. What has none any more is not for this commit."""
        device_ids = {entry.event.device_id for entry in entries}
        self._tenures.forget(device_ids)
        try:
            self._place(entries)
        except GoogleAPIError as failure:
            _fail(entries, failure)
            return
        rest = [entry for entry in entries if not entry.todo]
        if rest:
            self._commit(rest, deadline, rounds - 1)

    def _halve(
        self,
        entries: Sequence[Entry],
        deadline: float,
        rounds: int,
        failure: GoogleAPICallError,
    ) -> None:
        if len(entries) > 1:
            middle = len(entries) // 2
            self._commit(entries[:middle], deadline, rounds)
            self._commit(entries[middle:], deadline, rounds)
            return
        (entry,) = entries
        if not isinstance(failure, InvalidArgument):
            # Firestore's fault and not the event's, which has to come again.
            entry.failure = failure
        elif entry.counted and entry.numbers():
            # The event may be good, and its rollup full.
            entry.counted = False
            self._commit(entries, deadline, rounds)
        elif entry.shown and entry.tenure:
            # Or the device's document: many instances, each with other names in `latest`.
            entry.shown = False
            self._commit(entries, deadline, rounds)
        else:
            entry.failure = UnstorableError("refused-by-firestore")


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
