"""An event that is being stored: where it belongs, and what is left to do for it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Flag, auto
from typing import Any, NamedTuple

import msgspec

from shared.firestore import deadline, paths, raw
from shared.telemetry import retention, rollup, series
from shared.telemetry import value as values
from shared.telemetry.message import Event, order_of
from shared.telemetry.tenure import Tenure, Unowned


class Repair(Flag):
    """What is known of an event after its commit: what may have to be put right."""

    STALE = auto()
    """It was stored under a tenure that is outdated."""
    OVERTAKEN = auto()
    """The commit wrote it into `latest` over a newer event."""
    EXISTS = auto()
    """It had been stored before, and is in no commit."""
    CROWDED = auto()
    """The commit gave its name a place in `latest` that has too many, or had refused it."""
    OTHER_FIRMWARE = auto()
    """The commit wrote another version of the firmware than that of the newest event."""
    SETTLED = auto()
    """It had been stored before, and a read showed that nothing about it has to be put right."""


NOTHING = Repair(0)
"""The commit stored the event, and everything about it is right; or there was no commit yet."""


class Part(Flag):
    """What is written of an event beside its own document."""

    ROLLUP = auto()
    LATEST = auto()


FALL_BACKS = (Part.ROLLUP, Part.LATEST, Part.ROLLUP | Part.LATEST)
"""What is left out, one step after the other, when Firestore refuses an event: the event may be
good, and its rollup full, or the device's document."""


class Latest(NamedTuple):
    """What `latest` shows of an event: all of it, or the newest of its samples."""

    reading: values.Reading
    data: str | None
    at: datetime
    order: int


class PendingEvent:
    """An event between its delivery and the moment when its effect is durable."""

    def __init__(
        self, event: Event, received_at: datetime, *, replayed: bool = False, counted: bool = True
    ) -> None:
        """Raises `ValueError` or `TypeError` for what Firestore's messages cannot hold."""
        self.event = event
        self.received_at = received_at
        self.deadline = deadline.end()
        """No work for the event begins after this time, by `time.monotonic`."""
        self.place: Tenure | Unowned | None = None
        """Whose the device is; None until that is known."""
        self.replayed = replayed
        """Whether an operator replays it, so that it is no sign that events arrive."""
        self.counted = counted
        """Whether its numbers go into the rollups."""
        self.shown = True
        """Whether it goes into the device's `latest`, if it has an entry for it."""
        self.absent = event.nearby
        """Ids of copies that the commit has to see do not exist."""
        self.stored_id = event.id
        """The id under which it is stored: its own, or that of its copy."""
        self.repair = NOTHING
        self.firmware_known = event.firmware_order
        """What is known to be the newest of the device's firmware, if the event says anything."""
        self.alerts_version: int | None = None
        """The version of the device's alerts at the commit, or later; None if it is not known."""
        self.unnoticed = False
        """Whether a judgement of the device's alerts may not have noticed its commit."""
        self.failure: Exception | None = None
        # The event's own thread makes most of the commit here, beside the other threads.
        fields = document_fields(event, received_at)
        self._write = raw.create("", fields)
        self.samples = series.of_document(fields, event.value)
        """Its measurements, if each has a time of its own."""
        self._counted: tuple[Tenure, series.Counted] | None = None
        self._latest = Latest(event.reading, event.data, event.published_at, event.order)
        self._metrics = (
            rollup.metrics(event.value) if self.samples is None else series.metrics(self.samples)
        )
        self._has_numbers = counted and bool(self._metrics)
        self._fall_backs = list(FALL_BACKS if self._has_numbers else (Part.LATEST,))

    @property
    def may_be_former_owners(self) -> bool:
        """Whether it belongs to no present tenure, so that a former owner may have it."""
        if isinstance(self.place, Tenure):
            return not self.place.holds(self.event.published_at)
        return self.place is not None and self.place.was_owned

    @property
    def tenure(self) -> Tenure | None:
        """The tenure that holds the event; None when it is stored outside any tenure."""
        place = self.place
        if isinstance(place, Tenure) and place.holds(self.event.published_at):
            return place
        return None

    @property
    def path(self) -> tuple[str, ...]:
        """Collection and document ids of the event's document, in turn."""
        return self.path_of(self.event.id)

    def path_of(self, event_id: str) -> tuple[str, ...]:
        """The same of an event that is stored in the same place."""
        return (*device_path(self.tenure, self.event.device_id), paths.EVENTS, event_id)

    def write(self) -> Any:
        """The write that creates the event's document."""
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
        if self.samples is not None:
            document.fields.pop(series.DAYS, None)
            if days := self.spread().common:
                raw.fill(document.fields[series.DAYS], sorted(days))
        return self._write

    @property
    def is_spread(self) -> bool:
        """Whether its samples are counted and shown instead of the event itself."""
        return self.samples is not None

    def latest(self) -> "Latest | None":
        """What `latest` shows of it in its tenure, if anything."""
        if self.samples is None or self.tenure is None:
            return self._latest
        return _latest_sample(self.samples, self.event.id, self.tenure.since)

    def spread(self) -> series.Counted:
        """What its samples count: in the tenure's rollups that have room, the same each time."""
        tenure = self.tenure
        if not self.counted or tenure is None or self.samples is None:
            return series.NOTHING
        if self._counted is None or self._counted[0] is not tenure:
            countable = tenure.countable(self.event.name, self._metrics)
            found = series.counted(self.samples, tenure.since, countable)
            self._counted = (tenure, found)
        return self._counted[1]

    def numbers(self) -> Mapping[str, rollup.Number]:
        """The numbers to be counted: those that the tenure's rollups have room for.

        Without those of samples, which `spread` has.
        """
        if not self.counted or self.tenure is None or self.samples is not None:
            return {}
        return self.tenure.countable(self.event.name, self._metrics)

    def fall_back(self) -> bool:
        """Leave out what the next step of `FALL_BACKS` says; False when there is none.

        An event without numbers to count has nothing in a rollup, and one outside any tenure has
        only its document.
        """
        if not self.tenure or not self._fall_backs:
            return False
        left_out = self._fall_backs.pop(0)
        self.shown = Part.LATEST not in left_out
        if self._has_numbers:
            self.counted = Part.ROLLUP not in left_out
        return True


def latest_of(fields: Mapping[str, Any], event_id: str, since: datetime) -> Latest | None:
    """What `latest` shows, in a tenure that began then, of an event by the fields of its document.

    None for an event without any sample that is counted there.
    """
    reading = values.read_again(fields)
    samples = series.of_document(fields, reading.value)
    if samples is not None:
        return _latest_sample(samples, event_id, since)
    at = fields["publishedAt"]
    return Latest(reading, fields["data"], at, order_of(at, event_id))


def _latest_sample(
    samples: Sequence[series.Sample], event_id: str, since: datetime
) -> Latest | None:
    newest = series.newest(samples, since)
    if newest is None:
        return None
    data = json.dumps(newest.value, ensure_ascii=False)
    return Latest(values.Reading(newest.value), data, newest.at, order_of(newest.at, event_id))


def device_path(tenure: Tenure | None, device_id: str) -> tuple[str, ...]:
    """Where the device's document is: the owner's, or the registry's entry without a tenure."""
    if tenure is None:
        return (paths.DEVICES, device_id)
    return (paths.USERS, tenure.uid, paths.DEVICES, device_id)


def document_fields(event: Event, received_at: datetime) -> dict[str, Any]:
    """The fields of an event's document, but for those that its tenure decides."""
    fields: dict[str, Any] = {
        "event": event.name,
        "data": event.data,
        "value": event.value,
        "publishedAt": event.published_at,
        "receivedAt": received_at,
        "expireAt": retention.event_expires(event.name, event.published_at),
    }
    if event.spreading and series.holds(event.spreading, event.value):
        fields[series.RULE] = msgspec.to_builtins(event.spreading)
    if event.value_error:
        fields["valueError"] = event.value_error
    if event.value_notes:
        fields["valueNotes"] = list(event.value_notes)
    if event.encoding:
        fields["encoding"] = event.encoding
    return fields
