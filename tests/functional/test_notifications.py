"""How people are told of alerts: once, later in quiet hours, and never without a right."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable

from local.client import Account, Client
from local.stack import Stack
from shared import settings, smtp
from shared.firestore import paths
from shared.notifications import by_mail, outbox
from shared.notifications.outbox import Outcome
from shared.telemetry import ingest
from tests.functional.conftest import Label
from tests.functional.test_alerts import WARM
from tests.support.functions import call, created, outcome
from tests.support.functions import client as function
from tests.support.functions import deliver as publish_message
from tests.support.sharing import share, verified
from tests.support.telemetry import message

ON = {"email": True}


@pytest.fixture(autouse=True)
def _fresh_process(clean_stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture
def customer(client: Client) -> Account:
    """An owner with a verified address, to which alone mails are sent."""
    return verified(client)


@pytest.fixture
def alert(owned: Label, customer: Account) -> Callable[..., str]:
    """Lets an alert of the device begin and end; the path of the entry in its log."""
    number = [0]
    alert_ids: list[str] = []

    def fires(severity: str = "warning", *, value: int = 9, new: bool = True) -> str:
        number[0] += 1
        request = {"deviceId": owned.device_id, **WARM, "severity": severity}
        if new:
            request["name"] = f"Too warm {number[0]}"
            alert_ids.append(call("save_alert", request, customer)["alertId"])
        at = datetime.now(UTC) + timedelta(milliseconds=10 * number[0])
        body = message(owned.device_id, json.dumps(value), at=at)
        assert publish_message(body) < 300
        log = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERT_LOG)
        mine = [entry for entry in log.stream() if entry.get("alertId") == alert_ids[-1]]
        newest = max(mine, key=lambda entry: entry.get("at"))
        return str(newest.reference.path)

    return fires


def fan_out(entry: str) -> list[str]:
    """Deliver the creation of an entry, twice as the platform may; the new deliveries."""
    before = {one.id for one in paths.deliveries().stream()}
    for _ in range(2):
        assert created("fan_out_alert", entry) < 300
    return [one.id for one in paths.deliveries().stream() if one.id not in before]


def send(delivery_id: str) -> dict[str, Any]:
    """Deliver a change of a delivery to the trigger; the delivery as it is then."""
    assert created("deliver_notification", f"deliveries/{delivery_id}", "written") < 300
    return paths.delivery(delivery_id).get().to_dict() or {}


def mails(stack: Stack, account: Account) -> list[dict[str, Any]]:
    every = requests.get(f"{stack.mails_url}/mails.json", timeout=10).json()
    return [one for one in every if one["to"] == [account.email]]


def run_due() -> None:
    assert function("run_due").post("/").status_code == 200


def test_a_mail_says_that_it_fires_and_that_it_is_over(
    owned: Label, customer: Account, alert: Callable[..., str], stack: Stack
) -> None:
    paths.user(customer.uid).set({"timeZone": "Europe/Vienna", "locale": "de-AT"}, merge=True)
    name = "Keller\r\nBcc: x@example.org"
    paths.user_device(customer.uid, owned.device_id).update({"name": name})
    [first] = fan_out(alert())
    assert send(first)["status"] == Outcome.SENT
    [second] = fan_out(alert(value=7, new=False))
    assert send(second)["status"] == Outcome.SENT
    over, fires = mails(stack, customer)
    assert fires["subject"] == "Warnung: Too warm 1 (Gerät)"
    assert over["subject"] == "Vorbei: Too warm 1 (Gerät)"
    assert "Wert: 9" in fires["text"]
    assert f"{settings.site_url()}/devices/{owned.device_id}" in fires["text"]
    assert "CET" in fires["text"] or "CEST" in fires["text"]


def test_two_runs_and_a_repeated_event_send_once(
    customer: Account, alert: Callable[..., str], stack: Stack
) -> None:
    [delivery] = fan_out(alert())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, [delivery] * 4))
    assert send(delivery)["status"] == Outcome.SENT
    assert len(mails(stack, customer)) == 1


def test_a_run_that_crashes_before_it_notes_the_outcome_repeats_it(
    customer: Account,
    alert: Callable[..., str],
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [delivery] = fan_out(alert())

    def crash(*_: Any, **__: Any) -> None:
        raise ServiceUnavailable("the process is gone")  # type: ignore[no-untyped-call]

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "settle", crash)
        assert created("deliver_notification", f"deliveries/{delivery}", "written") >= 500
    assert send(delivery)["status"] == Outcome.SENDING  # as long as its lease lasts
    paths.delivery(delivery).update({"dueAt": datetime.now(UTC)})
    assert send(delivery)["status"] == Outcome.SENT
    first, second = mails(stack, customer)
    assert first["text"] == second["text"]


def test_what_waits_is_woken_when_it_is_due(
    customer: Account,
    alert: Callable[..., str],
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise smtp.NotSentError("the server replied 421")

    [delivery] = fan_out(alert())
    with monkeypatch.context() as broken:
        broken.setattr(smtp, "send", down)
        waiting = send(delivery)
        assert (waiting["status"], waiting["attempts"]) == (Outcome.WAITING, 1)
        assert waiting["lastError"] == "the server replied 421"
        pause = waiting["dueAt"] - datetime.now(UTC)
        assert timedelta(seconds=50) < pause < timedelta(seconds=67)
        for attempt in range(5):
            paths.delivery(delivery).update({"dueAt": datetime.now(UTC)})
            waiting = send(delivery)
            assert waiting["attempts"] == attempt + 2
        assert (waiting["status"], waiting["dueAt"]) == (Outcome.FAILED, None)
    assert mails(stack, customer) == []
    [other] = fan_out(alert(value=7, new=False))
    run_due()
    assert paths.delivery(other).get().to_dict().keys() >= {"wokenAt"}  # type: ignore[union-attr]
    assert send(other)["status"] == Outcome.SENT


def test_an_address_that_refuses_gets_no_more(
    customer: Account, alert: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise smtp.RefusedError("the server replied 550")

    [delivery] = fan_out(alert())
    with monkeypatch.context() as broken:
        broken.setattr(smtp, "send", refuse)
        assert send(delivery)["status"] == Outcome.FAILED
    assert fan_out(alert(value=7, new=False)) == []
    call("save_notifications", ON, customer)
    assert len(fan_out(alert())) == 1


def test_guests_are_told_when_they_want_to_be_and_as_long_as_they_may(
    owned: Label, customer: Account, client: Client, alert: Callable[..., str], stack: Stack
) -> None:
    guest = verified(client)
    share(owned, customer, guest, "viewer")
    assert len(fan_out(alert())) == 1
    call("save_notifications", {"devices": {owned.device_id: True}}, guest)
    found = {paths.delivery(one).get().get("uid"): one for one in fan_out(alert())}
    assert found.keys() == {customer.uid, guest.uid}
    call("end_share", {"deviceId": owned.device_id, "uid": guest.uid}, customer)
    assert send(found[guest.uid])["status"] == Outcome.DROPPED
    assert send(found[customer.uid])["status"] == Outcome.SENT
    assert mails(stack, guest) == []


def test_nobody_is_told_of_a_device_that_has_left(
    owned: Label, customer: Account, alert: Callable[..., str], stack: Stack
) -> None:
    [delivery] = fan_out(alert())
    call("release_device", {"deviceId": owned.device_id}, customer)
    assert send(delivery)["status"] == Outcome.DROPPED
    assert mails(stack, customer) == []


def test_what_is_switched_off_meanwhile_is_dropped(
    owned: Label, customer: Account, alert: Callable[..., str]
) -> None:
    first = fan_out(alert())[0]
    call("save_notifications", {"devices": {owned.device_id: False}}, customer)
    assert send(first)["status"] == Outcome.DROPPED
    assert fan_out(alert()) == []
    call("save_notifications", {"devices": {owned.device_id: True}, "email": False}, customer)
    assert fan_out(alert()) == []


def test_quiet_hours_end_with_one_mail_and_what_is_critical_passes(
    customer: Account, alert: Callable[..., str], stack: Stack
) -> None:
    now = datetime.now(UTC)
    hours = {
        "from": f"{now - timedelta(hours=1):%H:%M}",
        "to": f"{now + timedelta(hours=2):%H:%M}",
        "timeZone": "UTC",
    }
    assert call("save_notifications", {"quietHours": hours}, customer)["quietHours"] == hours
    waiting = fan_out(alert()) + fan_out(alert())
    for delivery in waiting:
        held = send(delivery)
        assert held["status"] == Outcome.WAITING
        assert timedelta(minutes=118) < held["dueAt"] - now < timedelta(minutes=121)
    [critical] = fan_out(alert("critical"))
    assert send(critical)["status"] == Outcome.SENT
    for delivery in waiting:
        paths.delivery(delivery).update({"dueAt": now})
    assert send(waiting[0])["status"] == Outcome.SENT
    assert send(waiting[1])["status"] == Outcome.SENT
    digest, _ = mails(stack, customer)
    assert digest["subject"] == "2 alerts in your quiet hours"
    assert digest["text"].count("Warning: Too warm") == 2
    assert call("save_notifications", {"noQuietHours": True}, customer)["quietHours"] is None


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        ({"from": "22:00", "to": "22:00", "timeZone": "UTC"}, "quietHours.to"),
        ({"from": "22:00", "to": "07:00", "timeZone": "Mars/Crater"}, "quietHours.timeZone"),
        ({"from": "22:00", "to": "07:00", "timeZone": "../etc/passwd"}, "quietHours.timeZone"),
        ({"from": "24:00", "to": "07:00", "timeZone": "UTC"}, "quietHours.from"),
    ],
)
def test_hours_that_are_none(hours: dict[str, str], field: str, customer: Account) -> None:
    reason, error = outcome("save_notifications", {"quietHours": hours}, customer)
    assert (reason, error.details["field"]) == ("bad-request", field)


def test_no_more_mails_than_a_day_allows(
    customer: Account,
    alert: Callable[..., str],
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(by_mail, "MAILS_A_DAY", 1)
    [first] = fan_out(alert())
    [second] = fan_out(alert(value=7, new=False))
    assert send(first)["status"] == Outcome.SENT
    refused = send(second)
    assert (refused["status"], refused["lastError"]) == (
        Outcome.FAILED,
        "1 mails were sent today",
    )
    assert len(mails(stack, customer)) == 1
