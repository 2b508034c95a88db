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


HOUR = 3600


def wakes(
    count: int, every: float = HOUR, session: float = 4, jitter: float = 0
) -> list[tuple[str, float]]:
    """Sessions of a device that wakes, publishes and sleeps again."""
    chance = random.Random(count)
    return [
        event
        for n in range(count)
        for at in [n * every + chance.uniform(-jitter, jitter)]
        for event in ((ONLINE, at), (OFFLINE, at + session))
    ]


@pytest.mark.parametrize("session", [0.6, 1, 2, 4, 4.9, 5, 30, 600])
@pytest.mark.parametrize("every", [HOUR, 1.5 * HOUR, 2.5 * HOUR, 6 * HOUR, 24 * HOUR])
def test_a_device_that_wakes_for_a_moment_is_asleep(every: float, session: float) -> None:
    """A Photon each hour, a cellular device each few hours or once a day."""
    nap = judged(*wakes(5, every, session, jitter=20))
    assert nap.status == ASLEEP
    assert nap.at > at(4 * every - 21 + session)
    assert 1.9 * every - 2 * session < nap.grace_seconds < 2 * every + 100


def test_it_takes_three_short_sessions() -> None:
    assert [judged(*wakes(n)).status for n in (1, 2, 3, 4)] == [ONLINE, ONLINE, ASLEEP, ASLEEP]
    assert [judged(*wakes(n, session=30)).status for n in (3, 4)] == [OFFLINE, ASLEEP]


def test_it_is_online_while_it_is_awake() -> None:
    awake = judged(*wakes(6), (ONLINE, 6 * HOUR))
    assert (awake.status, awake.at, awake.grace_seconds) == (ONLINE, at(6 * HOUR), GRACE)


def test_short_and_longer_sessions_are_naps_alike() -> None:
    lengths = [4, 7, 4, 60, 4, 4, 9, 4]
    events = [
        event
        for n, length in enumerate(lengths)
        for event in ((ONLINE, float(n * HOUR)), (OFFLINE, float(n * HOUR + length)))
    ]
    for last in range(8, len(events) + 1, 2):
        assert judged(*events[:last]).status == ASLEEP


def test_a_nap_of_which_the_end_was_lost_does_not_break_the_habit() -> None:
    events = wakes(8)
    del events[9]
    nap = judged(*events)
    assert (nap.status, nap.at) == (ASLEEP, at(7 * HOUR + 4))


@pytest.mark.parametrize("late", [0, 0.002, 0.4])
def test_a_device_that_reconnects_each_hour_is_online(late: float) -> None:
    """The cloud ends the session before when the new one begins."""
    events = [(ONLINE, 0.0)]
    for n in range(1, 8):
        events += [(ONLINE, float(n * HOUR)), (OFFLINE, n * HOUR + late)]
    assert judged(*events).status == ONLINE


@pytest.mark.parametrize("late", [-0.018, 0.002, 1.5, 3, 4.9])
def test_a_storm_of_reconnections_is_no_sleep(late: float) -> None:
    chance = random.Random(3)
    events, now = [(ONLINE, 0.0)], 0.0
    for _ in range(12):
        now += chance.uniform(8, 40)
        events += [(ONLINE, now), (OFFLINE, now + late)]
        assert judged(*events).status == ONLINE


@pytest.mark.parametrize("late", [0.002, 1.5, 3, 4.9])
def test_reconnections_at_odd_times_are_no_sleep(late: float) -> None:
    events, now = [(ONLINE, 0.0)], 0.0
    for pause in (300, 7000, 90, 25_000, 700, 4000, 100):
        now += pause
        events += [(ONLINE, now), (OFFLINE, now + late)]
        assert judged(*events).status == ONLINE


def test_a_nap_whose_end_the_cloud_finds_late() -> None:
    """The device does not say goodbye: it is found dead after 25 minutes."""
    nap = judged(*wakes(5, every=2.25 * HOUR, session=25 * 60))
    assert (nap.status, nap.at) == (ASLEEP, at(9 * HOUR + 25 * 60))


def test_a_late_end_of_an_old_session_is_the_last_word_of_status_events() -> None:
    """What the device publishes afterwards ends it: see `as_seen`."""
    assert judged((ONLINE, 0), (ONLINE, 600), (OFFLINE, 1800)).status == OFFLINE


def test_three_restarts_are_no_sleep() -> None:
    """The device was there for days in between."""
    day = 24 * HOUR
    events = [e for n in range(1, 4) for e in ((OFFLINE, n * day), (ONLINE, n * day + 40))]
    assert judged((ONLINE, 0), *events, (OFFLINE, 5 * day)).status == OFFLINE


def test_a_device_that_stayed_awake_is_not_asleep_when_it_goes() -> None:
    habit = wakes(6, session=60)
    assert judged(*habit, (ONLINE, 6 * HOUR), (OFFLINE, 9 * HOUR)).status == OFFLINE
    again = [(status, 9.5 * HOUR + seconds) for status, seconds in wakes(4, session=60)]
    assert judged(*habit, (ONLINE, 6 * HOUR), (OFFLINE, 9 * HOUR), *again).status == ASLEEP


def test_a_device_that_is_switched_off_for_weeks_is_offline() -> None:
    assert judged(*wakes(5, every=7 * 24 * HOUR)).status == ONLINE
    assert judged(*wakes(5, every=7 * 24 * HOUR, session=60)).status == OFFLINE


def test_equal_times_are_a_reconnection() -> None:
    events = [e for n in range(6) for e in ((OFFLINE, n * HOUR), (ONLINE, n * HOUR))]
    assert judged(*events).status == ONLINE


moments = st.tuples(
    st.sampled_from([ONLINE, OFFLINE]), st.sampled_from([0.0, 0.3, 1.0, 4.0, 4.999, 5.0, 40.0])
)


@given(
    st.lists(st.tuples(moments, st.integers(0, 6)).map(lambda e: (e[0][0], e[1] * HOUR + e[0][1])))
)
def test_judgements_that_differ_by_the_newest_events_have_an_order(
    events: list[tuple[str, float]],
) -> None:
    """Of two runs at once, the one that knew more about the last session prevails."""
    known = sorted({*events}, key=lambda event: event[1])
    for n in range(1, len(known)):
        before, now = judged(*known[:n]), judged(*known[: n + 1])
        assert now.order > before.order or (now.status, now.at) == (before.status, before.at)


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
