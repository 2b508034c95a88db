"""Claiming: who shows the right code of a free device becomes its owner, here and at Particle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from local.client import Account, CallableError, Client
from shared import connections, settings
from shared.accounts import account
from shared.claims.at_particle import CustomerMode
from shared.customers import shadow
from shared.errors import DeviceNotReady
from shared.firestore import paths
from shared.registry import hold, ownership
from shared.registry.entry import Entry
from tests.functional.conftest import Label, token_at_particle
from tests.support.functions import call, refusal
from tests.support.limits import forget_limits
from tests.support.simulator import Simulator


def registry(label: Label) -> dict[str, Any]:
    return paths.device(label.device_id).get().to_dict() or {}


def is_untouched(label: Label) -> bool:
    entry = registry(label)
    return entry["ownerUid"] is None and entry["claimEpoch"] == 0 and "reservedBy" not in entry


def test_the_device_is_theirs_here_and_at_particle(
    label: Label, customer: Account, simulator: Simulator
) -> None:
    before = datetime.now(UTC)
    answer = call("claim_device", {**label.claim, "name": "Kitchen"}, customer)

    claimed_at = datetime.fromisoformat(answer.pop("claimedAt"))
    assert before - timedelta(seconds=1) <= claimed_at <= datetime.now(UTC)
    assert answer == {
        "deviceId": label.device_id,
        "name": "Kitchen",
        "serialNumber": label.serial_number,
    }
    entry = registry(label)
    assert (entry["ownerUid"], entry["claimEpoch"]) == (customer.uid, 1)
    assert not {"reservedBy", "reservedUntil"} & entry.keys()
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)


def test_the_customer_sees_the_device_and_what_they_did(
    owned: Label, customer: Account, client: Client
) -> None:
    seen = client.read(f"users/{customer.uid}/devices/{owned.device_id}", customer)
    assert seen is not None
    assert (seen["serialNumber"], seen["claimEpoch"], seen["status"]) == (
        owned.serial_number,
        1,
        "online",
    )
    actions = client.documents(f"users/{customer.uid}/activity", customer).values()
    assert [(a["action"], a.get("deviceId")) for a in actions if a["action"] != "signed-in"] == [
        ("device-claimed", owned.device_id)
    ]


def test_by_device_id(label: Label, customer: Account) -> None:
    request = {"deviceId": label.device_id.upper(), "setupCode": label.setup_code}
    assert call("claim_device", request, customer)["serialNumber"] == label.serial_number


def test_as_a_person_types_it(label: Label, customer: Account) -> None:
    typed = {
        "serialNumber": f" {label.serial_number[:4].lower()}-{label.serial_number[4:].lower()} ",
        "setupCode": f"{label.setup_code[:5].lower()} {label.setup_code[5:]}",
    }
    assert call("claim_device", typed, customer)["deviceId"] == label.device_id


def test_again_is_success_again(owned: Label, customer: Account, simulator: Simulator) -> None:
    first = call("claim_device", owned.claim, customer)
    assert call("claim_device", {**owned.claim, "name": "Other"}, customer) == first
    assert registry(owned)["claimEpoch"] == 1
    path = f"/v1/products/1319/devices/{owned.device_id}"
    assert [(r["method"], r["path"]) for r in simulator.requests()] == [("GET", path)] * 2


def test_a_wrong_code_a_missing_serial_and_a_blocked_device_look_alike(
    label: Label, new_label: Callable[..., Label], customer: Account, simulator: Simulator
) -> None:
    blocked = new_label()
    paths.device(blocked.device_id).update({"blocked": True})
    simulator.forget()
    answers = [
        refusal("claim_device", request, customer)
        for request in (
            {**label.claim, "setupCode": "WRONG-CODE"},
            {**label.claim, "setupCode": "ŵröng"},
            {**label.claim, "serialNumber": "NO-SUCH-SERIAL"},
            {**label.claim, "serialNumber": "../devices"},
            {"deviceId": "f" * 24, "setupCode": label.setup_code},
            blocked.claim,
        )
    ]
    for answer in answers:
        answer.details.pop("errorId")
    assert {(a.http_status, a.status, a.message, str(a.details)) for a in answers} == {
        (
            403,
            "PERMISSION_DENIED",
            "No device has this serial number and setup code.",
            "{'reason': 'wrong-serial-or-code'}",
        )
    }
    assert is_untouched(label)
    assert simulator.requests() == []


def test_anothers_device_only_tells_who_knows_the_code(
    owned: Label, customer: Account, another: Account
) -> None:
    assert refusal("claim_device", owned.claim, another).reason == "claimed-by-another"
    wrong = {**owned.claim, "setupCode": "WRONG-CODE"}
    assert refusal("claim_device", wrong, another).reason == "wrong-serial-or-code"
    assert registry(owned)["ownerUid"] == customer.uid


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"serialNumber": "A1"}, "setupCode"),
        ({"setupCode": "X"}, "serialNumber"),
        ({"serialNumber": "A1", "deviceId": "f" * 24, "setupCode": "X"}, "serialNumber"),
        ({"serialNumber": 7, "setupCode": "X"}, "serialNumber"),
        ({"deviceId": "f" * 23, "setupCode": "X"}, "deviceId"),
        ({"serialNumber": "A1", "setupCode": ""}, "setupCode"),
        ({"serialNumber": "A1", "setupCode": "X" * 257}, "setupCode"),
        ({"serialNumber": "A1", "setupCode": "X", "name": "n" * 101}, "name"),
        ({"serialNumber": "A1", "setupCode": "X", "ownerUid": "me"}, "ownerUid"),
        ([], None),
    ],
)
def test_a_bad_request_names_the_field(
    request_: Any, field: str | None, customer: Account, stack: object
) -> None:
    answer = refusal("claim_device", request_, customer)
    assert (answer.status, answer.reason) == ("INVALID_ARGUMENT", "bad-request")
    assert answer.details["field"] == field


def test_twenty_at_once_have_one_winner(label: Label, client: Client, simulator: Simulator) -> None:
    accounts = [client.sign_up() for _ in range(20)]

    def attempt(account: Account) -> str | None:
        try:
            call("claim_device", label.claim, account)
        except CallableError as error:
            return error.reason
        return "won"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, accounts))
    assert outcomes.count("won") == 1
    assert set(outcomes) <= {"won", "claimed-by-another", "in-progress"}
    winner = accounts[outcomes.index("won")]
    entry = registry(label)
    assert (entry["ownerUid"], entry["claimEpoch"]) == (winner.uid, 1)
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(winner.uid)
    holders = [a for a in accounts if paths.user_device(a.uid, label.device_id).get().exists]
    assert holders == [winner]


def test_a_claim_by_the_same_customer_twice_at_once_succeeds_twice(
    label: Label, customer: Account
) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(call, "claim_device", label.claim, customer) for _ in range(2)]
        assert answers[0].result() == answers[1].result()
    assert registry(label)["claimEpoch"] == 1


def test_a_foreign_owner_at_particle_gives_way(
    label: Label, customer: Account, another: Account, simulator: Simulator, particle: Any
) -> None:
    """Anyone with a customer token can claim an unowned device at Particle if they know its id."""
    token = token_at_particle(another)
    assert particle("POST", "/v1/devices", token, id=label.device_id).status_code == 200
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(another.uid)

    call("claim_device", label.claim, customer)
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(customer.uid)
    assert registry(label)["ownerUid"] == customer.uid


def test_a_device_that_is_not_in_the_product(
    customer: Account, simulator: Simulator, new_label: Callable[..., Label]
) -> None:
    label = new_label(product=None)
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.status, answer.reason) == ("FAILED_PRECONDITION", "device-not-ready")
    assert is_untouched(label)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 503}, "particle-unavailable"),
        ({"kind": "cut-before"}, "particle-unavailable"),
        (
            {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
            "particle-rate-limited",
        ),
    ],
)
@pytest.mark.parametrize(
    "route", ["POST /oauth/token", "POST /v1/devices", "POST /v1/products/*/customers"]
)
def test_when_particle_fails_nothing_is_left_and_the_next_try_finishes(
    route: str,
    fault: dict[str, Any],
    reason: str,
    label: Label,
    customer: Account,
    simulator: Simulator,
    fresh_tokens: None,
) -> None:
    simulator.fail({"route": route}, fault)
    answer = refusal("claim_device", label.claim, customer)
    assert answer.reason == reason
    if reason == "particle-rate-limited":
        assert answer.details["retryAfter"] == 7
    assert is_untouched(label)
    simulator.heal()
    forget_limits()  # as if the time to wait had passed
    call("claim_device", label.claim, customer)
    assert registry(label)["ownerUid"] == customer.uid


def test_a_short_fault_is_got_over(label: Label, customer: Account, simulator: Simulator) -> None:
    simulator.fail({"route": "POST /v1/devices"}, {"kind": "cut-after"}, count=1)
    call("claim_device", label.claim, customer)
    assert len(simulator.requests("POST", "/v1/devices")) == 2


def test_a_claim_that_died_half_way_keeps_others_out_for_a_minute_only(
    label: Label, customer: Account, another: Account
) -> None:
    reservation = {"reservedBy": another.uid, "reservedUntil": datetime.now(UTC) + timedelta(1)}
    paths.device(label.device_id).update(reservation)
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.status, answer.reason) == ("ABORTED", "in-progress")

    paths.device(label.device_id).update({"reservedUntil": datetime.now(UTC)})
    call("claim_device", label.claim, customer)
    assert registry(label)["ownerUid"] == customer.uid


def test_nothing_is_sent_that_could_outlast_the_reservation(
    label: Label, customer: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RESERVATION", settings.RESERVED_REQUEST - 1)
    assert refusal("claim_device", label.claim, customer).reason == "in-progress"
    assert simulator.requests("POST", "/v1/devices") == []
    assert is_untouched(label)


def test_the_one_of_two_taps_that_fails_leaves_the_reservation_to_the_other(
    label: Label, customer: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_tap = hold.reserve(customer.uid, Entry.read(label.device_id))
    with monkeypatch.context() as patch:
        patch.setattr(CustomerMode, "claim", mock.Mock(side_effect=DeviceNotReady))
        assert refusal("claim_device", label.claim, customer).reason == "device-not-ready"
    assert refusal("claim_device", label.claim, another).reason == "in-progress"
    other_tap.release()
    assert "reservedBy" not in registry(label)
    assert call("claim_device", label.claim, another)["deviceId"] == label.device_id


def test_a_claim_that_came_too_late_gives_the_device_back_to_its_owner_at_particle(
    label: Label,
    customer: Account,
    another: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give = ownership.give

    def after_another(*arguments: Any) -> ownership.Owned:
        """Their claim ends while ours is at Particle, where ours is the last."""
        monkeypatch.setattr(ownership, "give", give)
        paths.device(label.device_id).update({"reservedUntil": datetime.now(UTC)})
        call("claim_device", label.claim, another)
        connections.particle().release_device(connections.tokens().server, label.device_id)
        mine = connections.tokens().customer(shadow.customer_name(customer.uid))
        connections.particle().claim_device(mine, label.device_id)
        return give(*arguments)

    monkeypatch.setattr(ownership, "give", after_another)
    assert refusal("claim_device", label.claim, customer).reason == "claimed-by-another"
    assert registry(label)["ownerUid"] == another.uid
    assert simulator.device(label.device_id)["owner"] == shadow.customer_name(another.uid)
    assert "reservedBy" not in registry(label)


def test_the_name_is_never_one_that_a_former_owner_gave(
    owned: Label, customer: Account, another: Account, particle: Any
) -> None:
    token = call("mint_token", {}, customer)["accessToken"]
    path = f"/v1/devices/{owned.device_id}"
    assert particle("PUT", path, token, name="rude").status_code == 200
    call("release_device", {"deviceId": owned.device_id}, customer)
    assert call("claim_device", owned.claim, another)["name"] == owned.serial_number


def test_the_tenure_begins_with_the_commit(
    label: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the database's clock: no event can come between its beginning and the commit."""
    sent_at = []
    unless_deleted = account.unless_deleted

    def at_the_end(*arguments: Any) -> None:
        unless_deleted(*arguments)
        sent_at.append(datetime.now(UTC) - timedelta(milliseconds=1))

    monkeypatch.setattr(account, "unless_deleted", at_the_end)
    call("claim_device", label.claim, customer)
    entry = paths.device(label.device_id).get()
    mine = paths.user_device(customer.uid, label.device_id).get()
    assert entry.get("claimedAt") == mine.get("claimedAt") == mine.get("statusAt")
    assert sent_at[-1] <= entry.get("claimedAt") <= entry.update_time


def test_who_died_half_way_may_go_on_at_once(label: Label, customer: Account) -> None:
    reservation = {"reservedBy": customer.uid, "reservedUntil": datetime.now(UTC) + timedelta(1)}
    paths.device(label.device_id).update(reservation)
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id
