"""Where an event is stored: below the customer whose tenure holds it, or outside any tenure.

An event that is in the wrong place moves, and what was counted of it moves as well.
"""

import functools
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from google.cloud.firestore import (
    DocumentReference,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    WriteBatch,
)

from shared.firestore import paths, raw
from shared.telemetry import rollup, series
from shared.telemetry import value as values
from shared.telemetry.message import Event, UnstorableError
from shared.telemetry.pending import document_fields
from shared.telemetry.repair import ROUNDS, OvertakenError, newest_first
from shared.telemetry.tenure import Tenure, recorded

_OVERTAKEN = (Aborted, FailedPrecondition, NotFound)


def put_in_place(uid: str, device_id: str, event_id: str, present: Tenure | None) -> bool:
    """Make sure that an event below a customer's device is where it belongs.

    Returns whether it had to move. `present` is the device's present tenure, whoever the customer
    is; None when nobody owns the device. Raises `OvertakenError`.
    """
    device = paths.user_device(uid, device_id)
    stored = _event(device, event_id)
    for _ in range(ROUNDS):
        snapshot = stored.get()
        fields = snapshot.to_dict()
        if fields is None:
            return False
        epoch = _right_epoch(uid, device_id, snapshot, present)
        if epoch is not None and epoch == fields.get("claimEpoch"):
            return False
        batch = paths.client().batch()
        unchanged = paths.client().write_option(last_update_time=snapshot.update_time)
        _uncount(batch, device, event_id, fields)
        if epoch is not None:
            days = _count(batch, device, event_id, fields, epoch)
            batch.update(stored, {"claimEpoch": epoch, **days}, option=unchanged)
        else:
            of_tenure = {"claimEpoch", series.DAYS}
            outside = {key: item for key, item in fields.items() if key not in of_tenure}
            batch.set(_event(paths.device(device_id), event_id), outside)
            batch.delete(stored, option=unchanged)
        try:
            batch.commit()
        except _OVERTAKEN:
            continue
        return True
    raise OvertakenError(f"event {event_id} could not be put in its place")


def _right_epoch(
    uid: str, device_id: str, stored: paths.Snapshot, present: Tenure | None
) -> int | None:
    """The epoch of the customer's tenure that an event in their tree belongs to; None for none.

    It belongs to an earlier tenure only when it was stored during that tenure.
    """
    published_at, epoch = stored.get("publishedAt"), stored.get("claimEpoch")
    if present and present.uid == uid and present.holds(published_at):
        return present.epoch
    for tenure in recorded(device_id):
        if tenure.epoch > epoch and tenure.holds(stored.create_time):
            return None
        if tenure.epoch == epoch and not tenure.holds(published_at):
            return None
    return int(epoch)


def store_outside(event: Event, received_at: datetime, present: Tenure | None) -> bool:
    """Store an event that no present tenure holds; False when it had been stored before.

    It may be stored below a former owner: when it is a copy of an event of theirs, or when an
    instance that still relied on their tenure crashed before it could put the event in place.

    Raises `OvertakenError`; `UnstorableError` for an event that Firestore refuses.
    """
    uids = {tenure.uid for tenure in recorded(event.device_id)}
    if present:
        uids.add(present.uid)
    inside = [
        _event(paths.user_device(uid, event.device_id), event_id)
        for uid in uids
        for event_id in (event.id, *event.nearby)
    ]
    found = [s for s in _existing(inside) if event.is_copy(s.id, s.get("publishedAt"))]
    for snapshot in found:
        uid = snapshot.reference.path.split("/")[1]
        put_in_place(uid, event.device_id, snapshot.id, present)
    return not found and _create_outside(event, received_at)


def _create_outside(event: Event, received_at: datetime) -> bool:
    """Store an event outside any tenure; False when it or a copy is there."""
    device = paths.device(event.device_id)
    for _ in range(ROUNDS):
        nearby = [_event(device, event_id) for event_id in event.nearby]
        there = _existing(nearby)
        if any(event.is_copy(s.id, s.get("publishedAt")) for s in there):
            return False
        batch = paths.client().batch()
        batch.create(_event(device, event.id), document_fields(event, received_at))
        absent = paths.client().write_option(exists=False)
        for reference in set(nearby) - {s.reference for s in there}:
            batch.delete(reference, option=absent)
        try:
            batch.commit()
        except (AlreadyExists, FailedPrecondition):
            if not nearby or _event(device, event.id).get([]).exists:
                return False
        except InvalidArgument as refusal:
            raise UnstorableError("refused-by-firestore") from refusal
        else:
            return True
    raise OvertakenError(f"event {event.id} could not be stored outside")


def _existing(references: list[DocumentReference]) -> list[paths.Snapshot]:
    if not references:
        return []
    found = paths.client().get_all(references, ["claimEpoch", "publishedAt"])
    return [snapshot for snapshot in found if snapshot.exists]


def _event(device: DocumentReference, event_id: str) -> DocumentReference:
    reference: DocumentReference = device.collection(paths.EVENTS).document(event_id)
    return reference


def _rollup(device: DocumentReference, key: str) -> DocumentReference:
    reference: DocumentReference = device.collection(paths.ROLLUPS).document(key)
    return reference


def _counted(fields: dict[str, Any], since: Callable[[], datetime]) -> series.Counted:
    """What an event counts in a tenure that began then, by the fields of its document."""
    if fields.get("uncounted"):
        return series.NOTHING
    value = values.read_again(fields).value
    samples = series.of_document(fields, value)
    if samples is not None:
        return series.counted(samples, since(), series.metrics(samples))
    at, numbers = fields["publishedAt"], rollup.metrics(value)
    cells: rollup.Cells = {}
    rollup.count(cells, at, numbers)
    return series.NOTHING._replace(common={rollup.day(at): series.Day(at, cells)} if cells else {})


def _since(device_id: str, epoch: int) -> Callable[[], datetime]:
    """Reads, at most once, when a tenure began in which events were stored."""
    record = paths.tenure(device_id, epoch)
    return functools.cache(lambda: record.get(["since"]).get("since"))


def _uncount(
    batch: WriteBatch, device: DocumentReference, event_id: str, fields: dict[str, Any]
) -> None:
    """Take what an event counted out of the rollups."""
    name, epoch = fields["event"], fields.get("claimEpoch")
    if epoch is None:
        return
    since = _since(device.id, epoch)
    common, own, _ = _counted(fields, since)
    days = {**own, **common}
    # What was counted there is known for certain; which rollups had room at that time is not.
    shared = fields.get(series.DAYS, days if series.RULE not in fields else ())
    for day, (at, cells) in days.items():
        if day in shared:
            _count_again(batch, device, event_id, fields, series.Day(at, cells), since)
        else:
            batch.delete(_rollup(device, rollup.own_id(name, epoch, at, event_id)))


def _count_again(
    batch: WriteBatch,
    device: DocumentReference,
    event_id: str,
    fields: dict[str, Any],
    gone: series.Day,
    since: Callable[[], datetime],
) -> None:
    """Count cells of a day again without an event: a minimum cannot be undone.

    The rollup's update time is a precondition. Every commit that counts anything on that day
    changes it, so that nothing is lost which is stored after the events were read.
    """
    name, epoch = fields["event"], fields["claimEpoch"]
    counted = _rollup(device, rollup.document_id(name, epoch, gone.at))
    snapshot = counted.get()
    if not snapshot.exists:
        return
    there = (snapshot.to_dict() or {}).get("metrics", {})
    wanted = {(m, number) for m, number in gone.cells if str(number) in there.get(m, {})}
    if not wanted:
        return
    day = rollup.day(gone.at)
    cells: rollup.Cells = {}
    for other in _counting(device, name, gone.at, {number for _, number in wanted}):
        found = other.to_dict() or {}
        if other.id != event_id and found.get("claimEpoch") == epoch:
            common, own, _ = _counted(found, since)
            same = {**own, **common}.get(day)
            if same:
                rollup.merge(cells, {k: cell for k, cell in same.cells.items() if k in wanted})
    write = raw.merge(
        raw.name(*counted.path.split("/")),
        {
            ("metrics", metric, str(number)): (
                cells[metric, number].fields() if (metric, number) in cells else raw.REMOVED
            )
            for metric, number in wanted
        },
        (),
        must_exist=True,
        unchanged_since=snapshot.update_time,
    )
    raw.add(batch, write)


def _counting(
    device: DocumentReference, name: str, at: datetime, buckets: Collection[int]
) -> Iterator[paths.Snapshot]:
    """The events that may be counted in these buckets of a day: by their time, or by samples."""
    start = rollup.bucket_start(at, min(buckets))
    end = rollup.bucket_start(at, max(buckets) + 1) - timedelta(microseconds=1)
    until_end = FieldFilter("publishedAt", "<=", end)
    for snapshot in newest_first(device, name, start).where(filter=until_end).stream():
        if series.RULE not in (snapshot.to_dict() or {}):
            yield snapshot
    yield from (
        device.collection(paths.EVENTS)
        .where(filter=FieldFilter("event", "==", name))
        .where(filter=FieldFilter(series.DAYS, "array_contains", rollup.day(at)))
        .stream()
    )


def _count(
    batch: WriteBatch,
    device: DocumentReference,
    event_id: str,
    fields: dict[str, Any],
    epoch: int,
) -> dict[str, Any]:
    """Count an event for a tenure other than the one for which it was counted.

    Returns the fields of its document that say where its samples are counted.
    """
    name = fields["event"]
    common, own, _ = _counted(fields, _since(device.id, epoch))
    kinds = {"increment": Increment, "minimum": Minimum, "maximum": Maximum}
    for at, cells in common.values():
        document: dict[str, Any] = {**rollup.labels(name, epoch, at), "metrics": {}}
        for (metric, number), cell in cells.items():
            document["metrics"].setdefault(metric, {})[str(number)] = {
                field_path.rpartition(".")[2]: kinds[kind](amount)
                for field_path, kind, amount in rollup.transforms({(metric, number): cell})
            }
        batch.set(_rollup(device, rollup.document_id(name, epoch, at)), document, merge=True)
    for at, cells in own.values():
        document = {**rollup.labels(name, epoch, at), "metrics": rollup.stored(cells)}
        batch.set(_rollup(device, rollup.own_id(name, epoch, at, event_id)), document)
    return {series.DAYS: sorted(common)} if series.RULE in fields else {}
