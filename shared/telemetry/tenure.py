"""Whose a device is, and since when: what decides where an event belongs."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from google.cloud.firestore import DocumentReference

from shared import log
from shared.firestore import paths
from shared.telemetry import system_events
from shared.telemetry.rollup import MAX_METRICS, Number

MAX_KNOWN = 20_000
"""Devices that an instance remembers; about 20 MB."""
MAX_LATEST = 64
"""Event names in a device's `latest`. Further ones are stored, but have no place there."""

OVERLAP = timedelta(minutes=2)
"""After its begin, in which a tenure may hold an event that had been stored as nobody's: when the
device's owner was looked up just before the claim was made, and the clocks differ."""


@dataclass(frozen=True)
class Tenure:
    """One customer's time with a device, and what an instance knows of the device's names."""

    uid: str
    epoch: int
    """Counts the claims of a device."""
    since: datetime
    names: set[str] = field(default_factory=set, compare=False)
    """Event names in the device's `latest`, as far as this instance knows."""
    metrics: dict[str, set[str]] = field(default_factory=dict, compare=False)
    """Metrics counted of those events."""

    def holds(self, published_at: datetime) -> bool:
        """Whether what was published then was published during the tenure."""
        return published_at >= self.since

    def may_be_outside(self, published_at: datetime) -> bool:
        """Whether what was published then may have been taken for nobody's, as it was so early."""
        return published_at < self.since + OVERLAP

    def has_place(self, name: str) -> bool:
        """Whether the device's `latest` has an entry for the name, or room for it."""
        if name in self.names or name in system_events.NAMES:
            return True
        if len(self.names - system_events.NAMES) >= MAX_LATEST - len(system_events.NAMES):
            return False
        if name.startswith("__") and name.endswith("__"):
            return False  # reserved as a key by Firestore
        self.names.add(name)
        return True

    def counted(self, name: str, numbers: Mapping[str, Number]) -> Mapping[str, Number]:
        """Those of an event's numbers that its rollups have room for."""
        if name not in self.names:
            return numbers
        known = self.metrics.setdefault(name, set())
        if not known.issuperset(numbers):
            for metric in numbers:
                if len(known) >= MAX_METRICS:
                    break
                known.add(metric)
        if known.issuperset(numbers):
            return numbers
        return {metric: number for metric, number in numbers.items() if metric in known}


@dataclass(frozen=True)
class Unowned:
    """A device that nobody owns."""

    registered: bool
    """Whether the registry has it."""
    was_owned: bool
    """Whether somebody owned it before."""


class Tenures:
    """The present tenure of each device, remembered.

    That nobody owns a device never is, so that the first event after a claim finds its owner.
    What is remembered may be outdated: the commit that relies on it finds that out.
    """

    def __init__(self) -> None:
        """Knowing nothing yet."""
        self._known: OrderedDict[str, Tenure] = OrderedDict()
        self._lock = Lock()

    def known(self, device_id: str) -> Tenure | None:
        """The device's tenure, if it is remembered."""
        with self._lock:
            tenure = self._known.get(device_id)
            if tenure is not None:
                self._known.move_to_end(device_id)
            return tenure

    def look_up(self, device_ids: Iterable[str]) -> dict[str, Tenure | Unowned]:
        """Whose the devices are by the registry: two reads for all of them together."""
        entries = {d: paths.device(d) for d in device_ids}
        registry = _existing(entries.values(), ["ownerUid", "claimedAt", "claimEpoch"])
        tenures = _owned({d: registry.get(entry.path, {}) for d, entry in entries.items()})
        found: dict[str, Tenure | Unowned] = {}
        with self._lock:
            for device_id in device_ids:
                if device_id in tenures:
                    self._known[device_id] = found[device_id] = tenures[device_id]
                    continue
                self._known.pop(device_id, None)
                entry = registry.get(entries[device_id].path)
                if entry and entry.get("ownerUid"):
                    _report(device_id, entry)
                was_owned = bool(entry and entry.get("claimEpoch"))
                found[device_id] = Unowned(registered=entry is not None, was_owned=was_owned)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found


def _owned(registry: Mapping[str, Mapping[str, Any]]) -> dict[str, Tenure]:
    """The tenures of those devices whose owner has a document of them, written down."""
    claimed = {d: entry for d, entry in registry.items() if _is_whole(entry)}
    shown = {d: paths.user_device(entry["ownerUid"], d) for d, entry in claimed.items()}
    records = {d: _record(d, entry["claimEpoch"]) for d, entry in claimed.items()}
    there = _existing([*shown.values(), *records.values()], ["latest"])
    tenures = {
        d: Tenure(
            entry["ownerUid"],
            entry["claimEpoch"],
            entry["claimedAt"],
            set(there[shown[d].path].get("latest") or {}),
        )
        for d, entry in claimed.items()
        if shown[d].path in there
    }
    _write_down({records[d]: t for d, t in tenures.items() if records[d].path not in there})
    return tenures


def _is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether a registry's entry tells of an owner, and since when."""
    uid, epoch, since = (entry.get(key) for key in ("ownerUid", "claimEpoch", "claimedAt"))
    return (
        isinstance(uid, str)
        and bool(uid)
        and type(epoch) is int
        and isinstance(since, datetime)
        and "/" not in uid
    )


def _report(device_id: str, entry: Mapping[str, Any]) -> None:
    """Tell of an owner whose device this nevertheless is not."""
    if _is_whole(entry):
        # Without a document of the device: it is changing hands at this moment, or was damaged
        # by hand.
        log.device_document_missing(device_id)
    else:
        log.registry_entry_damaged(device_id)


def _existing(
    references: Iterable[DocumentReference], fields: list[str]
) -> dict[str, dict[str, Any]]:
    """The fields of those of the documents that exist, by their paths, in one round trip."""
    wanted = list(references)
    found = paths.client().get_all(wanted, field_paths=fields) if wanted else []
    return {s.reference.path: s.to_dict() or {} for s in found if s.exists}


def former(device_id: str) -> list[Tenure]:
    """The tenures in which events of the device were stored, the present one included."""
    records = paths.device(device_id).collection(paths.TENURES).stream()
    return [Tenure(r.get("uid"), int(r.id), r.get("since")) for r in records]


def _write_down(tenures: Mapping[DocumentReference, Tenure]) -> None:
    """Write down tenures before anything is stored in them.

    The registry knows the present owner alone; where the copy of an event may lie that comes when
    the device has changed hands is known from here.
    """
    if not tenures:
        return
    batch = paths.client().batch()
    for record, tenure in tenures.items():
        batch.set(record, {"uid": tenure.uid, "since": tenure.since})
    batch.commit()


def _record(device_id: str, epoch: int) -> DocumentReference:
    reference: DocumentReference = (
        paths.device(device_id).collection(paths.TENURES).document(str(epoch))
    )
    return reference
