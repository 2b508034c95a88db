"""What a device tells of itself beside its values: battery, signal, whether it sleeps."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from local.client import Account, Client
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.simulator import Simulator
from tests.support.telemetry import message
from tests.web.visitor import Visitor


def test_battery_and_signal(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
    simulator: Simulator,
) -> None:
    van = new_label("tracker")
    client.call("claim_device", {**van.claim, "name": "Van"}, customer)

    def report(battery: dict[str, object]) -> None:
        signal = {"at": "LTE Cat-M1", "strength": 63.4}
        vitals = {"network": {"signal": signal}, "power": {"battery": battery}}
        data = json.dumps({"device": vitals})
        simulator.publish(van.device_id, "spark/device/diagnostics/update", data)

    report({"charge": 12.6, "state": "discharging"})
    visitor = visit(customer)
    for place in ("/devices", f"/devices/{van.device_id}"):
        visitor.open(place)
        expect(visitor.page.locator("[data-battery]")).to_have_text("Battery 13%")
        expect(visitor.page.locator("[data-signal]")).to_have_text("Signal 63%")
        visitor.look()

    # As a device reports that has no battery.
    report({"charge": {"err": -210}, "state": "unknown"})
    expect(visitor.page.locator("[data-battery]")).to_have_count(0)
    expect(visitor.page.locator("[data-signal]")).to_be_visible()


def test_a_device_that_naps_is_asleep_until_it_is_overdue(
    visit_owner: Visitor, owned: Label
) -> None:
    begin = datetime.now(UTC)
    for number in range(7):
        status = "offline" if number % 2 == 0 else "online"
        at = begin + timedelta(seconds=10 * number)
        assert deliver(message(owned.device_id, status, "spark/status", at)) < 300
    expect(visit_owner.presence("asleep")).to_have_text("Asleep")
    visit_owner.look()
    visit_owner.page.clock.set_fixed_time(begin + timedelta(hours=1))
    expect(visit_owner.presence("offline")).to_be_visible()


def test_the_version_of_the_firmware_follows_the_device(visit_owner: Visitor, owned: Label) -> None:
    firmware = visit_owner.page.locator("[data-firmware]")
    expect(firmware).to_have_text("Firmware version 1")
    update = message(owned.device_id, "21")
    update["message"]["attributes"]["fw_version"] = "2"
    assert deliver(update) < 300
    expect(firmware).to_have_text("Firmware version 2")
