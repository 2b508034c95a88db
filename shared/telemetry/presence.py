"""Honest presence, from Particle's own event `spark/status`.

Particle publishes `online` when a device's session starts, and `offline` when one ends or is found
dead. The two are not ordered: when a device comes back before the cloud has noticed that it was
gone, the end of the old session is published with almost the same time as the start of the new one,
or a little later (Particle's docs, system events). And a device that sleeps between measurements
ends its session at every nap.

So a device's status follows from its last status events, not from the last one alone. It is one of
`online`, `offline`, and `asleep`: gone as it has been gone before, and expected back before
`graceSeconds` have passed. No timer runs here: clients compare `statusAt` with their own clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import times

STATUS = "spark/status"
ONLINE = "online"
OFFLINE = "offline"
ASLEEP = "asleep"

TOGETHER = timedelta(seconds=5)
"""An `offline` published less than this after an `online` is the end of the session before."""
TRACES = ("status", "statusAt", "lastSeenAt")
"""The fields of a device's document that `last_sign` reads."""
HISTORY = 24
"""How many of its last status events a device's presence is derived from."""

_NAPS = 3
"""A device sleeps when this many absences in a row are alike."""
_LONGEST_NAP = timedelta(hours=2)
_ALIKE = 3
"""Absences are alike when the longest is at most this many times the shortest, plus `_SLACK`."""
_SLACK = timedelta(minutes=1)
_MARGIN = 2
"""A device that has been gone for this many times its longest nap is not expected back."""


@dataclass(frozen=True)
class Presence:
    """What the status events say about a device."""

    status: str
    at: datetime
    grace_seconds: int
    """How long the device may be silent, or asleep, before it counts as gone."""
    order: int
    """The `order` of the status event that decided."""


def order(status: str, at: datetime) -> int:
    """A sort key of status events, in the order of what they mean for the device; milliseconds."""
    return round((at - TOGETHER if status == OFFLINE else at).timestamp() * 1000)


def judge(events: Iterable[tuple[object, datetime]], grace_seconds: int) -> Presence | None:
    """The presence that a device's last status events show; None when there are none.

    Args:
        events: value and publish time of each event, in any order.
        grace_seconds: how long a device that does not sleep may be silent.
    """
    known = sorted(
        (order(status, at), at, status)
        for status, at in events
        if isinstance(status, str) and status in {ONLINE, OFFLINE}
    )
    if not known:
        return None
    rank, at, status = known[-1]
    nap = _nap([(status, at) for _, at, status in known])
    if nap is None:
        return Presence(status, at, grace_seconds, rank)
    grace = max(grace_seconds, int(_MARGIN * nap.total_seconds()))
    return Presence(ASLEEP if status == OFFLINE else status, at, grace, rank)


def last_sign(device: Mapping[str, Any]) -> int | None:
    """When a device last showed that it was there, in milliseconds; None if it is gone since.

    Whatever it publishes after an `offline` ends that: the end of an old session may be published
    late. Also None for a device that was never heard from.

    Args:
        device: `TRACES` of `users/{uid}/devices/{deviceId}`, or more.
    """
    status, status_at = device.get("status"), device.get("statusAt")
    at = times.milliseconds(status_at) if status_at else 0
    heard: int = max(device.get("lastSeenAt") or 0, at if status == ONLINE else 0)
    if status in {OFFLINE, ASLEEP} and at >= heard:
        return None
    return heard or None


def as_seen(device: Mapping[str, Any], now: datetime, grace_seconds: int) -> str:
    """What a customer's app shows for a device document at a time.

    `online`, `asleep`, `offline`, `silent` (not heard from for too long, and no end of the session
    was published since) or `unknown`. This is the rule that docs/ingest.md gives to clients; the
    operator has to see what the customer sees.

    Args:
        device: the fields of `users/{uid}/devices/{deviceId}`.
        now: the time.
        grace_seconds: used for a document that has no `graceSeconds`.
    """
    status, status_at, sign = device.get("status"), device.get("statusAt"), last_sign(device)
    grace = timedelta(seconds=device.get("graceSeconds") or grace_seconds)
    if sign is not None:
        return ONLINE if now - times.of_milliseconds(sign) <= grace else "silent"
    if status == ASLEEP and status_at and now - status_at <= grace:
        return ASLEEP
    return OFFLINE if status in {OFFLINE, ASLEEP} else "unknown"


def _nap(events: list[tuple[str, datetime]]) -> timedelta | None:
    """The longest of the last absences, if they look like naps."""
    absences: list[timedelta] = []
    gone: datetime | None = None
    for status, at in events:
        if status == OFFLINE:
            # Repeated ends of sessions are one absence, which begins with the first.
            gone = gone or at
        elif gone is not None:
            absences.append(at - gone)
            gone = None
    last = [absence for absence in absences if absence > TOGETHER][-_NAPS:]
    if len(last) < _NAPS or max(last) > _LONGEST_NAP:
        return None
    return max(last) if max(last) <= _ALIKE * min(last) + _SLACK else None
