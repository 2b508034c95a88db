"""Every page as people with other eyes and hands meet it: by axe's rules, by keyboard alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.sync_api import expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.conftest import DESKTOP, PHONE
from tests.web.visitor import PASSWORD, Visitor

SCREENS = [
    pytest.param({"viewport": PHONE, "color_scheme": "light"}, id="phone-light"),
    pytest.param({"viewport": DESKTOP, "color_scheme": "dark"}, id="desktop-dark"),
]


@pytest.mark.parametrize("screen", SCREENS)
def test_pages_before_sign_in(visit: Callable[..., Visitor], screen: dict[str, object]) -> None:
    visitor = visit(**screen)
    for path, heading in (("/sign-in", "Sign in"), ("/sign-up", "Create an account")):
        visitor.open(path)
        expect(visitor.heading(heading)).to_be_visible()
        visitor.look()
        visitor.page.keyboard.press("Enter")
        visitor.page.get_by_role("button").last.click()
        expect(visitor.page.get_by_text("Please enter an e-mail address")).to_be_visible()
        visitor.look()


@pytest.mark.parametrize("screen", SCREENS)
def test_pages_behind_sign_in(
    visit: Callable[..., Visitor],
    screen: dict[str, object],
    customer: Account,
    owned: Label,
    simulator: Simulator,
) -> None:
    visitor = visit(customer, **screen)
    simulator.publish(owned.device_id, "temperature", "21.5")
    simulator.publish(owned.device_id, "state", '{"target": 21, "mode": "heat", "heating": false}')
    for path, shown in (
        ("/devices", "21.5"),
        (f"/devices/{owned.device_id}", "21.5"),
        ("/devices/add", "Setup code"),
        ("/account", customer.email or ""),
        ("/devices/000000000000000000000000", "This device is not among yours."),
        ("/nowhere", "The address may be misspelt"),
    ):
        visitor.open(path)
        expect(visitor.page.get_by_text(shown).first).to_be_visible()
        visitor.look()


def test_the_keyboard_alone_does_the_job(visitor: Visitor, label: Label, new_email: str) -> None:
    keyboard = visitor.page.keyboard

    def reach(role: Literal["button", "link", "textbox"], name: str) -> None:
        """Press Tab until the thing has the focus."""
        wanted = visitor.page.get_by_role(role, name=name, exact=True).filter(visible=True).first
        expect(wanted).to_be_visible()
        for _ in range(60):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach the {role} {name!r}")

    visitor.open()
    reach("link", "Create an account")
    keyboard.press("Enter")
    expect(visitor.heading("Create an account")).to_be_focused()
    reach("textbox", "E-mail address")
    keyboard.type(new_email)
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    reach("link", "Add a device")
    keyboard.press("Enter")
    reach("textbox", "Serial number")
    keyboard.type(label.serial_number)
    keyboard.press("Tab")
    keyboard.type(label.setup_code)
    keyboard.press("Enter")
    expect(visitor.presence("online")).to_be_visible()
    reach("link", "Your devices")
    keyboard.press("Enter")
    expect(visitor.page.locator(f"[data-device='{label.device_id}']")).to_be_visible()

    # A question takes the focus, and gives it back when it is answered with no.
    reach("link", label.serial_number)
    keyboard.press("Enter")
    remove = visitor.page.get_by_role("button", name="Remove this device")
    reach("button", "Remove this device")
    keyboard.press("Enter")
    question = visitor.page.get_by_role("form", name="Remove this device")
    expect(question).to_be_focused()
    reach("button", "Keep the device")
    keyboard.press("Enter")
    expect(remove).to_be_focused()
    keyboard.press("Enter")
    reach("button", "Remove the device")
    keyboard.press("Enter")
    expect(visitor.heading("Your devices")).to_be_focused()
    expect(visitor.page.get_by_text("You have no device yet.")).to_be_visible()


def test_the_keyboard_keeps_its_place(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
) -> None:
    """Where the thing that was pressed goes away, the focus is near by, not at the page's top."""
    well = new_label("pump", state={"running": False, "speed": 60, "litres": 12.5})
    client.call("claim_device", {**well.claim, "name": "Well"}, customer)
    now = datetime.now(UTC)
    batch = paths.client().batch()
    events = paths.user_device(customer.uid, well.device_id).collection("events")
    for number in range(21):
        # All in a millisecond or two, as a device may send them.
        at = now + timedelta(microseconds=50 * number)
        event = {"event": "flow", "value": 1, "publishedAt": at}
        batch.set(events.document(f"e{number}"), event)
    waiting = {
        "deviceId": well.device_id,
        "function": "set_speed",
        "argument": "50",
        "status": "queued",
        "createdAt": now + timedelta(seconds=1),
        "expiresAt": now + timedelta(hours=1),
    }
    batch.set(paths.command(customer.uid, "0" * 32), waiting)
    batch.commit()
    visitor = visit(customer)
    page = visitor.page
    visitor.follow("Well")

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).press("Enter")

    button = page.get_by_role("button", name="Reset the meter")
    asked = page.get_by_role("alertdialog")
    press("Reset the meter")
    expect(asked).to_be_focused()
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(button).to_be_focused()
    press("Reset the meter")
    press("Yes, do it")
    expect(page.locator("[data-command]")).to_have_text("Done.")
    expect(button).to_be_focused()

    press("Cancel “Speed”")
    cancelled = page.locator("[data-sent=set_speed]")
    expect(cancelled).to_have_attribute("data-state", "cancelled")
    expect(cancelled).to_be_focused()

    press("Show older events")
    expect(page.get_by_text("There is nothing older.")).to_be_focused()
    # Those, and what the pump has sent when its meter was reset.
    expect(page.locator("[data-event=flow]")).to_have_count(22)
