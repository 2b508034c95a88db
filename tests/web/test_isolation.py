"""Two customers at two browsers: neither ever sees the other's device."""

from collections.abc import Callable

from playwright.sync_api import expect

from local.client import Account, Client
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor


def test_neither_sees_the_others_device(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
    simulator: Simulator,
) -> None:
    first, second = new_label("thermostat"), new_label("pump")
    other = client.sign_up(password=PASSWORD)
    client.call("claim_device", {**first.claim, "name": "Ours"}, customer)
    client.call("claim_device", {**second.claim, "name": "Theirs"}, other)

    ada, bob = visit(customer), visit(other)
    expect(ada.page.locator("[data-device]")).to_contain_text(["Ours"])
    expect(bob.page.locator("[data-device]")).to_contain_text(["Theirs"])

    ada.open(f"/devices/{second.device_id}")
    bob.open(f"/devices/{first.device_id}")
    for person in (ada, bob):
        expect(person.heading("No such device")).to_be_visible()
        expect(person.page.get_by_text("This device is not among yours.")).to_be_visible()

    # What the other's device publishes arrives with its owner alone.
    bob.open(f"/devices/{second.device_id}")
    simulator.publish(second.device_id, "flow", '{"rate": 17.4}')
    expect(bob.latest("flow")).to_contain_text("17.4")
    expect(ada.page.get_by_text("17.4")).to_have_count(0)
    ada.follow("Devices")
    expect(ada.page.locator("[data-device]")).to_have_count(1)


def test_the_next_person_at_the_same_browser_sees_nothing_of_the_first(
    visit: Callable[..., Visitor], owned: Label, customer: Account, client: Client
) -> None:
    visitor = visit(customer)
    expect(visitor.page.locator(f"[data-device='{owned.device_id}']")).to_be_visible()
    visitor.follow("Account")
    visitor.press("Sign out")
    expect(visitor.heading("Sign in")).to_be_visible()

    other = client.sign_up(password=PASSWORD)
    assert other.email
    visitor.sign_in(other.email, PASSWORD)
    visitor.follow("Devices")
    expect(visitor.page.get_by_text("You have no device yet.")).to_be_visible()
    expect(visitor.page.locator("[data-device]")).to_have_count(0)
