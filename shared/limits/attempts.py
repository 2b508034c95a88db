"""Limits on guessing serial numbers and setup codes.

Every attempt is counted before its code is looked at, so that a burst gains nothing, and taken back
when the code was right. Three counters decide, each of one UTC day:

- the person's: who fails often waits, longer each time, up to a quarter of an hour,
- the person's at that label: the first few attempts wait for nobody else's,
- the label's: whoever has used those up stands in one line with all the others who have.

A stranger who fails again and again at a label, with however many accounts, so keeps only people
like themselves waiting, and never its buyer; and each account of an army has a few guesses a day. A
label counts whether or not there is such a device, so counting tells nothing about it.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference, Increment

from shared.errors import TooManyAttempts
from shared.firestore import paths

KEPT = timedelta(hours=24)
"""After its last attempt Firestore's TTL deletes a counter, which is then of a day that is over."""


@dataclass(frozen=True)
class Limit:
    """How long to wait after so many attempts."""

    free: int
    """Attempts without any wait."""
    cap: float
    """Seconds of the longest wait."""

    def wait(self, tries: int) -> float:
        """Seconds to wait after the last of `tries` attempts: 2, 4, 8, … up to the cap."""
        if tries < self.free:
            return 0.0
        return min(self.cap, 2.0 ** min(tries - self.free + 1, 30))


PERSON = Limit(free=10, cap=900)
OWN = Limit(free=3, cap=60)
"""A person's at one label; after the free ones the label's own holds instead."""
LABEL = Limit(free=30, cap=60)


@dataclass(frozen=True)
class Attempt:
    """One admitted attempt."""

    counters: tuple["_Counter", "_Counter"]
    found: paths.Snapshot | None
    """The document that was to be read along."""

    def refund(self) -> None:
        """The code was right: this was no guess."""
        batch = paths.client().batch()
        for counter in self.counters:
            fields = {"tries": Increment(-1), "lastAt": counter.last_at}
            batch.update(counter.reference, fields)
        batch.commit()


def admit(uid: str, label: str, also: DocumentReference | None) -> Attempt:
    """Count an attempt of a person at a label, or raise `TooManyAttempts` with `retryAfter`.

    One read, which brings the document `also` along, and one commit.
    """
    now = datetime.now(UTC)
    references = [
        paths.claim_attempts(_digest(kind, key, now))
        for kind, key in (("person", uid), ("own", f"{uid}:{label}"), ("label", label))
    ]
    reads = references if also is None else [*references, also]
    found = {s.reference.path: s for s in paths.client().get_all(reads)}
    person, own, everybody = (_Counter.of(found[r.path], now) for r in references)
    line, limit = (own, OWN) if own.tries < OWN.free else (everybody, LABEL)
    wait = max(person.remaining(PERSON, now), line.remaining(limit, now))
    if wait > 0:
        raise TooManyAttempts(retryAfter=math.ceil(wait))
    batch = paths.client().batch()
    fields = {"tries": Increment(1), "lastAt": now, "expireAt": now + KEPT}
    for counter in (person, line):
        batch.set(counter.reference, fields, merge=True)
    results = batch.commit()
    for counter, its, result in zip((person, line), (PERSON, limit), results, strict=True):
        _refuse_a_burst(counter, its, result)
    return Attempt((person, line), found[also.path] if also else None)


def _refuse_a_burst(counter: "_Counter", limit: Limit, result: Any) -> None:
    """Of attempts at the same moment, after a wait, only the first may go on."""
    tries = result.transform_results[0].integer_value
    if tries > counter.tries + 1 and (wait := limit.wait(tries - 1)):
        raise TooManyAttempts(retryAfter=math.ceil(wait))


@dataclass(frozen=True)
class _Counter:
    """As it was read; it may not be there yet."""

    reference: DocumentReference
    tries: int
    last_at: datetime

    @classmethod
    def of(cls, snapshot: paths.Snapshot, now: datetime) -> "_Counter":
        fields = snapshot.to_dict() or {}
        return cls(snapshot.reference, fields.get("tries", 0), fields.get("lastAt", now))

    def remaining(self, limit: Limit, now: datetime) -> float:
        return limit.wait(self.tries) - (now - self.last_at).total_seconds()


def _digest(kind: str, key: str, now: datetime) -> str:
    """A counter's id. With its day: one that is over cannot be begun anew by many at once."""
    return hashlib.sha256(f"{kind}:{_day(now)}:{key}".encode()).hexdigest()


def _day(now: datetime) -> str:
    return now.date().isoformat()
