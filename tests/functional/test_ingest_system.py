"""Particle's own events: honest presence, and what a device's document says of its health."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from local.client import Account
from shared import settings
from shared.firestore import paths
from shared.telemetry import ingest
from shared.telemetry.repair import presence
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.telemetry import dead_letters, device, events, hand_over, message

STATUS = "spark/status"


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def to_the_millisecond(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def test_an_offline_with_almost_the_time_of_an_online_does_not_win(
    owned: Label, customer: Account
) -> None:
    start = datetime.now(UTC)
    for n, order in enumerate(permutations(range(3))):
        at = start + timedelta(seconds=20 * n)
        session = [
            ("offline", at - timedelta(seconds=10)),
            ("online", at),
            ("offline", at + timedelta(milliseconds=2)),
        ]
        for index in order:
            status, time = session[index]
            assert deliver(message(owned.device_id, status, STATUS, at=time)) < 300
        seen = device(customer, owned)
        assert (seen["status"], seen["statusAt"]) == ("online", to_the_millisecond(at))
        assert seen["graceSeconds"] == 900
    assert seen["latest"][STATUS]["value"] == "offline"


def test_the_clouds_own_events_are_no_sign_of_life(owned: Label, customer: Account) -> None:
    heard = datetime.now(UTC)
    deliver(message(owned.device_id, "1", at=heard))
    found_dead = heard + timedelta(minutes=4)
    deliver(message(owned.device_id, "offline", STATUS, at=found_dead))
    seen = device(customer, owned)
    assert seen["lastSeenAt"] == round(to_the_millisecond(heard).timestamp() * 1000)
    assert (seen["status"], seen["statusAt"]) == ("offline", to_the_millisecond(found_dead))


def test_a_device_that_sleeps_is_not_offline_at_every_nap(owned: Label, customer: Account) -> None:
    at = datetime.now(UTC)
    said: list[tuple[str, int]] = []
    for _ in range(5):
        for status, seconds in (("online", 10), ("offline", 40)):
            deliver(message(owned.device_id, status, STATUS, at=at))
            seen = device(customer, owned)
            said.append((seen["status"], seen["graceSeconds"]))
            at += timedelta(seconds=seconds)
    assert said[:6] == [("online", 900), ("offline", 900)] * 3
    assert said[-1] == ("asleep", 900)


def test_a_device_that_wakes_for_four_seconds_each_hour_is_asleep(
    owned: Label, customer: Account
) -> None:
    """Whichever of two events that are delivered together is stored last."""
    first = datetime.now(UTC) - timedelta(hours=8)
    paths.device(owned.device_id).update({"claimedAt": first - timedelta(hours=1)})
    said = []
    for n in range(8):
        came = first + timedelta(hours=n)
        session = [("online", came), ("offline", came + timedelta(seconds=4))]
        for status, at in session if n % 2 else reversed(session):
            assert deliver(message(owned.device_id, status, STATUS, at=at)) < 300
        seen = device(customer, owned)
        said.append(seen["status"])
    assert said == ["online", "online", *["asleep"] * 6]
    assert seen["statusAt"] == to_the_millisecond(came + timedelta(seconds=4))
    assert seen["graceSeconds"] == 2 * 3596


def test_what_was_judged_with_less_does_not_prevail(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that has read the `online` alone writes after the one that has read both."""
    first = datetime.now(UTC) - timedelta(hours=3)
    paths.device(owned.device_id).update({"claimedAt": first - timedelta(hours=1)})
    for n in range(2):
        for status, seconds in (("online", 0), ("offline", 4)):
            at = first + timedelta(hours=n, seconds=seconds)
            deliver(message(owned.device_id, status, STATUS, at=at))
    last = first + timedelta(hours=2)
    write = presence._write
    held: list[Any] = []

    def other_run_first(*arguments: Any) -> Any:
        if not held:
            held.append(arguments)
            body = message(owned.device_id, "offline", STATUS, at=last + timedelta(seconds=4))
            assert deliver(body) < 300
            assert device(customer, owned)["status"] == "asleep"
        return write(*arguments)

    monkeypatch.setattr(presence, "_write", other_run_first)
    assert deliver(message(owned.device_id, "online", STATUS, at=last)) < 300
    assert held
    assert device(customer, owned)["status"] == "asleep"


def test_a_process_that_crashed_before_it_derived_the_presence(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = message(owned.device_id, "offline", STATUS, at=datetime.now(UTC) + timedelta(seconds=9))

    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("shared.telemetry.repair.presence.repair", crash)
        assert deliver(body) == 500
    ingest.writer.cache_clear()
    assert deliver(body) < 300
    assert device(customer, owned)["status"] == "offline"


def test_health_is_of_the_newest_event(owned: Label, customer: Account) -> None:
    at = datetime.now(UTC)

    def vitals(charge: Any) -> str:
        signal = {"at": "Wi-Fi", "strength": 71.0, "quality": {"err": -210}}
        return json.dumps(
            {
                "device": {
                    "network": {"signal": signal},
                    "power": {"battery": {"charge": charge, "state": "charging"}},
                }
            }
        )

    for seconds, name, data in (
        (2, "spark/device/diagnostics/update", vitals(55.5)),
        (1, "spark/device/diagnostics/update", vitals(12.0)),
        (3, "spark/flash/status", "started "),
        (5, "spark/flash/status", "success "),
        (4, "spark/flash/status", "failed "),
        (6, "spark/device/last_reset", "panic, hard_fault"),
    ):
        deliver(message(owned.device_id, data, name, at=at + timedelta(seconds=seconds)))
    seen = device(customer, owned)
    assert seen["battery"]["charge"] == 55.5
    assert seen["signal"] == {
        "technology": "Wi-Fi",
        "strength": 71.0,
        "quality": None,
        "at": to_the_millisecond(at + timedelta(seconds=2)),
    }
    assert seen["firmwareUpdate"]["status"] == "success"
    assert (seen["lastReset"]["reason"], seen["lastReset"]["detail"]) == ("panic", "hard_fault")


def test_how_long_an_event_is_kept_is_a_matter_of_its_name(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixes = (("debug/trace/", 1), ("debug/", 7))
    monkeypatch.setattr(settings, "event_retention_by_prefix", lambda: prefixes)
    at = datetime.now(UTC)
    for name in ("debug/trace/x", "debug/x", "other"):
        deliver(message(owned.device_id, "1", name, at=at))
    kept = {e["event"]: (e["expireAt"] - e["publishedAt"]).days for e in events(customer, owned)}
    assert kept == {"debug/trace/x": 1, "debug/x": 7, "other": 90}
    old = message(owned.device_id, "1", "debug/x", at=at - timedelta(days=8))
    deliver(old)
    assert dead_letters()[old["message"]["messageId"]]["reason"] == "too-old"


@pytest.mark.parametrize("text", ["debug/", "debug/=x", "=7", "debug/=0", "debug/=99999"])
def test_a_wrong_retention_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_RETENTION_BY_PREFIX", text)
    settings.event_retention_by_prefix.cache_clear()
    with pytest.raises(settings.SettingMissingError, match="prefix=days"):
        settings.event_retention_by_prefix()
    settings.event_retention_by_prefix.cache_clear()


@pytest.mark.parametrize("days", ["0", "-1", "36501"])
def test_what_is_no_time_to_keep_anything_is_said(
    days: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, read in (
        ("EVENT_RETENTION_DAYS", settings.event_retention_days),
        ("ROLLUP_RETENTION_DAYS", settings.rollup_retention_days),
        ("COMMAND_RETENTION_DAYS", settings.command_retention_days),
        ("ACTIVITY_RETENTION_DAYS", settings.activity_retention_days),
        ("AUDIT_RETENTION_DAYS", settings.audit_retention_days),
    ):
        monkeypatch.setenv(name, days)
        read.cache_clear()
        with pytest.raises(settings.SettingMissingError, match=f"{name} is {days}"):
            read()
        read.cache_clear()


def test_history_is_kept_longer_unless_said_otherwise() -> None:
    assert dict(settings.event_retention_by_prefix())["spark/device/last_reset"] == 730


def test_what_waits_for_a_device_hears_of_each_time_that_it_comes_online(
    owned: Label, customer: Account
) -> None:
    """And of nothing else: a trigger runs at each change of that document."""
    marker = paths.online(owned.device_id)
    start = to_the_millisecond(datetime.now(UTC))
    deliver(message(owned.device_id, "1", at=start))
    assert not marker.get().exists
    deliver(message(owned.device_id, "online", STATUS, at=start))
    came = marker.get()
    assert came.get("since") == start
    later = start + timedelta(seconds=1)
    for data, name in (("offline", STATUS), ("2", "temperature"), ("auto-update", STATUS)):
        deliver(message(owned.device_id, data, name, at=later))
    assert marker.get().get("since") == start
    again = start + timedelta(seconds=30)
    deliver(message(owned.device_id, "online", STATUS, at=again))
    assert marker.get().get("since") == again


def test_a_change_of_presence_takes_three_round_trips(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    deliver(message(owned.device_id, "1"))
    firestore_requests()
    deliver(message(owned.device_id, "online", STATUS))
    assert firestore_requests() == ["Commit", "RunQuery", "Commit"]
    assert device(customer, owned)["latest"][STATUS]["value"] == "online"


def test_a_device_that_comes_back_while_its_presence_is_judged(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said in the earlier tenure does not outlast what is said in the later one."""
    judge = presence.repair
    at = datetime.now(UTC)
    handed_over: list[datetime] = []

    def too_late(*arguments: Any) -> None:
        if not handed_over:
            handed_over.append(hand_over(owned, customer, customer))
        judge(*arguments)

    monkeypatch.setattr(presence, "repair", too_late)
    assert deliver(message(owned.device_id, "online", STATUS, at=at)) < 300
    (since,) = handed_over
    # In the order of presence before the other: it ends a session that was before.
    last = since + timedelta(milliseconds=2)
    assert deliver(message(owned.device_id, "offline", STATUS, at=last)) < 300
    seen = device(customer, owned)
    assert (seen["status"], seen["statusAt"]) == ("offline", to_the_millisecond(last))
    assert seen["latest"][STATUS]["value"] == "offline"
