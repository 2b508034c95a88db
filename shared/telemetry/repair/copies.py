"""Copies: which events had been stored before, and whether anything about them needs a repair."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.firestore import paths
from shared.firestore.ids import checked
from shared.telemetry import firmware, presence
from shared.telemetry.batch import ADDED, ALERTS_VERSION
from shared.telemetry.pending import PendingEvent, Repair, device_path
from shared.telemetry.repair import latest
from shared.telemetry.tenure import OWNER_FIELDS, ROOM, Tenure, tenure_in

_Documents = Mapping[str, Mapping[str, Any]]
"""The fields of documents that exist, by their paths."""


def mark(events: Sequence[PendingEvent]) -> None:
    """Mark the events that are stored already (`EXISTS`), and those of them in order (`SETTLED`).

    One read for all of them, as of one moment: of the events, and for each device of its registry
    entry and of its owner's document.
    """
    by_path = {
        "/".join(checked(*pending.path_of(event_id))): (pending, event_id)
        for pending in events
        for event_id in (pending.event.id, *pending.absent)
    }
    wanted = set(by_path)
    fields = {"publishedAt", *OWNER_FIELDS}
    for pending in events:
        if pending.tenure:
            wanted |= {_registry(pending), _shown(pending)}
            fields |= {*latest.fields_read(pending.event.name), ADDED}
            fields |= {firmware.VERSION, firmware.ORDER, ALERTS_VERSION}
    documents = [paths.client().document(path) for path in sorted(wanted)]
    found = {
        snapshot.reference.path: snapshot.to_dict() or {}
        for snapshot in paths.client().get_all(documents, sorted(fields))
        if snapshot.exists
    }
    for path, (pending, event_id) in by_path.items():
        if path not in found:
            continue
        if pending.event.is_copy(event_id, found[path]["publishedAt"]):
            pending.stored_id = event_id
            pending.repair |= Repair.EXISTS
            if pending.tenure and _is_settled(pending, pending.tenure, found):
                pending.repair |= Repair.SETTLED
            shown = found.get(_shown(pending), {})
            if pending.tenure and shown.get("claimEpoch") == pending.tenure.epoch:
                pending.alerts_version = shown.get(ALERTS_VERSION, 0)
            if shown.get(ADDED, 0) > ROOM:
                pending.repair |= Repair.CROWDED
            if pending.event.firmware and not _shows_firmware(shown):
                pending.repair |= Repair.OTHER_FIRMWARE
        else:
            # Another event, which stays where it is: nobody can store a copy under its id.
            pending.absent = tuple(other for other in pending.absent if other != event_id)


def _is_settled(pending: PendingEvent, tenure: Tenure, found: _Documents) -> bool:
    """Whether a stored event is where it belongs, and the device's document shows what it should.

    Never for a status event, since nothing shows whether the presence was derived from it.
    """
    name = pending.event.name
    shown = found.get(_shown(pending), {})
    epochs = {
        found["/".join(pending.path_of(pending.stored_id))].get("claimEpoch"),
        shown.get("claimEpoch"),
    }
    return (
        name != presence.STATUS
        and tenure_in(found.get(_registry(pending), {})) == tenure
        and epochs == {tenure.epoch}
        and (not tenure.has_place(name) or latest.shows_newest(shown, tenure, name))
    )


def _shows_firmware(shown: Mapping[str, Any]) -> bool:
    """Whether a device's document shows the version in the newest event that names one."""
    known = shown.get(firmware.ORDER)
    return known is None or shown.get(firmware.VERSION) == firmware.version_in(known)


def _registry(pending: PendingEvent) -> str:
    """The path of the device's entry in the registry."""
    return "/".join(device_path(None, pending.event.device_id))


def _shown(pending: PendingEvent) -> str:
    """The path of the owner's document of the device."""
    return "/".join(device_path(pending.tenure, pending.event.device_id))
