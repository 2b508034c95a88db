"""`latest` in a device's document: the newest event of each name."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, DocumentReference, Increment, Maximum

from shared.firestore import paths, raw
from shared.firestore.raw import path
from shared.telemetry import series, system_events
from shared.telemetry.batch import SHUT, latest_fields, place_transforms
from shared.telemetry.message import CLOCK_TOLERANCE
from shared.telemetry.pending import Latest, device_path, latest_of
from shared.telemetry.repair import ROUNDS, OutdatedTenureError, OvertakenError, newest_first
from shared.telemetry.tenure import ROOM, Tenure

_NAMES_AT_ONCE = 200
"""Names that one write takes out; Firestore allows 500 transforms of a document."""


def is_right(device_id: str, tenure: Tenure, name: str) -> bool:
    """Read whether `latest` shows the newest event of a name; see `shows_newest`."""
    device = paths.user_device(tenure.uid, device_id)
    shown = device.get(fields_read(name)).to_dict() or {}
    return shows_newest(shown, tenure, name)


def fields_read(name: str) -> list[str]:
    """The fields of the device's document that `shows_newest` needs."""
    shown = path("latest", name)
    return [f"{shown}.order", f"{shown}.publishedAt", path("latestOrder", name)]


def shows_newest(device: Mapping[str, Any], tenure: Tenure, name: str) -> bool:
    """Whether `latest` shows the newest event of a name ever written, and one of this tenure."""
    shown = device.get("latest", {}).get(name)
    greatest = device.get("latestOrder", {}).get(name)
    if shown is None:
        return greatest in {None, SHUT}
    return bool(shown.get("order") == greatest and tenure.holds(shown["publishedAt"]))


def repair(device_id: str, tenure: Tenure, name: str) -> None:
    """Write the newest event of a name in a tenure into `latest`, whatever is there now.

    The write returns the greatest order, as the one of a batch does, and so shows whether a newer
    event arrived in between. Of several writers at the same time, the last one has either written
    the greatest order or tries again.

    Raises `OvertakenError`; `OutdatedTenureError` when it has to be repeated for a later tenure.
    """
    device = paths.user_device(tenure.uid, device_id)
    for turn in range(ROUNDS):
        if turn and is_right(device_id, tenure, name):
            return  # the newer event was written over ours
        newest = _newest(device, tenure, name, thorough=turn > 0)
        try:
            done = _write(device, tenure, name, newest) if newest else _clear(device, tenure, name)
        except NotFound:
            return  # the device has left the customer
        if done:
            return
    raise OvertakenError(f"latest of {name!r} is overtaken faster than it can be repaired")


def keep_to_limit(device_id: str, tenure: Tenure) -> None:
    """Take names out of `latest` so that no more are there than may be.

    The names that the device used first keep their place: by the time of their first event, then by
    name. Names that had to go never get a place again in this tenure. Whoever adds a name while
    this runs learns from its own commit that there are too many, and comes here afterwards.

    Raises `OutdatedTenureError` when it has to be repeated for a later tenure.
    """
    device = paths.user_device(tenure.uid, device_id)
    there = device.get(["claimEpoch", "latest", "latestOrder", "latestSince"]).to_dict()
    if there is None:
        return  # the device has left the customer
    if there.get("claimEpoch") != tenure.epoch:
        raise OutdatedTenureError
    since = there.get("latestSince", {})
    shut = {name for name, order in there.get("latestOrder", {}).items() if order == SHUT}
    names = sorted(
        there.get("latest", {}).keys() - system_events.NAMES - shut,
        key=lambda name: (since.get(name, 0), name),
    )
    gone = [*names[ROOM:], *sorted(there.get("latest", {}).keys() & shut)]
    for start in range(0, len(gone), _NAMES_AT_ONCE):
        if not _refuse(device, tenure, gone[start : start + _NAMES_AT_ONCE]):
            return
    tenure.keep_places(names[:ROOM], {*gone, *shut})


def _refuse(device: DocumentReference, tenure: Tenure, names: Sequence[str]) -> bool:
    """Take names out of `latest` for good; False when the device has left the customer."""
    changes: dict[str, Any] = {"claimEpoch": Increment(0)}
    for name in names:
        changes[path("latest", name)] = changes[path("latestSince", name)] = DELETE_FIELD
        changes[path("latestOrder", name)] = Maximum(SHUT)
    batch = paths.client().batch()
    batch.update(device, changes)
    try:
        (result,) = batch.commit()
    except NotFound:
        return False
    if result.transform_results[0].integer_value != tenure.epoch:
        # The same customer has claimed the device again, this moment.
        device.update({path("latestOrder", name): DELETE_FIELD for name in names})
        raise OutdatedTenureError
    return True


def _write(device: DocumentReference, tenure: Tenure, name: str, newest: Latest) -> bool:
    """Write an event into `latest`; False when a newer one has been written there."""
    order = newest.order
    fields = latest_fields(name, newest.reading, newest.data, newest.at, order)
    added = {name: order} if name in tenure.unsure else {}
    transforms: list[raw.Transform] = [
        ("claimEpoch", "increment", 0),
        (path("latestOrder", name), "maximum", order),
        *place_transforms(added),
    ]
    document = raw.name(*device_path(tenure, device.id))
    (result,) = raw.commit([raw.merge(document, fields, transforms, must_exist=True)])
    epoch, greatest, *counted = (number.integer_value for number in result.transform_results)
    if epoch != tenure.epoch:
        raise OutdatedTenureError
    tenure.unsure.difference_update(added)
    if greatest == SHUT or (added and counted[0] > ROOM):
        keep_to_limit(device.id, tenure)
    return greatest in {order, SHUT}


def _clear(device: DocumentReference, tenure: Tenure, name: str) -> bool:
    """Remove a name of which the tenure has no event; False when one may have arrived."""
    snapshot = device.get(["claimEpoch"])
    if not snapshot.exists:
        return True
    if snapshot.get("claimEpoch") != tenure.epoch:
        raise OutdatedTenureError
    if _newest(device, tenure, name, thorough=True):
        return False  # it arrived before the snapshot, and has to be written
    gone = [
        ("latest", name),
        ("latestOrder", name),
        ("latestSince", name),
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


def _newest(
    device: DocumentReference, tenure: Tenure, name: str, *, thorough: bool
) -> Latest | None:
    """What `latest` has to show: the newest event, or the newest sample of all.

    A `thorough` search reads on until no earlier event can have a later sample. Where the newest
    event is no series of samples that is needed only if `latest` turns out to have a later one.
    """
    query = newest_first(device, name, tenure.since)
    found: Latest | None = None
    for snapshot in (query if thorough else query.limit(1)).stream():
        fields = snapshot.to_dict() or {}
        if not thorough and series.RULE in fields:
            return _newest(device, tenure, name, thorough=True)
        if found and fields["publishedAt"] + CLOCK_TOLERANCE < found.at:
            break
        latest = latest_of(fields, snapshot.id, tenure.since)
        if latest and (found is None or found.order < latest.order):
            found = latest
    return found
