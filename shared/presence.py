"""Asking Particle about a customer's devices: who is online, who has presented a claim code."""

from concurrent.futures import ThreadPoolExecutor

from google.cloud.firestore import FieldFilter

from shared import access, claiming, cloud, store
from shared.errors import DeviceNotReady, InProgress
from shared.particle import errors

AT_ONCE = 8
"""Requests to Particle at the same time for one caller."""


def ask(device_ids: list[str]) -> dict[str, bool | None]:
    """Whether each device is online, as Particle believes; None for one that it does not have.

    That lags: about 50 s for Wi-Fi, up to 46 minutes for cellular (Cloud API reference, "Devices").
    Raises `ParticleError`.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(device_ids, pool.map(_online, device_ids), strict=True))


def confirm_awaited(uid: str) -> None:
    """Give the user the devices that have presented their claim codes. Raises `ParticleError`."""
    if access.mode().has_customers:
        awaited = store.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
        for snapshot in awaited.select([]).stream():
            try:
                claiming.confirm(snapshot.id)
            except (DeviceNotReady, InProgress):
                continue


def _online(device_id: str) -> bool | None:
    try:
        return cloud.particle().device(cloud.tokens().server, device_id).online
    except (errors.ForbiddenError, errors.NotFoundError):
        return None
