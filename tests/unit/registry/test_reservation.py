"""Entries as they are read and written, and what a reservation lets through."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client, DocumentSnapshot

from shared import settings
from shared.errors import InProgress
from shared.registry import hold
from shared.registry.entry import RELEASE_PENDING, RESERVATION, Entry, without
from shared.registry.hold import Expiry, Reservation

READ_AT, WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def entry(**fields: Any) -> Entry:
    client = Client(project="demo", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    reference = client.collection("devices").document("d")
    return Entry(DocumentSnapshot(reference, fields, True, READ_AT, READ_AT, READ_AT))  # noqa: FBT003


def reserved(expiry: Expiry, **more: Any) -> Entry:
    return entry(**hold.reservation("me", expiry), **more)


def test_an_entry_is_as_this_process_left_it() -> None:
    read = reserved(Expiry.after(60), releasePending=True)
    left = read.after({**without([RELEASE_PENDING, *RESERVATION]), "ownerUid": "u"}, WRITTEN_AT)
    assert (left.release_pending, left.is_reserved, left.owner_uid) == (False, False, "u")
    assert left.updated_at == WRITTEN_AT
    again = left.after({"ownerUid": None}, READ_AT)
    assert (again.release_pending, again.owner_uid, again.updated_at) == (False, None, READ_AT)
    assert (read.release_pending, read.is_reserved, read.updated_at) == (True, True, READ_AT)


def test_looking_for_a_reservation_does_not_change_it() -> None:
    expiry = Expiry.after(60)
    mine = Reservation(reserved(expiry), "me", expiry)
    shared = entry(**hold.reservation("me", expiry, shares=2))
    seen = mine.seen_in(shared)
    assert seen is not None
    assert (seen.entry, seen.ended()) == (shared, {"reservationShares": 1})
    assert mine.entry is not shared
    assert mine.ended() == without(RESERVATION)
    for other in (hold.reservation("you", expiry), hold.reservation("me", Expiry.after(61)), {}):
        assert mine.seen_in(entry(**other)) is None


@dataclass
class Minting:
    """Credentials whose every token takes its time."""

    seconds: float
    given: list[str] = field(default_factory=list)

    def token(self) -> str:
        time.sleep(self.seconds)
        self.given.append("t")
        return "t"

    def renew(self, rejected: str) -> str:
        return rejected + self.token()


@pytest.mark.parametrize("how", ["token", "renew"])
def test_the_clock_is_looked_at_when_the_token_is_there(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RESERVED_REQUEST", 10.0)
    slow = Minting(0.05)
    reservation = Reservation(entry(), "me", Expiry.after(10.04))
    credentials = reservation.credentials(slow)
    with pytest.raises(InProgress) as refused:
        credentials.token() if how == "token" else credentials.renew("t")
    assert refused.value.details == {"retryAfter": 5}
    assert slow.given == ["t"], "it was there, and too late"
    quick = Reservation(entry(), "me", Expiry.after(60)).credentials(Minting(0))
    assert (quick.token(), quick.renew("t")) == ("t", "tt")
