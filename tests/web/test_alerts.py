"""Alerts as customers make, see and end them; the mail comes from the whole chain of functions."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from local.client import Account, Client
from local.stack import Stack
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call
from tests.support.sharing import share, verified
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor


@pytest.fixture
def customer(client: Client) -> Account:
    return verified(client)


def mails(stack: Stack, account: Account) -> list[dict[str, Any]]:
    every = requests.get(f"{stack.mails_url}/mails.json", timeout=10).json()
    return [one for one in every if one["to"] == [account.email]]


def await_mail(stack: Stack, account: Account, subject: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for mail in mails(stack, account):
            if mail["subject"].startswith(subject):
                return mail
        time.sleep(0.1)
    raise AssertionError(f"no {subject!r} among {mails(stack, account)}")


def alerts_page(visitor: Visitor, label: Label) -> None:
    visitor.open(f"/devices/{label.device_id}")
    visitor.follow("All alerts")


def test_from_a_value_to_a_mail_and_back_to_normal(
    visit: Callable[..., Visitor],
    owned: Label,
    customer: Account,
    simulator: Simulator,
    stack: Stack,
) -> None:
    simulator.publish(owned.device_id, "temperature", "21.5")
    owner = visit(customer)
    page = owner.page
    alerts_page(owner, owned)
    expect(page.get_by_text("There are no alerts yet.")).to_be_visible()
    page.get_by_role("button", name="Add “Too cold”").click()
    expect(page.locator("[data-alert=normal]")).to_contain_text("Temperature below 5.0 °C")

    form = page.get_by_role("form", name="New alert")
    form.get_by_label("What is watched").select_option("Temperature")
    form.get_by_label("Value (°C)").fill("warm")
    owner.press("Save the alert")
    expect(form.get_by_text("Please enter a number")).to_be_visible()
    form.get_by_label("Value (°C)").fill("28,5")
    form.get_by_label("Over at (optional) (°C)").fill("29")
    owner.press("Save the alert")
    expect(form.get_by_text("would still fire")).to_be_visible()
    form.get_by_label("Over at (optional) (°C)").fill("26")
    owner.press("How often was that last week?")
    expect(form.locator("[data-preview]")).to_contain_text("about 0 times")
    form.get_by_label("How bad is it").select_option("Critical")
    owner.press("Save the alert")
    expect(page.locator("[data-alert=normal]")).to_have_count(2)
    owner.look()

    simulator.publish(owned.device_id, "temperature", "30")
    firing = page.locator("[data-alert=firing]")
    expect(firing).to_contain_text("Temperature above 28.5 °C")
    expect(firing).to_contain_text("value: 30.0 °C")
    expect(page.locator("[data-entry=fired]")).to_be_visible()
    mail = await_mail(stack, customer, "Critical: ")
    assert f"/devices/{owned.device_id}" in mail["text"]
    page.get_by_role("button", name="I see to it").click()
    expect(firing).to_contain_text("Somebody sees to it")

    owner.open("/devices")
    expect(page.locator("[data-firing=critical]")).to_have_text("1 alert")
    owner.look()
    simulator.publish(owned.device_id, "temperature", "25")
    expect(page.locator("[data-firing]")).to_have_count(0)
    await_mail(stack, customer, "Over: ")
    owner.open(f"/devices/{owned.device_id}")
    expect(page.get_by_text("All is well: 2 alerts watch.")).to_be_visible()
    expect(page.locator("[data-activity=alert-acknowledged]")).to_be_visible()


def test_change_switch_off_and_delete(
    visit: Callable[..., Visitor], owned: Label, customer: Account
) -> None:
    rule = {"kind": "silence", "silentSeconds": 7200, "name": "Gone"}
    made = call("save_alert", {"deviceId": owned.device_id, **rule}, customer)
    alerts = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERTS)
    owner = visit(customer)
    page = owner.page
    alerts_page(owner, owned)
    expect(page.locator("[data-alert=normal]")).to_contain_text("Not heard for 2 hours")
    page.get_by_role("button", name="Change “Gone”").click()
    form = page.get_by_role("form", name="Change")
    form.get_by_label("Not heard for").select_option("1 day")
    form.get_by_role("button", name="Save the alert").click()
    expect(page.locator("[data-alert=normal]")).to_contain_text("Not heard for 1 day")
    page.get_by_role("switch", name="“Gone” is on").press("Space")
    expect(page.locator("[data-alert=off]")).to_be_visible()
    kept = alerts.document(made["alertId"]).get()
    assert (kept.get("silentSeconds"), kept.get("enabled")) == (86_400, False)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("form", name="Delete").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There are no alerts yet.")).to_be_visible()


def test_a_guest_sees_and_a_viewer_changes_nothing(
    visit: Callable[..., Visitor], owned: Label, customer: Account, client: Client
) -> None:
    viewer = client.sign_up(password=PASSWORD)
    share(owned, customer, viewer)
    rule = {"kind": "silence", "silentSeconds": 7200, "name": "Gone"}
    made = call("save_alert", {"deviceId": owned.device_id, **rule}, customer)
    guest = visit(viewer)
    alerts_page(guest, owned)
    alerts = paths.user_device(customer.uid, owned.device_id).collection(paths.ALERTS)
    alerts.document(made["alertId"]).update({"state": "firing"})
    expect(guest.page.locator("[data-alert=firing]")).to_contain_text("Gone")
    expect(guest.page.get_by_text("but not change them")).to_be_visible()
    for name in ("Save the alert", "Change “Gone”", "I see to it: “Gone”"):
        expect(guest.page.get_by_role("button", name=name)).to_have_count(0)


def test_how_one_is_told(visit: Callable[..., Visitor], owned: Label, customer: Account) -> None:
    owner = visit(customer)
    owner.open("/account")
    page = owner.page
    settings = page.get_by_role("region", name="Notifications")
    mail = settings.get_by_role("switch", name=f"Mails about alerts to {customer.email}")
    expect(mail).to_be_checked()
    mail.press("Space")
    expect(mail).not_to_be_checked()
    settings.get_by_role("switch", name="Alerts of “").press("Space")
    expect(settings.get_by_role("switch", name="Alerts of “")).not_to_be_checked()
    settings.get_by_label("From").fill("23:15")
    owner.press("Save the quiet hours")
    expect(settings.get_by_text("From 23:15 to 07:00 (Europe/Berlin)")).to_be_visible()
    owner.look()
    kept = paths.preferences(customer.uid).get().to_dict() or {}
    assert kept["email"] is False
    assert kept["devices"] == {owned.device_id: False}
    owner.press("No quiet hours")
    expect(settings.get_by_text("You have no quiet hours.")).to_be_visible()


def test_a_receiver_of_their_own(
    visit: Callable[..., Visitor], owned: Label, customer: Account
) -> None:
    owner = visit(customer)
    owner.open("/account")
    page = owner.page
    part = page.get_by_role("region", name="Webhooks")
    part.get_by_label("Address of your server").fill("ftp://example.com")
    part.get_by_role("button", name="Add").click()
    expect(part.locator("[data-reason=bad-request]")).to_be_visible()
    # Nothing listens there.
    part.get_by_label("Address of your server").fill("http://localhost:9999/alerts")
    part.get_by_role("button", name="Add").click()
    secret = part.locator("[data-secret] input")
    expect(secret).to_have_value(re.compile(r"^whsec_"))
    first = secret.input_value()
    row = part.locator("[data-webhook=on]")
    expect(row).to_contain_text("http://localhost:9999/alerts")
    row.get_by_role("button", name="Send a test message").click()
    expect(row.locator("[data-tested=none]")).to_have_text("no answer came")
    row.get_by_role("button", name="A new secret").click()
    rotated = row.locator("[data-secret] input")
    expect(rotated).to_have_value(re.compile(r"^whsec_"))
    assert rotated.input_value() != first
    owner.look()
    row.get_by_role("button", name="Delete", exact=True).click()
    part.get_by_role("form", name="Delete").get_by_role("button", name="Delete").click()
    expect(part.get_by_text("You have none.")).to_be_visible()
