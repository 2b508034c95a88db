"""Putting right what a commit without reads may have got wrong. All of it can be repeated.

- An event below an owner whose tenure does not hold it moves out, and with it what was counted of
  it; one that was counted for an earlier tenure of the same owner is counted for the right one.
- `latest` gets the newest event of a name, whatever stands there.
- Presence follows from the last status events.

This is the rare way, and so it may read. What dies here is done by the message's next delivery: it
finds the event stored, which leads here again.
"""

from collections.abc import Mapping, Sequence
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
    DELETE_FIELD,
    DocumentReference,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    Query,
    WriteBatch,
)

from shared import settings
from shared.firestore import paths
from shared.firestore.raw import path
from shared.telemetry import presence, retention, rollup, system_events
from shared.telemetry.batch import Entry, document_fields, latest_fields
from shared.telemetry.message import Event, UnstorableError, order_of
from shared.telemetry.tenure import Tenure, former

ROUNDS = 10
"""Times that something is put right while other commits change it."""

_OVERTAKEN = (Aborted, FailedPrecondition, NotFound)


class OvertakenError(RuntimeError):
    """Others changed it each time; the platform delivers again, and it is tried again."""


class OutdatedTenureError(RuntimeError):
    """The device came back to the same customer; what was put right was the earlier tenure's."""


def put_in_place(uid: str, device_id: str, event_id: str, present: Tenure | None) -> bool:
    """See that an event below a customer's device is where it belongs; whether it had to move.

    `present` is the device's present tenure, with whomever. Raises `OvertakenError`.
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
            batch.update(stored, {"claimEpoch": epoch}, option=unchanged)
            _count(batch, device, fields, epoch)
        else:
            outside = {key: item for key, item in fields.items() if key != "claimEpoch"}
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
    """The tenure of a customer that an event in their tree belongs to; None when it is not theirs.

    Of an earlier tenure it is only when it was stored in that tenure.
    """
    published_at, epoch = stored.get("publishedAt"), stored.get("claimEpoch")
    if present and present.uid == uid and present.holds(published_at):
        return present.epoch
    for tenure in former(device_id):
        if tenure.epoch > epoch and tenure.holds(stored.create_time):
            return None
        if tenure.epoch == epoch and not tenure.holds(published_at):
            return None
    return int(epoch)


def store_outside(event: Event, received_at: datetime, present: Tenure | None) -> bool:
    """Store an event that no present tenure holds; False when it has been stored before.

    It may be with a former owner: as a copy of what was theirs, or because an instance that still
    believed in their tenure died before it could put it in place. Raises `OvertakenError`, and
    `UnstorableError` for what Firestore refuses.
    """
    uids = {tenure.uid for tenure in former(event.device_id)}
    if present:
        uids.add(present.uid)
    inside = [_event(paths.user_device(uid, event.device_id), event.id) for uid in uids]
    found = [s for s in paths.client().get_all(inside, ["claimEpoch"]) if s.exists] if uids else []
    for snapshot in found:
        uid = snapshot.reference.path.split("/")[1]
        put_in_place(uid, event.device_id, event.id, present)
    if found:
        return False
    outside = _event(paths.device(event.device_id), event.id)
    try:
        outside.create(document_fields(event, received_at))
    except AlreadyExists:
        return False
    except InvalidArgument as refusal:
        raise UnstorableError("refused-by-firestore") from refusal
    return True


def mark_copies(entries: Sequence[Entry]) -> None:
    """Mark those that are stored already (`exists`), and of them those in order (`settled`).

    One read for all, as of one moment: the events, and of each device what the registry and its
    owner's document say.
    """
    events = {"/".join(entry.path): entry for entry in entries}
    wanted = set(events)
    fields = {"claimEpoch", "ownerUid"}
    for entry in entries:
        if entry.tenure:
            wanted |= {paths.device(entry.event.device_id).path, _shown(entry.tenure, entry).path}
            fields |= set(_latest_paths(entry.event.name))
    documents = [paths.client().document(path) for path in sorted(wanted)]
    found = {
        snapshot.reference.path: snapshot.to_dict() or {}
        for snapshot in paths.client().get_all(documents, sorted(fields))
        if snapshot.exists
    }
    for path_, entry in events.items():
        if path_ in found:
            entry.todo.add("exists")
            if entry.tenure and _is_settled(entry, entry.tenure, path_, found):
                entry.todo.add("settled")


def _is_settled(
    entry: Entry, tenure: Tenure, event_path: str, found: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Whether a stored event is where it belongs, and the device's document says so."""
    device_id, name = entry.event.device_id, entry.event.name
    registered = found.get(paths.device(device_id).path, {})
    shown = found.get(_shown(tenure, entry).path, {})
    epochs = {one.get("claimEpoch") for one in (found[event_path], registered, shown)}
    return (
        name != presence.STATUS  # of which nothing tells whether it was judged
        and registered.get("ownerUid") == tenure.uid
        and epochs == {tenure.epoch}
        and (not tenure.has_place(name) or _shows_newest(shown, tenure, name))
    )


def _shown(tenure: Tenure, entry: Entry) -> DocumentReference:
    return paths.user_device(tenure.uid, entry.event.device_id)


def latest_is_right(device_id: str, tenure: Tenure, name: str) -> bool:
    """Whether `latest` shows the newest event of a name ever written, and one of this tenure."""
    device = paths.user_device(tenure.uid, device_id)
    shown = device.get(_latest_paths(name)).to_dict() or {}
    return _shows_newest(shown, tenure, name)


def _latest_paths(name: str) -> list[str]:
    entry = path("latest", name)
    return [f"{entry}.order", f"{entry}.publishedAt", path("latestOrder", name)]


def _shows_newest(device: Mapping[str, Any], tenure: Tenure, name: str) -> bool:
    shown = device.get("latest", {}).get(name)
    greatest = device.get("latestOrder", {}).get(name)
    if shown is None:
        return greatest is None
    return bool(shown.get("order") == greatest and tenure.holds(shown["publishedAt"]))


def repair_latest(device_id: str, tenure: Tenure, name: str) -> None:
    """Write the newest event of a name in a tenure into `latest`, whatever stands there.

    It writes as a commit does, and so sees whether a newer one came in between. Of all who write at
    the same time, the last one has written the greatest order, or comes again. Raises
    `OvertakenError`, and `OutdatedTenureError` when it has to be done again for a later tenure.
    """
    device = paths.user_device(tenure.uid, device_id)
    for _ in range(ROUNDS):
        newest = _newest(device, tenure, name)
        try:
            if newest:
                done = _write_latest(device, tenure, name, newest)
            else:
                done = _clear_latest(device, tenure, name)
        except NotFound:
            return  # the device has left the customer
        if done:
            return
    raise OvertakenError(f"latest of {name!r} is overtaken faster than it can be repaired")


def _write_latest(
    device: DocumentReference, tenure: Tenure, name: str, newest: paths.Snapshot
) -> bool:
    found = newest.to_dict() or {}
    order = order_of(found["publishedAt"], newest.id)
    fields = latest_fields(name, found["value"], found["data"], found["publishedAt"], order)
    batch = paths.client().batch()
    batch.update(
        device,
        {
            **{path(*keys): item for keys, item in fields.items()},
            "claimEpoch": Increment(0),
            path("latestOrder", name): Maximum(order),
        },
    )
    (result,) = batch.commit()
    epoch, greatest = (found.integer_value for found in result.transform_results)
    if epoch != tenure.epoch:
        raise OutdatedTenureError
    return bool(greatest == order)


def _clear_latest(device: DocumentReference, tenure: Tenure, name: str) -> bool:
    """Take out a name of which the tenure has no event; False when one may have come meanwhile."""
    snapshot = device.get(["claimEpoch"])
    if not snapshot.exists:
        return True
    if snapshot.get("claimEpoch") != tenure.epoch:
        raise OutdatedTenureError
    if _newest(device, tenure, name):
        return False  # it came before the snapshot, and has to be written
    gone = [
        ("latest", name),
        ("latestOrder", name),
        *((f,) for f in system_events.field_names(name)),
    ]
    batch = paths.client().batch()
    batch.update(
        device,
        {path(*keys): DELETE_FIELD for keys in gone},
        option=paths.client().write_option(last_update_time=snapshot.update_time),
    )
    try:
        batch.commit()
    except (Aborted, FailedPrecondition):
        return False
    return True


def judge_presence(device_id: str, tenure: Tenure) -> None:
    """Write what the tenure's last status events say about the device.

    Raises `OvertakenError`, and `OutdatedTenureError` as `repair_latest` does.
    """
    device = paths.user_device(tenure.uid, device_id)
    before: presence.Presence | None = None
    for _ in range(ROUNDS):
        last = _of_name(device, presence.STATUS, tenure.since).limit(presence.HISTORY)
        found = [(s.get("value"), s.get("publishedAt")) for s in last.stream()]
        judged = presence.judge(found, settings.presence_grace_seconds())
        if judged is None:
            return
        try:
            epoch, greatest = _write_presence(device, judged, found)
        except NotFound:
            return  # the device has left the customer
        if epoch != tenure.epoch:
            raise OutdatedTenureError
        # Whoever wrote a greater one had read the event that it is of, and we would read it, too;
        # or it is of an earlier tenure, whose last judge came too late.
        if greatest <= judged.order or judged == before:
            return
        before = judged
    raise OvertakenError("presence is overtaken faster than it can be judged")


def _write_presence(
    device: DocumentReference,
    judged: presence.Presence,
    events: Sequence[tuple[Any, datetime]],
) -> tuple[int, int]:
    """The device's epoch, and the greatest order of presence ever written."""
    batch = paths.client().batch()
    batch.update(
        device,
        {
            "status": judged.status,
            "statusAt": judged.at,
            "graceSeconds": judged.grace_seconds,
            "claimEpoch": Increment(0),
            "statusOrder": Maximum(judged.order),
        },
    )
    online = [at for status, at in events if status == presence.ONLINE]
    if online:
        # What waits for the device is sent by a trigger on this document: one on the device's
        # own would run at every event.
        batch.set(paths.online(device.id), {"since": max(online)})
    result, *_ = batch.commit()
    epoch, greatest = (found.integer_value for found in result.transform_results)
    return epoch, greatest


def _of_name(device: DocumentReference, name: str, since: datetime) -> Any:
    """The events of a name in a device's tree, newest first, equal times by greater id."""
    return (
        device.collection(paths.EVENTS)
        .where(filter=FieldFilter("event", "==", name))
        .where(filter=FieldFilter("publishedAt", ">=", since))
        .order_by("publishedAt", direction=Query.DESCENDING)
        .order_by("__name__", direction=Query.DESCENDING)
    )


def _newest(device: DocumentReference, tenure: Tenure, name: str) -> paths.Snapshot | None:
    found = _of_name(device, name, tenure.since).limit(1).stream()
    return next(iter(found), None)


def _event(device: DocumentReference, event_id: str) -> DocumentReference:
    reference: DocumentReference = device.collection(paths.EVENTS).document(event_id)
    return reference


def _rollup(device: DocumentReference, name: str, epoch: int, at: datetime) -> DocumentReference:
    key = rollup.document_id(name, epoch, at)
    reference: DocumentReference = device.collection(paths.ROLLUPS).document(key)
    return reference


def _numbers(fields: dict[str, Any]) -> dict[str, rollup.Number]:
    return {} if fields.get("uncounted") else rollup.metrics(fields["value"])


def _uncount(
    batch: WriteBatch, device: DocumentReference, event_id: str, fields: dict[str, Any]
) -> None:
    """Count the event's bucket anew without it: a minimum cannot be taken back.

    The rollup's update time is a precondition. Every commit of an event of that day changes it, so
    that none is lost that was stored after the bucket's events were read.
    """
    name, epoch, at = fields["event"], fields.get("claimEpoch"), fields["publishedAt"]
    if not _numbers(fields) or epoch is None:
        return
    counted = _rollup(device, name, epoch, at)
    snapshot = counted.get()
    if not snapshot.exists:
        return
    number = rollup.bucket(at)
    there = (snapshot.to_dict() or {}).get("metrics", {})
    metrics = {m for m in _numbers(fields) if str(number) in there.get(m, {})}
    if not metrics:
        return
    start = rollup.bucket_start(at, number)
    end = start + rollup.BUCKET - timedelta(microseconds=1)
    neighbours = _of_name(device, name, start).where(filter=FieldFilter("publishedAt", "<=", end))
    cells: rollup.Cells = {}
    for neighbour in neighbours.stream():
        other = neighbour.to_dict() or {}
        if neighbour.id != event_id and other.get("claimEpoch") == epoch:
            numbers = {m: n for m, n in _numbers(other).items() if m in metrics}
            rollup.count(cells, other["publishedAt"], numbers)
    batch.update(
        counted,
        {
            path("metrics", metric, str(number)): (
                cells[metric, number].fields() if (metric, number) in cells else DELETE_FIELD
            )
            for metric in metrics
        },
        option=paths.client().write_option(last_update_time=snapshot.update_time),
    )


def _count(
    batch: WriteBatch, device: DocumentReference, fields: dict[str, Any], epoch: int
) -> None:
    """Count an event for another tenure."""
    numbers = _numbers(fields)
    if not numbers:
        return
    name, at = fields["event"], fields["publishedAt"]
    cells: rollup.Cells = {}
    rollup.count(cells, at, numbers)
    kinds = {"increment": Increment, "minimum": Minimum, "maximum": Maximum}
    document: dict[str, Any] = {
        **rollup.labels(name, epoch, at, retention.rollup_expires(name, at)),
        "metrics": {},
    }
    for (metric, number), cell in cells.items():
        document["metrics"].setdefault(metric, {})[str(number)] = {
            field_path.rpartition(".")[2]: kinds[kind](amount)
            for field_path, kind, amount in rollup.transforms({(metric, number): cell})
        }
    batch.set(_rollup(device, name, epoch, at), document, merge=True)
