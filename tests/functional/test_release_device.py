"""Releasing: the device is nobody's again, here and at Particle, and what it said is erased."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest import mock

import pytest

from local.client import Account, CallableError, Client
from shared.claims import at_particle
from shared.claims import release as releasing
from shared.customers import shadow
from shared.firestore import erase
from shared.firestore import paths as store
from shared.registry import hold, ownership
from shared.registry.entry import RESERVATION, Entry
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, created, refusal
from tests.support.simulator import Simulator

RELEASE = {"route": "DELETE /v1/products/*/devices/*/owner"}


def registry(label: Label) -> dict[str, Any]:
    return store.device(label.device_id).get().to_dict() or {}


def release(label: Label, account: Account, **more: Any) -> Any:
    return call("release_device", {"deviceId": label.device_id, **more}, account)


def is_owned(label: Label, account: Account) -> bool:
    document = store.user_device(account.uid, label.device_id).get()
    return registry(label)["ownerUid"] == account.uid and document.exists


def is_nobodys(label: Label, before: Account) -> bool:
    entry = registry(label)
    document = store.user_device(before.uid, label.device_id).get()
    return entry["ownerUid"] is None and entry["claimedAt"] is None and not document.exists


def jobs() -> list[str]:
    return [snapshot.id for snapshot in store.releases().stream()]


@pytest.fixture(autouse=True)
def _no_jobs(stack: object) -> None:
    for job in jobs():
        store.releases().document(job).delete()


@pytest.fixture
def history(owned: Label, customer: Account) -> list[str]:
    """Events and rollups of the customer's device; their paths."""
    device = store.user_device(customer.uid, owned.device_id)
    paths = []
    for collection in ("events", "rollups"):
        for number in range(5):
            document = device.collection(collection).document(f"{collection}{number}")
            document.set({"event": "t"})
            paths.append(document.path)
    return paths


def left(history: list[str]) -> int:
    return sum(store.client().document(path).get().exists for path in history)


@pytest.mark.parametrize("presence", ["online", "offline"])
def test_it_is_nobodys_here_and_at_particle(
    presence: str, owned: Label, customer: Account, simulator: Simulator, client: Client
) -> None:
    simulator.set_online(owned.device_id, online=presence == "online")
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    answer = release(owned, customer)

    assert answer["deviceId"] == owned.device_id
    assert before <= datetime.fromisoformat(answer["releasedAt"]) <= datetime.now(UTC)
    assert is_nobodys(owned, customer)
    assert simulator.device(owned.device_id)["owner"] is None
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert "device-released" in {action["action"] for action in actions}
    assert refusal("release_device", {"deviceId": owned.device_id}, customer).reason == (
        "not-your-device"
    )


@pytest.mark.parametrize("who", ["another's", "nobody's", "no"])
def test_only_the_owner(
    who: str,
    owned: Label,
    customer: Account,
    another: Account,
    new_label: Callable[..., Label],
    simulator: Simulator,
) -> None:
    device_id = {"another's": owned.device_id, "nobody's": new_label().device_id, "no": "f" * 24}
    simulator.forget()
    answer = refusal("release_device", {"deviceId": device_id[who]}, another)
    assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "not-your-device")
    assert simulator.requests() == []
    assert is_owned(owned, customer)


def test_the_history_is_erased(owned: Label, customer: Account, history: list[str]) -> None:
    release(owned, customer)
    (job,) = jobs()
    assert created("finish_release", f"releases/{job}") < 300
    assert left(history) == 0
    assert jobs() == []
    assert created("finish_release", f"releases/{job}") < 300, "delivered twice"


def test_unless_it_is_to_be_kept(owned: Label, customer: Account, history: list[str]) -> None:
    release(owned, customer, keepHistory=True)
    (job,) = jobs()
    assert created("finish_release", f"releases/{job}") < 300
    assert jobs() == []
    assert left(history) == len(history)


def test_erasing_goes_on_where_it_was_stopped(
    owned: Label, customer: Account, history: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    release(owned, customer)
    (job,) = jobs()
    monkeypatch.setattr(erase, "PAGE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(releasing, "finish", partial(releasing.finish, budget=-1))
        assert created("finish_release", f"releases/{job}") == 500
    assert jobs() == [job]
    assert created("finish_release", f"releases/{job}") < 300
    assert left(history) == 0


def test_a_later_tenure_of_the_same_customer_is_left_alone(
    owned: Label, customer: Account, history: list[str]
) -> None:
    release(owned, customer)
    (job,) = jobs()
    call("claim_device", owned.claim, customer)
    device = store.user_device(customer.uid, owned.device_id)
    device.collection("events").document("new").set({"event": "t"})
    assert created("finish_release", f"releases/{job}") < 300
    assert left(history) == 0
    assert [event.id for event in device.collection("events").stream()] == ["new"]
    assert is_owned(owned, customer)


def test_the_next_owner_starts_empty(
    owned: Label, customer: Account, another: Account, history: list[str], client: Client
) -> None:
    release(owned, customer)
    call("claim_device", owned.claim, another)
    assert registry(owned)["claimEpoch"] == 2
    device = f"users/{another.uid}/devices/{owned.device_id}"
    assert (client.read(device, another) or {})["latest"] == {}
    assert client.documents(f"{device}/events", another) == {}
    assert is_owned(owned, another)
    for function, request in (
        ("release_device", {}),
        ("rename_device", {"name": "Mine"}),
        ("invoke_function", {"function": "set_target", "argument": "20"}),
        ("read_variable", {"variable": "target"}),
    ):
        answer = refusal(function, {"deviceId": owned.device_id, **request}, customer)
        assert answer.reason == "not-your-device"


def test_an_ex_owners_token_gains_nothing_lasting(
    owned: Label, customer: Account, another: Account, simulator: Simulator, particle: Any
) -> None:
    given = call("mint_token", {}, customer)["accessToken"]
    release(owned, customer)
    path = f"/v1/devices/{owned.device_id}"
    assert particle("GET", f"{path}/target", given).status_code == 401
    token = token_at_particle(customer)  # as with a second device
    assert particle("GET", f"{path}/target", token).status_code == 403
    # Nobody owns it now, and they know its id: at Particle they can have it, and only there.
    assert particle("POST", "/v1/devices", token, id=owned.device_id).status_code == 200
    assert refusal(
        "read_variable", {"deviceId": owned.device_id, "variable": "target"}, customer
    ).reason == ("not-your-device")
    call("claim_device", owned.claim, another)
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(another.uid)
    for method, route in (("GET", f"{path}/target"), ("POST", f"{path}/set_target")):
        assert particle(method, route, token, arg="1").status_code == 403
    assert particle("POST", "/v1/devices", token, id=owned.device_id).status_code == 403


def test_not_while_a_command_is_under_way(
    owned: Label, customer: Account, simulator: Simulator
) -> None:
    simulator.fail({"device": owned.device_id}, {"kind": "slow", "seconds": 3}, count=1)
    request = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(call, "invoke_function", request, customer)
        while not registry(owned)["underWay"]:
            assert not running.done()
        answer = refusal("release_device", {"deviceId": owned.device_id}, customer)
        assert (answer.status, answer.reason) == ("ABORTED", "in-progress")
        assert 0 < answer.details["retryAfter"] <= 60
        assert running.result()["status"] == "succeeded"
    assert is_owned(owned, customer)
    assert release(owned, customer)


def test_a_command_that_never_ended_keeps_it_for_a_minute_only(
    owned: Label, customer: Account
) -> None:
    store.device(owned.device_id).update({"underWay": {"c": 1}})
    assert release(owned, customer)


@pytest.mark.parametrize("change", ["died", "claimed", "claim under way"])
def test_the_job_ends_the_claim_at_particle_and_never_the_next_owners(
    change: str,
    owned: Label,
    customer: Account,
    another: Account,
    simulator: Simulator,
    history: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after the commit, before Particle was asked."""

    class Killed(BaseException):
        pass

    with monkeypatch.context() as patch:
        patch.setattr(at_particle, "end_claim", mock.Mock(side_effect=Killed))
        with pytest.raises(Killed):
            releasing.release(customer.uid, owned.device_id, keep_history=False)
    (job,) = jobs()
    assert is_nobodys(owned, customer)
    assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(customer.uid)
    assert refusal("claim_device", owned.claim, another).reason == "in-progress"
    entry = store.device(owned.device_id)
    if change != "died":
        entry.update({"reservedUntil": datetime.now(UTC)})  # a minute has passed
    if change == "claimed":
        call("claim_device", owned.claim, another)
    if change == "claim under way":
        hold.reserve(another.uid, Entry.read(owned.device_id))
    simulator.forget()
    code = created("finish_release", f"releases/{job}")
    assert left(history) == 0
    if change == "claim under way":
        assert code == 500, "another run has to follow"
        entry.update({"reservedUntil": datetime.now(UTC)})
        assert created("finish_release", f"releases/{job}") < 300
    if change == "claimed":
        assert is_owned(owned, another)
        assert simulator.requests() == []
        assert simulator.device(owned.device_id)["owner"] == shadow.customer_name(another.uid)
    else:
        assert simulator.device(owned.device_id)["owner"] is None
    assert jobs() == []
    assert "releasePending" not in registry(owned)


def test_a_release_and_its_job_at_once_leave_no_reservation(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_claim = at_particle.end_claim

    def with_the_job_meanwhile(reservation: hold.Reservation) -> None:
        monkeypatch.setattr(at_particle, "end_claim", end_claim)
        assert created("finish_release", f"releases/{reservation.holder}") < 300
        assert registry(owned)["reservedBy"] == reservation.holder
        end_claim(reservation)

    monkeypatch.setattr(at_particle, "end_claim", with_the_job_meanwhile)
    release(owned, customer)
    assert not {*RESERVATION, "releasePending"} & registry(owned).keys()


def test_a_commit_whose_answer_was_lost_is_a_release(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firestore's client repeats it, and the second one finds the entry changed."""
    end = ownership.end

    def twice(*arguments: Any, **more: Any) -> Any:
        end(*arguments, **more)
        return end(*arguments, **more)

    monkeypatch.setattr(ownership, "end", twice)
    assert release(owned, customer)["releasedAt"]
    assert is_nobodys(owned, customer)
    (job,) = jobs()
    assert created("finish_release", f"releases/{job}") < 300


def test_a_device_that_left_the_product_can_be_released(
    owned: Label, customer: Account, simulator: Simulator
) -> None:
    simulator.fail(RELEASE, {"kind": "status", "status": 403})
    release(owned, customer)
    assert is_nobodys(owned, customer)


def test_release_against_commands_and_another_release(owned: Label, customer: Account) -> None:
    """Whatever the order: a command either ran for the owner or was refused to a stranger."""
    device = {"deviceId": owned.device_id}
    invoke = {**device, "function": "set_target", "argument": "20"}

    def attempt(function: str, request: dict[str, Any]) -> str | None:
        try:
            call(function, request, customer)
        except CallableError as error:
            return error.reason
        return "done"

    with ThreadPoolExecutor(8) as pool:
        releases = [pool.submit(attempt, "release_device", device) for _ in range(3)]
        commands = [pool.submit(attempt, "invoke_function", invoke) for _ in range(5)]
        outcomes = [future.result() for future in releases]
        assert {future.result() for future in commands} <= {"done", "not-your-device"}
    assert outcomes.count("done") <= 1
    assert set(outcomes) <= {"done", "in-progress", "not-your-device"}
    if "done" not in outcomes:
        release(owned, customer)
    assert is_nobodys(owned, customer)


def test_in_mode_product(
    product_mode: None, label: Label, customer: Account, simulator: Simulator
) -> None:
    call("claim_device", label.claim, customer)
    release(label, customer)
    assert is_nobodys(label, customer)
    assert simulator.device(label.device_id)["owner"] is None
