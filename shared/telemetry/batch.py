"""Events that are stored together: the writes of one commit, and what its results mean.

For each event its own document; for each device one update, whatever number of its events is in the
group; for each name and day of a device one rollup. What makes the commit safe without reading
first stands in `recorder`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.firestore import deadline, paths, raw
from shared.firestore.raw import path
from shared.telemetry import arrivals, retention, rollup, system_events
from shared.telemetry import value as values
from shared.telemetry.message import MAX_NAME_BYTES, NO_DEVICES, Event
from shared.telemetry.tenure import Tenure, Unowned

MAX_EVENTS = 40
MAX_BYTES = 2_000_000
"""Of one commit. Firestore takes 10 MiB, but its emulator fails above 4 MB."""
MAX_TRANSFORMS = 500
"""Of one document in one commit: Firestore's limit, which its emulator does not know."""
_TRANSFORMS = 5
"""Of a number that is counted, at most."""
_TRANSFORM_BYTES = 64
"""Of one of them, beside the metric's name, of which a character takes up to four."""
_OWN_BYTES = 8 * MAX_NAME_BYTES + values.LATEST_BYTES + 1024
"""What an event adds to a commit beside its own document and its numbers, at most: in the device's
document, the rollup's labels and all paths."""

_UNKNOWN_DAYS = 90


class Entry:
    """An event on its way, and where it goes."""

    def __init__(
        self, event: Event, received_at: datetime, *, replayed: bool = False, counted: bool = True
    ) -> None:
        """Raises `ValueError` or `TypeError` for what Firestore's messages cannot hold."""
        self.event = event
        self.received_at = received_at
        self.deadline = deadline.end()
        """After which nothing is begun for it, by `time.monotonic`."""
        self.place: Tenure | Unowned | None = None
        """Whose the device is."""
        self.replayed = replayed
        """Whether it is taken in again by an operator, and so no sign that events come."""
        self.counted = counted
        """Whether its numbers go into the rollups."""
        self.shown = True
        """Whether it goes into the device's `latest`."""
        self.todo: set[str] = set()
        """What is left to do after the commit, or instead of it:

        `stale`: stored by an outdated tenure; `overtaken`: `latest` holds an older event; `exists`:
        had been stored before; `settled`: and nothing of it is left to be put right.
        """
        self.failure: Exception | None = None
        # Most of a commit is made here, by the event's own thread.
        self._write = raw.create("", document_fields(event, received_at))
        self._metrics = rollup.metrics(event.value)
        self._less = iter(
            [(False, True), (True, False), (False, False)]
            if counted and self._metrics
            else [(counted, False)]
        )

    @property
    def is_former(self) -> bool:
        """Whether a former owner may have it: it belongs to no present tenure."""
        if isinstance(self.place, Tenure):
            return not self.place.holds(self.event.published_at)
        return self.place is not None and self.place.was_owned

    @property
    def tenure(self) -> Tenure | None:
        """The tenure that holds the event; None when it is stored outside."""
        place = self.place
        if isinstance(place, Tenure) and place.holds(self.event.published_at):
            return place
        return None

    @property
    def path(self) -> tuple[str, ...]:
        """Collection and document ids of the event's document, in turn."""
        return (*device_path(self.tenure, self.event.device_id), paths.EVENTS, self.event.id)

    def write(self) -> Any:
        """The write that creates the document."""
        document = self._write.update
        document.name = raw.name(*self.path)
        if self.tenure:
            document.fields["claimEpoch"].integer_value = self.tenure.epoch
        else:
            document.fields.pop("claimEpoch", None)
        if not self.counted:
            document.fields["uncounted"].boolean_value = True
        else:
            document.fields.pop("uncounted", None)
        return self._write

    def numbers(self) -> Mapping[str, rollup.Number]:
        """The numbers that count."""
        if not self.counted or self.tenure is None:
            return {}
        return self.tenure.counted(self.event.name, self._metrics)

    def give_up_a_part(self) -> bool:
        """Do without the rollup, else without `latest`, else without both; False after that."""
        less = next(self._less, None) if self.tenure else None
        if less:
            self.counted, self.shown = less
        return less is not None


def device_path(tenure: Tenure | None, device_id: str) -> tuple[str, ...]:
    """Where the device's document is: its owner's, or the registry's."""
    if tenure is None:
        return (paths.DEVICES, device_id)
    return (paths.USERS, tenure.uid, paths.DEVICES, device_id)


def document_fields(event: Event, received_at: datetime) -> dict[str, Any]:
    """An event's document."""
    fields: dict[str, Any] = {
        "event": event.name,
        "data": event.data,
        "value": event.value,
        "publishedAt": event.published_at,
        "receivedAt": received_at,
        "expireAt": retention.event_expires(event.name, event.published_at),
    }
    if event.value_error:
        fields["valueError"] = event.value_error
    if event.encoding:
        fields["encoding"] = event.encoding
    return fields


def latest_fields(
    name: str, value: Any, data: str | None, published_at: datetime, order: int
) -> dict[tuple[str, ...], Any]:
    """What the newest event of a name says in the device document."""
    entry = {**values.cut(value, data or ""), "publishedAt": published_at, "order": order}
    derived = system_events.fields(name, value, published_at)
    return {("latest", name): entry, **{(key,): item for key, item in derived.items()}}


def in_groups(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    """The entries in groups that keep to Firestore's limits for a commit."""
    group: list[Entry] = []
    size = 0
    transforms: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.event.device_id, entry.event.name)
        numbers = entry.numbers()
        cells = _TRANSFORMS * len(numbers)
        added = entry.write().ByteSize() + _OWN_BYTES
        added += sum(_TRANSFORMS * (4 * len(metric) + _TRANSFORM_BYTES) for metric in numbers)
        full = transforms.get(key, 0) + cells > MAX_TRANSFORMS
        if group and (len(group) == MAX_EVENTS or size + added > MAX_BYTES or full):
            yield group
            group, size, transforms = [], 0, {}
        group.append(entry)
        size += added
        transforms[key] = transforms.get(key, 0) + cells
    if group:
        yield group


class Group:
    """The commit of some entries, no two of the same event."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Of entries that know their place."""
        self._entries = entries
        self._devices: list[tuple[int, Tenure, list[Entry], list[Entry]]] = []
        self.writes: list[Any] = [entry.write() for entry in entries]
        for tenure, mine in _by_device(entries):
            if isinstance(tenure, Tenure):
                self._add_device(tenure, mine)
                self._add_rollups(tenure, mine)
            elif not tenure.registered and mine[0].event.device_id not in NO_DEVICES:
                self.writes.append(_unknown_device(mine))
        for entry in entries:
            if entry.tenure and entry.tenure.may_be_outside(entry.event.published_at):
                outside = raw.name(*device_path(None, entry.event.device_id), *entry.path[-2:])
                self.writes.append(raw.delete(outside))
        for write in self.writes:
            if len(write.update_transforms) > MAX_TRANSFORMS:
                raise AssertionError(f"{len(write.update_transforms)} transforms of a document")
        size = sum(write.ByteSize() for write in self.writes)
        if size > MAX_BYTES:
            raise AssertionError(f"{size} bytes in a commit")

    def mark_arrival(self, marked: int) -> int:
        """Note that events came at this time, unless that slot is `marked`; the slot marked now."""
        times = [
            entry.received_at
            for entry in self._entries
            if not entry.replayed and entry.event.device_id not in NO_DEVICES
        ]
        slot = max(map(arrivals.slot_of, times), default=marked)
        if slot > marked:
            day, key = arrivals.day_and_key(slot)
            fields: dict[tuple[str, ...], Any] = {
                ("slots", key): True,
                ("expireAt",): max(times) + timedelta(days=arrivals.KEPT_DAYS),
            }
            self.writes.append(raw.merge(raw.name(paths.HEALTH, day), fields, (), must_exist=False))
        return max(slot, marked)

    def read_results(self, results: Sequence[Any]) -> None:
        """Note in the entries what the commit's results say is to be put right."""
        for index, tenure, mine, newest in self._devices:
            epoch, *orders = (r.integer_value for r in results[index].transform_results)
            if epoch != tenure.epoch:
                for entry in mine:
                    entry.todo.add("stale")
            # Those of `latestOrder` stand last.
            for entry, order in zip(newest, orders[len(orders) - len(newest) :], strict=True):
                if order > entry.event.order:
                    entry.todo.add("overtaken")

    def _add_device(self, tenure: Tenure, mine: list[Entry]) -> None:
        newest: dict[str, Entry] = {}
        for entry in mine:
            name = entry.event.name
            if entry.shown and tenure.has_place(name):
                known = newest.get(name)
                if known is None or known.event.order < entry.event.order:
                    newest[name] = entry
        fields: dict[tuple[str, ...], Any] = {}
        for name, entry in newest.items():
            event = entry.event
            at = event.published_at
            fields |= latest_fields(name, event.value, event.data, at, event.order)
        transforms: list[raw.Transform] = [("claimEpoch", "increment", 0)]
        seen = [
            milliseconds(entry.event.published_at)
            for entry in mine
            if system_events.is_sign_of_life(entry.event.name, entry.event.value)
        ]
        if seen:
            transforms.append(("lastSeenAt", "maximum", max(seen)))
        transforms += [
            (path("latestOrder", name), "maximum", entry.event.order)
            for name, entry in newest.items()
        ]
        self._devices.append((len(self.writes), tenure, mine, list(newest.values())))
        document = raw.name(*device_path(tenure, mine[0].event.device_id))
        self.writes.append(raw.merge(document, fields, transforms, must_exist=True))

    def _add_rollups(self, tenure: Tenure, mine: list[Entry]) -> None:
        rollups: dict[str, tuple[Event, rollup.Cells]] = {}
        for entry in mine:
            numbers = entry.numbers()
            if numbers:
                event = entry.event
                key = rollup.document_id(event.name, tenure.epoch, event.published_at)
                _, cells = rollups.setdefault(key, (event, {}))
                rollup.count(cells, event.published_at, numbers)
        device = device_path(tenure, mine[0].event.device_id)
        for key, (event, cells) in rollups.items():
            at = event.published_at
            expire_at = retention.rollup_expires(event.name, at)
            labels = rollup.labels(event.name, tenure.epoch, at, expire_at)
            self.writes.append(
                raw.merge(
                    raw.name(*device, paths.ROLLUPS, key),
                    {(label,): item for label, item in labels.items()},
                    rollup.transforms(cells),
                    must_exist=False,
                )
            )


def milliseconds(time: datetime) -> int:
    """Since the epoch."""
    return round(time.timestamp() * 1000)


def _by_device(entries: Iterable[Entry]) -> Iterable[tuple[Tenure | Unowned, list[Entry]]]:
    """The entries of each device in its tenure, and those of each device that nobody owns."""
    found: dict[tuple[str, str], tuple[Tenure | Unowned, list[Entry]]] = {}
    for entry in entries:
        place = entry.tenure or (entry.place if isinstance(entry.place, Unowned) else None)
        if place is not None:
            owner = place.uid if isinstance(place, Tenure) else ""
            key = (entry.event.device_id, owner)
            found.setdefault(key, (place, []))[1].append(entry)
    return found.values()


def _unknown_device(mine: Sequence[Entry]) -> Any:
    """The write that notes a device which the registry does not have, for the operator."""
    last = max(mine, key=lambda entry: entry.event.order)
    document = raw.name(paths.UNKNOWN_DEVICES, last.event.device_id)
    fields: dict[tuple[str, ...], Any] = {
        ("lastEvent",): last.event.name,
        ("expireAt",): last.received_at + timedelta(days=_UNKNOWN_DAYS),
    }
    transforms: list[raw.Transform] = [
        ("events", "increment", len(mine)),
        ("lastSeenAt", "maximum", milliseconds(last.event.published_at)),
    ]
    return raw.merge(document, fields, transforms, must_exist=False)
