"""The product's devices one after another, and their numbers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from admin.cli.progress import counting
from admin.particle.fleet import number
from admin.support.device_report import seen
from admin.support.paging import pages
from shared.firestore import paths

STATES = ("online", "asleep", "silent", "offline", "neverSeen")

_PAGE = 300
_REGISTERED = ["serialNumber", "ownerUid", "blocked"]
_OWNED = ["status", "statusAt", "lastSeenAt", "graceSeconds", "firmwareVersion"]


@dataclass
class Numbers:
    """What is counted while the devices go by."""

    registered: int = 0
    owned: int = 0
    blocked: int = 0
    states: Counter[str] = field(default_factory=Counter)
    firmware: Counter[int | None] = field(default_factory=Counter)

    def count(self, device: dict[str, Any]) -> None:
        """Count a device."""
        self.registered += 1
        self.blocked += device["blocked"]
        if device["ownerUid"] is not None:
            self.owned += 1
            self.states[device["state"]] += 1
            self.firmware[device["firmwareVersion"]] += 1

    def document(self) -> dict[str, Any]:
        """As the answer holds it; the newest firmware first, and last what is not known."""
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
    """Every registered device, as its owner's app shows it; `state` is None when it has no owner.

    A page of the registry at a time, and the documents of those owned in one request.
    """
    with counting("Devices", number()) as advance:
        for page in pages(paths.devices().select(_REGISTERED), _PAGE):
            entries = {entry.id: entry.to_dict() or {} for entry in page}
            references = [
                paths.user_device(uid, device_id)
                for device_id, entry in entries.items()
                if (uid := entry.get("ownerUid"))
            ]
            found = paths.client().get_all(references, _OWNED) if references else []
            mine = {snapshot.id: snapshot.to_dict() or {} for snapshot in found}
            yield from (_device(one, entry, mine.get(one)) for one, entry in entries.items())
            advance(len(page))


def _device(
    device_id: str, registered: dict[str, Any], mine: dict[str, Any] | None
) -> dict[str, Any]:
    presence = seen(mine) if mine is not None else None
    return {
        "deviceId": device_id,
        "serialNumber": registered.get("serialNumber"),
        "ownerUid": registered.get("ownerUid"),
        "blocked": bool(registered.get("blocked")),
        "state": presence and _state(presence),
        "lastSeenAt": presence and presence["lastSeenAt"],
        "firmwareVersion": (mine or {}).get("firmwareVersion"),
    }


def _state(presence: dict[str, Any]) -> str:
    """Of a device that has published nothing since it was claimed, only that is sure."""
    if presence["lastSeenAt"] is None and presence["state"] != "online":
        return "neverSeen"
    return str(presence["state"])
