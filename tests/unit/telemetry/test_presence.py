"""Honest presence from `spark/status`."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import times
from shared.telemetry import presence
from shared.telemetry.presence import ASLEEP, OFFLINE, ONLINE, Presence

START = datetime(2026, 5, 13, tzinfo=UTC)
GRACE = 900


def judged(*events: tuple[str, float]) -> Presence:
    """By events at so many seconds; in whatever order they are read."""
    given_events = [(status, START + timedelta(seconds=at)) for status, at in events]
    found = presence.judge(given_events, GRACE)
    random.Random(1).shuffle(given_events)
    assert presence.judge(given_events, GRACE) == found
    assert found is not None
    return found


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_nothing_is_known_without_an_event() -> None:
    assert presence.judge([], GRACE) is None
    assert presence.judge([("auto-update", START), (7, START), (None, START)], GRACE) is None


def test_the_last_word_counts() -> None:
    assert judged((ONLINE, 0)).status == ONLINE
    gone = judged((ONLINE, 0), (OFFLINE, 600))
    assert (gone.status, gone.at, gone.grace_seconds) == (OFFLINE, at(600), GRACE)
    assert judged((OFFLINE, 0), (ONLINE, 600)).status == ONLINE


@pytest.mark.parametrize("apart", [-4.9, -0.001, 0, 0.001, 4.9])
def test_the_end_of_the_session_before_does_not_win(apart: float) -> None:
    assert judged((ONLINE, 100), (OFFLINE, 100 + apart)).status == ONLINE


def test_a_later_offline_does() -> None:
    assert judged((ONLINE, 100), (OFFLINE, 105)).status == OFFLINE


NAPS = [event for n in range(4) for event in ((OFFLINE, n * 660 + 60), (ONLINE, n * 660 + 660))]


def test_a_device_that_sleeps_is_asleep() -> None:
    nap = judged(*NAPS, (OFFLINE, 2700))
    assert (nap.status, nap.at, nap.grace_seconds) == (ASLEEP, at(2700), 1200)
    assert judged(*NAPS).status == ONLINE


@pytest.mark.parametrize(
    "absences",
    [[600, 600], [600, 600, 8000], [10, 600, 600], [1, 2, 3]],
    ids=["too few", "too long", "not alike", "no absences at all"],
)
def test_a_device_that_fails_is_offline(absences: list[int]) -> None:
    events, now = [], 0
    for absence in absences:
        events += [(OFFLINE, float(now)), (ONLINE, float(now + absence))]
        now += absence + 300
    assert judged(*events, (OFFLINE, now)).status == OFFLINE


@given(st.lists(st.tuples(st.sampled_from([ONLINE, OFFLINE]), st.integers(0, 100_000)), min_size=1))
def test_the_order_grows_with_what_decided(events: list[tuple[str, int]]) -> None:
    """A judgement with one event more never has a smaller order: what was written last is kept."""
    before = None
    for n in range(1, len(events) + 1):
        now = judged(*[(status, float(second)) for status, second in events[:n]])
        assert before is None or now.order >= before.order
        before = now


def seen(status: str | None, status_at: float, heard: float | None, now: float) -> str:
    """What an app shows of a device with a grace of 60 s; seconds after the start."""
    device = {
        "status": status,
        "statusAt": at(status_at),
        "lastSeenAt": None if heard is None else at(heard).timestamp() * 1000,
        "graceSeconds": 60,
    }
    return presence.as_seen(device, at(now), GRACE)


def test_apps_see_what_the_web_app_does() -> None:
    # The cases of web/src/model/presence.test.ts.
    assert presence.as_seen({}, START, GRACE) == "unknown"
    assert seen(None, 0, 40, 100) == "online"
    assert seen(None, 0, 40, 100.001) == "silent"
    assert seen("online", 39, None, 100) == "silent"
    assert seen("online", 41, None, 100) == "online"
    assert seen("offline", 99, 99, 100) == "offline"
    assert seen("offline", 99, 99.5, 100) == "online"
    assert seen("offline", 100, 80, 100) == "offline"
    assert seen("offline", 100, 105, 165) == "online"
    assert seen("offline", 100, 105, 165.001) == "silent"
    assert seen("asleep", 40, None, 100) == "asleep"
    assert seen("asleep", 40, None, 100.001) == "offline"
    assert seen("asleep", 40, 41, 100) == "online"


@pytest.mark.parametrize(
    ("status", "status_at", "heard", "sign"),
    [
        (None, 0, None, None),
        (None, 0, 40, 40),
        ("online", 50, None, 50),
        ("online", 50, 40, 50),
        ("online", 50, 60, 60),
        ("offline", 50, None, None),
        ("offline", 50, 49.999, None),
        ("offline", 50, 50, None),
        ("offline", 50, 50.001, 50.001),
        ("asleep", 50, 50, None),
        ("asleep", 50, 60, 60),
    ],
)
def test_the_last_sign_of_life(
    status: str | None, status_at: float, heard: float | None, sign: float | None
) -> None:
    device = {
        "status": status,
        "statusAt": at(status_at) if status else None,
        "lastSeenAt": None if heard is None else times.milliseconds(at(heard)),
    }
    assert presence.last_sign(device) == (None if sign is None else times.milliseconds(at(sign)))


def test_a_device_without_a_grace_of_its_own_has_the_products() -> None:
    device = {"lastSeenAt": START.timestamp() * 1000}
    assert presence.as_seen(device, at(GRACE), GRACE) == "online"
    assert presence.as_seen(device, at(GRACE + 0.001), GRACE) == "silent"
