"""Bringing checked rows of a stock list into the registry.

All rows are looked up first and judged on what was found; what a dry run says is therefore what
the import does. Then they are written, a hundred devices a commit, each write on the condition that
its document still is as it was read. A claim that happens at the same time makes that condition
fail, never the claim; the commit is then split until the one row is found, and that row is looked
up and judged again.
"""

import contextlib
import dataclasses
import datetime as dt
import enum
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from google.api_core import exceptions as api
from google.cloud import firestore
from google.cloud.firestore_v1.base_document import DocumentSnapshot

from admin.stock.rows import Row
from shared.claims import label as setup_codes
from shared.firestore import paths

_OWNED = "owned by a customer; release it first"
_BEING_CLAIMED = "a customer is claiming it at this moment; import it again"

_READ_ROWS = 200
_WRITE_ROWS = 100
# A commit or a read of this size takes a few hundred milliseconds in the cloud, nearly all of it
# waiting; more at once than a few would run into Firestore's ramp for new collections.
_THREADS = 4
_ALONE_TRIES = 6
_RPC_SECONDS = 60.0

# What a new device starts with. Of a device that is there already, the import never touches these.
_NEW_DEVICE: dict[str, Any] = {
    "ownerUid": None,
    "claimEpoch": 0,
    "blocked": False,
    "claimedAt": None,
}

# The commit's conditions did not hold: somebody else was there in the meantime.
_CONFLICTS = (api.AlreadyExists, api.NotFound, api.FailedPrecondition, api.Aborted)


_Snapshot = DocumentSnapshot[Any]
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
    """What is to become of a row.

    Attributes:
        row: the row.
        outcome: what it will have been, once written.
        reason: why, when it is refused.
        writes: what puts it into a batch; empty when there is nothing to write.
    """

    row: Row
    outcome: Outcome
    reason: str = ""
    writes: tuple[Callable[[firestore.WriteBatch], None], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """What the registry holds about a row: its device, its serial, its device's present serial."""

    device: _Snapshot
    serial: _Snapshot
    old_serial: _Snapshot | None


class Intake:
    """The registry, as the import sees it.

    Args:
        pepper: what setup codes are digested with.
    """

    def __init__(self, pepper: str) -> None:
        self._client = paths.client()
        self._pepper = pepper

    def judge(self, rows: Sequence[Row]) -> Iterator[list[Verdict]]:
        """Look rows up and say what is to become of them, a chunk at a time."""
        return _in_parallel(self._judge, _chunks(rows, _READ_ROWS))

    def write(self, verdicts: Sequence[Verdict]) -> Iterator[list[Verdict]]:
        """Carry verdicts out, a chunk at a time, and say what became of them in the end.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: Firestore fails. What was given back
                before is in; the same import can be run again.
        """
        return _in_parallel(self._write, _chunks(verdicts, _WRITE_ROWS))

    def _judge(self, rows: Sequence[Row]) -> list[Verdict]:
        return [
            self._verdict(row, found) for row, found in zip(rows, self._find(rows), strict=True)
        ]

    def _find(self, rows: Sequence[Row]) -> list[_Found]:
        devices = [paths.device(row.device_id) for row in rows]
        serials = [paths.serial_number(row.serial) for row in rows]
        found = self._get([*devices, *serials])
        old: dict[str, firestore.DocumentReference] = {}
        for row, device in zip(rows, devices, strict=True):
            present = _present_serial(found[device.path])
            if present and present != row.serial:
                old[row.device_id] = paths.serial_number(present)
        found |= self._get(list(old.values()))
        return [
            _Found(
                found[device.path],
                found[serial.path],
                found[old[row.device_id].path] if row.device_id in old else None,
            )
            for row, device, serial in zip(rows, devices, serials, strict=True)
        ]

    def _get(self, references: list[firestore.DocumentReference]) -> dict[str, _Snapshot]:
        if not references:
            return {}
        snapshots = self._client.get_all(references, timeout=_RPC_SECONDS)
        return {snapshot.reference.path: snapshot for snapshot in snapshots}

    def _verdict(self, row: Row, found: _Found) -> Verdict:
        holder = _holder(found.serial)
        if holder not in {None, row.device_id}:
            return Verdict(row, Outcome.REFUSED, f"serial number belongs to device {holder}")
        label = {
            "serialNumber": row.serial_number,
            "setupCode": setup_codes.digest(self._pepper, row.device_id, row.setup_code),
        }
        if not found.device.exists:
            writes = (_creating(found.device, label), *_taking_serial(row, found))
            return Verdict(row, Outcome.ADDED, writes=writes)
        stored = found.device.to_dict() or {}
        same = (
            _present_serial(found.device) == row.serial
            and stored.get("setupCode") == label["setupCode"]
        )
        if stored.get("ownerUid") is not None:
            return _verdict_owned(row, found, same=same)
        if same and stored.get("serialNumber") == row.serial_number and holder:
            return Verdict(row, Outcome.UNCHANGED)
        if _reserved(stored):
            return Verdict(row, Outcome.REFUSED, _BEING_CLAIMED)
        missing = {name: value for name, value in _NEW_DEVICE.items() if name not in stored}
        return Verdict(
            row,
            Outcome.CHANGED,
            writes=(
                self._updating(found.device, label | missing),
                *_taking_serial(row, found),
                *self._giving_up_serial(row, found),
            ),
        )

    def _giving_up_serial(
        self, row: Row, found: _Found
    ) -> tuple[Callable[[firestore.WriteBatch], None], ...]:
        """The entry of the device's former serial goes, if it is this device's."""
        old = found.old_serial
        if old is None or _holder(old) != row.device_id:
            return ()
        unchanged = self._unchanged(old)
        return (lambda batch: batch.delete(old.reference, option=unchanged),)

    def _updating(
        self, device: _Snapshot, fields: dict[str, Any]
    ) -> Callable[[firestore.WriteBatch], None]:
        data = {**fields, "importedAt": firestore.SERVER_TIMESTAMP}
        unchanged = self._unchanged(device)
        return lambda batch: batch.update(device.reference, data, option=unchanged)

    def _unchanged(self, snapshot: _Snapshot) -> Any:
        return self._client.write_option(last_update_time=snapshot.update_time)

    def _write(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        if not any(verdict.writes for verdict in verdicts):
            return list(verdicts)
        try:
            self._commit(verdicts)
        except _CONFLICTS:
            if len(verdicts) == 1:
                return [self._write_alone(verdicts[0].row)]
            middle = len(verdicts) // 2
            return [*self._write(verdicts[:middle]), *self._write(verdicts[middle:])]
        return list(verdicts)

    def _write_alone(self, row: Row) -> Verdict:
        """Judge and write one row for which somebody else was faster, until it holds still."""
        for attempt in range(_ALONE_TRIES):
            [verdict] = self._judge([row])
            if not verdict.writes:
                return verdict
            with contextlib.suppress(*_CONFLICTS):
                self._commit([verdict])
                return verdict
            # Others write this very device: let them finish. Jitter keeps two imports apart.
            time.sleep(random.uniform(0.05, 0.1) * 2**attempt)  # noqa: S311 - not a secret
        return Verdict(row, Outcome.REFUSED, "is being changed by somebody else; import it again")

    def _commit(self, verdicts: Sequence[Verdict]) -> None:
        batch = self._client.batch()
        for verdict in verdicts:
            for write in verdict.writes:
                write(batch)
        batch.commit(timeout=_RPC_SECONDS)


def _verdict_owned(row: Row, found: _Found, *, same: bool) -> Verdict:
    """Of a device in a customer's hands nothing changes; a lost serial entry is put back.

    A label that is only spelled in another way is the same: the customer goes on seeing the one
    they know.
    """
    if not same:
        return Verdict(row, Outcome.REFUSED, _OWNED)
    writes = _taking_serial(row, found)
    return Verdict(row, Outcome.CHANGED if writes else Outcome.UNCHANGED, writes=writes)


def _taking_serial(row: Row, found: _Found) -> tuple[Callable[[firestore.WriteBatch], None], ...]:
    """The serial's entry; none to write when it leads to this device already."""
    if _holder(found.serial):
        return ()
    reference = found.serial.reference
    return (lambda batch: batch.create(reference, {"deviceId": row.device_id}),)


def _creating(device: _Snapshot, label: dict[str, str]) -> Callable[[firestore.WriteBatch], None]:
    data = {**label, **_NEW_DEVICE, "importedAt": firestore.SERVER_TIMESTAMP}
    return lambda batch: batch.create(device.reference, data)


def _holder(serial: _Snapshot) -> str | None:
    """The device that a serial number leads to; None when the registry does not know it."""
    return (serial.to_dict() or {}).get("deviceId")


def _reserved(stored: dict[str, Any]) -> bool:
    """Whether a claim is under way: reserved here, and not yet made at Particle.

    Its customer has shown the present code: to change it now would leave the device theirs at
    Particle and nobody's here.
    """
    until = stored.get("reservedUntil")
    return until is not None and until > dt.datetime.now(dt.UTC)


def _present_serial(device: _Snapshot) -> str | None:
    """The normalised serial of a device in the registry; None when it has none that is one."""
    stored = (device.to_dict() or {}).get("serialNumber")
    if isinstance(stored, str):
        with contextlib.suppress(ValueError):
            return setup_codes.normalise_serial(stored)
    return None


def _chunks(items: Sequence[_In], size: int) -> list[Sequence[_In]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _in_parallel(work: Callable[[_In], _Out], chunks: Iterable[_In]) -> Iterator[_Out]:
    """Results in order. After a failure or Ctrl-C nothing new is begun, what runs is finished."""
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(work, chunks)
