"""The product's devices at Particle, together with their entries in the registry."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from admin.cli.errors import CannotRun
from shared import connections
from shared.claims import label
from shared.firestore import paths
from shared.particle import Device
from shared.registry.entry import Entry

T = TypeVar("T")


def registered() -> Iterator[tuple[Device, Entry]]:
    """The product's devices that are registered here, each with its entry."""
    found = _with_entries(connections.particle().devices)
    yield from ((device, entry) for device, entry in found if entry.exists)


def registered_count() -> int:
    """The number of devices in the registry, for the progress of `registered`."""
    [[found]] = paths.devices().count().get()  # type: ignore[no-untyped-call]
    return int(found.value)


def quarantined() -> list[dict[str, Any]]:
    """The devices that ask to join the product, as documents for an answer."""
    return [
        {
            "deviceId": device.id,
            "serialNumber": entry.serial_number or None,
            "name": device.name,
            "platformId": device.platform_id,
            "online": device.online,
        }
        for device, entry in _with_entries(connections.particle().quarantined)
    ]


def require_quarantined(text: str) -> str:
    """The id of a device that asks to join the product; raises `CannotRun` for any other."""
    try:
        device_id = label.normalise_device_id(text)
    except ValueError as failure:
        raise CannotRun(f"{text!r}: {failure}") from None
    if all(one["deviceId"] != device_id for one in quarantined()):
        raise CannotRun(f"{device_id} is not in quarantine: see `devices quarantine list`")
    return device_id


def _with_entries(
    list_page: Callable[[Any, int], list[Device]],
) -> Iterator[tuple[Device, Entry]]:
    for devices in pages(list_page, lambda device: device.id):
        references = [paths.device(device.id) for device in devices]
        entries = {s.id: Entry(s) for s in paths.client().get_all(references)}
        yield from ((device, entries[device.id]) for device in devices)


def pages(list_page: Callable[[Any, int], list[T]], key: Callable[[T], str]) -> Iterator[list[T]]:
    """The pages of a list at Particle, each without what an earlier page had.

    The first page with nothing new is the end: items move to other pages while the list changes,
    and what follows the last page is not documented.
    """
    seen: set[str] = set()
    page = 1
    while new := [
        item for item in list_page(connections.tokens().server, page) if key(item) not in seen
    ]:
        seen.update(map(key, new))
        yield new
        page += 1
