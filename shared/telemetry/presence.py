"""Honest presence, from Particle's own event `spark/status`.

Particle publishes `online` when a device's session starts, and `offline` when one ends or is found
dead. The two are not ordered: when a device comes back before the cloud has noticed that it was
gone, the end of the old session is published with almost the same time as the start of the new one,
or a little later (Particle's docs, system events). And a device that sleeps between measurements
ends its session at every nap, perhaps seconds after it began.

So a device's status follows from its last status events, not from the last one alone. It is one of
`online`, `offline`, and `asleep`: gone as it has been gone before, and expected back before
`graceSeconds` have passed. No timer runs here: clients compare `statusAt` with their own clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import times

STATUS = "spark/status"
ONLINE = "online"
OFFLINE = "offline"
ASLEEP = "asleep"

TOGETHER = timedelta(seconds=5)
"""An `offline` published less than this after an `online` is the end of the session before, unless
such short sessions repeat."""
TRACES = ("status", "statusAt", "lastSeenAt")
"""The fields of a device's document that `last_sign` reads."""
HISTORY = 24
"""How many of its last status events a device's presence is derived from."""

_AT_ONCE = timedelta(milliseconds=500)
"""No device connects, publishes and sleeps in less: an `offline` this soon after an `online` always
is the end of the session before."""
_NAPS = 3
"""A device sleeps when this many absences in a row are alike, or this many short sessions."""
_SHORTEST_NAP = timedelta(minutes=1)
"""Between short sessions; a device that connects more often has trouble with its connection."""
_LONGEST_NAP = timedelta(hours=25)
"""Of a device that wakes once a day, not always at the same minute."""
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
    """Sorts what was known when it was judged (`order`)."""


_Course = list[tuple[datetime, str]]


def judge(events: Iterable[tuple[object, datetime]], grace_seconds: int) -> Presence | None:
    """The presence that a device's last status events show; None when there are none.

    Args:
        events: value and publish time of each event, in any order.
        grace_seconds: how long a device that does not sleep may be silent.
    """
    known = [
        (at, status)
        for status, at in events
        if isinstance(status, str) and status in {ONLINE, OFFLINE}
    ]
    if not known:
        return None
    course = _course(known, _AT_ONCE)
    nap = _nap(course, grace_seconds, _SHORTEST_NAP)
    if nap is None:  # then there are no sessions as short as that
        course = _course(known, TOGETHER)
        nap = _nap(course, grace_seconds, TOGETHER)
    at, status = course[-1]
    if status == ONLINE or nap is None:
        return Presence(status, at, grace_seconds, order(known))
    return Presence(ASLEEP, at, max(grace_seconds, _grace(nap)), order(known))


def order(known: Sequence[tuple[datetime, str]]) -> int:
    """A sort key of what is known of a device's sessions: greater with every event that matters.

    Milliseconds of the event that means most when short sessions do not count, times 8192; then by
    how much the newest event is later, which is at most 5000.
    """
    decisive = max(times.milliseconds(_rank(at, status, TOGETHER)) for at, status in known)
    newest = max(times.milliseconds(at) for at, _ in known)
    return (decisive << 13) + newest - decisive


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


def _rank(at: datetime, status: str, together: timedelta) -> datetime:
    return at - together if status == OFFLINE else at


def _course(known: Iterable[tuple[datetime, str]], together: timedelta) -> _Course:
    """Status events in the order of what they mean.

    An `offline` that comes less than `together` after an `online` ends the session before.
    """
    return sorted(known, key=lambda event: (_rank(event[0], event[1], together), event))


def _cycles(course: _Course) -> tuple[list[timedelta], list[timedelta]]:
    """The sessions that ended, and the absences between sessions, each in order.

    Repeated ends of sessions are one absence, which begins with the first.
    """
    sessions: list[timedelta] = []
    absences: list[timedelta] = []
    came: datetime | None = None
    gone: datetime | None = None
    for at, status in course:
        if status == ONLINE:
            if gone is not None and at - gone > TOGETHER:
                absences.append(at - gone)
            came, gone = at, None
        elif gone is None:
            gone = at
            if came is not None:
                sessions.append(at - came)
    return sessions, absences


def _nap(course: _Course, grace_seconds: int, shortest: timedelta) -> timedelta | None:
    """The longest of the last absences if they look like naps, none of them shorter than this.

    A device that sleeps has short sessions again and again. One that stayed longer than it would be
    waited for was not woken for a moment.
    """
    sessions, absences = _cycles(course)
    momentary = len(sessions) >= _NAPS and max(sessions[-_NAPS:]) < TOGETHER
    needed = _NAPS - 1 if momentary else _NAPS
    last = absences[-needed:]
    if len(last) < needed or min(last) < shortest:
        return None
    nap = max(last)
    if nap > min(_ALIKE * min(last) + _SLACK, _LONGEST_NAP):
        return None
    grace = timedelta(seconds=max(grace_seconds, _grace(nap)))
    *before, present = (session < grace for session in sessions[-_NAPS:])
    return nap if present and any(before) else None


def _grace(nap: timedelta) -> int:
    return int(_MARGIN * nap.total_seconds())
