"""The registered devices one after another, and their numbers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from admin.cli.progress import track
from admin.particle.fleet import registered_count
from admin.support.device_report import seen
from admin.support.paging import pages
from shared.firestore import paths
from shared.registry.entry import Entry

STATES = ("online", "asleep", "silent", "offline", "neverSeen")

_PAGE = 300
_REGISTERED = ["serialNumber", "ownerUid", "blocked"]
_OWNED = ["status", "statusAt", "lastSeenAt", "graceSeconds", "firmwareVersion"]


@dataclass
class Numbers:
    """The counts of devices by state and firmware."""

    registered: int = 0
    owned: int = 0
    blocked: int = 0
    states: Counter[str] = field(default_factory=Counter)
    firmware: Counter[int | None] = field(default_factory=Counter)

    def count(self, device: dict[str, Any]) -> None:
        """Count one more device."""
        self.registered += 1
        self.blocked += device["blocked"]
        if device["ownerUid"] is not None:
            self.owned += 1
            self.states[device["state"]] += 1
            self.firmware[device["firmwareVersion"]] += 1

    def document(self) -> dict[str, Any]:
        """As a document for an answer; firmware newest first, unknown versions last."""
        versions = sorted(self.firmware, key=lambda version: -1 if version is None else version)
        return {
            "registered": self.registered,
            "blocked": self.blocked,
            "owned": self.owned,
            "states": {state: self.states[state] for state in STATES},
            "firmware": [
                {"version": version, "devices": self.firmware[version]}
                for version in reversed(versions)
            ],
        }


def devices() -> Iterator[dict[str, Any]]:
    """Every registered device, as its owner's app shows it; `state` is None if it has no owner.

    Reads the registry page by page, and the owners' documents of a page in one request.
    """
    registered = pages(paths.devices().select(_REGISTERED), _PAGE)
    for page in track(registered, "Devices", registered_count(), len):
        entries = {snapshot.id: Entry(snapshot) for snapshot in page}
        references = [
            paths.user_device(uid, device_id)
            for device_id, entry in entries.items()
            if (uid := entry.owner_uid)
        ]
        found = paths.client().get_all(references, _OWNED) if references else []
        mine = {snapshot.id: snapshot.to_dict() or {} for snapshot in found}
        yield from (_device(entry, mine.get(one)) for one, entry in entries.items())


def _device(entry: Entry, mine: dict[str, Any] | None) -> dict[str, Any]:
    presence = seen(mine) if mine is not None else None
    return {
        "deviceId": entry.device_id,
        "serialNumber": entry.serial_number or None,
        "ownerUid": entry.owner_uid,
        "blocked": entry.blocked,
        "state": presence and _state(presence),
        "lastSeenAt": presence and presence["lastSeenAt"],
        "firmwareVersion": (mine or {}).get("firmwareVersion"),
    }


def _state(presence: dict[str, Any]) -> str:
    """A device that has published nothing since it was claimed was never seen by its owner."""
    if presence["lastSeenAt"] is None and presence["state"] != "online":
        return "neverSeen"
    return str(presence["state"])
