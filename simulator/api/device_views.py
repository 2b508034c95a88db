"""How devices look in answers; which field is in which answer follows Particle's API reference."""

from typing import Any

from simulator.world.clock import iso_or_none
from simulator.world.kinds import Kind
from simulator.world.platforms import CELLULAR, WIFI
from simulator.world.state import State
from simulator.world.state.devices import Device


def common(device: Device) -> dict[str, Any]:
    """Return the fields that all views have."""
    view: dict[str, Any] = {
        "id": device.id,
        "name": device.name,
        "last_ip_address": device.last_ip_address,
        "last_heard": iso_or_none(device.last_heard),
        "last_handshake_at": iso_or_none(device.last_handshake_at),
        "online": device.online,
        "connected": device.online,
        "platform_id": device.platform_id,
        "product_id": device.platform_id if device.product_id is None else device.product_id,
        "notes": device.notes,
        "serial_number": device.serial_number,
        "system_firmware_version": device.system_firmware_version,
    }
    if device.platform_id in WIFI and device.mac_wifi:
        view["mac_wifi"] = device.mac_wifi
    if device.platform_id in CELLULAR:
        view["iccid"] = device.iccid
        view["imei"] = device.imei
    return view


def interface(device: Device, kind: Kind) -> dict[str, Any]:
    """Return the functions and variables of a device, null until it has connected once."""
    if device.last_handshake_at is None:
        return {"functions": None, "variables": None}
    if device.status == "safe_mode":
        return {"functions": [], "variables": {}}
    return {"functions": kind.functions, "variables": kind.variables}


def user_list(device: Device, kind: Kind) -> dict[str, Any]:
    """Return a device as the list of its owner shows it."""
    return {
        **common(device),
        "last_app": None,
        "cellular": device.platform_id in CELLULAR,
        "status": device.status,
        **interface(device, kind),
    }


def user_get(state: State, device: Device, kind: Kind) -> dict[str, Any]:
    """Return a device as it is shown alone to its owner."""
    view = {
        **user_list(device, kind),
        "owner": owner_name(state, device),
        "current_build_target": device.system_firmware_version,
        "default_build_target": device.system_firmware_version,
        "pinned_build_target": None,
        "mobile_secret": device.mobile_secret,
        "firmware_updates_enabled": device.firmware_updates_enabled,
        "firmware_updates_forced": device.firmware_updates_forced,
        "device_protection": {"status": "not_protected"},
    }
    if device.platform_id in CELLULAR:
        view["last_iccid"] = device.iccid
    return view


def product_view(state: State, device: Device, kind: Kind) -> dict[str, Any]:
    """Return a device as the routes of its product show it."""
    return {
        **common(device),
        **interface(device, kind),
        "owner": owner_name(state, device),
        "mobile_secret": device.mobile_secret,
        "firmware_updates_enabled": device.firmware_updates_enabled,
        "firmware_updates_forced": device.firmware_updates_forced,
        "firmware_product_id": device.product_id,
        "firmware_version": device.firmware_version,
        "desired_firmware_version": device.desired_firmware_version,
        "targeted_firmware_release_version": device.firmware_version,
        "development": device.development,
        "quarantined": device.quarantined,
        "denied": device.denied,
        "groups": [],
        "device_protection": {"status": "not_protected"},
    }


def summary(device: Device) -> dict[str, Any]:
    """Return the short form of a device in the list of customers."""
    return {
        "id": device.id,
        "product_id": device.product_id,
        "last_ip_address": device.last_ip_address,
        "firmware_version": device.firmware_version,
        "online": device.online,
    }


def owner_name(state: State, device: Device) -> str | None:
    """Return the user name of the owner, who is a user or a customer."""
    account = state.account(device.owner) if device.owner else None
    return account.username if account else None
