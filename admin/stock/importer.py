"""Importing the checked rows of a stock list into the registry.

All rows are looked up and judged first, so a dry run says exactly what the import does. Then they
are written, a hundred devices per commit; each write has the precondition that its document is
unchanged since it was read. A claim at the same time makes that precondition fail, and never fails
itself. The commit is then split until the row in question is found, which is looked up and judged
again.
"""

import contextlib
import dataclasses
import enum
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from google.api_core import exceptions as api
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, WriteBatch

from admin.stock.rows import Row
from shared.claims import label
from shared.firestore import paths
from shared.firestore.paths import Snapshot
from shared.registry.entry import Entry

_OWNED = "owned by a customer; release it first"
_BEING_CLAIMED = "a customer is claiming it at this moment; import it again"

_READ_ROWS = 200
_WRITE_ROWS = 100
# A commit or read of this size takes a few hundred milliseconds in the cloud, nearly all of it
# waiting. More than a few at once would exceed what Firestore allows for new collections at first.
_THREADS = 4
_ATTEMPTS_ALONE = 6

# The initial fields of a new device. The import never changes them in a registered one.
_NEW_DEVICE: dict[str, Any] = {
    "ownerUid": None,
    "claimEpoch": 0,
    "blocked": False,
    "claimedAt": None,
}

# A precondition of the commit failed: somebody else has changed a document meanwhile.
_CONFLICTS = (api.AlreadyExists, api.NotFound, api.FailedPrecondition, api.Aborted)

_Write = Callable[[WriteBatch], None]
_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Outcome(enum.Enum):
    """What became of a row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with a row.

    Attributes:
        row: the row.
        outcome: what will have become of it once it is written.
        reason: why it is refused.
        writes: add it to a batch; empty when there is nothing to write.
    """

    row: Row
    outcome: Outcome
    reason: str = ""
    writes: tuple[_Write, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """What the registry knows of a row's device, of its serial, and of the device's old serial."""

    device: Entry
    serial: Snapshot
    old_serial: Snapshot | None


class Importer:
    """Imports rows into the registry.

    Args:
        pepper: the secret with which setup codes are digested.
    """

    def __init__(self, pepper: str) -> None:
        self._pepper = pepper

    def judge(self, rows: Sequence[Row]) -> Iterator[list[Verdict]]:
        """Look rows up and decide what is to be done with them, a chunk at a time."""
        return _in_parallel(self._judge, _chunks(rows, _READ_ROWS))

    def write(self, verdicts: Sequence[Verdict]) -> Iterator[list[Verdict]]:
        """Carry verdicts out, a chunk at a time; the verdicts that were carried out in the end.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: Firestore failed. Chunks that were
                yielded before are written; the same import can be repeated.
        """
        return _in_parallel(self._write, _chunks(verdicts, _WRITE_ROWS))

    def _judge(self, rows: Sequence[Row]) -> list[Verdict]:
        return [self._verdict(row, found) for row, found in zip(rows, _find(rows), strict=True)]

    def _verdict(self, row: Row, found: _Found) -> Verdict:
        holder = _holder(found.serial)
        if holder not in {None, row.device_id}:
            return Verdict(row, Outcome.REFUSED, f"serial number belongs to device {holder}")
        device = found.device
        fields = {
            "serialNumber": row.serial_number,
            "setupCode": label.digest(self._pepper, row.device_id, row.setup_code),
            "importedAt": SERVER_TIMESTAMP,
        }
        if not device.exists:
            writes = (_create(device, fields | _NEW_DEVICE), *_take_serial(row, found))
            return Verdict(row, Outcome.ADDED, writes=writes)
        same = _serial(device) == row.serial and device.setup_code == fields["setupCode"]
        if device.owner_uid is not None:
            return _verdict_owned(row, found, same=same)
        if same and device.serial_number == row.serial_number and holder:
            return Verdict(row, Outcome.UNCHANGED)
        if device.is_reserved:
            # Its customer has shown the present code: to change it now would leave the device
            # theirs at Particle and nobody's here.
            return Verdict(row, Outcome.REFUSED, _BEING_CLAIMED)
        stored = device.snapshot.to_dict() or {}
        missing = {name: value for name, value in _NEW_DEVICE.items() if name not in stored}
        writes = (
            _update(device, fields | missing),
            *_take_serial(row, found),
            *_free_old_serial(row, found),
        )
        return Verdict(row, Outcome.CHANGED, writes=writes)

    def _write(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        if not any(verdict.writes for verdict in verdicts):
            return list(verdicts)
        try:
            _commit(verdicts)
        except _CONFLICTS:
            if len(verdicts) == 1:
                return [self._write_alone(verdicts[0].row)]
            middle = len(verdicts) // 2
            return [*self._write(verdicts[:middle]), *self._write(verdicts[middle:])]
        return list(verdicts)

    def _write_alone(self, row: Row) -> Verdict:
        """Judge and write one row that somebody else keeps changing, until the write succeeds."""
        for attempt in range(_ATTEMPTS_ALONE):
            [verdict] = self._judge([row])
            if not verdict.writes:
                return verdict
            with contextlib.suppress(*_CONFLICTS):
                _commit([verdict])
                return verdict
            # Others write this device: let them finish. Jitter keeps two imports apart.
            time.sleep(random.uniform(0.05, 0.1) * 2**attempt)  # noqa: S311 - not a secret
        return Verdict(row, Outcome.REFUSED, "is being changed by somebody else; import it again")


def _find(rows: Sequence[Row]) -> list[_Found]:
    devices = [paths.device(row.device_id) for row in rows]
    serials = [paths.serial_number(row.serial) for row in rows]
    found = _get([*devices, *serials])
    old: dict[str, DocumentReference] = {}
    for row, device in zip(rows, devices, strict=True):
        present = _serial(Entry(found[device.path]))
        if present and present != row.serial:
            old[row.device_id] = paths.serial_number(present)
    found |= _get(list(old.values()))
    return [
        _Found(
            Entry(found[device.path]),
            found[serial.path],
            found[old[row.device_id].path] if row.device_id in old else None,
        )
        for row, device, serial in zip(rows, devices, serials, strict=True)
    ]


def _get(references: list[DocumentReference]) -> dict[str, Snapshot]:
    if not references:
        return {}
    return {snapshot.reference.path: snapshot for snapshot in paths.client().get_all(references)}


def _commit(verdicts: Sequence[Verdict]) -> None:
    batch = paths.client().batch()
    for verdict in verdicts:
        for write in verdict.writes:
            write(batch)
    batch.commit()


def _verdict_owned(row: Row, found: _Found, *, same: bool) -> Verdict:
    """Changes nothing about a device that a customer owns, except for a missing serial entry.

    A label that is only spelled differently counts as the same: the customer goes on seeing the
    spelling that they know.
    """
    if not same:
        return Verdict(row, Outcome.REFUSED, _OWNED)
    writes = _take_serial(row, found)
    return Verdict(row, Outcome.CHANGED if writes else Outcome.UNCHANGED, writes=writes)


def _create(device: Entry, fields: dict[str, Any]) -> _Write:
    return lambda batch: batch.create(device.reference, fields)


def _update(device: Entry, fields: dict[str, Any]) -> _Write:
    return lambda batch: batch.update(device.reference, fields, option=device.unchanged())


def _take_serial(row: Row, found: _Found) -> tuple[_Write, ...]:
    """Create the serial's entry, unless it leads to this device already."""
    if _holder(found.serial):
        return ()
    reference = found.serial.reference
    return (lambda batch: batch.create(reference, {"deviceId": row.device_id}),)


def _free_old_serial(row: Row, found: _Found) -> tuple[_Write, ...]:
    """Delete the entry of the device's old serial, if it leads to this device."""
    old = found.old_serial
    if old is None or _holder(old) != row.device_id:
        return ()
    unchanged = paths.client().write_option(last_update_time=old.update_time)
    return (lambda batch: batch.delete(old.reference, option=unchanged),)


def _holder(serial: Snapshot) -> str | None:
    """The device that a serial number leads to; None when the registry does not have it."""
    return (serial.to_dict() or {}).get("deviceId")


def _serial(device: Entry) -> str | None:
    """The normalised serial of a registered device; None when it has no valid one."""
    with contextlib.suppress(ValueError):
        return label.normalise_serial(device.serial_number)
    return None


def _chunks(items: Sequence[_In], size: int) -> list[Sequence[_In]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _in_parallel(work: Callable[[_In], _Out], chunks: Iterable[_In]) -> Iterator[_Out]:
    """The results in order. After a failure or Ctrl-C, running work is finished and none begun."""
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(work, chunks)
