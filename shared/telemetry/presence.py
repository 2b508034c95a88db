"""Honest presence, from Particle's own event `spark/status`.

Particle publishes `online` when a device's session starts and `offline` when one ends or is found
dead. The two have no common order: when a device comes back before the cloud has noticed that it
was gone, the end of the old session is published with almost the time of the new one's start, or a
little later (Particle's docs, system events). And a device that sleeps between measurements ends
its session at every nap.

So a device's status is a matter of its last status events, not of the last one alone. It is one of
`online`, `offline`, and `asleep`: gone as it has been gone before, and expected back before
`graceSeconds` have passed. No timer runs here: clients compare `statusAt` with their own clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

STATUS = "spark/status"
ONLINE = "online"
OFFLINE = "offline"
ASLEEP = "asleep"

TOGETHER = timedelta(seconds=5)
"""An `offline` that comes less than this after an `online` ends the session before."""
HISTORY = 24
"""Status events that a device's presence is judged by."""

_NAPS = 3
"""This many like absences in a row make a device one that sleeps."""
_LONGEST_NAP = timedelta(hours=2)
_ALIKE = 3
"""A nap may be this much longer than the shortest one, and `_SLACK` besides."""
_SLACK = timedelta(minutes=1)
_MARGIN = 2
"""A nap of this many times the longest one is no nap any more."""


@dataclass(frozen=True)
class Presence:
    """What the status events say about a device."""

    status: str
    at: datetime
    grace_seconds: int
    """How long the device may be silent, or asleep, until it has to be counted as gone."""
    order: int
    """Grows with the event that decided."""


def order(status: str, at: datetime) -> int:
    """Sorts status events by what they mean for the device; milliseconds."""
    return round((at - TOGETHER if status == OFFLINE else at).timestamp() * 1000)


def judge(events: Iterable[tuple[object, datetime]], grace_seconds: int) -> Presence | None:
    """The presence by a device's last status events, in any order; None when there is none.

    Args:
        events: value and publish time of each.
        grace_seconds: for devices that do not sleep.
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


def as_seen(device: Mapping[str, Any], now: datetime, grace_seconds: int) -> str:
    """What a customer's app makes of the device document at a time.

    `online`, `asleep`, `offline`, `silent` (not heard of for longer than it may be, without having
    said goodbye) or `unknown`: the rule that docs/ingest.md gives to clients, for the operator, who
    has to see what the customer sees.

    Args:
        device: `users/{uid}/devices/{deviceId}`.
        now: the time.
        grace_seconds: for a document that has none of its own.
    """
    status, status_at = device.get("status"), _milliseconds(device.get("statusAt"))
    heard = max(device.get("lastSeenAt") or 0, status_at if status == ONLINE else 0)
    present = _milliseconds(now)
    grace = (device.get("graceSeconds") or grace_seconds) * 1000
    if status == OFFLINE and status_at >= heard:
        return OFFLINE
    if status == ASLEEP and status_at >= heard:
        return ASLEEP if present - status_at <= grace else OFFLINE
    if heard == 0:
        return "unknown"
    return ONLINE if present - heard <= grace else "silent"


def _milliseconds(time: datetime | None) -> float:
    return time.timestamp() * 1000 if time else 0


def _nap(events: list[tuple[str, datetime]]) -> timedelta | None:
    """The longest of the last absences, if they look like naps."""
    absences: list[timedelta] = []
    gone: datetime | None = None
    for status, at in events:
        if status == OFFLINE:
            # Repeated ends of sessions are one absence, from the first of them on.
            gone = gone or at
        elif gone is not None:
            absences.append(at - gone)
            gone = None
    last = [absence for absence in absences if absence > TOGETHER][-_NAPS:]
    if len(last) < _NAPS or max(last) > _LONGEST_NAP:
        return None
    return max(last) if max(last) <= _ALIKE * min(last) + _SLACK else None
