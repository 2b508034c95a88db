"""Checks what is in Firestore after a campaign, without any of the product's own logic."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from shared.firestore import paths

_LIMIT = 2**53 - 1
STATUS = "spark/status"
LOG = "log"
"""The name of events with many samples, by `telemetry.json` beside this file."""
_SESSION = timedelta(seconds=5)


@dataclass
class Sent:
    """One delivery; an event with copies has several."""

    device_id: str
    name: str
    data: str
    at: datetime
    message_id: str
    due: float
    request: bytes
    poison: bool = False
    first_sent: float = 0.0
    acknowledged: float = 0.0

    @property
    def key(self) -> "Key":
        """The identity of the event, which is the same for all copies."""
        return (self.device_id, self.name, self.at, self.data)


Key = tuple[str, str, datetime, str]
Place = tuple[str, int] | None
"""The customer and the tenure under which an event is stored; None for no customer."""


@dataclass(frozen=True)
class Change:
    """A change of the owner of a device; without `uid`, the device has no owner from then on."""

    uid: str | None
    epoch: int
    since: datetime
    began: datetime
    done: datetime

    @property
    def place(self) -> Place:
        """The place to which events after the change belong."""
        return None if self.uid is None else (self.uid, self.epoch)


@dataclass
class Journal:
    """What happened in the campaign."""

    changes: dict[str, list[Change]]
    strangers: set[str] = field(default_factory=set)
    """The devices that are not in the registry."""
    sent: list[Sent] = field(default_factory=list)


@dataclass(frozen=True)
class _Stored:
    place: Place
    id: str
    fields: dict[str, Any]


def audit(journal: Journal) -> tuple[list[str], dict[str, int]]:
    """Return the problems, and the numbers of deliveries, events, copies and poison messages."""
    problems: list[str] = []
    valid: dict[Key, list[Sent]] = defaultdict(list)
    for sent in journal.sent:
        if not sent.poison:
            valid[sent.key].append(sent)
    stored = _stored(journal)
    problems += [f"stored and never sent: {key}" for key in stored.keys() - valid.keys()]
    for key, copies in valid.items():
        places = [one.place for one in stored.get(key, [])]
        if len(places) != 1:
            problems.append(f"stored {len(places)} times, at {places}: {key}")
        elif places[0] not in _allowed(journal.changes[key[0]], copies):
            problems.append(f"stored at {places[0]}: {key}")
    problems += _check_rollups(journal, stored)
    problems += _check_latest(journal, stored)
    problems += _check_presence(journal, stored)
    problems += _check_strangers(journal, stored)
    poison = {sent.message_id for sent in journal.sent if sent.poison}
    problems += _check_letters(journal, poison)
    return problems, {
        "deliveries": len(journal.sent),
        "events": len(valid),
        "copies": len(journal.sent) - len(valid) - len(poison),
        "poison": len(poison),
    }


def _stored(journal: Journal) -> dict[Key, list[_Stored]]:
    """All event documents of the campaign's devices, wherever they are."""
    found: dict[Key, list[_Stored]] = defaultdict(list)
    for snapshot in paths.client().collection_group(paths.EVENTS).stream():
        parts = snapshot.reference.path.split("/")
        fields = snapshot.to_dict() or {}
        device_id = parts[-3]
        if device_id in journal.changes:
            place = (parts[1], fields.get("claimEpoch", 0)) if parts[0] == paths.USERS else None
            at = datetime.fromtimestamp(round(fields["publishedAt"].timestamp() * 1000) / 1000, UTC)
            key = (device_id, fields["event"], at, fields["data"])
            found[key].append(_Stored(place, snapshot.id, fields))
    return found


def _allowed(changes: list[Change], copies: list[Sent]) -> set[Place]:
    """Where an event may be stored: several places only if its delivery overlapped a change."""
    at = copies[0].at
    sent = _time(min(copy.first_sent for copy in copies))
    acknowledged = _time(min(copy.acknowledged for copy in copies))
    index = max(n for n, change in enumerate(changes) if change.since <= at)
    allowed: set[Place] = set()
    following = changes[index + 1] if index + 1 < len(changes) else None
    if following is None or sent <= following.done:
        allowed.add(changes[index].place)
    if following is not None and acknowledged >= following.began:
        allowed.add(None)
    if at <= changes[index].done and index:
        # It was published while the change was being made.
        allowed |= {changes[index - 1].place, None}
    return allowed


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _inside(stored: dict[Key, list[_Stored]]) -> Iterable[tuple[Key, str, int, _Stored]]:
    for key, places in stored.items():
        for one in places:
            if one.place is not None:
                yield key, *one.place, one


def _check_rollups(journal: Journal, stored: dict[Key, list[_Stored]]) -> list[str]:
    expected: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for (device_id, name, published_at, data), uid, epoch, _ in _inside(stored):
        since = _since(journal, device_id, epoch)
        for at, numbers in _measured(name, published_at, data, since):
            bucket = (at.hour * 60 + at.minute) // 5
            for metric, number in numbers.items():
                cell = (uid, device_id, name, epoch, f"{at:%Y-%m-%d}", metric, bucket)
                expected[cell].append(number)
    problems = []
    for snapshot in paths.client().collection_group(paths.ROLLUPS).stream():
        _, uid, _, device_id, *_ = snapshot.reference.path.split("/")
        if device_id not in journal.changes:
            continue
        fields = snapshot.to_dict() or {}
        for metric, buckets in fields["metrics"].items():
            for bucket, cell in buckets.items():
                labels = (fields["event"], fields["claimEpoch"], fields["day"])
                key = (uid, device_id, *labels, metric, int(bucket))
                problems += _check_cell(key, cell, expected.pop(key, []))
    return problems + [f"not counted: {key}" for key in expected]


def _since(journal: Journal, device_id: str, epoch: int) -> datetime:
    """When a tenure began."""
    changes = journal.changes[device_id]
    return next(c.since for c in changes if c.uid is not None and c.epoch == epoch)


def _measured(
    name: str, published_at: datetime, data: str, since: datetime
) -> Iterable[tuple[datetime, dict[str, float]]]:
    """What an event has measured in a tenure that began then, and when."""
    if name != LOG:
        yield published_at, _numbers(data)
        return
    for at, number in _samples(data):
        if at >= since:
            yield at, {"value": number}


def _samples(data: str) -> Iterable[tuple[datetime, float]]:
    log = json.loads(data)
    for n, number in enumerate(log["t"]):
        milliseconds = math.floor(Fraction(str(log["t0"] + n * log["dt"])) * 1000)
        yield datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds), number


def _check_cell(key: tuple[Any, ...], cell: dict[str, Any], numbers: list[float]) -> list[str]:
    if not numbers:
        return [f"counted, and no event is there: {key}: {cell}"]
    # Fractions, because a float cannot hold both large integers and small fractions.
    total = Fraction(cell["sum"]) + Fraction(cell.get("sumHigh", 0)) * 2**32
    expected = sum(map(Fraction, numbers), Fraction(0))
    exact = all((Fraction(n) * 1024).denominator == 1 for n in numbers)
    size = max(abs(Fraction(math.fsum(numbers))), Fraction(math.fsum(map(abs, numbers))))
    right = total == expected if exact else abs(total - expected) <= Fraction(1, 10**9) * size
    found = (cell["count"], cell["min"], cell["max"])
    if right and found == (len(numbers), min(numbers), max(numbers)):
        return []
    return [f"{key}: {cell}, expected {len(numbers)} numbers, sum {float(expected)}"]


def _numbers(data: str) -> dict[str, float]:
    """The numbers that must be aggregated according to the documentation."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    numbers = value if isinstance(value, dict) else {"value": value}
    return {k: v for k, v in numbers.items() if type(v) in {int, float} and abs(v) <= _LIMIT}


def _check_latest(journal: Journal, stored: dict[Key, list[_Stored]]) -> list[str]:
    newest: dict[tuple[str, int, str, str], tuple[datetime, str, Any]] = {}
    for (device_id, name, published_at, data), uid, epoch, one in _inside(stored):
        key = (uid, epoch, device_id, name)
        shown = [(published_at, one.fields["value"])]
        if name == LOG:
            since = _since(journal, device_id, epoch)
            shown = [(at, number) for at, number in _samples(data) if at >= since][-1:]
        for at, value in shown:
            candidate = (at, one.id, value)
            if key not in newest or newest[key][:2] < candidate[:2]:
                newest[key] = candidate
    problems = []
    for device_id, changes in journal.changes.items():
        now = changes[-1]
        for uid in {change.uid for change in changes if change.uid}:
            exists = paths.user_device(uid, device_id).get()
            if exists.exists != (uid == now.uid):
                problems.append(f"{uid} and {device_id}: device document exists: {exists.exists}")
        if now.uid is None:
            continue
        latest = (paths.user_device(now.uid, device_id).get().to_dict() or {})["latest"]
        expected = {
            name: (at, value)
            for (uid, epoch, device, name), (at, _, value) in newest.items()
            if (uid, epoch, device) == (now.uid, now.epoch, device_id)
        }
        found = {name: (entry["publishedAt"], entry["value"]) for name, entry in latest.items()}
        problems += [
            f"latest of {name} of {device_id}: {found.get(name)}, not {expected.get(name)}"
            for name in expected.keys() | found.keys()
            if not _same(expected.get(name), found.get(name))
        ]
    return problems


def _check_presence(journal: Journal, stored: dict[Key, list[_Stored]]) -> list[str]:
    """Check the presence of each device's present tenure against the documentation."""
    events: dict[tuple[str, str, int], list[tuple[datetime, str, str]]] = defaultdict(list)
    for (device_id, name, at, data), uid, epoch, _ in _inside(stored):
        events[device_id, uid, epoch].append((at, name, data))
    problems = []
    for device_id, changes in journal.changes.items():
        now = changes[-1]
        if now.uid is None:
            continue
        mine = events[device_id, now.uid, now.epoch]
        device = paths.user_device(now.uid, device_id).get().to_dict() or {}
        said = [
            (at - _SESSION * (data == "offline"), at, data) for at, n, data in mine if n == STATUS
        ]
        if said:
            _, at, status = max(said)
            # Whether an offline device is asleep is not checked here.
            found = "offline" if device["status"] == "asleep" else device["status"]
            if (found, _milliseconds(device["statusAt"])) != (status, _milliseconds(at)):
                problems.append(f"{device_id} is {found} since {device['statusAt']}: {said}")
        alive = [at for at, name, data in mine if name != STATUS or data == "online"]
        # An event from the time of the claim may have been stored for the previous owner.
        sure = [_milliseconds(at) for at in alive if at > now.done]
        most = max([*map(_milliseconds, alive), _milliseconds(now.since)])
        if not max(sure, default=0) <= device.get("lastSeenAt", 0) <= most:
            problems.append(f"{device_id} was last seen at {device.get('lastSeenAt')}, not {most}")
    return problems


def _check_strangers(journal: Journal, stored: dict[Key, list[_Stored]]) -> list[str]:
    problems = []
    for device_id in journal.strangers:
        times = [_milliseconds(at) for (device, _, at, _) in stored if device == device_id]
        noted = (
            paths.client().document(f"{paths.UNKNOWN_DEVICES}/{device_id}").get().to_dict() or {}
        )
        if (noted.get("events"), noted.get("lastSeenAt")) != (len(times), max(times)):
            problems.append(f"unknown device {device_id}: {noted}, sent {len(times)}")
    return problems


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _same(one: tuple[datetime, Any] | None, other: tuple[datetime, Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one[0] - other[0]) < timedelta(milliseconds=1) and one[1] == other[1]


def _check_letters(journal: Journal, poison: set[str]) -> list[str]:
    sent = {one.message_id for one in journal.sent}
    letters = {s.id for s in paths.client().collection(paths.DEAD_LETTERS).select([]).stream()}
    missing = [f"poison without a dead letter: {one}" for one in poison - letters]
    return missing + [f"valid, and a dead letter: {one}" for one in (letters & sent) - poison]
