"""What people call users and devices, for questions and answers: never ids alone."""

from collections.abc import Iterable

from admin.support.resolve import addresses
from shared.firestore import paths


def user(uid: str) -> str:
    """A user's e-mail address and uid."""
    return _named(addresses([uid]).get(uid), uid)


def device(device_id: str) -> str:
    """A device's serial number and id."""
    found = paths.device(device_id).get(["serialNumber"]).to_dict() or {}
    return _named(found.get("serialNumber"), device_id)


def serial_numbers(device_ids: Iterable[str | None]) -> dict[str, str]:
    """The serial numbers of those devices that are registered with one; one round trip."""
    references = [paths.device(one) for one in sorted({one for one in device_ids if one})]
    found = paths.client().get_all(references, ["serialNumber"]) if references else []
    return {
        snapshot.id: serial
        for snapshot in found
        if (serial := (snapshot.to_dict() or {}).get("serialNumber"))
    }


def _named(name: str | None, key: str) -> str:
    return f"{name} ({key})" if name else key
