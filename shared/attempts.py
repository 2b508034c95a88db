"""Limits on guessing serial numbers and setup codes.

Every attempt is counted before its code is looked at, so that a burst gains nothing, and taken back
when the code was right. Three counters decide, each with waits that grow and are capped:

- the person's: who fails often waits, up to a quarter of an hour,
- the label's, for newcomers: people with few failures of their own,
- the label's, for everybody else.

A stranger who fails again and again at a label so keeps only people like themselves waiting, and
never its buyer; and an army of new accounts still has to wait up to a minute for each guess. A
label counts whether or not there is such a device, so counting tells nothing about it.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference, Increment

from shared import store
from shared.errors import TooManyAttempts

QUIET = timedelta(hours=24)
"""A counter without attempts for so long begins anew; Firestore's TTL deletes it then."""
NEWCOMER = 3
"""Failures up to which a person is a newcomer."""


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
LABEL = Limit(free=30, cap=60)
"""Generous: twenty people who claim one device at once are a race, no attack."""


@dataclass(frozen=True)
class Attempt:
    """One admitted attempt."""

    counters: tuple[DocumentReference, DocumentReference]
    found: store.Snapshot | None
    """The document that was to be read along."""

    def take_back(self) -> None:
        """The code was right: this was no guess."""
        batch = store.client().batch()
        for counter in self.counters:
            batch.update(counter, {"tries": Increment(-1)})
        batch.commit()


def admit(uid: str, label: str, also: DocumentReference | None) -> Attempt:
    """Count an attempt of a person at a label, or raise `TooManyAttempts` with `retryAfter`.

    One read, which brings the document `also` along, and one commit.
    """
    references = [
        store.claim_attempts(_digest(kind, key))
        for kind, key in (("person", uid), ("newcomers", label), ("others", label))
    ]
    reads = references if also is None else [*references, also]
    found = {s.reference.path: s for s in store.client().get_all(reads)}
    now = datetime.now(UTC)
    person, newcomers, others = (_Counter.of(found[r.path], now) for r in references)
    line = newcomers if person.tries < NEWCOMER else others
    wait = max(person.remaining(PERSON, now), line.remaining(LABEL, now))
    if wait > 0:
        raise TooManyAttempts(retryAfter=math.ceil(wait))
    batch = store.client().batch()
    for counter in (person, line):
        batch.set(counter.reference, counter.next(now), merge=not counter.over)
    results = batch.commit()
    for counter, limit, result in zip((person, line), (PERSON, LABEL), results, strict=True):
        _refuse_a_burst(counter, limit, result)
    return Attempt((person.reference, line.reference), found[also.path] if also else None)


def _refuse_a_burst(counter: "_Counter", limit: Limit, result: Any) -> None:
    """Of attempts at the same moment, after a wait, only the first may go on."""
    if counter.over:
        return
    tries = result.transform_results[0].integer_value
    if tries > counter.tries + 1 and (wait := limit.wait(tries - 1)):
        raise TooManyAttempts(retryAfter=math.ceil(wait))


@dataclass(frozen=True)
class _Counter:
    reference: DocumentReference
    tries: int
    last_at: datetime
    over: bool
    """Whether it is there and begins anew."""

    @classmethod
    def of(cls, snapshot: store.Snapshot, now: datetime) -> "_Counter":
        fields = snapshot.to_dict() or {}
        over = bool(fields) and fields["lastAt"] + QUIET <= now
        tries = 0 if over else fields.get("tries", 0)
        return cls(snapshot.reference, tries, fields.get("lastAt", now), over)

    def remaining(self, limit: Limit, now: datetime) -> float:
        return limit.wait(self.tries) - (now - self.last_at).total_seconds()

    def next(self, now: datetime) -> dict[str, Any]:
        tries = 1 if self.over else Increment(1)
        return {"tries": tries, "lastAt": now, "expireAt": now + QUIET}


def _digest(kind: str, key: str) -> str:
    return hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()
