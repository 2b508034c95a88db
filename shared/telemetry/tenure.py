"""Whose a device is, and since when: what decides where an event belongs."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from google.cloud.firestore import DocumentReference

from shared import log, store
from shared.telemetry import system
from shared.telemetry.commits import COMMIT_SECONDS, RETRY
from shared.telemetry.rollup import MAX_METRICS, Number

MAX_KNOWN = 20_000
"""Devices that an instance remembers; about 20 MB."""
MAX_LATEST = 64
"""Event names in a device's `latest`. Further ones are stored, but have no place there."""


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

    def has_place(self, name: str) -> bool:
        """Whether the device's `latest` has an entry for the name, or room for it."""
        if name in self.names or name in system.NAMES:
            return True
        if len(self.names - system.NAMES) >= MAX_LATEST - len(system.NAMES):
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

    def of(self, device_ids: Iterable[str]) -> dict[str, Tenure | Unowned]:
        """Whose the devices are, by memory or else by two reads for all of them together."""
        found: dict[str, Tenure | Unowned] = {}
        with self._lock:
            for device_id in device_ids:
                tenure = self._known.get(device_id)
                if tenure is not None:
                    self._known.move_to_end(device_id)
                    found[device_id] = tenure
        unknown = set(device_ids) - found.keys()
        return found | self.look_up(unknown) if unknown else found

    def look_up(self, device_ids: Iterable[str]) -> dict[str, Tenure | Unowned]:
        """Whose the devices are by the registry."""
        registry = _fields(
            {device_id: store.device(device_id) for device_id in device_ids},
            ["ownerUid", "claimedAt", "claimEpoch"],
        )
        owned = {d: entry["ownerUid"] for d, entry in registry.items() if entry.get("ownerUid")}
        shown = _fields({d: store.user_device(uid, d) for d, uid in owned.items()}, ["latest"])
        tenures = {
            d: Tenure(uid, registry[d]["claimEpoch"], registry[d]["claimedAt"], _names(shown, d))
            for d, uid in owned.items()
            if d in shown
        }
        _keep(tenures)
        found: dict[str, Tenure | Unowned] = {}
        with self._lock:
            for device_id in device_ids:
                if device_id in tenures:
                    self._known[device_id] = found[device_id] = tenures[device_id]
                    continue
                self._known.pop(device_id, None)
                entry = registry.get(device_id)
                if device_id in owned:
                    # An owner without a document of the device: it is changing hands at this
                    # moment, or was damaged by hand.
                    log.device_document_missing(device_id)
                was_owned = bool(entry and entry.get("claimEpoch"))
                found[device_id] = Unowned(registered=entry is not None, was_owned=was_owned)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found

    def forget(self, device_ids: Iterable[str]) -> None:
        """Look the devices up next time."""
        with self._lock:
            for device_id in device_ids:
                self._known.pop(device_id, None)


def _fields(
    references: Mapping[str, DocumentReference], fields: list[str]
) -> dict[str, dict[str, Any]]:
    """The fields of those of the documents that exist, in one round trip."""
    if not references:
        return {}
    snapshots = store.client().get_all(list(references.values()), field_paths=fields)
    return {snapshot.id: snapshot.to_dict() or {} for snapshot in snapshots if snapshot.exists}


def _names(shown: Mapping[str, dict[str, Any]], device_id: str) -> set[str]:
    return set(shown.get(device_id, {}).get("latest") or {})


def former(device_id: str) -> list[Tenure]:
    """The tenures in which events of the device were stored, the present one included."""
    records = store.device(device_id).collection(store.TENURES).stream()
    return [Tenure(r.get("uid"), int(r.id), r.get("since")) for r in records]


def _keep(tenures: Mapping[str, Tenure]) -> None:
    """Write down tenures before anything is stored in them.

    The registry knows the present owner alone; where the copy of an event may lie that comes when
    the device has changed hands is known from here.
    """
    records = {
        d: store.device(d).collection(store.TENURES).document(str(tenure.epoch))
        for d, tenure in tenures.items()
    }
    if not records:
        return
    there = {
        s.reference.path for s in store.client().get_all(list(records.values()), []) if s.exists
    }
    batch = store.client().batch()
    for device_id, record in records.items():
        if record.path not in there:
            tenure = tenures[device_id]
            batch.set(record, {"uid": tenure.uid, "since": tenure.since})
    if len(batch):
        batch.commit(retry=RETRY, timeout=COMMIT_SECONDS)
