"""Whose a device is, and since when: this decides where an event belongs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference

from shared import log
from shared.cache import Cache
from shared.firestore import paths
from shared.telemetry import system_events
from shared.telemetry.rollup import MAX_METRICS, Number

MAX_KNOWN = 20_000
"""Devices whose tenures an instance remembers; about 20 MB."""
MAX_LATEST = 64
"""Event names in a device's `latest`. Events of further names are stored, but not shown there."""
ROOM = MAX_LATEST - len(system_events.NAMES)
"""Names of the product's own among them; Particle's always have a place."""

OVERLAP = timedelta(minutes=2)
"""The beginning of a tenure, in which one of its events may have been stored as that of a device
without an owner: its owner was looked up just before the claim was made, and clocks differ."""

OWNER_FIELDS = ("ownerUid", "claimEpoch", "claimedAt")
"""The fields of a registry entry that `tenure_in` reads."""


@dataclass(frozen=True)
class Tenure:
    """One customer's time with a device, and what an instance knows of the device's event names."""

    uid: str
    epoch: int
    """Counts the claims of the device."""
    since: datetime
    names: set[str] = field(default_factory=set, compare=False)
    """Event names in the device's `latest`, without Particle's, as far as this instance knows."""
    unsure: set[str] = field(default_factory=set, compare=False)
    """Those of the names of which no commit has shown yet that they have a place."""
    refused: set[str] = field(default_factory=set, compare=False)
    """Names that have no place, because others had it before."""
    newest: dict[str, int] = field(default_factory=dict, compare=False)
    """The greatest order that `latest` is known to have seen of an event name."""
    alerts: dict[str, int] = field(default_factory=dict, compare=False)
    """The `version` of the device's alerts, as the last commit has shown it."""
    metrics: dict[str, set[str]] = field(default_factory=dict, compare=False)
    """Metrics that this instance has counted, by these event names."""

    def holds(self, published_at: datetime) -> bool:
        """Whether what was published then was published during the tenure."""
        return published_at >= self.since

    def may_be_outside(self, published_at: datetime) -> bool:
        """Whether a copy may be outside the tenure, since it was published so early in it."""
        return published_at < self.since + OVERLAP

    def has_place(self, name: str) -> bool:
        """Whether the device's `latest` has an entry for the name, or room for one."""
        if name in self.names or name in system_events.NAMES:
            return True
        if name in self.refused or (name.startswith("__") and name.endswith("__")):
            return False  # Firestore reserves such keys
        return len(self.names) < ROOM

    def is_outdated(self, name: str, order: int) -> bool:
        """Whether `latest` has seen a newer event of the name, so that this one changes nothing.

        What was seen is an event of this tenure, or one from before it, which is older than all of
        them. So it cannot hide an event that `latest` has to show.
        """
        return order < self.newest.get(name, order)

    def learn_newest(self, name: str, order: int) -> None:
        """Learn what a commit in this tenure, or a read of it, has shown."""
        if not self.is_outdated(name, order):
            self.newest[name] = order

    def reserve_place(self, name: str) -> None:
        """Count a name among those in `latest`; Particle's own names have a place anyway."""
        if name not in self.names and name not in system_events.NAMES:
            self.names.add(name)
            self.unsure.add(name)

    def keep_places(self, kept: Iterable[str], refused: Iterable[str]) -> None:
        """Learn which names have a place, and which have none."""
        self.refused.update(refused)
        self.names.update(kept)
        self.names.difference_update(self.refused)
        self.unsure.difference_update(self.refused)

    def countable(self, name: str, numbers: Mapping[str, Number]) -> Mapping[str, Number]:
        """The numbers of an event that the rollups of its name have room for."""
        known = self.metrics.get(name, set())
        if not self._remembers(name) or known.issuperset(numbers):
            return numbers
        new = [metric for metric in numbers if metric not in known]
        refused = set(new[max(MAX_METRICS - len(known), 0) :])
        return {metric: number for metric, number in numbers.items() if metric not in refused}

    def reserve_metrics(self, name: str, metrics: Iterable[str]) -> None:
        """Count metrics among those of the rollups of a name that has a place in `latest`."""
        if self._remembers(name):
            self.metrics.setdefault(name, set()).update(metrics)

    def _remembers(self, name: str) -> bool:
        return name in self.names or name in system_events.NAMES


@dataclass(frozen=True)
class Unowned:
    """A device that nobody owns."""

    registered: bool
    """Whether the registry has it."""
    was_owned: bool
    """Whether somebody owned it before."""


class Tenures:
    """Finds the present tenure of each device, and remembers it; safe for threads.

    It never remembers that nobody owns a device, so that the first event after a claim finds its
    owner. What it remembers may be outdated: the commit that relies on it detects that.
    """

    def __init__(self) -> None:
        """Begin with an empty memory."""
        self._known: Cache[str, Tenure] = Cache(MAX_KNOWN)

    def known(self, device_id: str) -> Tenure | None:
        """The device's tenure, if it is remembered."""
        return self._known.get(device_id)

    def look_up(self, device_ids: Iterable[str]) -> dict[str, Tenure | Unowned]:
        """Whose the devices are by the registry: two reads for all of them together."""
        entries = {d: paths.device(d) for d in device_ids}
        registry = _existing(entries.values(), OWNER_FIELDS)
        tenures = _owned({d: registry.get(entry.path, {}) for d, entry in entries.items()})
        found: dict[str, Tenure | Unowned] = {}
        for device_id, reference in entries.items():
            tenure = tenures.get(device_id)
            if tenure:
                self._known.put(device_id, tenure)
                found[device_id] = tenure
            else:
                self._known.forget(device_id)
                found[device_id] = _unowned(device_id, registry.get(reference.path))
        return found


def tenure_in(entry: Mapping[str, Any]) -> Tenure | None:
    """The tenure in the fields of a registry entry; None when nobody owns the device.

    Also None for an entry that was damaged by hand, so that the events of its device harm no
    others.
    """
    uid, epoch, since = (entry.get(key) for key in OWNER_FIELDS)
    if not isinstance(uid, str) or not uid or "/" in uid:
        return None
    if type(epoch) is not int or not isinstance(since, datetime):
        return None
    return Tenure(uid, epoch, since)


def _owned(registry: Mapping[str, Mapping[str, Any]]) -> dict[str, Tenure]:
    """The tenures of the devices of which their owner has a document; all of them recorded."""
    claimed = {d: tenure for d, entry in registry.items() if (tenure := tenure_in(entry))}
    shown = {d: paths.user_device(tenure.uid, d) for d, tenure in claimed.items()}
    records = {d: paths.tenure(d, tenure.epoch) for d, tenure in claimed.items()}
    there = _existing([*shown.values(), *records.values()], ["latest"])
    tenures = {d: tenure for d, tenure in claimed.items() if shown[d].path in there}
    for device_id, tenure in tenures.items():
        names = there[shown[device_id].path].get("latest") or {}
        tenure.names.update(names.keys() - system_events.NAMES)
        for name, entry in names.items():
            if isinstance(entry, dict) and type(entry.get("order")) is int:
                tenure.learn_newest(name, entry["order"])
    _record({records[d]: t for d, t in tenures.items() if records[d].path not in there})
    return tenures


def _unowned(device_id: str, entry: Mapping[str, Any] | None) -> Unowned:
    """A device without a tenure; logs when its entry in the registry names an owner all the same.

    If the entry is sound, then the owner has no document of the device: it is changing hands at
    this moment, or was damaged by hand.
    """
    if entry and entry.get("ownerUid"):
        if tenure_in(entry):
            log.device_document_missing(device_id)
        else:
            log.registry_entry_damaged(device_id)
    was_owned = bool(entry and entry.get("claimEpoch"))
    return Unowned(registered=entry is not None, was_owned=was_owned)


def _existing(
    references: Iterable[DocumentReference], fields: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The fields of those of the documents that exist, by their paths, in one round trip."""
    wanted = list(references)
    found = paths.client().get_all(wanted, field_paths=list(fields)) if wanted else []
    return {s.reference.path: s.to_dict() or {} for s in found if s.exists}


def recorded(device_id: str) -> list[Tenure]:
    """All tenures in which events of the device were stored, the present one included."""
    records = paths.device(device_id).collection(paths.TENURES).stream()
    return [Tenure(r.get("uid"), int(r.id), r.get("since")) for r in records]


def _record(tenures: Mapping[DocumentReference, Tenure]) -> None:
    """Record tenures before anything is stored in them.

    The registry knows the present owner alone. When a copy of an event arrives after the device
    has changed hands, these records say where the event may be stored.
    """
    if not tenures:
        return
    batch = paths.client().batch()
    for record, tenure in tenures.items():
        batch.set(record, {"uid": tenure.uid, "since": tenure.since})
    batch.commit()
