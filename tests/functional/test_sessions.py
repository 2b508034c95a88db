"""Sign-ins: an ended one changes nothing any more, and its first call is noted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from firebase_admin import auth
from firebase_admin.exceptions import UnavailableError

from local.client import Account, Client
from local.waiting import wait_until
from shared import settings
from shared.accounts import session
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call, refusal
from tests.support.simulator import Simulator


def issued_at(account: Account) -> int:
    """In seconds since the epoch."""
    return int(auth.verify_id_token(account.id_token)["iat"])


def end(how: str, account: Account) -> None:
    """End the account's sign-ins, as an operator or another phone of the customer does."""
    if how == "revoked":
        # An ID token of this very second counts as younger than the revocation.
        valid_since = issued_at(account) + 1
        auth._get_client(None)._user_manager.update_user(account.uid, valid_since=valid_since)
    elif how == "disabled":
        auth.update_user(account.uid, disabled=True)
    else:
        auth.delete_user(account.uid)


@pytest.fixture(autouse=True)
def _knows_nobody() -> None:
    session._noted.empty()
    session._live.empty()


@pytest.mark.parametrize("how", ["revoked", "disabled", "deleted"])
def test_an_ended_sign_in_changes_nothing(
    how: str, owned: Label, customer: Account, simulator: Simulator
) -> None:
    end(how, customer)
    session._live.empty()  # another instance than the one that served the claim
    device = {"deviceId": owned.device_id}
    before = paths.device(owned.device_id).get().to_dict()
    for function, request in (
        ("invoke_function", {**device, "function": "set_target"}),
        ("release_device", device),
        ("rename_device", {**device, "name": "Mine"}),
        ("claim_device", owned.claim),
        ("mint_token", {}),
        ("cancel_command", {"commandId": "0" * 32}),
        ("share_device", {**device, "role": "viewer"}),
        ("export_account", {}),
    ):
        answer = refusal(function, request, customer)
        assert (answer.status, answer.reason) == ("UNAUTHENTICATED", "sign-in-required"), function
    assert simulator.requests() == []
    assert paths.device(owned.device_id).get().to_dict() == before
    # What only reads ends with the ID token.
    assert len(call("list_devices", {}, customer)["devices"]) == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time of what an instance remembers of sign-ins, to be set on."""
    now = [time.monotonic()]
    monkeypatch.setattr(session._live, "_clock", lambda: now[0])
    yield now
    session._live.empty()


def test_a_yes_of_auth_is_remembered_for_a_minute_at_most(
    owned: Label, customer: Account, simulator: Simulator, clock: list[float]
) -> None:
    """For calls of a device and what goes with them; whatever else changes something asks."""
    device = {"deviceId": owned.device_id}
    turn = {**device, "function": "set_target", "argument": "20"}
    assert call("invoke_function", turn, customer)["status"] == "succeeded"
    clock[0] += settings.SIGN_IN_REMEMBERED - 1
    end("disabled", customer)
    assert call("invoke_function", turn, customer)["status"] == "succeeded"
    assert call("rename_device", {**device, "name": "Mine"}, customer)
    clock[0] += settings.AUTH_ANSWER
    simulator.forget()
    assert refusal("invoke_function", turn, customer).reason == "sign-in-required"
    assert refusal("rename_device", {**device, "name": "His"}, customer).reason == (
        "sign-in-required"
    )
    assert not simulator.requests()


@pytest.mark.parametrize("function", ["mint_token", "release_device", "export_account"])
def test_what_gives_or_ends_access_asks_each_time(
    function: str, owned: Label, customer: Account
) -> None:
    device = {"deviceId": owned.device_id}
    call("invoke_function", {**device, "function": "set_target", "argument": "20"}, customer)
    end("disabled", customer)
    request = device if function == "release_device" else {}
    assert refusal(function, request, customer).reason == "sign-in-required"
    # What it heard holds for the calls of devices, too.
    turn = {**device, "function": "set_target", "argument": "21"}
    assert refusal("invoke_function", turn, customer).reason == "sign-in-required"


def records(account: Account) -> list[dict[str, Any]]:
    collection = paths.user(account.uid).collection(paths.COMMANDS)
    return [record.to_dict() or {} for record in collection.stream()]


@pytest.mark.parametrize("answer", ["ended", "none"])
def test_a_call_is_recorded_while_auth_is_asked_and_sent_after_it(
    answer: str,
    owned: Label,
    customer: Account,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The record of a call that Auth did not let pass says so, and the device is free again."""
    original = auth.get_user
    seen: list[Any] = []

    def slowly(uid: str, app: Any) -> Any:
        wait_until("The record", lambda: bool(records(customer)), 20, lambda: None)
        seen.append((records(customer)[0]["status"], simulator.requests()))
        if answer == "none":
            raise UnavailableError("Auth does not answer")
        return original(uid, app=app)

    end("revoked", customer)
    session._live.empty()
    before = paths.device(owned.device_id).get().to_dict()
    monkeypatch.setattr(auth, "get_user", slowly)
    turn = {"deviceId": owned.device_id, "function": "set_target", "argument": "20"}
    reason = {"ended": "sign-in-required", "none": "try-again"}[answer]
    assert refusal("invoke_function", turn, customer).reason == reason
    assert seen == [("sent", [])]
    (record,) = records(customer)
    assert (record["status"], record["error"]["reason"]) == ("failed", reason)
    assert not simulator.requests()
    assert paths.device(owned.device_id).get().to_dict() == before


def test_an_ended_sign_in_is_told_nothing_else(customer: Account, label: Label) -> None:
    end("revoked", customer)
    turn = {"deviceId": label.device_id, "function": "set_target"}
    assert refusal("invoke_function", turn, customer).reason == "sign-in-required"
    assert refusal("invoke_function", {**turn, "argument": "x" * 1000}, customer).reason == (
        "sign-in-required"
    )


def test_a_new_sign_in_goes_on(owned: Label, customer: Account, client: Client) -> None:
    end("revoked", customer)
    assert customer.email
    assert customer.password
    again = client.sign_in(customer.email, customer.password)
    while issued_at(again) == issued_at(customer):  # until the next second
        again = client.sign_in(customer.email, customer.password)
    assert call("rename_device", {"deviceId": owned.device_id, "name": "Mine"}, again)


def signed_in(account: Account) -> list[dict[str, Any]]:
    found = [snapshot.to_dict() or {} for snapshot in paths.activity(account.uid).stream()]
    return [entry for entry in found if entry["action"] == "signed-in"]


def test_the_first_call_of_a_sign_in_is_noted_once(customer: Account) -> None:
    app = {"name": "Thermo for iOS", "version": "1.2.3"}
    call("list_devices", {"app": app}, customer)
    call("list_devices", {}, customer)
    session._noted.empty()  # another instance
    call("list_devices", {}, customer)
    (entry,) = signed_in(customer)
    assert (entry["provider"], entry["app"]) == ("password", app)


@pytest.mark.parametrize("app", ["x", {"name": "x"}, {"name": "x" * 51, "version": "1"}])
def test_a_bad_app(app: object, customer: Account, stack: object) -> None:
    assert refusal("list_devices", {"app": app}, customer).reason == "bad-request"


def test_a_deleted_account_leaves_no_trace(customer: Account) -> None:
    paths.deleted_user(customer.uid).set({})
    assert refusal("list_devices", {}, customer).reason == "sign-in-required"
    assert signed_in(customer) == []
