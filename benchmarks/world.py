"""Devices with owners, and the messages that they publish."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.firestore import paths

_AT_ONCE = 200


@dataclass
class Device:
    """A device and its present owner."""

    id: str
    uid: str | None
    epoch: int = 1


def new_devices(count: int, owners: Sequence[str]) -> list[Device]:
    """Return new devices, whose owners are the given customers in turn."""
    return [Device(secrets.token_hex(12), owners[n % len(owners)]) for n in range(count)]


def register(devices: Sequence[Device], claimed_at: datetime) -> None:
    """Write them into Firestore as claimed devices."""
    for start in range(0, len(devices), _AT_ONCE):
        batch = paths.client().batch()
        for device in devices[start : start + _AT_ONCE]:
            batch.set(paths.device(device.id), registered(device, claimed_at))
            if device.uid:
                batch.set(paths.user_device(device.uid, device.id), shown(device, claimed_at))
        batch.commit()


def registered(device: Device, claimed_at: datetime) -> dict[str, Any]:
    """Return the registry's entry of a device."""
    return {
        "serialNumber": device.id[:12].upper(),
        "ownerUid": device.uid,
        "claimedAt": claimed_at if device.uid else None,
        "claimEpoch": device.epoch,
    }


def shown(device: Device, claimed_at: datetime) -> dict[str, Any]:
    """Return the owner's document of a device."""
    return {
        "name": "Device",
        "serialNumber": device.id[:12].upper(),
        "claimedAt": claimed_at,
        "claimEpoch": device.epoch,
        "latest": {},
    }


def message(device_id: str, name: str, data: str, at: datetime, message_id: str) -> dict[str, Any]:
    """Return the body that Pub/Sub pushes for an event of a device."""
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sent = {
        "data": base64.b64encode(data.encode()).decode(),
        "attributes": {"device_id": device_id, "event": name, "published_at": time},
        "messageId": message_id,
        "message_id": message_id,
        "publishTime": time,
        "publish_time": time,
    }
    return {"message": sent, "subscription": "projects/demo-particle/subscriptions/bench"}
