"""Reading from devices: a variable's value, and what Particle says of each device."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import connections, settings
from shared.cache import Cache
from shared.commands import delivery
from shared.commands.offer import offer
from shared.particle import Device, errors
from shared.registry import access

PARALLEL = 8
"""Requests to Particle at the same time for one caller."""
FRESH = 5.0
"""Seconds for which an answer about a device is given again, at least."""
PER_DEVICE = 0.5
"""And for each of the caller's devices: no customer can cause more than two requests a second."""


@dataclass(frozen=True)
class Reading:
    """A variable's value, and when it was read."""

    value: bool | float | str | None
    read_at: datetime


_readings: Cache[tuple[str, str, str], Reading] = Cache(5000)
"""By user, device and variable. The user is part of the key: a reading is never given to another
customer after the device has changed hands."""
_listed: Cache[str, tuple[float, Device | None]] = Cache(20_000)
"""When Particle was asked about a device, by `time.monotonic`, and the answer."""


def read_variable(uid: str, device_id: str, variable: str, max_age: float) -> Reading:
    """Read a variable of a device, or answer what was read at most `max_age` seconds ago.

    The user owns the device, or is a guest.

    Raises `NotAllowed`, `NotYourDevice`, `UnknownVariable`, `DeviceOffline`, `DeviceTimeout`,
    `DeviceNotReady`, `ParticleUnavailable` and `ParticleRateLimited`.
    """
    offer().check_read(variable)
    access.require_reader(uid, device_id)
    key = (uid, device_id, variable)
    reading = _readings.get(key)
    if reading and datetime.now(UTC) - reading.read_at <= timedelta(seconds=max_age):
        return reading
    asked_at = time.monotonic()
    reading = Reading(delivery.read(device_id, variable), datetime.now(UTC))
    if time.monotonic() - asked_at > settings.QUICK_READ:
        access.require_reader(uid, device_id)
    _readings.put(key, reading)
    return reading


def at_particle(device_ids: list[str]) -> dict[str, Device | None]:
    """What Particle says of each device; None for one that the product does not have.

    Whether it is online lags: about 50 s for Wi-Fi, up to 46 minutes for cellular (Cloud API
    reference, "Devices").
    So an answer of a few seconds ago is given again. Raises `ParticleError`.
    """
    since = time.monotonic() - max(FRESH, PER_DEVICE * len(device_ids))
    known = {device_id: _listed.get(device_id) for device_id in device_ids}
    found = {
        device_id: answer[1] for device_id, answer in known.items() if answer and answer[0] >= since
    }
    with ThreadPoolExecutor(PARALLEL) as pool:
        asked = {
            # In this context, which has the function's deadline for what a token costs.
            device_id: pool.submit(copy_context().run, _ask, device_id)
            for device_id in device_ids
            if device_id not in found
        }
    for device_id, answered in asked.items():
        found[device_id] = answered.result()
        _listed.put(device_id, (time.monotonic(), found[device_id]))
    return found


def _ask(device_id: str) -> Device | None:
    try:
        return connections.particle().device(connections.tokens().server, device_id)
    except (errors.ForbiddenError, errors.NotFoundError):
        return None
