"""Limits on guessing serial numbers and setup codes.

Every attempt is counted before its code is looked at, so that a burst gains nothing, and refunded
when the code was right. Three counters decide, each for one UTC day:

- the person's: a person who fails often waits, longer each time, up to a quarter of an hour,
- the person's at that label: the first few attempts do not wait because of anybody else's,
- the label's: everybody who has used those up waits in one common line.

So a stranger who fails again and again at a label, with however many accounts, delays only others
like themselves, and never the buyer; and each of many accounts has a few guesses a day. A device is
one label, whether its serial number or its id is presented. What no device has is counted too, by
its own text, so the counting reveals nothing.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.cloud.firestore import DocumentReference, Increment, WriteBatch

from shared import settings
from shared.errors import TooManyAttempts
from shared.firestore import paths
from shared.limits.counter import Counter, count


@dataclass(frozen=True)
class Limit:
    """How long to wait after a number of attempts."""

    free: int
    """Attempts without any wait."""
    cap: float
    """The longest wait, in seconds."""

    def wait(self, tries: int) -> float:
        """Seconds to wait after the last of `tries` attempts: 2, 4, 8, … up to the cap."""
        if tries < self.free:
            return 0.0
        return min(self.cap, 2.0 ** min(tries - self.free + 1, 30))


PERSON = Limit(free=10, cap=900)
OWN = Limit(free=3, cap=60)
"""A person's at one label; after the free ones the label's own limit holds instead."""
LABEL = Limit(free=30, cap=60)


@dataclass(frozen=True)
class Attempt:
    """An admitted attempt."""

    tallies: tuple["_Tally", "_Tally"]
    found: list[paths.Snapshot]
    """The documents that `admit` was asked to read too."""

    def refund(self) -> None:
        """The code was right, so this was no guess."""
        batch = paths.client().batch()
        for tally in self.tallies:
            fields = {"tries": Increment(-1), "lastAt": tally.last_at}
            batch.update(tally.reference, fields)
        batch.commit()


def admit(uid: str, label: str, *also: DocumentReference) -> Attempt:
    """Count an attempt of a person at a label, or raise `TooManyAttempts` with `retryAfter`.

    Costs one read request, which also reads the documents `also`, and one commit.
    """
    now = datetime.now(UTC)
    references = [paths.claim_attempts(_digest(*key, now)) for key in _keys(uid, label)]
    found = paths.read_all([*references, *also])
    person, own, everybody = (_Tally.of(snapshot, now) for snapshot in found[: len(references)])
    line, limit = (own, OWN) if own.tries < OWN.free else (everybody, LABEL)
    wait = max(person.remaining(PERSON, now), line.remaining(limit, now))
    if wait > 0:
        raise TooManyAttempts(retryAfter=math.ceil(wait))
    fields = {"lastAt": now, "expireAt": now + timedelta(seconds=settings.ATTEMPTS_KEPT)}
    counted = count(
        *(Counter(tally.reference, add={("tries",): 1}, fields=fields) for tally in (person, line))
    )
    for tally, its, after in zip((person, line), (PERSON, limit), counted, strict=True):
        _refuse_a_burst(tally, its, after["tries",])
    return Attempt((person, line), found[len(references) :])


@dataclass(frozen=True)
class State:
    """One of the counters of this day, for the operator."""

    of: str
    """`person`, `own` (the person's at the label) or `label`."""
    tries: int
    """Wrong codes, and attempts at others' devices; the refunded ones do not count."""
    last_at: datetime | None
    wait: int
    """Seconds that it makes the next attempt wait."""


def counted(uid: str | None, label: str | None) -> list[State]:
    """The counters of a person, of a label, and of that person at that label; one round trip."""
    now = datetime.now(UTC)
    keys = _keys(uid, label)
    found = paths.read_all([paths.claim_attempts(_digest(*key, now)) for key in keys])
    states = []
    for (kind, _), snapshot in zip(keys, found, strict=True):
        tally = _Tally.of(snapshot, now)
        wait = max(0, math.ceil(tally.remaining(_LIMITS[kind], now)))
        # After the free ones the label's line holds instead of a person's own.
        wait = 0 if kind == "own" and tally.tries >= OWN.free else wait
        states.append(State(kind, tally.tries, tally.last_at if snapshot.exists else None, wait))
    return states


def forget(batch: WriteBatch, uid: str | None, label: str | None) -> None:
    """Add to a commit that these counters begin again."""
    now = datetime.now(UTC)
    for key in _keys(uid, label):
        batch.delete(paths.claim_attempts(_digest(*key, now)))


_LIMITS = {"person": PERSON, "own": OWN, "label": LABEL}


def _keys(uid: str | None, label: str | None) -> list[tuple[str, str]]:
    keys = [("person", uid), ("own", f"{uid}:{label}" if uid and label else None), ("label", label)]
    return [(kind, key) for kind, key in keys if key is not None]


def _refuse_a_burst(tally: "_Tally", limit: Limit, tries: int) -> None:
    """Of simultaneous attempts after a wait, only the first may go on."""
    if tries > tally.tries + 1 and (wait := limit.wait(tries - 1)):
        raise TooManyAttempts(retryAfter=math.ceil(wait))


@dataclass(frozen=True)
class _Tally:
    """A counter as it was read; its document may not exist yet."""

    reference: DocumentReference
    tries: int
    last_at: datetime

    @classmethod
    def of(cls, snapshot: paths.Snapshot, now: datetime) -> "_Tally":
        fields = snapshot.to_dict() or {}
        return cls(snapshot.reference, fields.get("tries", 0), fields.get("lastAt", now))

    def remaining(self, limit: Limit, now: datetime) -> float:
        return limit.wait(self.tries) - (now - self.last_at).total_seconds()


def _digest(kind: str, key: str, now: datetime) -> str:
    """A counter's document id.

    It includes the day, so that many at once cannot restart the counter of a day that is over.
    """
    return hashlib.sha256(f"{kind}:{_day(now)}:{key}".encode()).hexdigest()


def _day(now: datetime) -> str:
    return now.date().isoformat()
