"""Alerts through the exported functions: they fire once, end, and cost ingest nothing."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Increment

from local.client import Account, Client
from shared.alerts.rules import MAX_ALERTS
from shared.firestore import paths
from shared.registry import ownership
from shared.telemetry import ingest
from shared.telemetry.alerts import due, judgement
from shared.telemetry.alerts.state import first_order
from shared.telemetry.writer import EventWriter
from shared.times import milliseconds
from tests.functional.conftest import Label
from tests.support.functions import call, deliver, deliver_elsewhere, outcome
from tests.support.functions import client as function
from tests.support.sharing import share
from tests.support.telemetry import again, device, hand_over, message

WARM = {"kind": "threshold", "event": "temperature", "op": "above", "value": 8, "name": "Too warm"}
SILENT = {"kind": "silence", "silentSeconds": 900, "name": "Silent"}


@pytest.fixture(autouse=True)
def _fresh_process(clean_stack: object) -> None:
    ingest.writer.cache_clear()


@pytest.fixture
def save(owned: Label, customer: Account) -> Callable[..., str]:
    """Makes an alert of the device; its id."""

    def make(rule: dict[str, Any], **more: Any) -> str:
        made = call("save_alert", {"deviceId": owned.device_id, **rule, **more}, customer)
        return str(made["alertId"])

    return make


@pytest.fixture
def publish(owned: Label) -> Callable[..., dict[str, Any]]:
    """Publishes a value some seconds from now; the message."""

    def send(value: Any, seconds: float = 0, name: str = "temperature") -> dict[str, Any]:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        body = message(owned.device_id, json.dumps(value), name, at=at)
        assert deliver(body) < 300
        return body

    return send


@pytest.fixture
def healthy() -> None:
    """The canary says that the way from Particle to here is in order."""
    way(failures=0)


def way(failures: int) -> None:
    now = datetime.now(UTC)
    paths.health("canary").set({"failures": failures, "lastSuccessAt": now, "delayMs": 900})


def stored(account: Account, label: Label, alert_id: str) -> dict[str, Any]:
    alerts = paths.user_device(account.uid, label.device_id).collection(paths.ALERTS)
    return alerts.document(alert_id).get().to_dict() or {}


def log(account: Account, label: Label) -> list[dict[str, Any]]:
    entries = paths.user_device(account.uid, label.device_id).collection(paths.ALERT_LOG)
    return [one.to_dict() or {} for one in entries.order_by("at").stream()]


def transitions(account: Account, label: Label) -> list[tuple[str, str, bool]]:
    return [(one["from"], one["to"], one["notify"]) for one in log(account, label)]


def run_due() -> None:
    assert function("run_due").post("/").status_code == 200


def overdue(account: Account, label: Label, alert_id: str, **fields: Any) -> None:
    """Let something of an alert be due now, as if time had passed."""
    alerts = paths.user_device(account.uid, label.device_id).collection(paths.ALERTS)
    alerts.document(alert_id).update({"dueAt": datetime.now(UTC), **fields})


def test_it_fires_once_and_ends_once(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    alert_id = save(WARM, clear=6, severity="critical")
    publish(5)
    first = publish(9, 0.1)
    assert device(customer, owned)["firing"] == {alert_id: "critical"}
    fires = stored(customer, owned, alert_id)
    assert (fires["state"], fires["observed"], fires["told"]) == ("firing", 9, True)
    publish(12, 0.2)
    deliver(again(first))
    publish(7, 0.3)
    assert transitions(customer, owned) == [("normal", "firing", True)]
    publish(6, 0.4)
    assert transitions(customer, owned)[1:] == [("firing", "normal", True)]
    assert device(customer, owned)["firing"] == {}
    assert log(customer, owned)[0]["steps"][0]["value"] == 9
    # Again within five minutes: it is recorded, and reported only if it lasts.
    publish(9, 0.5)
    assert transitions(customer, owned)[2:] == [("normal", "firing", False)]
    run_due()
    assert len(log(customer, owned)) == 3
    overdue(customer, owned, alert_id, notifiedAt=datetime.now(UTC) - timedelta(minutes=5))
    run_due()
    assert transitions(customer, owned)[3:] == [("firing", "firing", True)]
    assert log(customer, owned)[3]["reminder"] is False


def test_ingest_reads_and_writes_nothing_more_for_them(
    owned: Label,
    save: Callable[..., str],
    publish: Callable[..., Any],
    firestore_requests: Callable[[], list[str]],
) -> None:
    publish(1)
    firestore_requests()
    publish(2, 0.1)
    without = firestore_requests()
    for number in range(MAX_ALERTS):
        save(WARM, name=f"Alert {number}")
    publish(3, 0.2)
    firestore_requests()
    publish(4, 0.3)
    assert firestore_requests() == without == ["Commit"]


def test_a_rule_that_is_true_already_fires_when_it_is_saved(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    publish({"in": {"t": 9}}, name="climate")
    request = {"deviceId": owned.device_id, **WARM, "event": "climate", "metric": "in.t"}
    made = call("save_alert", request, customer)
    assert made["state"] == "firing"
    assert transitions(customer, owned) == [("normal", "firing", True)]
    changed = {**request, "alertId": made["alertId"], "value": 10}
    assert call("save_alert", changed, customer) == {**made, "state": "normal"}
    assert device(customer, owned)["firing"] == {}
    off = {**request, "alertId": made["alertId"], "enabled": False}
    assert call("save_alert", off, customer)["state"] == "normal"
    publish({"in": {"t": 99}}, 0.1, name="climate")
    assert len(log(customer, owned)) == 1
    call("delete_alert", {"deviceId": owned.device_id, "alertId": made["alertId"]}, customer)
    call("delete_alert", {"deviceId": owned.device_id, "alertId": made["alertId"]}, customer)
    assert stored(customer, owned, made["alertId"]) == {}
    assert outcome("save_alert", changed, customer)[0] == "unknown-alert"


def test_another_instance_uses_a_new_rule_from_its_next_event_on(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    save(WARM, value=50)
    publish(1)  # this instance remembers that rule
    alert_id = save(WARM, value=8)
    at = datetime.now(UTC) + timedelta(seconds=1)
    assert deliver_elsewhere(message(owned.device_id, "9", at=at)) < 300
    assert list(device(customer, owned)["firing"]) == [alert_id]
    # This one knows the state of before; the version tells it.
    publish(7, 2)
    assert device(customer, owned)["firing"] == {}
    assert transitions(customer, owned) == [
        ("normal", "firing", True),
        ("firing", "normal", True),
    ]


def test_a_crash_before_the_judgement_loses_nothing(
    owned: Label,
    customer: Account,
    save: Callable[..., str],
    commits: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The event is stored; the message is delivered again, and the copy is judged."""
    save(WARM)
    body = message(owned.device_id, "9")

    def crash(*_: Any) -> None:
        raise ServiceUnavailable("the process is gone")  # type: ignore[no-untyped-call]

    with monkeypatch.context() as broken:
        broken.setattr("shared.telemetry.alerts.watch.judge", crash)
        assert deliver(body) >= 500
    assert log(customer, owned) == []
    ingest.writer.cache_clear()
    assert deliver(body) < 300
    assert deliver(again(body)) < 300
    assert transitions(customer, owned) == [("normal", "firing", True)]


def test_the_judgement_of_a_neighbour_sees_what_a_crashed_process_did_not_judge(
    owned: Label,
    customer: Account,
    save: Callable[..., str],
    publish: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alert_id = save(WARM, clear=4)
    with monkeypatch.context() as broken:
        broken.setattr("shared.telemetry.alerts.watch.judge", lambda *_: None)
        publish(9)
        publish(3, 0.1)
    publish(10, 0.2)
    [entry] = log(customer, owned)
    assert [one["state"] for one in entry["steps"]] == ["firing", "normal", "firing"]
    assert list(device(customer, owned)["firing"]) == [alert_id]


def test_a_pending_one_fires_when_nothing_contradicts(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    hour = datetime.now(UTC) - timedelta(hours=1)
    for document in ownership.documents(customer.uid, owned.device_id):
        document.update({"claimedAt": hour})
    ingest.writer.cache_clear()
    publish(1, -2000)
    alert_id = save(WARM, forSeconds=600)
    publish(9, -1800)
    pending = stored(customer, owned, alert_id)
    assert pending["state"] == "pending"
    assert pending["dueAt"] - pending["since"] == timedelta(seconds=660)
    publish(7, -1700)
    assert stored(customer, owned, alert_id)["state"] == "normal"
    publish(9, -300)
    run_due()
    assert stored(customer, owned, alert_id)["state"] == "pending"
    assert log(customer, owned) == []
    shorter = {**WARM, "forSeconds": 200, "alertId": alert_id}
    call("save_alert", {"deviceId": owned.device_id, **shorter}, customer)
    run_due()
    fires = stored(customer, owned, alert_id)
    assert (fires["state"], fires["observed"]) == ("firing", 9)
    assert transitions(customer, owned) == [("pending", "firing", True)]


@pytest.mark.usefixtures("healthy")
def test_silence_is_reported_once_and_so_is_its_end(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    publish(1)
    any_sign, of_name = save(SILENT), save(SILENT, event="climate", name="No climate")
    shown = device(customer, owned)
    for alert_id in (any_sign, of_name):
        assert stored(customer, owned, alert_id)["dueAt"] > datetime.now(UTC)
    overdue(customer, owned, any_sign)
    run_due()  # it was heard meanwhile: the time is put off, and nothing else
    moved = stored(customer, owned, any_sign)
    assert milliseconds(moved["dueAt"]) == shown["lastSeenAt"] + 900_000
    assert device(customer, owned)["alertsVersion"] == shown["alertsVersion"]
    ago = datetime.now(UTC) - timedelta(minutes=16)
    paths.user_device(customer.uid, owned.device_id).update({"lastSeenAt": milliseconds(ago)})
    overdue(customer, owned, any_sign)
    overdue(customer, owned, of_name)
    run_due()
    run_due()
    assert list(device(customer, owned)["firing"]) == [any_sign]
    assert transitions(customer, owned) == [("normal", "firing", True)]
    publish("offline", 0.1, name="spark/status")  # the cloud says so, and not the device
    assert list(device(customer, owned)["firing"]) == [any_sign]
    publish(2, 0.2)
    assert device(customer, owned)["firing"] == {}
    assert transitions(customer, owned)[1:] == [("firing", "normal", True)]
    assert stored(customer, owned, any_sign)["dueAt"] > datetime.now(UTC)


def test_silence_is_held_back_while_everything_is_silent(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    publish(1)
    alert_id = save(SILENT)
    mine = paths.user_device(customer.uid, owned.device_id)
    way(failures=1)
    mine.update({"lastSeenAt": milliseconds(datetime.now(UTC) - timedelta(minutes=16))})
    overdue(customer, owned, alert_id)
    run_due()
    assert stored(customer, owned, alert_id)["dueAt"] > datetime.now(UTC) + due.HELD / 2
    assert log(customer, owned) == []
    mine.update({"lastSeenAt": milliseconds(datetime.now(UTC) - timedelta(minutes=136))})
    overdue(customer, owned, alert_id)
    run_due()
    [entry] = log(customer, owned)
    assert (entry["to"], entry["suspect"], entry["notify"]) == ("firing", True, True)


def test_reminders_end_when_somebody_acknowledges(
    owned: Label,
    customer: Account,
    client: Client,
    save: Callable[..., str],
    publish: Callable[..., Any],
) -> None:
    viewer, controller = client.sign_up(), client.sign_up()
    share(owned, customer, viewer, "viewer")
    share(owned, customer, controller, "controller")
    alert_id = save(WARM, severity="critical", remindHours=2)
    request = {"deviceId": owned.device_id, "alertId": alert_id}
    assert outcome("acknowledge_alert", request, controller)[0] == "not-firing"
    publish(9)
    fires = stored(customer, owned, alert_id)
    assert fires["dueAt"] - fires["notifiedAt"] == timedelta(hours=2)
    ago = datetime.now(UTC) - timedelta(hours=2)
    overdue(customer, owned, alert_id, notifiedAt=ago)
    run_due()
    assert [one.get("reminder") for one in log(customer, owned)] == [None, True]
    assert outcome("acknowledge_alert", request, viewer)[0] == "role-too-low"
    done = call("acknowledge_alert", request, controller)
    assert call("acknowledge_alert", request, customer) == done
    known = stored(customer, owned, alert_id)
    assert (known["acknowledgedBy"], known["dueAt"]) == (controller.uid, None)
    publish(1, 0.1)
    publish(9, 0.2)
    assert stored(customer, owned, alert_id)["acknowledgedAt"] is None


def test_one_that_flaps_is_switched_off(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    alert_id = save(WARM)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    publish(9)
    overdue(customer, owned, alert_id, dueAt=None, today={"day": today, "count": 199})
    ingest.writer.cache_clear()
    publish(7, 0.1)
    off = stored(customer, owned, alert_id)
    assert (off["enabled"], off["disabledReason"], off["dueAt"]) == (False, "flapping", None)
    assert log(customer, owned)[-1]["disabledReason"] == "flapping"
    publish(9, 0.2)
    assert len(log(customer, owned)) == 2


def test_a_former_tenure_s_alerts_mean_nothing(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    alert_id = save(WARM)
    silent = save(SILENT)
    body = message(owned.device_id, "9", at=datetime.now(UTC))
    hand_over(owned, customer, customer)
    assert deliver(body) < 300  # it was published in the former tenure
    publish(9)
    assert log(customer, owned) == []
    assert stored(customer, owned, alert_id)["state"] == "normal"
    overdue(customer, owned, silent)
    run_due()
    assert stored(customer, owned, silent) == {}


def test_guests_by_their_role(
    owned: Label, customer: Account, client: Client, another: Account
) -> None:
    guests = {role: client.sign_up() for role in ("viewer", "controller", "manager")}
    for role, guest in guests.items():
        share(owned, customer, guest, role)
    request = {"deviceId": owned.device_id, **WARM}
    assert outcome("save_alert", request, another)[0] == "not-your-device"
    for role in ("viewer", "controller"):
        assert outcome("save_alert", request, guests[role])[0] == "role-too-low"
    made = call("save_alert", request, guests["manager"])
    theirs = {"deviceId": owned.device_id, "alertId": made["alertId"]}
    assert stored(customer, owned, made["alertId"])["createdBy"] == guests["manager"].uid
    assert outcome("delete_alert", theirs, guests["controller"])[0] == "role-too-low"
    call("delete_alert", theirs, guests["manager"])
    activity = [one.to_dict() or {} for one in paths.activity(customer.uid).stream()]
    done = [(one["action"], one.get("by")) for one in activity]
    for action in ("alert-saved", "alert-deleted"):
        assert (action, guests["manager"].uid) in done


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"op": None}, "op"),
        ({"event": None}, "event"),
        ({"value": None}, "value"),
        ({"value": "9"}, "value"),
        ({"value": True}, "value"),
        ({"clear": 9}, "clear"),
        ({"op": "equals", "clear": 8}, "clear"),
        ({"op": "below", "clear": 7}, "clear"),
        ({"silentSeconds": 900}, "silentSeconds"),
        ({"remindHours": 2}, "remindHours"),
        ({"forSeconds": -1}, "forSeconds"),
        ({"kind": "silence"}, "op"),
        ({"kind": "silence", "op": None, "value": None}, "silentSeconds"),
    ],
)
def test_rules_that_make_no_sense(
    changes: dict[str, Any], field: str, owned: Label, customer: Account
) -> None:
    given = {"deviceId": owned.device_id, **WARM, **changes}
    request = {name: value for name, value in given.items() if value is not None}
    reason, error = outcome("save_alert", request, customer)
    assert (reason, error.details["field"]) == ("bad-request", field)


def test_never_more_than_a_device_may_have(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    for number in range(MAX_ALERTS - 2):
        save(WARM, name=f"Alert {number}")
    request = {"deviceId": owned.device_id, **WARM}
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: outcome("save_alert", request, customer)[0], range(6)))
    assert set(found) <= {"succeeded", "too-many", "in-progress"}
    mine = paths.user_device(customer.uid, owned.device_id)
    assert len(mine.collection(paths.ALERTS).get()) <= MAX_ALERTS
    assert outcome("save_alert", request, customer)[0] in {"too-many", "succeeded"}
    assert outcome("save_alert", request, customer)[0] in {"too-many", "succeeded"}
    assert outcome("save_alert", request, customer)[0] == "too-many"


def test_many_instances_at_once_report_each_crossing_once(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    save(WARM)
    start = datetime.now(UTC)
    values = [9, 9, 7, 9, 7, 7, 9, 9]
    bodies = [
        message(owned.device_id, str(value), at=start + timedelta(milliseconds=10 * n))
        for n, value in enumerate(values)
    ]
    # Each delivery meets an instance that remembers nothing.
    with mock.patch.object(ingest, "writer", EventWriter), ThreadPoolExecutor(4) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies * 2))
    entries = log(customer, owned)
    last = "normal"
    for entry in entries:
        assert entry["from"] == last
        last = entry["to"]
    assert last == "firing"
    assert len(device(customer, owned)["firing"]) == 1


@pytest.mark.parametrize("knows", [True, False])
def test_a_late_event_between_reading_and_writing_is_not_missed(
    *,
    knows: bool,
    owned: Label,
    customer: Account,
    save: Callable[..., str],
    publish: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It changes nothing of what the device's document shows, and has to be noticed all the same.

    The instance that gets it knows of the alert already, or not yet.
    """
    start = datetime.now(UTC)
    body = {n: message(owned.device_id, str(n), at=start + timedelta(seconds=n)) for n in range(10)}
    other = EventWriter()
    if knows:
        save({**WARM, "event": "other"})
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(ingest, "writer", lambda: other)
        assert deliver(body[9]) < 300  # of both it is the newest that is known
    deliver(message(owned.device_id, "0", at=start + timedelta(seconds=1)))
    alert_id = save(WARM, op="equals", value=3, clear=None)
    alerts = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERTS)
    alerts.document(alert_id).update({"order": first_order(start)})
    paths.user_device(customer.uid, owned.device_id).update({"alertsVersion": Increment(1)})
    read = judgement._readings
    late = [body[5]]

    def meanwhile(*arguments: Any) -> Any:
        found = read(*arguments)
        if late:
            event = late.pop()
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(ingest, "writer", lambda: other)
                assert deliver(event) < 300
        return found

    monkeypatch.setattr(judgement, "_readings", meanwhile)
    assert deliver(body[3]) < 300
    [entry] = log(customer, owned)
    assert [one["value"] for one in entry["steps"]] == [3, 5]


def test_a_damaged_alert_harms_neither_events_nor_other_alerts(
    owned: Label, customer: Account, save: Callable[..., str], publish: Callable[..., Any]
) -> None:
    damaged, good = save(WARM), save(WARM, name="Warm")
    alerts = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERTS)
    alerts.document(damaged).set({"op": "beyond", "dueAt": datetime.now(UTC)})
    publish(9)
    run_due()
    assert list(device(customer, owned)["firing"]) == [good]
    call("save_alert", {"deviceId": owned.device_id, **WARM, "alertId": good}, customer)
    call("delete_alert", {"deviceId": owned.device_id, "alertId": damaged}, customer)


def test_a_judgement_gives_up_and_the_message_comes_again(
    owned: Label, save: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(WARM)
    monkeypatch.setattr(judgement, "ROUNDS", 0)
    assert deliver(message(owned.device_id, "9")) >= 500
