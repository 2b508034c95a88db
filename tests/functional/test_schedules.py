"""Schedules: due once, called once whatever crashes, never late, and by nobody who left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from local.client import Account, Client
from shared.firestore import paths
from shared.schedules.plan import MAX_SCHEDULES
from tests.functional.conftest import Label
from tests.support.functions import call, created, outcome
from tests.support.functions import client as function
from tests.support.sharing import share
from tests.support.simulator import Simulator

SET_TARGET = "POST /v1/products/*/devices/*/set_target"
DAILY = {
    "name": "Morning",
    "function": "set_target",
    "argument": "21",
    "kind": "time",
    "time": "06:00",
    "timeZone": "Europe/Vienna",
}


@pytest.fixture(autouse=True)
def _nothing_due(clean_stack: object) -> None:
    """No schedule of another test is due."""


@pytest.fixture
def save(owned: Label, customer: Account) -> Callable[..., str]:
    """Makes a schedule of the device; its id."""

    def make(account: Account | None = None, **more: Any) -> str:
        request = {"deviceId": owned.device_id, **DAILY, **more}
        return str(call("save_schedule", request, account or customer)["scheduleId"])

    return make


def schedule(account: Account, label: Label, schedule_id: str) -> dict[str, Any]:
    schedules = paths.user_device(account.uid, label.device_id).collection(paths.SCHEDULES)
    return schedules.document(schedule_id).get().to_dict() or {}


def overdue(account: Account, label: Label, schedule_id: str, seconds: float = 5) -> datetime:
    """Let a schedule have been due some seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    schedules = paths.user_device(account.uid, label.device_id).collection(paths.SCHEDULES)
    schedules.document(schedule_id).update({"dueAt": at})
    return at


def sweep() -> list[str]:
    """What runs every minute; the runs that are under way then."""
    assert function("run_due").post("/").status_code == 200
    return [one.id for one in paths.client().collection(paths.SCHEDULE_RUNS).stream()]


def run(run_id: str) -> int:
    return created("run_schedule", f"scheduleRuns/{run_id}", "written")


def commands(account: Account) -> list[dict[str, Any]]:
    found = paths.user(account.uid).collection(paths.COMMANDS).stream()
    return [one.to_dict() or {} for one in found]


def calls(simulator: Simulator) -> int:
    return sum("set_target" in str(request) for request in simulator.requests())


def test_it_calls_once_and_is_due_the_next_day(
    owned: Label, customer: Account, save: Callable[..., str], simulator: Simulator
) -> None:
    made = call("save_schedule", {"deviceId": owned.device_id, **DAILY}, customer)
    schedule_id = made["scheduleId"]
    due = datetime.fromisoformat(made["dueAt"])
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=1)
    assert sweep() == []
    at = overdue(customer, owned, schedule_id)
    simulator.forget()
    [run_id] = sweep()
    assert sweep() == [run_id]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, [run_id] * 4)) == {200}
    assert run(run_id) == 200
    assert calls(simulator) == 1
    done = schedule(customer, owned, schedule_id)
    assert (done["last"]["outcome"], done["last"]["dueAt"]) == ("succeeded", at)
    assert done["dueAt"] == due
    [command] = commands(customer)
    assert (command["scheduleId"], command["status"]) == (schedule_id, "succeeded")
    assert sweep() == []
    noted = [one.to_dict() or {} for one in paths.activity(customer.uid).stream()]
    assert [one["scheduleId"] for one in noted if one["action"] == "function-called"] == [
        schedule_id
    ]


@pytest.mark.parametrize("where", ["before the call", "after the call"])
def test_a_run_that_crashes_is_repeated_without_a_second_call(
    where: str,
    owned: Label,
    customer: Account,
    save: Callable[..., str],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule_id = save()
    overdue(customer, owned, schedule_id)
    simulator.forget()
    [run_id] = sweep()

    def crash(*_: Any, **__: Any) -> None:
        raise ServiceUnavailable("the process is gone")  # type: ignore[no-untyped-call]

    broken = {"before the call": "shared.schedules.run.invoke.invoke"}
    with monkeypatch.context() as patch:
        patch.setattr(broken.get(where, "shared.schedules.run._end"), crash)
        assert run(run_id) >= 500
    assert run(run_id) == 200  # as long as its lease lasts, nobody else begins
    assert calls(simulator) == (where == "after the call")
    paths.schedule_run(run_id).update({"retryAt": datetime.now(UTC)})
    sweep()
    assert run(run_id) == 200
    assert calls(simulator) == 1
    assert schedule(customer, owned, schedule_id)["last"]["outcome"] == "succeeded"


def test_what_is_late_is_missed(
    owned: Label, customer: Account, save: Callable[..., str], simulator: Simulator
) -> None:
    schedule_id = save()
    overdue(customer, owned, schedule_id, 601)
    assert sweep() == []
    missed = schedule(customer, owned, schedule_id)
    assert missed["last"]["outcome"] == "missed"
    assert missed["dueAt"] > datetime.now(UTC)
    # Also when its run begins late.
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    late = datetime.now(UTC) - timedelta(seconds=601)
    paths.schedule_run(run_id).update({"dueAt": late})
    simulator.forget()
    assert run(run_id) == 200
    assert calls(simulator) == 0
    assert sweep() == []


def test_a_failure_that_passes_is_tried_again_and_another_is_told(
    owned: Label, customer: Account, save: Callable[..., str], simulator: Simulator
) -> None:
    schedule_id = save()
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    down = {"kind": "status", "status": 429, "body": {"error": "slow down"}}
    simulator.fail({"route": SET_TARGET}, down)
    assert run(run_id) == 200
    waiting = paths.schedule_run(run_id).get()
    assert waiting.get("attempt") == 2
    assert waiting.get("retryAt") > datetime.now(UTC) + timedelta(seconds=50)
    assert run(run_id) == 200  # not yet
    assert paths.schedule_run(run_id).get().get("attempt") == 2
    simulator.heal()
    paths.schedule_run(run_id).update({"retryAt": datetime.now(UTC)})
    assert run(run_id) == 200
    assert schedule(customer, owned, schedule_id)["last"]["outcome"] == "succeeded"

    simulator.set_online(owned.device_id, online=False)
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    assert run(run_id) == 200
    told = schedule(customer, owned, schedule_id)["last"]
    assert (told["outcome"], told["reason"]) == ("failed", "device-offline")
    assert told["commandId"]
    save(scheduleId=schedule_id, whenOffline="queue", expiresIn=60)
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    assert run(run_id) == 200
    assert schedule(customer, owned, schedule_id)["last"]["outcome"] == "queued"


def test_one_that_can_never_work_is_switched_off(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    schedule_id = save(function="no_such_function")
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    assert run(run_id) == 200
    off = schedule(customer, owned, schedule_id)
    assert (off["enabled"], off["disabledReason"], off["dueAt"]) == (
        False,
        "unknown-function",
        None,
    )


def test_once(owned: Label, customer: Account, save: Callable[..., str]) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    schedule_id = save(kind="once", at=at, time=None)
    overdue(customer, owned, schedule_id)
    [run_id] = sweep()
    assert run(run_id) == 200
    done = schedule(customer, owned, schedule_id)
    assert (done["enabled"], done["dueAt"], done["last"]["outcome"]) == (False, None, "succeeded")


def test_a_pause_of_a_device_and_of_all(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    schedule_id = save()
    until = (datetime.now(UTC) + timedelta(days=14)).isoformat()
    for whose in ({"deviceId": owned.device_id}, {}):
        call("pause_schedules", {**whose, "until": until}, customer)
        overdue(customer, owned, schedule_id)
        assert sweep() == []
        paused = schedule(customer, owned, schedule_id)
        assert paused["last"]["outcome"] == "paused"
        assert paused["dueAt"] > datetime.now(UTC)
        assert call("pause_schedules", whose, customer) == {"pausedUntil": None}
    overdue(customer, owned, schedule_id)
    assert len(sweep()) == 1


def test_nothing_runs_for_who_has_left(
    owned: Label, customer: Account, client: Client, save: Callable[..., str], simulator: Simulator
) -> None:
    manager = client.sign_up()
    share(owned, customer, manager, "manager")
    theirs = save(manager)
    mine = save()
    call("end_share", {"deviceId": owned.device_id, "uid": manager.uid}, customer)
    left = schedule(customer, owned, theirs)
    assert (left["enabled"], left["disabledReason"], left["dueAt"]) == (False, "creator-left", None)
    overdue(customer, owned, mine)
    [run_id] = sweep()
    call("release_device", {"deviceId": owned.device_id}, customer)
    simulator.forget()
    assert run(run_id) == 200
    assert calls(simulator) == 0
    assert sweep() == []
    call("claim_device", owned.claim, customer)
    assert sweep() == []


def test_guests_by_their_role(
    owned: Label, customer: Account, client: Client, save: Callable[..., str]
) -> None:
    request = {"deviceId": owned.device_id, **DAILY}
    schedule_id = save()
    for role in ("viewer", "controller"):
        guest = client.sign_up()
        share(owned, customer, guest, role)
        assert outcome("save_schedule", request, guest)[0] == "role-too-low"
        theirs = {"deviceId": owned.device_id, "scheduleId": schedule_id}
        assert outcome("delete_schedule", theirs, guest)[0] == "role-too-low"
        pause = {"deviceId": owned.device_id, "until": "2999-01-01T00:00:00Z"}
        assert outcome("pause_schedules", pause, guest)[0] == "role-too-low"
    gone = {"deviceId": owned.device_id, "scheduleId": schedule_id}
    assert call("delete_schedule", gone, customer) == {}
    assert call("delete_schedule", gone, customer) == {}
    assert outcome("save_schedule", {**request, **gone}, customer)[0] == "unknown-schedule"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timeZone": "Mars/Crater"}, "timeZone"),
        ({"time": None}, "time"),
        ({"time": "24:00"}, "time"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"kind": "once", "time": None, "at": "2020-01-01T00:00:00Z"}, "at"),
        ({"kind": "sunset", "time": None}, "latitude"),
        ({"kind": "sunset", "time": None, "latitude": 91, "longitude": 0}, "latitude"),
        ({"offsetMinutes": 5}, "offsetMinutes"),
        ({"days": []}, "days"),
        ({"days": [0]}, "days"),
    ],
)
def test_times_that_are_none(
    changes: dict[str, Any], field: str, owned: Label, customer: Account
) -> None:
    given = {"deviceId": owned.device_id, **DAILY, **changes}
    request = {name: value for name, value in given.items() if value is not None}
    reason, error = outcome("save_schedule", request, customer)
    assert reason == "bad-request"
    assert str(error.details["field"]).startswith(field)


def test_a_damaged_one_holds_up_no_other(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    damaged, good = save(), save()
    schedules = paths.user_device(customer.uid, owned.device_id).collection(paths.SCHEDULES)
    schedules.document(damaged).update({"timeZone": "Mars/Crater"})
    overdue(customer, owned, damaged, 9)
    overdue(customer, owned, good)
    [run_id] = sweep()
    assert run_id.startswith(good)


def test_never_more_than_a_device_may_have(
    owned: Label, customer: Account, save: Callable[..., str]
) -> None:
    for number in range(MAX_SCHEDULES):
        save(name=f"Schedule {number}")
    assert outcome("save_schedule", {"deviceId": owned.device_id, **DAILY}, customer)[0] == (
        "too-many"
    )
