"""Sharing in two windows: invite, accept, control, see each other, and an end that ends."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call
from tests.support.functions import client as function
from tests.support.sharing import expire, invite, share, verified
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor


@pytest.fixture
def guest(client: Client) -> Account:
    account = client.sign_up(password=PASSWORD)
    paths.user(account.uid).set({"displayName": "Grace"}, merge=True)
    return account


def open_device(visitor: Visitor, label: Label) -> None:
    visitor.open(f"/devices/{label.device_id}")


def sharing_page(visitor: Visitor, label: Label) -> None:
    open_device(visitor, label)
    visitor.follow("Share")
    expect(visitor.page.get_by_role("heading", name="Who may use it")).to_be_visible()


def link_on(visitor: Visitor) -> str:
    """The link that was just made."""
    shown = visitor.page.locator("input[data-link], [data-link] input").first
    expect(shown).to_be_visible()
    return shown.input_value()


def test_two_windows(
    visit: Callable[..., Visitor],
    visitor: Visitor,
    owned: Label,
    customer: Account,
    guest: Account,
    simulator: Simulator,
) -> None:
    owner = visit(customer)
    sharing_page(owner, owned)
    owner.page.get_by_label("What they may do").select_option("controller")
    owner.press("Create the invitation")
    link = link_on(owner)
    expect(owner.page.get_by_role("img", name="The link as a QR code")).to_be_visible()
    owner.look()

    # Signed out: the link survives the sign-in, and its token is in no request.
    token = link.partition("#")[2]
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(request.url))
    visitor.page.goto(link)
    visitor.sign_in(guest.email or "", PASSWORD)
    expect(visitor.heading("An invitation")).to_be_visible()
    expect(visitor.page).to_have_url(visitor.url + "/join")
    visitor.look()
    visitor.press("Accept")
    expect(visitor.page.locator("[data-shared=controller]")).to_be_visible()
    assert not [url for url in sent if token in url.partition("#")[0]]
    expect(owner.page.locator(f"[data-guest='{guest.uid}']")).to_contain_text("Grace")

    # The guest controls, and the owner sees who it was.
    simulator.publish(owned.device_id, "temperature", "21.5")
    expect(visitor.page.get_by_text("21.5").first).to_be_visible()
    visitor.page.get_by_role("slider", name="Target temperature").press("ArrowRight")
    visitor.press("Set: Target temperature")
    expect(visitor.page.locator("[data-command=succeeded]").first).to_be_visible()
    open_device(owner, owned)
    expect(owner.page.locator("[data-activity=function-called]").first).to_contain_text("Grace")
    expect(visitor.page.get_by_role("link", name="Share", exact=True)).to_have_count(0)

    # A lower role, while the guest's page is open.
    sharing_page(owner, owned)
    owner.page.get_by_label("What Grace may do").select_option("viewer")
    expect(visitor.page.locator("[data-shared=viewer]")).to_be_visible()
    expect(visitor.page.get_by_role("slider", name="Target temperature")).to_have_count(0)

    # The end, while the guest looks.
    owner.page.get_by_role("button", name="End the access of Grace").click()
    expect(visitor.page.locator("[data-ended]")).to_be_visible()
    simulator.publish(owned.device_id, "temperature", "33.3")
    open_device(owner, owned)
    expect(owner.page.get_by_text("33.3 °C").first).to_be_visible()
    assert "33.3" not in visitor.page.content()
    visitor.open("/devices")
    expect(visitor.page.locator("[data-device]")).to_have_count(0)
    expect(visitor.page.get_by_text("You have no device yet.", exact=False)).to_be_visible()


def test_a_link_that_does_not_work_says_why(
    visit: Callable[..., Visitor], owned: Label, customer: Account, guest: Account, client: Client
) -> None:
    used = invite(owned, customer)
    share(owned, customer, guest)
    owner = visit(customer)
    person = visit(guest)
    person.open(f"/join#{used[:-1]}x")
    person.press("Accept")
    expect(person.page.locator("[data-reason=unknown-invitation]")).to_be_visible()
    owner.open(f"/join#{used}")
    owner.press("Accept")
    expect(owner.page.locator("[data-reason=own-device]")).to_be_visible()


def test_an_invitation_for_another_address(
    visit: Callable[..., Visitor], label: Label, client: Client, guest: Account
) -> None:
    owner = verified(client)
    call("claim_device", label.claim, owner)
    right = client.sign_up(password=PASSWORD)
    token = invite(label, owner, "viewer", email=right.email)
    person = visit(guest)
    person.open(f"/join#{token}")
    person.press("Accept")
    expect(person.page.locator("[data-reason=other-address]")).to_contain_text("c…@e….com")
    person.press("Sign in with another account")
    person.sign_in(right.email or "", PASSWORD)
    # The link has survived; the address has still to be confirmed.
    expect(person.heading("An invitation")).to_be_visible()
    person.press("Accept")
    expect(person.page.locator("[data-reason=other-address]")).to_be_visible()


def test_an_expired_share_ends_on_the_page_and_a_guest_leaves(
    visit: Callable[..., Visitor], owned: Label, customer: Account, guest: Account, client: Client
) -> None:
    share(owned, customer, guest, "manager")
    person = visit(guest)
    open_device(person, owned)
    expect(person.page.locator("[data-shared=manager]")).to_be_visible()
    expect(person.page.get_by_role("button", name="Remove this device")).to_have_count(0)
    expire(owned, guest)
    assert function("run_due").post("/").status_code == 200
    expect(person.page.locator("[data-ended]")).to_be_visible()
    share(owned, customer, guest, "viewer")
    open_device(person, owned)
    expect(person.page.get_by_text("but not control it", exact=False)).to_be_visible()
    person.press("Leave this device")
    person.press("Leave the device")
    expect(person.heading("Your devices")).to_be_visible()
    expect(person.page.locator("[data-device]")).to_have_count(0)
    assert not paths.shared_device(guest.uid, owned.device_id).get().exists


def test_a_device_is_handed_over(
    visit: Callable[..., Visitor], owned: Label, customer: Account, guest: Account
) -> None:
    owner, person = visit(customer), visit(guest)
    sharing_page(owner, owned)
    owner.press("Hand over for good")
    owner.press("Create the link")
    link = link_on(owner)
    person.page.goto(link)
    expect(person.heading("A device for you")).to_be_visible()
    person.press("Take the device")
    expect(person.page.get_by_role("button", name="Remove this device")).to_be_visible()
    owner.open("/devices")
    expect(owner.page.locator("[data-device]")).to_have_count(0)
