"""Customers named by e-mail address, by a setting: unverified, changed, recycled, in any case."""

from typing import Any
from unittest.mock import Mock

import pytest
from firebase_admin import auth

from local.client import Account, Client
from shared import connections, settings
from shared.customers import shadow
from shared.errors import CustomerNotReady
from shared.firestore import paths
from shared.particle import Share
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support.functions import call, refusal, user_created
from tests.support.simulator import Simulator


@pytest.fixture(autouse=True)
def _by_email(stack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "customers_have_email_names", lambda: True)
    shadow._ready.empty()
    connections.firebase()


@pytest.fixture
def verified(customer: Account) -> Account:
    auth.update_user(customer.uid, email_verified=True)
    return customer


def customer_of(account: Account) -> str:
    shadow.ensure(account.uid)
    return shadow.customer_name(account.uid)


def names(simulator: Simulator) -> set[str]:
    return {customer["username"] for customer in simulator.customers()}


def test_the_address_is_the_name(verified: Account, label: Label, simulator: Simulator) -> None:
    paths.user(verified.uid).set({})
    assert user_created(verified.uid) < 300
    assert verified.email in names(simulator)
    call("claim_device", label.claim, verified)
    assert simulator.device(label.device_id)["owner"] == verified.email
    shadow._ready.empty()  # another instance
    assert call("mint_token", {}, verified)["customerId"] == verified.email
    assert call("claim_device", label.claim, verified), "which Particle is asked about"
    assert simulator.device(label.device_id)["owner"] == verified.email


def test_an_unverified_one_has_to_be_verified_first(
    customer: Account, label: Label, simulator: Simulator
) -> None:
    paths.user(customer.uid).set({})
    assert user_created(customer.uid) < 300, "no use in delivering again"
    particle = (paths.user(customer.uid).get().to_dict() or {})["particle"]
    assert (particle["status"], particle["reason"]) == ("pending", "email-unverified")
    answer = refusal("claim_device", label.claim, customer)
    assert (answer.status, answer.reason) == ("PERMISSION_DENIED", "email-unverified")
    assert customer.email not in names(simulator)
    auth.update_user(customer.uid, email_verified=True)
    assert call("claim_device", label.claim, customer)


def test_a_changed_address_changes_nothing(
    verified: Account, another: Account, client: Client
) -> None:
    assert customer_of(verified) == verified.email
    move(verified, f"new-{verified.email}", client)
    # Somebody else takes the address.
    move(another, str(verified.email), client)
    shadow._ready.empty()
    assert customer_of(verified) == verified.email
    assert customer_of(another) == shadow.opaque_name(another.uid)


def move(account: Account, address: str, client: Client) -> Account:
    """Change an account's address, which ends its sign-ins, and sign in again."""
    auth.update_user(account.uid, email=address, email_verified=True)
    return client.sign_in(address, str(account.password))


def test_case_does_not_make_another_customer(
    verified: Account, another: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert customer_of(verified) == verified.email
    get_user = auth.get_user

    def shouting(uid: str, app: Any) -> Any:
        user = get_user(uid, app)
        user._data["email"] = str(verified.email).upper()
        user._data["emailVerified"] = True
        return user

    monkeypatch.setattr(auth, "get_user", shouting)
    assert customer_of(another) == shadow.opaque_name(another.uid)


def test_a_recycled_address_reaches_nothing(
    verified: Account, label: Label, client: Client, simulator: Simulator
) -> None:
    assert verified.email
    call("claim_device", label.claim, verified)
    assert call("delete_account", {"confirm": "delete"}, verified) == {"status": "deleted"}
    # The name was personal data, and is deleted with the account.
    assert verified.email not in names(simulator)
    again = client.sign_up(verified.email)
    auth.update_user(again.uid, email_verified=True)
    assert customer_of(again) == shadow.opaque_name(again.uid)
    assert call("list_devices", {"refresh": True}, again) == {"devices": [], "shared": []}
    assert paths.shadow_customer(verified.email).get().get("uid") == verified.uid


def test_a_crash_before_it_was_noted_leaves_a_customer_that_is_found(
    verified: Account, client: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the address has changed since: by the next call as by the deletion."""
    with monkeypatch.context() as patch:
        patch.setattr(shadow, "_note", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shadow.ensure(verified.uid)
    assert verified.email in names(simulator)
    changed = move(verified, f"new-{verified.email}", client)
    with monkeypatch.context() as patch:
        patch.setattr(shadow, "_create", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shadow.ensure(verified.uid)
    assert changed.email not in names(simulator)
    deletion.schedule(verified.uid)
    deletion.run(verified.uid)
    assert not {verified.email, changed.email} & names(simulator)


def test_a_deletion_while_the_customer_is_being_made(
    verified: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before the customer is there, and nothing of the account comes back."""
    create = shadow._create

    def late(name: str, share: Share) -> None:
        deletion.schedule(verified.uid)
        deletion.run(verified.uid)
        create(name, share)
        assert verified.email in names(simulator)

    monkeypatch.setattr(shadow, "_create", late)
    with pytest.raises(CustomerNotReady):
        shadow.ensure(verified.uid)
    assert verified.email not in names(simulator)
    assert not paths.user(verified.uid).get().exists


def test_two_at_once_with_a_changing_address_make_one(
    verified: Account, client: Client, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind = shadow._bind

    def late(uid: str) -> str:
        monkeypatch.setattr(shadow, "_bind", bind)
        name = bind(uid)
        move(verified, f"new-{verified.email}", client)
        shadow.ensure(uid)
        return name

    monkeypatch.setattr(shadow, "_bind", late)
    shadow._ready.empty()
    shadow.ensure(verified.uid)
    assert names(simulator) & {verified.email, f"new-{verified.email}"} == {f"new-{verified.email}"}
