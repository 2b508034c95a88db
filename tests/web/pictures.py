"""Pictures of every page, phone and desktop, for the docs: `make pictures`.

No test: pytest runs it only when it is named. The pictures lie in `.local/pictures/`; those that
the docs show are copied to `docs/pictures/` by hand, after a look at each.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import ViewportSize, expect

from local.client import Account, Client
from local.runs import ROOT
from shared import store
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.conftest import DESKTOP, PHONE
from tests.web.visitor import Visitor

FOLDER = ROOT / ".local" / "pictures"


def record_month(account: Account, label: Label) -> None:
    """Temperatures as a room has them: warmer by day, cooler at night and in the second week."""
    now = datetime.now(UTC)
    device = store.user_device(account.uid, label.device_id)
    batch = store.client().batch()
    for back in range(31):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        cells: dict[str, Any] = {}
        for bucket in range(288):
            if midnight + timedelta(minutes=5 * bucket) > now:
                break
            daily = math.sin((bucket - 108) / 288 * 2 * math.pi)
            middle = 20 + 1.2 * daily - 0.8 * math.sin(back / 5) + 0.15 * math.sin(bucket * 1.7)
            spread = 0.25 + 0.1 * math.sin(bucket)
            cells[str(bucket)] = {
                "count": 30,
                "sum": 30 * middle,
                "min": middle - spread,
                "max": middle + spread,
            }
        day = midnight.date().isoformat()
        fields = {"event": "temperature", "claimEpoch": 1, "day": day, "metrics": {"value": cells}}
        batch.set(device.collection("rollups").document(f"temperature@1@{day}"), fields)
    batch.commit()


@pytest.fixture
def home(
    customer: Account, client: Client, new_label: Callable[..., Label], simulator: Simulator
) -> Label:
    """A customer's three devices, the first with a month behind it."""
    devices = {}
    for kind, name in (("thermostat", "Living room"), ("pump", "Garden pump"), ("tracker", "Van")):
        devices[kind] = new_label(kind)
        client.call("claim_device", {**devices[kind].claim, "name": name}, customer)
    room, garden, van = devices.values()
    record_month(customer, room)
    for number in range(6):
        simulator.publish(room.device_id, "temperature", f"{20.1 + number / 10:.2f}")
    state = '{"target": 21.5, "mode": "heat", "heating": true}'
    simulator.publish(room.device_id, "state", state)
    flow = '{"rate": 23.8, "pressure": 2.19, "litres": 1240.5, "running": true}'
    simulator.publish(garden.device_id, "flow", flow)
    simulator.publish(van.device_id, "loc", '{"lat": 48.1374, "lon": 11.5755, "speed": 8.4}')
    for function, argument in (("set_target", "21.5"), ("set_mode", "heat")):
        request = {"deviceId": room.device_id, "function": function, "argument": argument}
        client.call("invoke_function", request, customer)
    store.user_device(customer.uid, van.device_id).update(
        {
            "battery": {"charge": 71.0, "state": "discharging"},
            "signal": {"strength": 64.0, "technology": "LTE Cat-M1"},
        }
    )
    simulator.set_online(garden.device_id, online=False)
    return room


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_pictures(
    visit: Callable[..., Visitor], home: Label, customer: Account, screen: str
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    size: ViewportSize = {"phone": PHONE, "desktop": DESKTOP}[screen]
    settings = {"viewport": size}

    def take(visitor: Visitor, name: str) -> None:
        visitor.look()
        # The whole page on one screen: bars at the top and bottom of it stay where they are.
        height = visitor.page.evaluate("document.documentElement.scrollHeight")
        visitor.page.set_viewport_size({**size, "height": max(height, size["height"])})
        visitor.page.evaluate("scrollTo(0, 0)")
        visitor.page.mouse.move(0, 0)
        visitor.page.screenshot(path=FOLDER / f"{name}-{screen}.png")
        visitor.page.set_viewport_size(size)

    stranger = visit(**settings)
    for name in ("sign-in", "sign-up", "forgotten"):
        stranger.open(f"/{name}")
        stranger.page.get_by_role("heading", level=1).wait_for()
        take(stranger, name)
    stranger.open("/mail-link?mode=resetPassword&oobCode=none")
    stranger.page.get_by_label("New password", exact=True).wait_for()
    take(stranger, "new-password")

    visitor = visit(customer, **settings)
    expect(visitor.presence("offline")).to_be_visible()
    take(visitor, "verify")
    visitor.page.add_style_tag(content="[data-verify] { display: none }")
    take(visitor, "devices")
    visitor.follow("Living room")
    expect(visitor.page.locator("[data-points]")).to_be_visible()
    expect(visitor.page.locator("[data-event]")).not_to_have_count(0)
    take(visitor, "device")
    visitor.press("Show as table")
    take(visitor, "device-table")
    visitor.press("Remove this device")
    take(visitor, "device-remove")
    visitor.follow("Devices")
    visitor.follow("Add a device")
    take(visitor, "add")
    visitor.follow("Account")
    expect(visitor.page.locator("[data-activity]").first).to_be_visible()
    visitor.press("Delete the account")
    take(visitor, "account")
    visitor.open("/nowhere")
    visitor.page.get_by_role("heading", level=1).wait_for()
    take(visitor, "not-found")
    visitor.page.context.set_offline(True)
    expect(visitor.cut_off).to_be_visible()
    take(visitor, "offline")
