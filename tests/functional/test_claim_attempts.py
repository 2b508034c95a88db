"""Guessing: waits that grow for who guesses, and never keep the buyer out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account, CallableError, Client
from shared import attempts, claiming, settings, setup_codes, store
from tests.functional.conftest import Label
from tests.support.functions import call, refusal


def guess(request: dict[str, Any], account: Account) -> CallableError:
    return refusal("claim_device", {**request, "setupCode": "WRONG-CODE"}, account)


def let_time_pass(seconds: float) -> None:
    """Every counter's last attempt was that much earlier."""
    for snapshot in store.client().collection(store.CLAIM_ATTEMPTS).stream():
        at = snapshot.get("lastAt") - timedelta(seconds=seconds)
        snapshot.reference.update({"lastAt": at})


def test_waits_grow_and_are_capped() -> None:
    waits = [attempts.PERSON.wait(tries) for tries in range(40)]
    assert waits == sorted(waits)
    assert waits[:10] == [0.0] * 10
    assert (waits[10], waits[11], waits[-1]) == (2, 4, attempts.PERSON.cap)
    assert attempts.LABEL.wait(10**6) == attempts.LABEL.cap <= 60


@pytest.mark.parametrize("what", ["serial", "missing serial", "device", "missing device"])
def test_a_person_who_guesses_has_to_wait(what: str, label: Label, customer: Account) -> None:
    request = {
        "serial": {"serialNumber": label.serial_number},
        "missing serial": {"serialNumber": "NO-SUCH-SERIAL"},
        "device": {"deviceId": label.device_id},
        "missing device": {"deviceId": "f" * 24},
    }[what]
    for _ in range(attempts.PERSON.free):
        assert guess(request, customer).reason == "wrong-serial-or-code"
    answer = guess(request, customer)
    assert (answer.status, answer.reason) == ("RESOURCE_EXHAUSTED", "too-many-attempts")
    assert answer.details["retryAfter"] == 2
    # Neither another device nor the right code gets round it.
    right = {"serialNumber": label.serial_number, "setupCode": label.setup_code}
    assert refusal("claim_device", right, customer).reason == "too-many-attempts"
    let_time_pass(2)
    assert guess(request, customer).reason == "wrong-serial-or-code"
    assert guess(request, customer).details["retryAfter"] == 4
    let_time_pass(attempts.QUIET.total_seconds())
    assert call("claim_device", right, customer)["deviceId"] == label.device_id


def test_a_refused_attempt_does_not_make_the_wait_longer(label: Label, customer: Account) -> None:
    for _ in range(attempts.PERSON.free + 5):
        answer = guess(label.claim, customer)
    assert answer.details["retryAfter"] == 2


def test_a_burst_gains_nothing(label: Label, customer: Account) -> None:
    for _ in range(attempts.PERSON.free):
        guess(label.claim, customer)
    let_time_pass(2)
    with ThreadPoolExecutor(10) as pool:
        reasons = list(pool.map(lambda _: guess(label.claim, customer).reason, range(10)))
    assert reasons.count("wrong-serial-or-code") == 1
    assert reasons.count("too-many-attempts") == 9


def test_a_stranger_does_not_lock_the_buyer_out(
    label: Label, customer: Account, another: Account
) -> None:
    for _ in range(60):
        guess(label.claim, another)
        let_time_pass(attempts.PERSON.cap)
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id


def test_an_army_has_to_wait_too_and_the_buyer_a_minute_at_most(
    label: Label, client: Client, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "LABEL", attempts.Limit(free=5, cap=60))
    army = [client.sign_up() for _ in range(8)]
    reasons = [guess(label.claim, account).reason for account in army]
    assert reasons == ["wrong-serial-or-code"] * 5 + ["too-many-attempts"] * 3
    answer = refusal("claim_device", label.claim, customer)
    assert answer.details["retryAfter"] <= 60
    let_time_pass(answer.details["retryAfter"])
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id


def test_right_codes_are_no_guesses(owned: Label, customer: Account, another: Account) -> None:
    for _ in range(attempts.PERSON.free + 2):
        assert call("claim_device", owned.claim, customer)
        assert refusal("claim_device", owned.claim, another).reason == "claimed-by-another"


def test_wrong_missing_and_blocked_cost_the_same(
    label: Label,
    new_label: Callable[..., Label],
    customer: Account,
    firestore_requests: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = new_label()
    store.device(blocked.device_id).update({"blocked": True})
    computed: list[str] = []
    digest = setup_codes.digest

    def counted(*arguments: str) -> str:
        computed.append("HMAC")
        return digest(*arguments)

    monkeypatch.setattr(setup_codes, "digest", counted)
    call("list_devices", {}, customer)  # a sign-in's first call is noted, whatever it is
    costs = set()
    for function in ("claim_device", "create_claim_code"):
        for request in (
            {**label.claim, "setupCode": "WRONG-CODE"},
            {**label.claim, "serialNumber": "NO-SUCH-SERIAL"},
            {**label.claim, "serialNumber": "/../"},
            blocked.claim,
        ):
            firestore_requests()
            assert refusal(function, request, customer).reason == "wrong-serial-or-code"
            costs.add((*firestore_requests(), *computed))
            computed.clear()
    assert costs == {("BatchGetDocuments", "Commit", "BatchGetDocuments", "HMAC")}


def test_counters_end_by_themselves(label: Label, customer: Account) -> None:
    guess(label.claim, customer)
    for snapshot in store.client().collection(store.CLAIM_ATTEMPTS).stream():
        assert snapshot.get("expireAt") <= datetime.now(UTC) + attempts.QUIET


def test_no_counter_holds_a_serial_or_a_uid(label: Label, customer: Account) -> None:
    guess(label.claim, customer)
    text = str([(s.id, s.to_dict()) for s in store.client().collection("claimAttempts").stream()])
    assert label.serial_number not in text
    assert customer.uid not in text
    assert claiming.Label.of_serial("ŵ") == claiming.Label()


def test_without_setup_codes_a_missing_serial_is_told_apart(
    label: Label,
    new_label: Callable[..., Label],
    customer: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = new_label()
    store.device(blocked.device_id).update({"blocked": True})
    serial = {"serialNumber": label.serial_number}
    assert refusal("claim_device", serial, customer).details["field"] == "setupCode"
    assert refusal("create_claim_code", serial, customer).details["field"] == "setupCode"
    monkeypatch.setattr(settings, "require_setup_code", lambda: False)
    for number in ("NO-SUCH-SERIAL", blocked.serial_number, "ŵ"):
        answer = refusal("claim_device", {"serialNumber": number}, customer)
        assert (answer.status, answer.reason) == ("NOT_FOUND", "unknown-serial")
    assert call("claim_device", serial, customer)["deviceId"] == label.device_id
