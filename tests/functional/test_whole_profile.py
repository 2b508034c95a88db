"""A profile that its client writes whole, without `merge`: what the server wrote there comes back.

The emulator's own deliveries are part of `test_main_job.py`; here the test delivers.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from firebase_admin import auth

from local.client import Account, Client
from shared import connections, settings
from shared.customers import shadow
from shared.firestore import paths
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.support.functions import call, created, user_created
from tests.support.simulator import Simulator

WHOLE = {"displayName": "Jo", "timeZone": "Europe/Berlin", "locale": "de"}


def write_whole(client: Client, account: Account, **more: str) -> None:
    client.replace(f"users/{account.uid}", {**WHOLE, **more}, account)


def updated(account: Account) -> int:
    return created("restore_status", f"users/{account.uid}", "updated")


def profile_of(account: Account) -> dict[str, Any]:
    return paths.user(account.uid).get().to_dict() or {}


@pytest.fixture(autouse=True)
def _another_instance(stack: object) -> None:
    shadow._ready.empty()


def test_first_the_client_then_the_server(customer: Account, client: Client) -> None:
    write_whole(client, customer)
    assert user_created(customer.uid) < 300
    ready = profile_of(customer)
    assert ready == {**WHOLE, "particle": ready["particle"]}
    write_whole(client, customer, locale="fr")
    assert profile_of(customer) == {**WHOLE, "locale": "fr"}
    assert updated(customer) < 300
    assert profile_of(customer) == {**ready, "locale": "fr"}


def test_first_the_server_then_the_client(customer: Account, client: Client, label: Label) -> None:
    """A callable can be faster than the client's own write."""
    call("claim_device", label.claim, customer)
    particle = profile_of(customer)["particle"]
    write_whole(client, customer)
    assert updated(customer) < 300
    assert profile_of(customer) == {**WHOLE, "particle": particle}


def test_nothing_depends_on_the_copy_in_the_profile(
    customer: Account, client: Client, label: Label, simulator: Simulator
) -> None:
    """In the moment before it is back, another instance makes nothing twice."""
    user_created_at_first(customer, client)
    write_whole(client, customer)
    shadow._ready.empty()
    simulator.forget()
    call("claim_device", label.claim, customer)
    asked = [request["path"] for request in simulator.requests()]
    assert not [path for path in asked if path.endswith("/customers")]


def user_created_at_first(customer: Account, client: Client) -> None:
    write_whole(client, customer)
    assert user_created(customer.uid) < 300


def test_what_is_there_is_left_alone(customer: Account, client: Client) -> None:
    user_created_at_first(customer, client)
    before = paths.user(customer.uid).get().update_time
    assert updated(customer) < 300
    assert paths.user(customer.uid).get().update_time == before


def test_clients_and_server_at_once(
    customer: Account, client: Client, simulator: Simulator
) -> None:
    """Whoever comes last, and however often: afterwards both parts are there."""
    user_created_at_first(customer, client)
    record = paths.customer(customer.uid).get().to_dict()
    with ThreadPoolExecutor(8) as pool:
        writes = [
            pool.submit(write_whole, client, customer, displayName=f"Jo {number}")
            for number in range(12)
        ]
        restored = [pool.submit(updated, customer) for _ in range(12)]
        for write in writes:
            write.result()
        assert all(done.result() < 300 for done in restored)
    assert updated(customer) < 300, "each write is an event of its own"
    found = profile_of(customer)
    assert found["particle"] == record
    assert found["displayName"].startswith("Jo ")
    names = [one["username"] for one in simulator.customers()]
    assert names.count(shadow.opaque_name(customer.uid)) == 1


def test_a_status_that_changes_meanwhile_is_the_newest(
    customer: Account, client: Client, label: Label, simulator: Simulator
) -> None:
    write_whole(client, customer)
    simulator.fail({"route": "POST /v1/products/*/customers"}, {"kind": "status", "status": 503})
    assert user_created(customer.uid) == 500
    write_whole(client, customer)
    simulator.heal()
    call("claim_device", label.claim, customer)
    write_whole(client, customer)
    for _ in range(2):  # both events, late
        assert updated(customer) < 300
    assert profile_of(customer)["particle"]["status"] == "ready"


@pytest.fixture
def by_email(stack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "customers_have_email_names", lambda: True)
    connections.firebase()


def test_a_customers_name_is_not_forgotten_with_it(
    by_email: None, customer: Account, client: Client, label: Label, simulator: Simulator
) -> None:
    """Where it is an address, which has changed since: nobody gets a second customer so."""
    auth.update_user(customer.uid, email_verified=True)
    write_whole(client, customer)
    assert user_created(customer.uid) < 300
    auth.update_user(customer.uid, email=f"new-{customer.email}", email_verified=True)
    moved = client.sign_in(f"new-{customer.email}", str(customer.password))
    write_whole(client, moved)
    shadow._ready.empty()
    call("claim_device", label.claim, moved)
    assert simulator.device(label.device_id)["owner"] == customer.email
    assert updated(moved) < 300
    assert profile_of(moved)["particle"]["customerId"] == customer.email
    write_whole(client, moved)
    deletion.schedule(moved.uid)
    deletion.run(moved.uid)
    assert customer.email not in {one["username"] for one in simulator.customers()}


def test_an_account_from_before_there_were_records(
    customer: Account, client: Client, simulator: Simulator
) -> None:
    """It has its status in the profile alone, until it is used."""
    user_created_at_first(customer, client)
    paths.customer(customer.uid).delete()
    shadow._ready.empty()
    simulator.forget()
    particle = profile_of(customer)["particle"]
    shadow.ensure(customer.uid)
    assert simulator.requests() == []
    kept = paths.customer(customer.uid).get().to_dict() or {}
    assert kept["status"] == particle["status"] == "ready"
    paths.customer(customer.uid).delete()
    shadow._ready.empty()
    write_whole(client, customer)
    assert updated(customer) < 300
    assert profile_of(customer)["particle"]["status"] == "ready"


def test_a_deleted_account_stays_without_a_trace(customer: Account, client: Client) -> None:
    user_created_at_first(customer, client)
    write_whole(client, customer)
    deletion.schedule(customer.uid)
    assert updated(customer) < 300
    assert "particle" not in profile_of(customer)
    deletion.run(customer.uid)
    assert updated(customer) < 300
    assert not paths.user(customer.uid).get().exists
    assert not paths.customer(customer.uid).get().exists
