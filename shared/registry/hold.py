"""Holds: who may use or change a device for a while, whatever happens to their process.

A hold is written into the device's entry in the registry with the time when it is over, so that
one whose holder crashed ends by itself. There are three:

- a reservation: one claimant, or one job, changes whose the device is at Particle,
- a call hold: calls of functions, any number of them, keep the device with its owner,
- a sender's lease: one run at a time sends the calls that wait for the device.

None protects against a request that is sent in time and carried out too late. So whoever holds a
device talks to Particle with `TimedCredentials`, which give no token when the request could
outlast the hold.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import FailedPrecondition, GoogleAPICallError
from google.cloud.firestore import DELETE_FIELD, Increment, Maximum, WriteBatch
from google.cloud.firestore_v1.field_path import FieldPath

from shared import log, settings, times
from shared.errors import InProgress, ProductError
from shared.firestore import paths
from shared.particle import Credentials
from shared.registry.entry import Entry

LASTS = timedelta(seconds=60)
"""As long as a function may run."""
LONGEST_CALL = timedelta(seconds=25)
"""A call to Particle and its repetitions: the last begins after 10 s at most, and takes 13."""

FIELDS = ("reservedBy", "reservedUntil", "reservationShares")
"""In the registry's entry."""


@dataclass(frozen=True)
class Expiry:
    """When a hold is over."""

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
        """Seconds until it is over; negative after that."""
        return self.monotonic - time.monotonic()


@dataclass(frozen=True)
class TimedCredentials:
    """Credentials for requests that have to end before a hold does.

    The token is fetched first, which may take long, and the clock is looked at after that; again
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
                entry.reference.update(ended, option=entry.unchanged())
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
            entry.reference.update({"sendingUntil": leased.until}, option=entry.unchanged())
        except FailedPrecondition:
            continue  # a call began or ended meanwhile
        return leased


# Reservations.
#
# Reservations: who may change at Particle whose a device is.
#
# Particle knows no conditions: a request that ends a claim there ends the next owner's just as
# well. So whoever changes a claim at Particle first takes the device's entry in the registry, in a
# conditional write (`reservedBy`, `reservedUntil`). Nobody else changes whose it is, here or there,
# until that is taken back or its time is over. What dies leaves one that ends by itself.
#
# The holder is a uid, for a claim of theirs, or the id of a job. Two requests of one holder share a
# reservation (`reservationShares`): two taps on one button would otherwise take it from each other,
# again and again. The last one that ends takes it back.


@dataclass
class Reservation:
    """A device's, as its entry was at `seen_at`."""

    entry: paths.Snapshot
    holder: str
    until: datetime
    seen_at: Any
    """The update time of the entry, by which it can be seen to be unchanged."""
    shares: int = 1
    in_doubt: bool = False
    """A request that ends a claim was sent and not answered: Particle may yet carry it out."""

    def require_time(self) -> None:
        """Raise `InProgress` when a request to Particle, sent now, could outlast the reservation.

        To be called before each one that changes something there.
        """
        if datetime.now(UTC) + LONGEST_CALL > self.until:
            raise InProgress(retryAfter=5)

    def take_back(self, *marks: str) -> None:
        """Let others come, unless this holder's other requests or one in doubt keep it.

        `marks` are fields of the entry that end with it.
        """
        while not self.in_doubt:
            try:
                self.entry.reference.update(
                    {**self.without(), **dict.fromkeys(marks, DELETE_FIELD)},
                    option=paths.client().write_option(last_update_time=self.seen_at),
                )
            except FailedPrecondition:
                if not self._still_is():
                    return
            except GoogleAPICallError as failure:
                # It ends by itself; a failure that brought us here is the one to report.
                log.reservation_left(self.entry.id, failure)
                return
            else:
                return

    def without(self) -> dict[str, Any]:
        """What changes in the entry when this request has no need of it any more."""
        return {"reservationShares": self.shares - 1} if self.shares > 1 else _NONE

    def seen_in(self, entry: paths.Snapshot) -> bool:
        """Whether it still stands in the entry, as newly read; then it goes on from there."""
        registered = entry.to_dict() or {}
        if (registered.get("reservedBy"), registered.get("reservedUntil")) != (
            self.holder,
            self.until,
        ):
            return False
        self.entry, self.seen_at = entry, entry.update_time
        self.shares = registered.get("reservationShares", 1)
        return True

    def _still_is(self) -> bool:
        return self.seen_in(self.entry.reference.get())


_NONE = dict.fromkeys(FIELDS, DELETE_FIELD)


def reserve(holder: str, entry: paths.Snapshot) -> Reservation:
    """Keep others away. Raises `InProgress`, or Firestore's refusal when the entry has changed."""
    registered = entry.to_dict() or {}
    refuse_while_held(registered, holder)
    now = datetime.now(UTC)
    until, shares = registered.get("reservedUntil"), 1
    if until is not None and until > now:
        shares = registered.get("reservationShares", 1) + 1
    if until is None or until <= now + LASTS / 2:
        until = now + LASTS
    written = entry.reference.update(
        {"reservedBy": holder, "reservedUntil": until, "reservationShares": shares},
        option=paths.client().write_option(last_update_time=entry.update_time),
    )
    return Reservation(entry, holder, until, written.update_time, shares)


def refuse_while_held(registered: dict[str, Any], holder: str | None) -> None:
    """Raise `InProgress` while another than the holder has the device's reservation."""
    until = registered.get("reservedUntil")
    if until and registered.get("reservedBy") != holder and until > datetime.now(UTC):
        raise InProgress(retryAfter=5)
