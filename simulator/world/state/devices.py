"""Devices: what the cloud knows about each, and the state of the virtual one behind it."""

from typing import Any

import msgspec

from simulator.world.state.table import Table


class Device(msgspec.Struct, kw_only=True):
    """A device as the cloud knows it, and the state of the virtual one behind it."""

    id: str
    kind: str
    name: str | None = None
    owner: str | None = None
    product_id: int | None = None
    platform_id: int
    serial_number: str
    mac_wifi: str | None = None
    iccid: str | None = None
    imei: str | None = None
    mobile_secret: str
    last_ip_address: str
    system_firmware_version: str
    firmware_version: int = 1
    desired_firmware_version: int | None = None
    firmware_updates_enabled: bool = True
    firmware_updates_forced: bool = False
    notes: str | None = None
    status: str = "normal"
    development: bool = False
    quarantined: bool = False
    denied: bool = False
    signaling: bool = False
    online: bool = True
    hang: bool = False
    interval: float = 5.0
    created_at: float
    last_heard: float | None = None
    last_handshake_at: float | None = None
    ticks: int = 0
    sent: int = 0
    state: dict[str, Any] = {}

    @property
    def member_of(self) -> int | None:
        """The product that has approved the device; a quarantined device is in none."""
        return None if self.quarantined else self.product_id


class Devices(Table[Device]):
    """All devices, by id, by their other identifiers and by owner."""

    def __init__(self) -> None:
        super().__init__("devices", Device)
        self._ids: dict[str, str] = {}
        self._owned: dict[str, set[str]] = {}

    def identified(self, identifier: str) -> Device | None:
        """Return the device with this device id, serial number, IMEI or ICCID."""
        return self.get(identifier) or self.get(self._ids.get(identifier.upper(), ""))

    def owned_by(self, account_id: str) -> list[Device]:
        """Return the devices of a user or customer."""
        return [self[device_id] for device_id in self._owned.get(account_id, ())]

    def in_product(self, product_id: int) -> list[Device]:
        """Return the devices of a product, quarantined ones included."""
        return [device for device in self.values() if device.product_id == product_id]

    def set_owner(self, device: Device, account_id: str | None) -> None:
        """Give a device to a user or customer, or to no one."""
        if device.owner:
            self._owned.get(device.owner, set()).discard(device.id)
        device.owner = account_id
        if account_id:
            self._owned.setdefault(account_id, set()).add(device.id)
        self.touch(device.id)

    def release_all(self, account_id: str) -> None:
        """Take all devices of a user or customer away from their owner."""
        for device in self.owned_by(account_id):
            self.set_owner(device, None)

    def index(self, row: Device) -> None:
        """Enter a device's identifiers and its owner."""
        for identifier in (row.serial_number, row.imei, row.iccid):
            if identifier:
                self._ids[identifier.upper()] = row.id
        if row.owner:
            self._owned.setdefault(row.owner, set()).add(row.id)

    def unindex(self, row: Device) -> None:
        """Forget a device's identifiers and its owner."""
        for identifier in (row.serial_number, row.imei, row.iccid):
            if identifier:
                self._ids.pop(identifier.upper(), None)
        if row.owner:
            self._owned.get(row.owner, set()).discard(row.id)
