"""What people type or paste: names that can be seen, and labels with what came along."""

import pytest

from local.client import Account
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, refusal

BLANK = ["", "  ", "\u00a0", "\u200b\ufeff", "\u3164", "\u2800", "\u0301"]
HARMFUL = ["a\u202eb", "a\u2067b", "\u200ea\u200fb", "a\nb", "a\x00b", "a\x1b[31mb", "x" * 101]


@pytest.mark.parametrize("name", BLANK + HARMFUL)
def test_a_name_that_cannot_be_read(name: str, owned: Label, customer: Account) -> None:
    device = paths.user_device(customer.uid, owned.device_id)
    before = device.get().to_dict()
    requests = {
        "rename_device": {"deviceId": owned.device_id, "name": name},
        "claim_device": {**owned.claim, "name": name},
    }
    for function, request in requests.items():
        answer = refusal(function, request, customer)
        assert (answer.reason, answer.details["field"]) == ("bad-request", "name")
    assert device.get().to_dict() == before
    assert tries() == []


def test_a_name_is_trimmed(label: Label, customer: Account) -> None:
    claimed = call("claim_device", {**label.claim, "name": " \ufeffKitchen\t"}, customer)
    assert claimed["name"] == "Kitchen"
    request = {"deviceId": label.device_id, "name": "  " + "\U0001f600" * 100}
    assert call("rename_device", request, customer)["name"] == "\U0001f600" * 100
    shown = paths.user_device(customer.uid, label.device_id).get()
    assert shown.get("name") == "\U0001f600" * 100


def around(text: str) -> str:
    """As copied from a page, a chat or a file."""
    return f"\ufeff\u200e{text[:2]}\u200b\u00ad{text[2:4]}\u2060 \u2011{text[4:]}\u202c\u2069\n"


def test_a_label_is_read_without_what_came_along(
    label: Label, customer: Account, another: Account
) -> None:
    pasted = {name: around(text) for name, text in label.claim.items()}
    code = call("create_claim_code", pasted, customer)
    assert code["claimCode"]
    assert call("claim_device", pasted, customer)["serialNumber"] == label.serial_number
    by_id = {"deviceId": around(label.device_id), "setupCode": around(label.setup_code)}
    assert call("claim_device", by_id, customer)["deviceId"] == label.device_id
    assert refusal("claim_device", pasted, another).reason == "claimed-by-another"


@pytest.mark.parametrize(
    "empty", ["", " ", "-", "\u2014 \u2011", "\u200b", "\ufeff\u2060\u00ad\u200f"]
)
@pytest.mark.parametrize("field", ["serialNumber", "setupCode", "deviceId"])
def test_what_is_left_empty_is_no_attempt(
    field: str, empty: str, label: Label, customer: Account
) -> None:
    base = label.claim if field != "deviceId" else {"setupCode": label.setup_code}
    functions = ["claim_device"] if field == "deviceId" else ["claim_device", "create_claim_code"]
    for function in functions:
        answer = refusal(function, {**base, field: empty}, customer)
        assert (answer.reason, answer.details["field"]) == ("bad-request", field)
    assert tries() == []


def tries() -> list[int]:
    """Of those attempts that were not given back."""
    counters = paths.client().collection(paths.CLAIM_ATTEMPTS).stream()
    return [tried for counter in counters if (tried := counter.get("tries"))]


def test_the_control_a_wrong_code_is_an_attempt(label: Label, customer: Account) -> None:
    request = {**label.claim, "setupCode": "\u200bWRONG"}
    assert refusal("claim_device", request, customer).reason == "wrong-serial-or-code"
    assert tries() == [1, 1]
