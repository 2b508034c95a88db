"""Whether events still arrive: the marks that `ingest` makes, and what is read from them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.client import Account
from shared.firestore import paths
from shared.telemetry import arrivals, ingest
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.telemetry import message


@pytest.fixture(autouse=True)
def _nothing_has_come(stack: object) -> Iterator[None]:
    ingest.writer.cache_clear()
    for document in paths.client().collection(paths.HEALTH).select([]).stream():
        document.reference.delete()
    yield
    ingest.writer.cache_clear()


def marked() -> dict[str, set[str]]:
    found = paths.client().collection(paths.HEALTH).stream()
    return {entry.id: set((entry.to_dict() or {})["slots"]) for entry in found}


def test_the_first_event_of_a_slot_is_noted_whosever_it_is(
    owned: Label, new_label: object, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arrivals.present_silence(datetime.now(UTC)) is None
    commits: list[int] = []
    mark = arrivals.day_and_key

    def noted(slot: int) -> tuple[str, str]:
        commits.append(slot)
        return mark(slot)

    monkeypatch.setattr(arrivals, "day_and_key", noted)
    for device_id in (owned.device_id, owned.device_id, "0" * 23 + "1"):
        assert deliver(message(device_id, "1", at=datetime.now(UTC) - timedelta(hours=3))) < 300
    assert len(commits) == len(set(commits)), "each slot is written once by an instance"
    day, key = mark(commits[-1])
    assert key in marked()[day]

    now = datetime.now(UTC)
    silence = arrivals.present_silence(now + timedelta(hours=2))
    assert silence is not None
    assert timedelta(hours=1, minutes=50) <= silence.length <= timedelta(hours=2)
    assert not silence.remarkable  # nothing is known of the days before


def test_an_event_of_the_integrations_test_is_no_sign_of_the_fleet() -> None:
    assert deliver(message("api", "test-event")) < 300
    assert marked() == {}


def test_what_an_operator_takes_in_again_is_no_sign_of_the_fleet(owned: Label) -> None:
    ingest.ingest(message(owned.device_id, "1"), replayed=True)
    assert marked() == {}
    ingest.ingest(message(owned.device_id, "2"))
    assert len(marked()) == 1


def test_a_copy_marks_nothing_and_the_next_event_does(owned: Label) -> None:
    body = message(owned.device_id, "2")
    assert deliver(body) < 300
    paths.client().collection(paths.HEALTH).document(next(iter(marked()))).delete()
    ingest.writer.cache_clear()
    assert deliver(body) < 300  # fails its commit: nothing of it may stay
    assert marked() == {}
    assert deliver(message(owned.device_id, "3")) < 300
    assert len(marked()) == 1


def test_silence_is_read_over_midnight_from_several_days(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime(2026, 5, 13, 0, 31, tzinfo=UTC)
    last = arrivals.slot_of(now) - 4
    for slot in range(last - 300, last + 1):
        day, key = arrivals.day_and_key(slot)
        paths.health(day).set({"slots": {key: True}}, merge=True)
    silence = arrivals.present_silence(now)
    assert silence is not None
    assert silence.remarkable
    assert silence.length == timedelta(minutes=15)
    assert silence.last == datetime(2026, 5, 13, 0, 15, tzinfo=UTC)

    arrivals.check(now - arrivals.SLOT)
    assert capsys.readouterr().err == ""
    arrivals.check(now)
    entry = json.loads(capsys.readouterr().err)
    assert (entry["severity"], entry["event"]) == ("ERROR", "integration-quiet")
    assert (entry["minutes"], entry["usualMinutes"]) == (15, 0)

    # Weeks later, when no day that is looked at knows of an event any more.
    paths.health("canary").set({"sentAt": now})
    later = now + timedelta(days=40)
    arrivals.check(later)
    entry = json.loads(capsys.readouterr().err)
    assert entry["event"] == "integration-quiet"
    assert timedelta(minutes=entry["minutes"]) == timedelta(days=40, minutes=15)
