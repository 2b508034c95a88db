"""Holds: who may use or change a device for a while, whatever happens to their process.

A hold is written into the device's entry in the registry with the time when it expires, so that
it ends even when its holder crashes. There are three:

- a reservation: one claimant, or one job, changes whose the device is at Particle,
- a call hold: calls of functions, any number of them, keep the device with its owner,
- a sender's lease: one run at a time sends the calls that wait for the device.

None protects against a request that is sent in time and carried out too late. So whoever holds a
device talks to Particle with `TimedCredentials`, which give no token when the request could
outlast the hold.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import DELETE_FIELD, Increment, Maximum, WriteBatch
from google.cloud.firestore_v1.field_path import FieldPath

from shared import log, settings, times
from shared.errors import InProgress, ProductError
from shared.firestore import paths
from shared.firestore.deadline import FAILURES
from shared.particle import Credentials
from shared.registry.entry import RESERVATION, Entry, without


@dataclass(frozen=True)
class Expiry:
    """When a hold ends."""

    at: datetime
    """As it is stored."""
    monotonic: float
    """The same moment by `time.monotonic`, which nobody sets."""

    @classmethod
    def after(cls, seconds: float) -> "Expiry":
        """So many seconds from now."""
        return cls(datetime.now(UTC) + timedelta(seconds=seconds), time.monotonic() + seconds)

    @classmethod
    def stored(cls, at: datetime) -> "Expiry":
        """As another process stored it."""
        return cls(at, time.monotonic() + (at - datetime.now(UTC)).total_seconds())

    @property
    def left(self) -> float:
        """Seconds until then; negative afterwards."""
        return self.monotonic - time.monotonic()


@dataclass(frozen=True)
class TimedCredentials:
    """Credentials for requests that have to end before a hold does.

    The token is fetched first, which may take long; only then is the clock looked at, and again
    after each renewal.
    """

    inner: Credentials
    expiry: Expiry
    longest: float
    """Seconds that a request takes at most, with what the transport repeats of it."""
    refusal: Callable[[], ProductError]
    """What is raised when too little time is left."""

    def token(self) -> str:
        """A token for a request that is sent now."""
        return self._in_time(self.inner.token())

    def renew(self, rejected: str) -> str:
        """Another token: the request that was sent with the rejected one had no effect."""
        return self._in_time(self.inner.renew(rejected))

    def _in_time(self, token: str) -> str:
        if self.expiry.left < self.longest:
            raise self.refusal()
        return token


@dataclass(frozen=True)
class CallHold:
    """Keeps a device with its owner while a call of theirs runs on it (`underWay`).

    A device has any number of them: nothing prevents two calls at the same time.
    """

    uid: str
    device_id: str
    command_id: str
    expiry: Expiry

    def begin(self, batch: WriteBatch) -> None:
        """Add it to a commit, as two writes; only the owner's commit succeeds.

        Another's fails with Firestore's `NotFound`. The second write returns the stored
        `waitingUntil`, in milliseconds.
        """
        # Changes nothing, but fails the commit when the document does not exist.
        batch.update(paths.user_device(self.uid, self.device_id), {"claimEpoch": Increment(0)})
        # The increment changes nothing either; it makes Firestore return what is stored.
        until = times.milliseconds(self.expiry.at)
        batch.update(
            paths.device(self.device_id), {self._field: until, "waitingUntil": Increment(0)}
        )

    def end(
        self, batch: WriteBatch, *, waits_until: datetime | None = None, entry: Entry | None = None
    ) -> None:
        """Add its end to a commit, as one write.

        With `waits_until`, others can see that a call waits for the device until then. With
        `entry`, the commit fails when the device's entry has changed since that was read.
        """
        ended: dict[str, Any] = {self._field: DELETE_FIELD}
        if waits_until is not None:
            ended["waitingUntil"] = Maximum(times.milliseconds(waits_until))
        unchanged = None if entry is None else entry.unchanged()
        batch.update(paths.device(self.device_id), ended, option=unchanged)

    @property
    def _field(self) -> str:
        return str(FieldPath("underWay", self.command_id).to_api_repr())


@dataclass(frozen=True)
class SenderLease:
    """Makes one run the only sender of a device's waiting calls, so that they keep their order."""

    device_id: str
    expiry: Expiry

    @property
    def until(self) -> int:
        """As `sendingUntil` has it, in milliseconds."""
        return times.milliseconds(self.expiry.at)

    def end(self, anybody_waits: Callable[[], bool]) -> None:
        """End the lease, if it still is this one; where no call waits any more, say so."""
        while True:
            entry = Entry.read(self.device_id, ["sendingUntil"])
            if entry.sending_until != self.until:
                return
            ended: dict[str, Any] = {"sendingUntil": DELETE_FIELD}
            # A call that begins to wait after this look changes the entry, so the commit fails.
            if not anybody_waits():
                ended["waitingUntil"] = 0
            try:
                entry.update(ended)
            except FailedPrecondition:
                continue
            return


def lease(uid: str, device_id: str) -> SenderLease | None:
    """Become the sender for the user's device; None while another run is, or for a former owner."""
    while True:
        entry = Entry.read(device_id, ["ownerUid", "sendingUntil"])
        if entry.owner_uid != uid or entry.sending_until > times.milliseconds(datetime.now(UTC)):
            return None
        leased = SenderLease(device_id, Expiry.after(settings.SENDER_LEASE))
        try:
            entry.update({"sendingUntil": leased.until})
        except FailedPrecondition:
            continue  # a call began or ended meanwhile
        return leased


@dataclass
class Reservation:
    """Whoever has it may change at Particle whose the device is; nobody else may, here or there.

    Particle knows no conditions: a request that ends a claim ends the next owner's just as well. So
    whoever changes a claim at Particle first reserves the device in its entry, in a conditional
    write. The reservation is released afterwards; after a crash it ends by itself.

    The holder is a uid, for a claim of theirs, or the id of a job. Two requests of one holder share
    the reservation (`reservationShares`): otherwise two taps on one button would take it from each
    other again and again. The last of them to end releases it.
    """

    entry: Entry
    """As the reservation left it, or as it was read since."""
    holder: str
    expiry: Expiry
    in_doubt: bool = False
    """A request that ends a claim was sent and not answered: Particle may still carry it out. Then
    the reservation stays until it expires."""

    def credentials(self, inner: Credentials) -> TimedCredentials:
        """For every request to Particle that changes something under the reservation.

        They raise `InProgress` when the request could outlast it.
        """
        refusal = partial(InProgress, retryAfter=5)
        return TimedCredentials(inner, self.expiry, settings.RESERVED_REQUEST, refusal)

    def ended(self) -> dict[str, Any]:
        """The update of the entry when this request needs the reservation no longer."""
        shares = self.entry.reservation_shares - 1
        return {"reservationShares": shares} if shares > 0 else without(RESERVATION)

    def release(self, *marks: str) -> None:
        """Let others have the device, unless a request in doubt or another share keeps it.

        `marks` are fields of the entry that are deleted with the reservation.
        """
        current: Reservation | None = self
        while current and not current.in_doubt:
            try:
                current.entry.update({**current.ended(), **without(marks)})
            except FailedPrecondition:
                current = self.seen_in(Entry.read(self.entry.device_id))
            except FAILURES as failure:
                # It expires; the failure that led here, if any, is the one to report.
                log.reservation_left(self.entry.device_id, failure)
                return
            else:
                return

    @contextlib.contextmanager
    def released_on_failure(self) -> Iterator[None]:
        """Release it when what is done under it fails."""
        try:
            yield
        except BaseException:
            self.release()
            raise

    def seen_in(self, entry: Entry) -> "Reservation | None":
        """The reservation with the entry as newly read; None when it is no longer there."""
        same = (entry.reserved_by, entry.reserved_until) == (self.holder, self.expiry.at)
        return replace(self, entry=entry) if same else None


def reserve(holder: str, entry: Entry) -> Reservation:
    """Keep others away. Raises `InProgress`, or Firestore's refusal when the entry has changed."""
    entry.refuse_while_reserved(holder)
    shares, expiry = 1, None
    if entry.is_reserved and entry.reserved_until:
        shares = entry.reservation_shares + 1
        expiry = Expiry.stored(entry.reserved_until)
    if expiry is None or expiry.left < settings.RESERVATION / 2:
        expiry = Expiry.after(settings.RESERVATION)
    return Reservation(entry.update(reservation(holder, expiry, shares)), holder, expiry)


def reservation(holder: str, expiry: Expiry, shares: int = 1) -> dict[str, Any]:
    """The fields of the entry that a reservation consists of."""
    return {"reservedBy": holder, "reservedUntil": expiry.at, "reservationShares": shares}
