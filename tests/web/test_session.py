"""What ends or is slow on the way: sign-ins, connections, parts of the app. A way on from each."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from firebase_admin import auth
from playwright.sync_api import expect

from local.client import Account, Client
from local.waiting import wait_until
from shared import connections
from shared.firestore import paths
from shared.privacy import deletion
from tests.functional.conftest import Label
from tests.web.visitor import PASSWORD, Visitor, device_page


def test_an_ended_sign_in_leads_to_a_new_one_and_back(
    visit_owner: Visitor, owned: Label, customer: Account
) -> None:
    auth.update_user(customer.uid, disabled=True, app=connections.firebase())
    # What changes something asks whether the sign-in still stands.
    visit_owner.fill("New name", "Attic")
    visit_owner.press("Save the name")
    expect(visit_owner.heading("Sign in")).to_be_visible()
    expect(visit_owner.page.get_by_text("You are signed out.")).to_be_visible()
    visit_owner.look()
    visit_owner.sign_in(customer.email or "", PASSWORD)
    expect(visit_owner.is_told("account-disabled")).to_contain_text("contact support")

    auth.update_user(customer.uid, disabled=False, app=connections.firebase())
    visit_owner.press("Sign in")
    expect(visit_owner.page).to_have_url(device_page(owned.device_id))
    expect(visit_owner.presence("online")).to_be_visible()


def test_a_network_on_which_nothing_answers(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    """As on a train: the browser has a network, and takes it for a good one."""
    visitor = visit(customer)
    expect(visitor.page.locator("[data-device]")).to_have_count(1)
    visitor.page.route("**/Listen/**", lambda _: None)
    visitor.open(f"/devices/{owned.device_id}")
    expect(visitor.page.get_by_text("This takes longer than usual.").first).to_be_visible()
    visitor.look()
    # Known from before is the device; what is not known is not said to be nothing.
    expect(visitor.heading(owned.serial_number)).to_be_visible()
    expect(visitor.cut_off).to_be_visible()
    unknown = visitor.page.get_by_text("This cannot be loaded without a connection.")
    expect(unknown).to_have_count(4)
    expect(visitor.is_told("no-answer")).to_be_visible()
    visitor.look()

    visitor.page.unroute("**/Listen/**")
    visitor.open(f"/devices/{owned.device_id}")
    expect(visitor.page.get_by_text("Nothing was sent to this device yet.")).to_be_visible()
    expect(visitor.page.locator("[data-activity=device-claimed]")).to_be_visible()
    expect(visitor.cut_off).to_have_count(0)


def test_what_firestore_refuses_is_tried_again(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    visitor = visit(customer)
    # As of a deleted account: the rules refuse everything below it.
    erased = {"at": datetime.now(UTC), "erasedAt": datetime.now(UTC)}
    paths.deleted_user(customer.uid).set(erased)
    visitor.open("/devices")
    refused = visitor.page.locator("[data-unfollowed]")
    expect(refused).to_contain_text("cannot be shown at the moment")
    expect(visitor.is_told("account-closed")).to_be_visible()
    visitor.look()
    paths.deleted_user(customer.uid).delete()
    visitor.press("Try again")
    expect(visitor.page.locator(f"[data-device='{owned.device_id}']")).to_be_visible()
    # By itself.
    expect(visitor.page.locator("[data-reason]")).to_have_count(0)


def test_a_tab_left_open_over_the_deletion_of_its_account(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    visitor = visit(customer)
    expect(visitor.page.locator(f"[data-device='{owned.device_id}']")).to_be_visible()
    # On a busy machine the trigger's run may fail, and the emulator repeats none.
    wait_until(
        "The deletion", lambda: deletion.delete(customer.uid, 20) == "deleted", 60, lambda: None
    )
    expect(visitor.heading("Sign in")).to_be_visible()
    farewell = re.compile("Your account is (deleted|closed)")
    expect(visitor.page.get_by_text(farewell)).to_be_visible()


def test_a_part_of_the_app_that_does_not_load(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    visitor = visit(customer)
    visitor.page.route("**/assets/History-*", lambda route: route.abort())
    visitor.page.locator(f"[data-device='{owned.device_id}'] a").click()
    part = visitor.page.locator("[data-part=missing]")
    expect(part).to_contain_text("could not be loaded")
    # The rest of the page goes on.
    expect(visitor.page.get_by_role("slider", name="Target temperature")).to_be_visible()
    visitor.look()
    visitor.page.unroute("**/assets/History-*")
    visitor.press("Load the page again")
    expect(visitor.page.get_by_text("Nothing was recorded in this time.")).to_be_visible()
    expect(part).to_have_count(0)


def test_a_label_that_was_printed_anew(
    visit: Callable[..., Visitor], customer: Account, label: Label, client: Client
) -> None:
    """The old link does not add the device; the new one does, in the tab that is open."""
    visitor = visit(customer)
    visitor.open(f"/claim#serial={label.serial_number}&code=OLD-0000")
    visitor.press("Add the device")
    expect(visitor.is_told("wrong-serial-or-code")).to_contain_text("do not match")
    visitor.open(f"/claim#serial={label.serial_number}&code={label.setup_code}")
    visitor.press("Add the device")
    expect(visitor.presence("online")).to_be_visible()
    assert list(client.documents(f"users/{customer.uid}/devices", customer)) == [label.device_id]
