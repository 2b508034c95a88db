"""Sign-ins: an ended one changes nothing any more, and its first call is noted."""

from typing import Any

import pytest
from firebase_admin import auth

from local.client import Account, Client
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


@pytest.mark.parametrize("how", ["revoked", "disabled", "deleted"])
def test_an_ended_sign_in_changes_nothing(
    how: str, owned: Label, customer: Account, simulator: Simulator
) -> None:
    end(how, customer)
    device = {"deviceId": owned.device_id}
    before = paths.device(owned.device_id).get().to_dict()
    for function, request in (
        ("invoke_function", {**device, "function": "set_target"}),
        ("release_device", device),
        ("rename_device", {**device, "name": "Mine"}),
        ("claim_device", owned.claim),
        ("mint_token", {}),
    ):
        answer = refusal(function, request, customer)
        assert (answer.status, answer.reason) == ("UNAUTHENTICATED", "sign-in-required"), function
    assert simulator.requests() == []
    assert paths.device(owned.device_id).get().to_dict() == before
    # What only reads ends with the ID token.
    assert len(call("list_devices", {}, customer)["devices"]) == 1


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
