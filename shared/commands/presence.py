"""Asking Particle which of a customer's devices are online."""

import time
from concurrent.futures import ThreadPoolExecutor

from shared import connections
from shared.particle import errors

AT_ONCE = 8
"""Requests to Particle at the same time for one caller."""
FRESH = 5.0
"""Seconds that an answer is given again, at least."""
PER_DEVICE = 0.5
"""And for each of the caller's devices: nobody makes more than two requests a second by asking."""
MAX_KNOWN = 20_000
"""Answers that an instance remembers."""

_known: dict[str, tuple[float, bool | None]] = {}
"""When each device was asked for, on the monotonic clock, and the answer."""


def ask(device_ids: list[str]) -> dict[str, bool | None]:
    """Whether each device is online, as Particle believes; None for one that it does not have.

    That lags: about 50 s for Wi-Fi, up to 46 minutes for cellular (Cloud API reference, "Devices").
    So an answer of a few seconds ago is given again. Raises `ParticleError`.
    """
    since = time.monotonic() - max(FRESH, PER_DEVICE * len(device_ids))
    known = {key: _known[key] for key in device_ids if key in _known}
    asked = [key for key in device_ids if key not in known or known[key][0] < since]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(asked, pool.map(_online, asked), strict=True))
    if len(_known) > MAX_KNOWN:
        _known.clear()
    _known.update({key: (time.monotonic(), online) for key, online in found.items()})
    return {key: found[key] if key in found else known[key][1] for key in device_ids}


def _online(device_id: str) -> bool | None:
    try:
        return connections.particle().device(connections.tokens().server, device_id).online
    except (errors.ForbiddenError, errors.NotFoundError):
        return None
