"""Guessing: waits that grow for who guesses, and never keep the buyer out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account, CallableError, Client
from shared import settings
from shared.claims import label as labels
from shared.firestore import paths
from shared.limits import attempts
from tests.functional.conftest import Label
from tests.support.functions import call, refusal


def guess(request: dict[str, Any], account: Account) -> CallableError:
    return refusal("claim_device", {**request, "setupCode": "WRONG-CODE"}, account)


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which no test meets the end."""
    monkeypatch.setattr(attempts, "_day", lambda _: "today")


def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next day has begun."""
    monkeypatch.setattr(attempts, "_day", lambda _: "tomorrow")


def let_time_pass(seconds: float) -> None:
    """Every counter's last attempt was that much earlier."""
    for snapshot in paths.client().collection(paths.CLAIM_ATTEMPTS).stream():
        at = snapshot.get("lastAt") - timedelta(seconds=seconds)
        snapshot.reference.update({"lastAt": at})


def test_waits_grow_and_are_capped() -> None:
    waits = [attempts.PERSON.wait(tries) for tries in range(40)]
    assert waits == sorted(waits)
    assert waits[:10] == [0.0] * 10
    assert (waits[10], waits[11], waits[-1]) == (2, 4, attempts.PERSON.cap)
    assert attempts.LABEL.wait(10**6) == attempts.LABEL.cap <= 60


@pytest.mark.parametrize("what", ["serial", "missing serial", "device", "missing device"])
def test_a_person_who_guesses_has_to_wait(
    what: str, label: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    tomorrow(monkeypatch)
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


def test_an_army_keeps_only_itself_waiting(
    label: Label, client: Client, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line is at its longest wait, and its next one takes every turn: the buyer needs none."""
    monkeypatch.setattr(attempts, "LABEL", attempts.Limit(free=5, cap=60))
    monkeypatch.setattr(attempts, "PERSON", attempts.Limit(free=100, cap=900))
    army = [client.sign_up() for _ in range(4)]
    for account in army:
        for _ in range(attempts.OWN.free):
            assert guess(label.claim, account).reason == "wrong-serial-or-code"
    reasons = [guess(label.claim, army[n % 4]).reason for n in range(8)]
    assert reasons == ["wrong-serial-or-code"] * 5 + ["too-many-attempts"] * 3
    for _ in range(attempts.OWN.free - 1):
        assert guess(label.claim, customer).reason == "wrong-serial-or-code"
    assert call("claim_device", label.claim, customer)["deviceId"] == label.device_id


def test_a_burst_at_one_label_gains_nothing_either(
    label: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one at the counters' first moment, which is every day's."""
    monkeypatch.setattr(attempts, "PERSON", attempts.Limit(free=100, cap=900))
    monkeypatch.setattr(attempts, "LABEL", attempts.Limit(free=0, cap=60))
    for _ in range(2):
        with ThreadPoolExecutor(10) as pool:
            reasons = list(pool.map(lambda _: guess(label.claim, customer).reason, range(10)))
        assert reasons.count("wrong-serial-or-code") == attempts.OWN.free
        tomorrow(monkeypatch)


def test_right_codes_are_no_guesses(owned: Label, customer: Account) -> None:
    for _ in range(attempts.PERSON.free + 2):
        assert call("claim_device", owned.claim, customer)


def test_a_right_code_leaves_the_counters_as_they_were(
    label: Label, owned: Label, customer: Account
) -> None:
    for _ in range(attempts.PERSON.free):
        guess(label.claim, customer)
    let_time_pass(3)

    def counters() -> list[Any]:
        found = paths.client().collection(paths.CLAIM_ATTEMPTS).stream()
        return [(s.id, s.get("lastAt"), s.get("tries")) for s in found if s.get("tries")]

    before = counters()
    assert call("claim_device", owned.claim, customer)
    assert counters() == before


def test_who_knows_the_code_of_anothers_device_cannot_ask_all_the_time(
    owned: Label, another: Account
) -> None:
    for _ in range(attempts.PERSON.free):
        assert refusal("claim_device", owned.claim, another).reason == "claimed-by-another"
    assert refusal("claim_device", owned.claim, another).reason == "too-many-attempts"


def test_wrong_missing_and_blocked_cost_the_same(
    label: Label,
    new_label: Callable[..., Label],
    customer: Account,
    firestore_requests: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = new_label()
    paths.device(blocked.device_id).update({"blocked": True})
    computed: list[str] = []
    digest = labels.digest

    def counted(*arguments: str) -> str:
        computed.append("HMAC")
        return digest(*arguments)

    monkeypatch.setattr(labels, "digest", counted)
    call("list_devices", {}, customer)  # a sign-in's first call is noted, whatever it is
    wrong = {"setupCode": "WRONG-CODE"}
    by_serial = [
        {**label.claim, **wrong},
        {**label.claim, "serialNumber": "NO-SUCH-SERIAL"},
        {**label.claim, "serialNumber": "/../"},
        blocked.claim,
    ]
    by_id = [
        {"deviceId": label.device_id, **wrong},
        {"deviceId": "f" * 24, **wrong},
        {"deviceId": blocked.device_id, "setupCode": blocked.setup_code},
    ]

    def cost(function: str, request: dict[str, Any]) -> tuple[str, ...]:
        monkeypatch.setattr(attempts, "PERSON", attempts.Limit(free=100, cap=900))
        firestore_requests()
        computed.clear()
        assert refusal(function, request, customer).reason == "wrong-serial-or-code"
        return (*firestore_requests(), *computed)

    costs = {
        cost(function, request)
        for function in ("claim_device", "create_claim_code")
        for request in by_serial
    }
    assert costs == {("BatchGetDocuments", "BatchGetDocuments", "Commit", "HMAC")}
    costs = {cost("claim_device", request) for request in by_id}
    assert costs == {("BatchGetDocuments", "Commit", "HMAC")}


def test_a_device_is_one_label_by_whatever_it_is_presented(
    label: Label, customer: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everybody has twice as many guesses at it."""
    monkeypatch.setattr(attempts, "PERSON", attempts.Limit(free=100, cap=900))
    monkeypatch.setattr(attempts, "LABEL", attempts.Limit(free=2, cap=60))
    forms: list[dict[str, Any]] = [
        {"serialNumber": label.serial_number},
        {"deviceId": label.device_id},
        {"serialNumber": f" {label.serial_number.lower()} "},
        {"deviceId": label.device_id.upper()},
    ]
    told = [guess(forms[n % 4], customer).reason for n in range(8)]
    # The person's own, then the common line's, whose first wait keeps out both forms.
    free = attempts.OWN.free + 2
    assert told == ["wrong-serial-or-code"] * free + ["too-many-attempts"] * (8 - free)
    assert guess(forms[1], customer).details["retryAfter"] == 2
    # The buyer's first ones wait for nobody, and a label that no device has is another one.
    assert guess({"serialNumber": "NO-SUCH-SERIAL"}, customer).reason == "wrong-serial-or-code"
    assert call("claim_device", label.claim, another)["deviceId"] == label.device_id


def test_what_no_device_has_is_counted_by_its_own_text(
    customer: Account, stack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PERSON", attempts.Limit(free=100, cap=900))
    monkeypatch.setattr(attempts, "LABEL", attempts.Limit(free=0, cap=60))
    for text in ("NO-SUCH-1", "NO-SUCH-2"):
        told = [guess({"serialNumber": text}, customer).reason for _ in range(5)]
        tries = attempts.OWN.free
        assert told == ["wrong-serial-or-code"] * tries + ["too-many-attempts"] * (5 - tries)


def test_counters_end_by_themselves(label: Label, customer: Account) -> None:
    guess(label.claim, customer)
    kept = timedelta(seconds=settings.ATTEMPTS_KEPT)
    for snapshot in paths.client().collection(paths.CLAIM_ATTEMPTS).stream():
        assert snapshot.get("expireAt") <= datetime.now(UTC) + kept


def test_no_counter_holds_a_serial_or_a_uid(label: Label, customer: Account) -> None:
    guess(label.claim, customer)
    text = str([(s.id, s.to_dict()) for s in paths.client().collection("claimAttempts").stream()])
    assert label.serial_number not in text
    assert customer.uid not in text
    assert labels.Label.of_serial("ŵ") == labels.Label()


def test_without_labels_a_missing_serial_is_told_apart(
    label: Label,
    new_label: Callable[..., Label],
    customer: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = new_label()
    paths.device(blocked.device_id).update({"blocked": True})
    serial = {"serialNumber": label.serial_number}
    assert refusal("claim_device", serial, customer).details["field"] == "setupCode"
    assert refusal("create_claim_code", serial, customer).details["field"] == "setupCode"
    monkeypatch.setattr(settings, "require_setup_code", lambda: False)
    for number in ("NO-SUCH-SERIAL", blocked.serial_number, "ŵ"):
        answer = refusal("claim_device", {"serialNumber": number}, customer)
        assert (answer.status, answer.reason) == ("NOT_FOUND", "unknown-serial")
    assert call("claim_device", serial, customer)["deviceId"] == label.device_id
