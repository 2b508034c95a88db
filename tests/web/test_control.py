"""Controls of a device, and the state of each command from queued to done."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import OK

from playwright.sync_api import Page, Route, expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.visitor import Visitor


def slide(page: Page, name: str, steps: int) -> None:
    """Move a slider by the keyboard."""
    thumb = page.get_by_role("slider", name=name, exact=True)
    thumb.focus()
    for _ in range(abs(steps)):
        thumb.press("ArrowRight" if steps > 0 else "ArrowLeft")


DRAWN = """() => {
  window.drawn = [];
  const look = () => {
    const { checked } = document.querySelector('input[role=switch]');
    if (drawn.at(-1) !== checked) drawn.push(checked);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Keeps what the switch shows in each picture, one after the other."""


def test_slider_and_switch(
    visit_owner: Visitor, owned: Label, customer: Account, simulator: Simulator
) -> None:
    page = visit_owner.page
    simulator.publish(owned.device_id, "state", '{"target": 21, "mode": "heat", "heating": true}')
    heating = page.get_by_role("switch", name="Heating", exact=True)
    expect(heating).to_be_checked()
    slide(page, "Target temperature", 3)
    visit_owner.press("Set: Target temperature")
    expect(page.locator("[data-sent=set_target]")).to_have_attribute("data-state", "succeeded")
    expect(visit_owner.latest("state/target")).to_contain_text("22.5 °C")
    assert simulator.device(owned.device_id)["state"]["target"] == 22.5

    heating.focus()
    page.evaluate(DRAWN)
    page.keyboard.press("Space")
    expect(heating).not_to_be_checked()
    expect(page.locator("[data-sent=set_mode]")).to_have_attribute("data-state", "succeeded")
    assert simulator.device(owned.device_id)["state"]["mode"] == "off"
    expect(visit_owner.latest("state/mode")).to_contain_text("Off")
    # What was published before the command, and arrives late: newer than all that is known.
    before = datetime.now(UTC) - timedelta(seconds=5)
    late = {"value": {"target": 22.5, "mode": "heat"}, "publishedAt": before}
    paths.user_device(customer.uid, owned.device_id).update({"latest.state": late})
    expect(visit_owner.latest("state/mode")).to_contain_text("Heat")
    expect(heating).not_to_be_checked()
    # It went from on to off once, whatever arrived in between.
    assert page.evaluate("drawn") == [True, False]
    # A newer value counts.
    paths.user_device(customer.uid, owned.device_id).update(
        {"latest.state.publishedAt": datetime.now(UTC) + timedelta(seconds=5)}
    )
    expect(heating).to_be_checked()


def test_a_variable_is_read_when_asked(visit_owner: Visitor) -> None:
    target = visit_owner.page.locator("[data-variable=target]")
    expect(target).to_contain_text("not read yet")
    visit_owner.press("Refresh Target")
    expect(target).to_contain_text("21.0 °C")


def test_a_button_of_another_kind(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
) -> None:
    van = new_label("tracker")
    client.call("claim_device", {**van.claim, "name": "Van"}, customer)
    visitor = visit(customer)
    visitor.follow("Van")
    visitor.press("Report the position now")
    expect(visitor.latest("loc/loc.lat")).to_contain_text("48.1374")
    expect(visitor.page.locator("[data-sent=locate]")).to_have_attribute("data-state", "succeeded")


def test_a_text(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
    simulator: Simulator,
) -> None:
    van = new_label("tracker")
    client.call("claim_device", {**van.claim, "name": "Van"}, customer)
    visitor = visit(customer)
    visitor.follow("Van")
    visitor.page.get_by_role("textbox", name="Driver").fill("Ada Lovelace")
    visitor.press("Set: Driver")
    expect(visitor.page.locator("[data-sent=set_driver]")).to_have_attribute(
        "data-state", "succeeded"
    )
    assert simulator.device(van.device_id)["state"]["driver"] == "Ada Lovelace"
    visitor.press("Refresh Driver")
    expect(visitor.page.locator("[data-variable=driver]")).to_contain_text("Ada Lovelace")
    visitor.look()


def test_a_button_that_asks_first(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
    simulator: Simulator,
) -> None:
    well = new_label("pump", state={"running": False, "speed": 60, "litres": 12.5})
    client.call("claim_device", {**well.claim, "name": "Well"}, customer)
    visitor = visit(customer)
    visitor.follow("Well")
    visitor.press("Reset the meter")
    asked = visitor.page.get_by_role("alertdialog", name="begins again at zero")
    expect(asked).to_be_focused()
    visitor.look()
    visitor.press("No, leave it")
    expect(asked).not_to_be_visible()
    assert simulator.device(well.device_id)["state"]["litres"] == 12.5

    # The device never tells its speed: the slider shows what it was set to.
    slide(visitor.page, "Speed", 2)
    visitor.press("Set: Speed")
    done = visitor.page.locator("[data-command]")
    expect(done).to_have_text("Done.")
    assert simulator.device(well.device_id)["state"]["speed"] == 10
    speed = visitor.page.get_by_role("slider", name="Speed", exact=True)
    expect(speed).to_have_attribute("aria-valuenow", "10")
    expect(visitor.page.get_by_role("button", name="Set: Speed")).to_be_focused()

    # That it is done is said above the page: it moves nothing there, and goes by itself.
    expect(done).to_have_count(0)

    def room() -> float:
        places = (
            visitor.page.get_by_role("button", name="Reset the meter").bounding_box(),
            visitor.page.get_by_role("heading", name="History", exact=True).bounding_box(),
        )
        button, below = (place["y"] if place else 0 for place in places)
        return below - button

    before = room()
    visitor.press("Reset the meter")
    visitor.press("Yes, do it")
    expect(done).to_have_text("Done.")
    assert room() == before
    visitor.look()
    expect(done).to_have_count(0)
    assert room() == before
    expect(visitor.page.locator("[data-sent=reset_litres]")).to_have_attribute(
        "data-state", "succeeded"
    )
    assert simulator.device(well.device_id)["state"]["litres"] == 0


def test_a_command_waits_for_its_device(
    visit_owner: Visitor, owned: Label, simulator: Simulator
) -> None:
    page = visit_owner.page
    set_ = page.get_by_role("button", name="Set: Target temperature")
    # Nothing is known of the device yet: there is nothing to be set before it is chosen.
    expect(set_).to_be_disabled()
    simulator.set_online(owned.device_id, online=False)
    expect(visit_owner.presence("offline")).to_be_visible()
    slide(page, "Target temperature", 10)
    set_.click()
    sent = page.locator("[data-sent=set_target]")
    outcome = page.locator("[data-command]")
    expect(sent).to_have_attribute("data-state", "queued")
    expect(sent).to_contain_text("It waits until")
    expect(outcome).to_contain_text("Queued.")
    expect(outcome).to_contain_text("It waits until")
    # The wish stays in sight.
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "10")
    visit_owner.press("Cancel “Target temperature”")
    expect(sent).to_have_attribute("data-state", "cancelled")
    expect(outcome).to_have_text("Cancelled.")
    serial = owned.serial_number
    expect(page.locator("[data-activity=command-cancelled]")).to_have_text(
        re.compile(f"^Cancelled “Target temperature” for “{serial}”")
    )
    # Nobody has told it: it is not the least that can be set.
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "not known yet")
    expect(set_).to_be_disabled()

    slide(page, "Target temperature", 10)
    visit_owner.press("Set: Target temperature")
    expect(sent.first).to_have_attribute("data-state", "queued")
    # What a switch was turned to, too: nobody has to tap it again.
    heating = page.get_by_role("switch", name="Heating")
    expect(heating).to_have_count(0)
    unknown = page.get_by_role("group", name="Heating", exact=True)
    expect(unknown).to_contain_text("not known yet")
    visit_owner.look()
    visit_owner.press("Heating: on")
    expect(page.locator("[data-sent=set_mode]")).to_have_attribute("data-state", "queued")
    expect(heating).to_be_checked()
    expect(heating).to_be_focused()
    page.reload()
    expect(heating).to_be_checked()
    expect(page.get_by_text("Not done yet: waiting")).to_have_count(2)
    heating.press("Space")
    sent_modes = page.locator("[data-sent=set_mode]")
    expect(sent_modes.first).to_have_attribute("data-state", "queued")
    expect(sent_modes.nth(1)).to_have_attribute("data-state", "replaced")
    expect(sent_modes.nth(1)).to_contain_text("Replaced")
    expect(heating).not_to_be_checked()
    visit_owner.look()
    expect(outcome).to_contain_text("Queued.")
    simulator.set_online(owned.device_id, online=True)
    expect(sent.first).to_have_attribute("data-state", "succeeded")
    expect(outcome).to_have_text("Done.")
    assert simulator.device(owned.device_id)["state"]["target"] == 10
    done = [r for r in simulator.requests("POST", "/set_target") if r["status"] == OK]
    assert len(done) == 1


def test_a_failure_keeps_the_wish_and_says_why(
    visit_owner: Visitor, owned: Label, simulator: Simulator
) -> None:
    page = visit_owner.page
    slide(page, "Target temperature", 4)
    where = {"route": "POST /v1/products/*/devices/*/set_target"}
    simulator.fail(where, {"kind": "status", "status": 404})
    visit_owner.press("Set: Target temperature")
    expect(visit_owner.is_told("unknown-function")).to_be_visible()
    failed = page.locator("[data-sent=set_target][data-state=failed]")
    expect(failed).to_contain_text("The device has no function of this name.")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "7")
    simulator.heal()

    # What is chosen while a call runs stays chosen.
    calls: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            calls.append(route)
        else:
            route.continue_()

    page.route("**/invoke_function", hold)
    with page.expect_request(lambda request: request.method == "POST" and "invoke" in request.url):
        visit_owner.press("Set: Target temperature")
    slide(page, "Target temperature", 2)
    calls[0].continue_()
    expect(page.locator("[data-command]")).to_have_text("Done.")
    assert simulator.device(owned.device_id)["state"]["target"] == 7
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "8")


def test_a_refusal_is_no_success(visit_owner: Visitor, owned: Label, simulator: Simulator) -> None:
    """The function runs and answers; its answer says no, and why as far as the kind knows."""
    page = visit_owner.page
    simulator.publish(owned.device_id, "state", '{"target": 21, "mode": "off", "heating": false}')
    heating = page.get_by_role("switch", name="Heating", exact=True)
    expect(heating).not_to_be_checked()
    outcome = page.locator("[data-command=refused]")
    for function, answer, words in (
        ("set_mode", -7, "The device refused this: it answered -7."),
        ("set_target", -2, "The device refused this: it must be 5 to 30 °C."),
    ):
        where = {"route": f"POST /v1/products/*/devices/*/{function}"}
        simulator.fail(where, {"kind": "status", "status": 200, "body": {"return_value": answer}})
        if function == "set_mode":
            heating.press("Space")
        else:
            slide(page, "Target temperature", 2)
            visit_owner.press("Set: Target temperature")
        expect(outcome.filter(has_text=words)).to_be_visible()
        refused = page.locator(f"[data-sent={function}][data-state=refused]")
        expect(refused).to_contain_text("Refused")
        expect(refused).to_contain_text(words)
    expect(heating).not_to_be_checked()
    expect(page.locator("[data-command=succeeded]")).to_have_count(0)
    visit_owner.look()


def test_rename_and_release(
    visit_owner: Visitor, owned: Label, customer: Account, client: Client
) -> None:
    page = visit_owner.page
    visit_owner.fill("New name", "Attic")
    visit_owner.press("Save the name")
    expect(visit_owner.heading("Attic")).to_be_visible()
    renamed = f"Renamed “{owned.serial_number}” to “Attic”"
    expect(page.locator("[data-activity=device-renamed]")).to_contain_text(renamed)
    expect(page.locator("[data-activity=device-claimed]")).to_be_visible()

    visit_owner.press("Remove this device")
    expect(page.get_by_text("Everything that it has recorded for you is erased")).to_be_visible()
    page.get_by_role("checkbox").check()
    expect(page.get_by_text("It stays in the download of your data")).to_be_visible()
    visit_owner.look()
    visit_owner.press("Remove the device")
    expect(page.get_by_text("You have no device yet.")).to_be_visible()
    assert client.documents(f"users/{customer.uid}/devices", customer) == {}


def test_nothing_is_waited_for_after_a_removal(
    visit: Callable[..., Visitor], customer: Account, label: Label
) -> None:
    visitor = visit(customer)
    visitor.claim(label)
    expect(visitor.presence("online")).to_be_visible()
    # Back leads past the form, which is used up.
    visitor.page.go_back()
    expect(visitor.heading("Your devices")).to_be_visible()
    visitor.page.go_forward()
    expect(visitor.presence("online")).to_be_visible()
    visitor.follow("Your devices")
    visitor.page.locator("[data-device] a").click()
    visitor.press("Remove this device")
    visitor.press("Remove the device")
    expect(visitor.page.get_by_text("You have no device yet.")).to_be_visible()
    visitor.page.go_back()
    visitor.page.go_back()
    expect(visitor.heading("No such device")).to_be_visible()
