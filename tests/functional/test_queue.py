"""Calls for a device that is offline: kept, sent in order when it is back, and never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import DELETE_FIELD, FieldFilter

from local.client import Account, CallableError
from shared import settings
from shared.commands import delivery
from shared.commands import queue as queueing
from shared.commands import record as command_records
from shared.commands.offer import Offer
from shared.commands.record import Begun, Call, Outcome
from shared.errors import DeviceOffline
from shared.firestore import paths
from shared.registry import hold
from shared.registry.hold import SenderLease
from tests.functional.conftest import Label
from tests.support.functions import call, client, deliver, refusal
from tests.support.simulator import Simulator
from tests.support.telemetry import message

SET_TARGET = "POST /v1/products/*/devices/*/set_target"


@pytest.fixture
def offline(owned: Label, simulator: Simulator) -> Label:
    simulator.set_online(owned.device_id, online=False)
    return owned


def queue(label: Label, account: Account, argument: str = "20", **more: Any) -> Any:
    request = {"deviceId": label.device_id, "function": "set_target", "argument": argument}
    return call("invoke_function", {**request, "whenOffline": "queue", **more}, account)


def record(account: Account, command_id: str) -> dict[str, Any]:
    return paths.command(account.uid, command_id).get().to_dict() or {}


def status(account: Account, command_id: str) -> str:
    return str(record(account, command_id)["status"])


def is_replaced(account: Account, command_id: str) -> bool:
    return record(account, command_id).get("replaced") is True


def arguments(simulator: Simulator) -> list[str]:
    return [request["form"]["arg"] for request in simulator.requests("POST", "/set_target")]


def came_online(label: Label) -> int:
    """Deliver to the trigger that a device has come online; the HTTP status of the answer."""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "google.cloud.firestore.document.v1.written",
        "ce-source": "//firestore.googleapis.com/projects/demo-particle/databases/(default)",
        "ce-document": f"devices/{label.device_id}/presence/online",
        "content-type": "application/protobuf",
    }
    return client("send_queued").post("/", data=b"", headers=headers).status_code


def long_online(label: Label, account: Account) -> None:
    """As when the device came online some time ago, and Particle knows."""
    then = datetime.now(UTC) - timedelta(seconds=settings.PRESENCE_LAG)
    paths.user_device(account.uid, label.device_id).update({"statusAt": then})


def test_it_waits_and_is_sent_when_the_device_is_back(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    before = datetime.now(UTC)
    answer = queue(offline, customer, "23", expiresIn=60)
    assert answer == {"commandId": answer["commandId"], "status": "queued", "returnValue": None}
    waiting = record(customer, answer["commandId"])
    assert timedelta() < waiting["expiresAt"] - before < timedelta(seconds=75)
    assert paths.device(offline.device_id).get().get("underWay") == {}

    simulator.set_online(offline.device_id, online=True)
    assert came_online(offline) < 300
    assert simulator.device(offline.device_id)["state"]["target"] == 23
    done = record(customer, answer["commandId"])
    assert (done["status"], done["returnValue"]) == ("succeeded", 230)
    assert came_online(offline) < 300
    assert len(arguments(simulator)) == 2, "the one that said offline, and the one that did it"


def test_in_order_and_until_it_is_offline_again(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    ids = [queue(offline, customer, str(number))["commandId"] for number in range(10, 16)]
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    where = {"device": offline.device_id, "route": SET_TARGET}
    assert came_online(offline) < 300
    assert arguments(simulator) == [str(number) for number in range(10, 16)]
    assert {status(customer, command_id) for command_id in ids} == {"succeeded"}

    simulator.set_online(offline.device_id, online=False)
    kept = [queue(offline, customer, str(number))["commandId"] for number in (20, 21)]
    simulator.forget()
    simulator.fail(where, {"kind": "offline"})
    long_online(offline, customer)
    assert came_online(offline) < 300
    assert arguments(simulator) == ["20"]
    assert [status(customer, command_id) for command_id in kept] == ["queued", "queued"]
    simulator.heal()
    simulator.set_online(offline.device_id, online=True)
    assert came_online(offline) < 300
    assert arguments(simulator) == ["20", "20", "21"]


def test_the_last_one_wins(offline: Label, customer: Account, simulator: Simulator) -> None:
    plain = queue(offline, customer, "10")["commandId"]
    first = queue(offline, customer, "11", coalesce=True)["commandId"]
    last = queue(offline, customer, "12", coalesce=True)["commandId"]
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    came_online(offline)
    assert arguments(simulator) == ["12"]
    assert [status(customer, c) for c in (plain, first, last)] == [
        "cancelled",
        "cancelled",
        "succeeded",
    ]
    assert is_replaced(customer, plain)
    assert is_replaced(customer, first)


def test_a_flapping_device_gets_it_once(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    ids = [queue(offline, customer, str(number))["commandId"] for number in range(10, 14)]
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: came_online(offline), range(6)))
    # Who finds another at it asks to be delivered again.
    assert set(answers) <= {200, 500}
    assert came_online(offline) < 300
    assert arguments(simulator) == ["10", "11", "12", "13"]
    assert {status(customer, command_id) for command_id in ids} == {"succeeded"}


def test_what_may_have_run_is_unknown_and_the_next_follows(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    ids = [queue(offline, customer, str(number))["commandId"] for number in (10, 11)]
    simulator.set_online(offline.device_id, online=True)
    simulator.fail({"route": SET_TARGET}, {"kind": "cut-after"}, 1)
    assert came_online(offline) < 300
    assert [status(customer, command_id) for command_id in ids] == ["unknown", "succeeded"]


def test_what_was_not_sent_waits_for_the_next_delivery(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    command_id = queue(offline, customer)["commandId"]
    simulator.set_online(offline.device_id, online=True)
    simulator.fail({"route": SET_TARGET}, {"kind": "status", "status": 429}, 1)
    assert came_online(offline) == 500
    assert status(customer, command_id) == "queued"
    assert came_online(offline) < 300
    assert status(customer, command_id) == "succeeded"


def test_a_run_that_died_left_it_unknown(offline: Label, customer: Account) -> None:
    command_id = queue(offline, customer)["commandId"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    paths.command(customer.uid, command_id).update({"status": "sent", "deadline": past})
    assert command_records.settle_overdue(datetime.now(UTC)) >= 1
    assert status(customer, command_id) == "unknown"


def test_it_expires(offline: Label, customer: Account, simulator: Simulator) -> None:
    ids = [queue(offline, customer)["commandId"] for _ in range(2)]
    for command_id in ids:
        paths.command(customer.uid, command_id).update({"expiresAt": datetime.now(UTC)})
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    came_online(offline)
    assert arguments(simulator) == []
    assert {status(customer, command_id) for command_id in ids} == {"expired"}


def test_the_schedule_expires_it_too(offline: Label, customer: Account) -> None:
    command_id = queue(offline, customer)["commandId"]
    fresh = queue(offline, customer)["commandId"]
    paths.command(customer.uid, command_id).update({"expiresAt": datetime.now(UTC)})
    assert client("settle_commands").post("/").status_code == 200
    assert (status(customer, command_id), status(customer, fresh)) == ("expired", "queued")


def test_it_can_be_cancelled(offline: Label, customer: Account, simulator: Simulator) -> None:
    command_id = queue(offline, customer)["commandId"]
    for _ in range(2):
        answer = call("cancel_command", {"commandId": command_id}, customer)
        assert answer == {"commandId": command_id, "status": "cancelled"}
    assert not is_replaced(customer, command_id)
    (noted,) = (
        paths.activity(customer.uid)
        .where(filter=FieldFilter("action", "==", "command-cancelled"))
        .get()
    )
    assert noted.get("commandId") == command_id
    assert (noted.get("deviceId"), noted.get("function")) == (offline.device_id, "set_target")
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    came_online(offline)
    assert arguments(simulator) == []


def test_cancelled_or_sent_but_never_both(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    ids = [queue(offline, customer, str(number))["commandId"] for number in range(10, 16)]
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    with ThreadPoolExecutor(7) as pool:
        sending = pool.submit(came_online, offline)
        cancelling = [
            pool.submit(call, "cancel_command", {"commandId": command_id}, customer)
            for command_id in reversed(ids)
        ]
        told = [answer.result()["status"] for answer in reversed(cancelling)]
        assert sending.result() < 300
    final = [status(customer, command_id) for command_id in ids]
    assert set(final) <= {"cancelled", "succeeded"}
    assert [a for a, b in zip(told, final, strict=True) if a == "cancelled" and b != a] == []
    sent = [str(n) for n, s in zip(range(10, 16), final, strict=True) if s == "succeeded"]
    assert arguments(simulator) == sent


def test_what_has_ended_cannot_be_cancelled(owned: Label, customer: Account) -> None:
    command_id = queue(owned, customer)["commandId"]
    answer = call("cancel_command", {"commandId": command_id}, customer)
    assert answer["status"] == "succeeded"


@pytest.mark.parametrize("whose", ["another's", "no"])
def test_only_ones_own(whose: str, offline: Label, customer: Account, another: Account) -> None:
    command_id = queue(offline, customer)["commandId"] if whose == "another's" else "0" * 32
    answer = refusal("cancel_command", {"commandId": command_id}, another)
    assert (answer.status, answer.reason) == ("NOT_FOUND", "unknown-command")
    if whose == "another's":
        assert status(customer, command_id) == "queued"


def test_a_release_cancels_what_waits(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    command_id = queue(offline, customer)["commandId"]
    call("release_device", {"deviceId": offline.device_id}, customer)
    assert status(customer, command_id) == "cancelled"
    call("claim_device", offline.claim, customer)
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    came_online(offline)
    assert arguments(simulator) == []


def test_the_same_request_is_answered_again(offline: Label, customer: Account) -> None:
    first = queue(offline, customer, requestId="1")
    assert queue(offline, customer, requestId="1") == first
    call("cancel_command", {"commandId": first["commandId"]}, customer)
    assert queue(offline, customer, requestId="1")["status"] == "cancelled"


def test_only_so_many_wait(
    offline: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "MAX_WAITING", 2)
    for _ in range(2):
        assert queue(offline, customer)["status"] == "queued"
    for online in (False, True):  # one too many does not go past the others either
        simulator.set_online(offline.device_id, online=online)
        simulator.forget()
        with pytest.raises(CallableError) as refused:
            queue(offline, customer)
        assert refused.value.reason == "device-offline"
        assert arguments(simulator) == []


def test_it_came_online_while_it_was_being_queued(
    offline: Label,
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trigger ran before there was anything to send."""
    finish = command_records.finish

    def late(begun: Begun, outcome: Outcome, **more: Any) -> None:
        if outcome.status == "queued":
            simulator.set_online(offline.device_id, online=True)
            device = paths.user_device(customer.uid, offline.device_id)
            device.update({"status": "online", "statusAt": datetime.now(UTC)})
        finish(begun, outcome, **more)

    monkeypatch.setattr(command_records, "finish", late)
    command_id = queue(offline, customer)["commandId"]
    assert status(customer, command_id) == "succeeded"


def test_a_call_that_may_wait_goes_behind_those_that_do(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    """Else an older wish would undo a newer one as soon as it is sent."""
    ids = [queue(offline, customer, argument)["commandId"] for argument in ("10", "11")]
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    answer = queue(offline, customer, "12")
    assert (answer["status"], answer["returnValue"]) == ("succeeded", 120)
    assert arguments(simulator) == ["10", "11", "12"]
    assert {status(customer, command_id) for command_id in ids} == {"succeeded"}
    assert paths.device(offline.device_id).get().get("waitingUntil") == 0


def test_behind_those_that_wait_a_failure_is_told_too(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    call("cancel_command", {"commandId": queue(offline, customer)["commandId"]}, customer)
    simulator.set_online(offline.device_id, online=True)
    simulator.fail({"route": SET_TARGET}, {"kind": "cut-after"}, 1)
    request = {"deviceId": offline.device_id, "function": "set_target", "whenOffline": "queue"}
    answer = refusal("invoke_function", {**request, "argument": "12"}, customer)
    assert answer.reason == "device-timeout"
    assert status(customer, answer.details["commandId"]) == "unknown"


def test_while_another_is_sending_the_trigger_goes_on(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    queue(offline, customer, "10")
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    soon = round((datetime.now(UTC) + timedelta(seconds=30)).timestamp() * 1000)
    paths.device(offline.device_id).update({"sendingUntil": soon})
    assert queue(offline, customer, "11")["status"] == "queued"
    assert paths.online(offline.device_id).get().exists, "what starts the trigger"
    paths.device(offline.device_id).update({"sendingUntil": 0})
    assert came_online(offline) < 300
    assert arguments(simulator) == ["10", "11"]


def test_that_it_waits_is_told_only_when_it_is_written(
    offline: Label,
    customer: Account,
    commits: Callable[..., None],
    impatient: None,
) -> None:
    commits(None, ServiceUnavailable)
    request = {"deviceId": offline.device_id, "function": "set_target", "whenOffline": "queue"}
    answer = refusal("invoke_function", request, customer)
    assert answer.reason == "try-again"
    assert status(customer, answer.details["commandId"]) == "sent"


def test_what_becomes_of_another_call_is_not_the_callers_failure(
    offline: Label, customer: Account, commits: Callable[..., None], impatient: None
) -> None:
    """That the first one waits on cannot be written while a second one comes to wait."""
    head = queue(offline, customer, "10")["commandId"]
    begun, kept, lease, resumed = [None] * 4
    commits(begun, kept, lease, resumed, ServiceUnavailable)
    answer = queue(offline, customer, "11")
    assert answer["status"] == status(customer, answer["commandId"]) == "queued"
    assert status(customer, head) == "sent", "and it becomes unknown by its deadline"


@pytest.mark.parametrize("where", ["while Particle is asked", "while it is being queued"])
def test_a_wish_that_was_overtaken_is_not_kept(
    where: str,
    owned: Label,
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Particle says of the earlier one that the device is offline, and the later one is done."""
    send, is_overtaken = delivery.send, queueing.is_overtaken
    places = ["while it is being queued", "while Particle is asked"]

    def overtake() -> None:
        if places.pop() == where:
            assert queue(owned, customer, "12", coalesce=True)["status"] == "succeeded"

    def slow_send(wish: Call, *more: Any) -> int:
        if wish.argument == "11":
            overtake()
            raise DeviceOffline
        return send(wish, *more)

    def late_look(*arguments: Any) -> bool:
        found = is_overtaken(*arguments)
        if places:
            overtake()
        return found

    monkeypatch.setattr(delivery, "send", slow_send)
    monkeypatch.setattr(queueing, "is_overtaken", late_look)
    answer = queue(owned, customer, "11", coalesce=True)
    assert answer["status"] == status(customer, answer["commandId"]) == "cancelled"
    assert is_replaced(customer, answer["commandId"])
    assert arguments(simulator) == ["12"]


def test_a_call_that_comes_to_wait_as_a_run_ends_is_not_overtaken(
    offline: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(offline, customer, "10")
    end = SenderLease.end

    def late(*arguments: Any) -> None:
        monkeypatch.undo()
        simulator.set_online(offline.device_id, online=False)
        assert queue(offline, customer, "11")["status"] == "queued"
        end(*arguments)

    monkeypatch.setattr(SenderLease, "end", late)
    simulator.set_online(offline.device_id, online=True)
    assert came_online(offline) < 300
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    assert queue(offline, customer, "12")["status"] == "succeeded"
    assert arguments(simulator) == ["11", "12"]


def test_a_run_ends_no_lease_but_its_own(owned: Label, customer: Account) -> None:
    lease = hold.lease(customer.uid, owned.device_id)
    assert lease is not None
    assert paths.device(owned.device_id).get().get("sendingUntil") == lease.until
    paths.device(owned.device_id).update({"sendingUntil": lease.until + 1})
    lease.end(lambda: False)
    assert paths.device(owned.device_id).get().get("sendingUntil") == lease.until + 1


def test_particle_may_know_later_than_we_that_a_device_is_online(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    command_id = queue(offline, customer)["commandId"]
    assert came_online(offline) == 500, "delivered again"
    long_online(offline, customer)
    assert came_online(offline) < 300
    assert not paths.online(offline.device_id).get().exists
    assert client("settle_commands").post("/").status_code == 200
    assert paths.online(offline.device_id).get().exists, "what starts the trigger"
    simulator.set_online(offline.device_id, online=True)
    assert came_online(offline) < 300
    assert status(customer, command_id) == "succeeded"


def test_what_is_no_longer_offered_is_not_sent(
    offline: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_id = queue(offline, customer)["commandId"]
    monkeypatch.setattr(queueing, "offer", lambda: Offer(functions={}))
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    assert came_online(offline) < 300
    assert arguments(simulator) == []
    assert record(customer, command_id)["error"]["reason"] == "not-allowed"


@pytest.mark.parametrize(
    ("status_", "reason"),
    [
        (400, "bad-request"),
        (413, "bad-request"),
        (422, "bad-request"),
        (403, "device-not-ready"),
        (404, "unknown-function"),
    ],
)
def test_what_particle_refuses_ends_and_the_next_follows(
    status_: int, reason: str, offline: Label, customer: Account, simulator: Simulator
) -> None:
    head, behind = (queue(offline, customer, str(n))["commandId"] for n in (10, 11))
    simulator.set_online(offline.device_id, online=True)
    simulator.fail({"route": SET_TARGET}, {"kind": "status", "status": status_}, 1)
    assert came_online(offline) < 300
    assert (status(customer, head), status(customer, behind)) == ("failed", "succeeded")
    assert record(customer, head)["error"]["reason"] == reason
    assert paths.device(offline.device_id).get().get("underWay") == {}


@pytest.mark.parametrize("status_", [401, 429])
def test_what_fails_for_ever_blocks_until_it_expires(
    status_: int, offline: Label, customer: Account, simulator: Simulator
) -> None:
    head, behind = (queue(offline, customer, str(n))["commandId"] for n in (10, 11))
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    simulator.fail({"route": SET_TARGET}, {"kind": "status", "status": status_})
    for _ in range(2):
        assert came_online(offline) == 500
        assert (status(customer, head), status(customer, behind)) == ("queued", "queued")
    assert set(arguments(simulator)) == {"10"}, "in order"
    paths.command(customer.uid, head).update({"expiresAt": datetime.now(UTC)})
    simulator.heal()
    assert came_online(offline) < 300
    assert (status(customer, head), status(customer, behind)) == ("expired", "succeeded")


DAMAGES: list[dict[str, Any]] = [
    {"argument": DELETE_FIELD},
    {"argument": 7},
    {"function": None},
    {"function": DELETE_FIELD, "createdAt": "yesterday"},
    {"argument": None, "error": DELETE_FIELD, "deadline": DELETE_FIELD},
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_ends_and_the_next_follows(
    damage: dict[str, Any], offline: Label, customer: Account, simulator: Simulator
) -> None:
    head, behind = (queue(offline, customer, str(n))["commandId"] for n in (10, 11))
    paths.command(customer.uid, head).update(damage)
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    assert came_online(offline) < 300
    assert arguments(simulator) == ["11"]
    assert (status(customer, head), status(customer, behind)) == ("failed", "succeeded")
    answer = call("cancel_command", {"commandId": head}, customer)
    assert answer["status"] == "failed"


@pytest.mark.parametrize("damage", [{"expiresAt": DELETE_FIELD}, {"expiresAt": "soon"}])
def test_no_call_waits_without_an_end(
    damage: dict[str, Any], offline: Label, customer: Account, simulator: Simulator
) -> None:
    head, behind = (queue(offline, customer, str(n))["commandId"] for n in (10, 11))
    paths.command(customer.uid, head).update(damage)
    simulator.set_online(offline.device_id, online=True)
    assert came_online(offline) < 300
    assert (status(customer, head), status(customer, behind)) == ("expired", "succeeded")


def test_a_record_without_a_time_keeps_its_place(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    ids = [queue(offline, customer, str(n))["commandId"] for n in (10, 11)]
    paths.command(customer.uid, ids[0]).update({"createdAt": DELETE_FIELD})
    simulator.set_online(offline.device_id, online=True)
    simulator.forget()
    assert came_online(offline) < 300
    assert arguments(simulator) == ["10", "11"]


@pytest.mark.parametrize(
    "damage", [*DAMAGES, {"deviceId": DELETE_FIELD}, {"deviceId": "a/b"}, {"deviceId": 7}]
)
def test_a_damaged_record_stops_neither_the_schedule_nor_a_later_call(
    damage: dict[str, Any], offline: Label, customer: Account, simulator: Simulator
) -> None:
    head, behind = (queue(offline, customer, str(n))["commandId"] for n in (10, 11))
    paths.command(customer.uid, head).update(damage)
    paths.user_device(customer.uid, offline.device_id).update({"status": "online"})
    assert client("settle_commands").post("/").status_code == 200
    assert paths.online(offline.device_id).get().exists, "what starts the trigger"
    assert queue(offline, customer, "12", coalesce=True)["status"] == "queued"
    assert status(customer, behind) == "cancelled"
    paths.command(customer.uid, head).update({"expiresAt": datetime.now(UTC)})
    assert client("settle_commands").post("/").status_code == 200
    assert status(customer, head) in {"failed", "expired"}


def test_a_call_whose_record_is_damaged_is_not_in_progress_for_ever(
    owned: Label, customer: Account
) -> None:
    command_id = queue(owned, customer, requestId="1")["commandId"]
    found = paths.command(customer.uid, command_id)
    found.update({"status": "sent", "deadline": DELETE_FIELD})
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    answer = refusal("invoke_function", {**request, "requestId": "1"}, customer)
    assert (answer.reason, status(customer, command_id)) == ("device-timeout", "unknown")
    found.update({"argument": DELETE_FIELD})
    answer = refusal("invoke_function", {**request, "requestId": "1"}, customer)
    assert (answer.reason, answer.details["field"]) == ("bad-request", "requestId")


def test_a_record_that_goes_while_it_is_settled(
    offline: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is deleted at that moment."""
    found = paths.command(customer.uid, queue(offline, customer)["commandId"])
    found.update({"expiresAt": datetime.now(UTC)})
    snapshot = found.get()
    found.delete()
    assert command_records.settle(snapshot, datetime.now(UTC)) == "expired"
    assert not found.get().exists


def test_a_broken_offer_uses_up_no_call(
    offline: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [queue(offline, customer, str(n))["commandId"] for n in (10, 11)]
    simulator.set_online(offline.device_id, online=True)

    def broken() -> Offer:
        raise settings.SettingMissingError("offer.json: not valid")

    with monkeypatch.context() as patch:
        patch.setattr(queueing, "offer", broken)
        for _ in range(2):
            assert came_online(offline) == 500
    assert {status(customer, command_id) for command_id in ids} == {"queued"}
    assert came_online(offline) < 300
    assert {status(customer, command_id) for command_id in ids} == {"succeeded"}


def publish(label: Label, data: str, name: str, at: datetime) -> None:
    assert deliver(message(label.device_id, data, name, at=at)) < 300


def back_with_a_late_end(label: Label, simulator: Simulator) -> datetime:
    """The device is back, and then the end of the session before is published; the time of it."""
    simulator.set_online(label.device_id, online=True)
    ended = datetime.now(UTC)
    publish(label, "online", "spark/status", ended - timedelta(seconds=20))
    publish(label, "offline", "spark/status", ended)
    return ended


@pytest.mark.parametrize("name", ["temperature", "spark/device/diagnostics/update"])
def test_what_a_device_publishes_after_the_late_end_of_a_session_has_its_calls_sent(
    name: str, offline: Label, customer: Account, simulator: Simulator
) -> None:
    command_id = queue(offline, customer)["commandId"]
    ended = back_with_a_late_end(offline, simulator)
    paths.online(offline.device_id).delete()
    assert client("settle_commands").post("/").status_code == 200
    assert not paths.online(offline.device_id).get().exists, "for all that is known it is gone"
    publish(offline, "1", name, ended + timedelta(seconds=1))
    assert client("settle_commands").post("/").status_code == 200
    assert paths.online(offline.device_id).get().exists, "what starts the trigger"
    assert came_online(offline) < 300
    assert status(customer, command_id) == "succeeded"


def test_what_the_cloud_publishes_for_a_device_does_not(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    queue(offline, customer)
    ended = back_with_a_late_end(offline, simulator)
    paths.online(offline.device_id).delete()
    later = ended + timedelta(seconds=1)
    publish(offline, "failed ", "spark/flash/status", later)
    publish(offline, "offline", "spark/status", later)
    assert client("settle_commands").post("/").status_code == 200
    assert not paths.online(offline.device_id).get().exists


def test_a_device_that_publishes_is_tried_again_when_particle_takes_it_for_offline(
    offline: Label, customer: Account, simulator: Simulator
) -> None:
    command_id = queue(offline, customer)["commandId"]
    ended = back_with_a_late_end(offline, simulator)
    simulator.set_online(offline.device_id, online=False)
    assert came_online(offline) < 300, "it said that it is gone"
    publish(offline, "1", "temperature", ended + timedelta(seconds=1))
    assert came_online(offline) == 500, "delivered again"
    device = paths.user_device(customer.uid, offline.device_id)
    long_ago = datetime.now(UTC) - timedelta(seconds=settings.PRESENCE_LAG)
    seen_at = round(long_ago.timestamp() * 1000)
    device.update({"statusAt": long_ago - timedelta(seconds=1), "lastSeenAt": seen_at})
    assert came_online(offline) < 300
    assert status(customer, command_id) == "queued"


def test_it_published_while_a_call_for_it_was_being_queued(
    offline: Label,
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By then it is online, though the last that was said of it is `offline`."""
    publish(offline, "offline", "spark/status", datetime.now(UTC) - timedelta(seconds=1))
    finish = command_records.finish

    def late(begun: Begun, outcome: Outcome, **more: Any) -> None:
        if outcome.status == "queued":
            simulator.set_online(offline.device_id, online=True)
            publish(offline, "1", "temperature", datetime.now(UTC) + timedelta(milliseconds=5))
        finish(begun, outcome, **more)

    monkeypatch.setattr(command_records, "finish", late)
    command_id = queue(offline, customer)["commandId"]
    assert status(customer, command_id) == "succeeded"


def test_in_mode_product(
    product_mode: None, new_label: Callable[..., Label], customer: Account, simulator: Simulator
) -> None:
    label = new_label(online=False)
    call("claim_device", label.claim, customer)
    command_id = queue(label, customer)["commandId"]
    simulator.set_online(label.device_id, online=True)
    assert came_online(label) < 300
    assert status(customer, command_id) == "succeeded"
