"""Schedules as customers make, see and pause them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import client as function
from tests.support.sharing import share
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor


def schedules_page(visitor: Visitor, label: Label) -> None:
    visitor.open(f"/devices/{label.device_id}")
    visitor.follow("Schedules")


def test_make_run_change_and_pause(
    visit: Callable[..., Visitor], owned: Label, customer: Account, simulator: Simulator
) -> None:
    owner = visit(customer)
    page = owner.page
    schedules_page(owner, owned)
    expect(page.get_by_text("There are no schedules yet.")).to_be_visible()
    form = page.get_by_role("form", name="New schedule")
    owner.press("Save the schedule")
    expect(form.get_by_text("Please enter a number.")).to_be_visible()
    form.get_by_label("Value (°C)").fill("31")
    owner.press("Save the schedule")
    expect(form.get_by_text("It must be 5 to 30 °C.")).to_be_visible()
    form.get_by_label("Value (°C)").fill("19,5")
    form.get_by_label("Time").fill("06:15")
    for day in ("Sat", "Sun"):
        form.get_by_label(day).press("Space")
    owner.press("Save the schedule")
    row = page.locator("[data-schedule=on]")
    expect(row).to_contain_text("Target temperature: 19.5 °C")
    expect(row).to_contain_text("06:15, Mon, Tue, Wed, Thu, Fri")
    expect(row).to_contain_text("Next: ")
    expect(page.locator("[data-day='1']")).to_contain_text("06:15 Target temperature")
    expect(page.locator("[data-day='7']")).to_contain_text("nothing")
    owner.look()

    [found] = paths.user_device(customer.uid, owned.device_id).collection(paths.SCHEDULES).get()
    assert (found.get("argument"), found.get("timeZone")) == ("19.5", "Europe/Berlin")
    found.reference.update({"dueAt": datetime.now(UTC) - timedelta(seconds=1)})
    assert function("run_due").post("/").status_code == 200
    expect(page.locator("[data-last=succeeded]")).to_contain_text("Done")
    assert "19.5" in str(simulator.device(owned.device_id))

    page.get_by_role("button", name="Change “Target").click()
    form = page.get_by_role("form", name="Change")
    form.get_by_label("When", exact=True).select_option("At sunset")
    form.get_by_label("Minutes after the sun").fill("-30")
    form.get_by_label("Latitude (°)").fill("52.5")
    form.get_by_label("Longitude (°)").fill("13.4")
    form.get_by_role("button", name="Save the schedule").click()
    expect(row).to_contain_text("30 min before sunset")

    page.get_by_role("form", name="Holiday").get_by_label("Until").fill("2099-01-01")
    owner.press("Pause")
    expect(page.locator("[data-paused]")).to_contain_text("2099")
    owner.press("Go on now")
    expect(page.get_by_text("Let all schedules")).to_be_visible()
    page.get_by_role("switch", name="is on").press("Space")
    expect(page.locator("[data-schedule=off]")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("form", name="Delete").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There are no schedules yet.")).to_be_visible()
    owner.open(f"/devices/{owned.device_id}")
    noted = page.locator("[data-activity=function-called]")
    expect(noted).to_contain_text("By schedule: Sent “Target temperature”")


def test_a_viewer_changes_nothing(
    visit: Callable[..., Visitor], owned: Label, customer: Account, client: Client
) -> None:
    viewer = client.sign_up(password=PASSWORD)
    share(owned, customer, viewer)
    guest = visit(viewer)
    schedules_page(guest, owned)
    expect(guest.page.get_by_text("but not change them")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Save the schedule")).to_have_count(0)
