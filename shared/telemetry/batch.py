"""Events that are stored together: the writes of one commit, and what its results mean.

The commit has a write for each event's own document; one for each device, however many of its
events are in the batch; and one for each rollup, which is of one event name and day of a device.
`writer` explains why the commit is safe without reading first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.firestore import paths, raw
from shared.firestore.raw import path
from shared.telemetry import arrivals, firmware, rollup, system_events
from shared.telemetry import value as values
from shared.telemetry.message import MAX_NAME_BYTES, NO_DEVICES, Event
from shared.telemetry.pending import Latest, PendingEvent, Repair, device_path
from shared.telemetry.tenure import ROOM, Tenure, Unowned
from shared.times import milliseconds

MAX_EVENTS = 40
"""Events in a commit."""
MAX_BYTES = 2_000_000
"""Bytes of a commit. Firestore takes 10 MiB, but its emulator fails above 4 MB."""
MAX_TRANSFORMS = 500
"""Transforms of one document in a commit: Firestore's limit, which its emulator does not have."""
_OWN_BYTES = 8 * MAX_NAME_BYTES + values.LATEST_BYTES + values.NOTES_BYTES + 1024
"""Bytes that an event adds to a commit, at most, beside its own document and its numbers: in the
device's document, in the rollup's labels and in all paths."""
_PATH_BYTES = 1024
"""Bytes of a document's full name, at most."""

ALERTS_VERSION = "alertsVersion"
"""The field of a device's document that counts changes of its alerts, rules and states alike."""
LATE = "lateEvents"
"""The field of a device's document that counts events which change nothing else there. A judgement
of an alert has to notice every event (`alerts.judgement`)."""
ADDED = "latestAdded"
"""The field of a device's document that counts the names which got a place in `latest`."""
SHUT = 2**63 - 1
"""The `latestOrder` of a name that has no place, greater than that of any event: whoever writes an
event of that name into `latest`, because it does not know, learns it from the commit."""

_UNKNOWN_DAYS = 90
"""How long a device that is not registered is remembered after its last event."""


def latest_fields(
    name: str, reading: values.Reading, data: str | None, published_at: datetime, order: int
) -> dict[tuple[str, ...], Any]:
    """The fields of the device's document that the newest event of a name decides, by path."""
    shown = {**values.in_latest(reading, data), "publishedAt": published_at, "order": order}
    derived = system_events.fields(name, reading.value, published_at)
    return {("latest", name): shown, **{(key,): item for key, item in derived.items()}}


def place_transforms(added: Mapping[str, int]) -> Iterable[raw.Transform]:
    """The transforms that count names which get a place in `latest`, and keep since when.

    Each name is given with the order of its event. Several instances may count the same name, so
    the result is never less than the number of names.
    """
    if added:
        yield ADDED, "increment", len(added)
    for name, order in added.items():
        yield path("latestSince", name), "minimum", order


def in_batches(events: Sequence[PendingEvent]) -> Iterable[list[PendingEvent]]:
    """The events, in lists that keep to Firestore's limits for a commit."""
    batch: list[PendingEvent] = []
    size = 0
    transforms: dict[tuple[str, str], int] = {}
    for pending in events:
        key = (pending.event.device_id, pending.event.name)
        numbers = pending.numbers()
        cells = len(numbers)
        added = pending.write().ByteSize() + _OWN_BYTES + _PATH_BYTES * len(pending.absent)
        added += sum(map(rollup.bytes_of_transforms, numbers))
        if pending.is_spread:
            common, _, more = pending.spread()
            cells = sum(len(day.cells) for day in common.values())
            added += more
        cells *= rollup.TRANSFORMS
        full = transforms.get(key, 0) + cells > MAX_TRANSFORMS
        if batch and (len(batch) == MAX_EVENTS or size + added > MAX_BYTES or full):
            yield batch
            batch, size, transforms = [], 0, {}
        batch.append(pending)
        size += added
        transforms[key] = transforms.get(key, 0) + cells
    if batch:
        yield batch


class _Device(NamedTuple):
    """What a commit writes of a device in a tenure, beside its events' own documents."""

    write: int
    """The index of the write of the owner's document."""
    tenure: Tenure
    events: list[PendingEvent]
    transforms: list[raw.Transform]
    """Those of the write. Their results are in the same order."""
    newest: dict[str, tuple[PendingEvent, int]]
    """The events that the write puts into `latest`, each with its order, whose field path is the
    key."""
    added: Iterable[str]
    """The names that may get a place in `latest` by it."""
    versioned: PendingEvent | None
    """The event whose version of the firmware it writes."""


class Batch:
    """One commit of several events, no two of which are copies of each other."""

    def __init__(self, events: Sequence[PendingEvent]) -> None:
        """Make the writes, and reserve in the tenures what these take up in `latest` and rollups.

        Each event knows its place.
        """
        self._events = events
        self._devices: list[_Device] = []
        self.writes: list[Any] = [pending.write() for pending in events]
        for tenure, mine in _by_device(events):
            if isinstance(tenure, Tenure):
                self._add_device(tenure, mine)
                self._add_rollups(tenure, mine)
            elif not tenure.registered and mine[0].event.device_id not in NO_DEVICES:
                self.writes.append(_unknown_device(mine))
        for pending in events:
            for copy in pending.absent:
                self.writes.append(raw.demand_absence(raw.name(*pending.path_of(copy))))
            if pending.tenure and pending.tenure.may_be_outside(pending.event.published_at):
                outside = device_path(None, pending.event.device_id)
                self.writes.append(raw.delete(raw.name(*outside, *pending.path[-2:])))
        for write in self.writes:
            if len(write.update_transforms) > MAX_TRANSFORMS:
                raise AssertionError(f"{len(write.update_transforms)} transforms of a document")
        size = sum(write.ByteSize() for write in self.writes)
        if size > MAX_BYTES:
            raise AssertionError(f"{size} bytes in a commit")

    def mark_arrival(self, marked: int) -> int:
        """Add the mark that events arrived, unless their slot is `marked` already.

        Returns the slot that is marked once the batch is committed.
        """
        times = [
            pending.received_at
            for pending in self._events
            if not pending.replayed and pending.event.device_id not in NO_DEVICES
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

    def note_results(self, results: Sequence[Any]) -> None:
        """Note in the events what has to be put right, by the results of the commit's writes."""
        for device in self._devices:
            numbers = results[device.write].transform_results
            found = {
                field_path: number.integer_value
                for (field_path, *_), number in zip(device.transforms, numbers, strict=True)
            }
            is_stale = found["claimEpoch"] != device.tenure.epoch
            version = found[ALERTS_VERSION]
            for pending in device.events:
                if is_stale:
                    pending.repair |= Repair.STALE
                else:
                    pending.alerts_version = version
                    pending.unnoticed = bool(version) and LATE not in found and not device.newest
            crowded = found.get(ADDED, 0) > ROOM or len(device.tenure.names) > ROOM
            for field_path, (pending, order) in device.newest.items():
                greatest = found[field_path]
                if greatest == SHUT or crowded:
                    pending.repair |= Repair.CROWDED
                if order < greatest < SHUT:
                    pending.repair |= Repair.OVERTAKEN
                if greatest < SHUT and not is_stale:
                    device.tenure.learn_newest(pending.event.name, greatest)
            device.tenure.alerts["version"] = version
            device.tenure.unsure.difference_update(device.added)
            if device.versioned:
                _note_firmware(device.versioned, found[firmware.ORDER])

    def _add_device(self, tenure: Tenure, mine: list[PendingEvent]) -> None:
        newest: dict[str, tuple[PendingEvent, Latest]] = {}
        for pending in mine:
            name = pending.event.name
            latest = pending.latest() if pending.shown and tenure.has_place(name) else None
            if latest is not None and not tenure.is_outdated(name, latest.order):
                tenure.reserve_place(name)
                known = newest.get(name)
                if known is None or known[1].order < latest.order:
                    newest[name] = (pending, latest)
        fields: dict[tuple[str, ...], Any] = {}
        for name, (_, latest) in newest.items():
            fields |= latest_fields(name, latest.reading, latest.data, latest.at, latest.order)
        transforms: list[raw.Transform] = [
            (ALERTS_VERSION, "increment", 0),
            ("claimEpoch", "increment", 0),
        ]
        seen = [
            milliseconds(pending.event.published_at)
            for pending in mine
            if system_events.is_sign_of_life(pending.event.name, pending.event.value)
        ]
        if seen:
            transforms.append(("lastSeenAt", "maximum", max(seen)))
        if not newest and tenure.alerts.get("version") != 0:
            transforms.append((LATE, "increment", 1))
        versioned = max(filter(_has_firmware, mine), key=_firmware_order, default=None)
        if versioned:
            fields[firmware.VERSION,] = versioned.event.firmware
            transforms.append((firmware.ORDER, "maximum", versioned.event.firmware_order))
        added = {}
        if tenure.unsure:
            added = {n: latest.order for n, (_, latest) in newest.items() if n in tenure.unsure}
            transforms += place_transforms(added)
        by_path = {
            path("latestOrder", name): (pending, latest.order)
            for name, (pending, latest) in newest.items()
        }
        transforms += [(at, "maximum", order) for at, (_, order) in by_path.items()]
        self._devices.append(
            _Device(
                write=len(self.writes),
                tenure=tenure,
                events=mine,
                transforms=transforms,
                newest=by_path,
                added=added,
                versioned=versioned,
            )
        )
        document = raw.name(*device_path(tenure, mine[0].event.device_id))
        self.writes.append(raw.merge(document, fields, transforms, must_exist=True))

    def _add_rollups(self, tenure: Tenure, mine: list[PendingEvent]) -> None:
        rollups: dict[str, tuple[Event, datetime, rollup.Cells]] = {}
        for pending in mine:
            event, at = pending.event, pending.event.published_at
            numbers = pending.numbers()
            if numbers:
                tenure.reserve_metrics(event.name, numbers)
                key = rollup.document_id(event.name, tenure.epoch, at)
                _, _, cells = rollups.setdefault(key, (event, at, {}))
                rollup.count(cells, at, numbers)
            elif pending.is_spread:
                self._add_spread(tenure, pending, rollups)
        device = device_path(tenure, mine[0].event.device_id)
        for key, (event, at, cells) in rollups.items():
            labels = rollup.labels(event.name, tenure.epoch, at)
            self.writes.append(
                raw.merge(
                    raw.name(*device, paths.ROLLUPS, key),
                    {(label,): item for label, item in labels.items()},
                    rollup.transforms(cells),
                    must_exist=False,
                )
            )

    def _add_spread(
        self,
        tenure: Tenure,
        pending: PendingEvent,
        rollups: dict[str, tuple[Event, datetime, rollup.Cells]],
    ) -> None:
        """Add what an event's samples count to the common rollups, and those of its own."""
        event, (common, own, _) = pending.event, pending.spread()
        for at, cells in common.values():
            tenure.reserve_metrics(event.name, {metric for metric, _ in cells})
            key = rollup.document_id(event.name, tenure.epoch, at)
            rollup.merge(rollups.setdefault(key, (event, at, {}))[2], cells)
        for at, cells in own.values():
            tenure.reserve_metrics(event.name, {metric for metric, _ in cells})
            key = rollup.own_id(event.name, tenure.epoch, at, event.id)
            labels = rollup.labels(event.name, tenure.epoch, at)
            fields: dict[tuple[str, ...], Any] = {(label,): x for label, x in labels.items()}
            fields["metrics",] = rollup.stored(cells)
            document = raw.name(*device_path(tenure, event.device_id), paths.ROLLUPS, key)
            self.writes.append(raw.merge(document, fields, (), must_exist=False))


def _note_firmware(versioned: PendingEvent, known: int) -> None:
    if firmware.version_in(known) != versioned.event.firmware:
        versioned.firmware_known = known
        versioned.repair |= Repair.OTHER_FIRMWARE


def _has_firmware(pending: PendingEvent) -> bool:
    return pending.event.firmware is not None


def _firmware_order(pending: PendingEvent) -> int:
    return pending.event.firmware_order


def _by_device(
    events: Iterable[PendingEvent],
) -> Iterable[tuple[Tenure | Unowned, list[PendingEvent]]]:
    """The events of each device in its tenure, and those of each device that nobody owns.

    An event from before the device's present tenure belongs to neither.
    """
    found: dict[tuple[str, str], tuple[Tenure | Unowned, list[PendingEvent]]] = {}
    for pending in events:
        place = pending.tenure or (pending.place if isinstance(pending.place, Unowned) else None)
        if place is not None:
            owner = place.uid if isinstance(place, Tenure) else ""
            key = (pending.event.device_id, owner)
            found.setdefault(key, (place, []))[1].append(pending)
    return found.values()


def _unknown_device(mine: Sequence[PendingEvent]) -> Any:
    """The write that records a device which is not registered, for the operator."""
    last = max(mine, key=lambda pending: pending.event.order)
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
