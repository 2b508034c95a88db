"""Whose a device is, and since when: what decides where an event belongs."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from shared import store
from shared.telemetry.message import Event

MAX_KNOWN = 20_000
"""Devices that an instance remembers; about 20 MB."""


@dataclass(frozen=True)
class Tenure:
    """One customer's time with a device."""

    uid: str
    epoch: int
    """Counts the claims of a device."""
    since: datetime
    names: set[str] = field(default_factory=set, compare=False)
    """Event names in the device's `latest`, as far as this instance knows."""

    def holds(self, event: Event) -> bool:
        """Whether the event was published during the tenure."""
        return event.published_at >= self.since


class Tenures:
    """The present tenure of each device, remembered.

    That nobody owns a device never is, so that the first event after a claim finds its owner.
    What is remembered may be outdated: the commit that relies on it finds that out.
    """

    def __init__(self) -> None:
        """Knowing nothing yet."""
        self._known: OrderedDict[str, Tenure] = OrderedDict()
        self._lock = Lock()

    def of(self, device_id: str) -> Tenure | None:
        """The tenure, by memory or else by two reads; None when nobody owns the device."""
        with self._lock:
            tenure = self._known.get(device_id)
            if tenure is not None:
                self._known.move_to_end(device_id)
                return tenure
        return self.look_up(device_id)

    def look_up(self, device_id: str) -> Tenure | None:
        """The tenure by the registry."""
        entry = store.device(device_id).get(["ownerUid", "claimedAt", "claimEpoch"]).to_dict() or {}
        uid = entry.get("ownerUid")
        if not uid:
            self.forget(device_id)
            return None
        latest = (store.user_device(uid, device_id).get(["latest"]).to_dict() or {}).get("latest")
        tenure = Tenure(uid, entry["claimEpoch"], entry["claimedAt"], set(latest or {}))
        with self._lock:
            self._known[device_id] = tenure
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return tenure

    def forget(self, device_id: str) -> None:
        """Look the device up next time."""
        with self._lock:
            self._known.pop(device_id, None)
