"""Pictures of every page, phone and desktop, in `docs/pictures/`: `make pictures`.

No test: pytest runs it only when it is named.
"""

import io
import json
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import ViewportSize, expect

from local.client import Account, Client
from local.runs import ROOT
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call
from tests.support.sharing import invite, share
from tests.support.simulator import Simulator
from tests.web.conftest import DESKTOP, PHONE, UNDESCRIBED
from tests.web.visitor import PASSWORD, Visitor

FOLDER = ROOT / "docs" / "pictures"
SCREENS: dict[str, ViewportSize] = {"phone": PHONE, "desktop": DESKTOP}
OTHERS = {
    "Greenhouse": "device-undescribed",
    "Garden pump": "device-pump",
    "Van": "device-tracker",
}
COLOURS = 256
"""Enough for smooth letters; small spots of a rare colour keep theirs."""


def record_month(account: Account, label: Label) -> None:
    """Temperatures as a room has them: warmer by day, cooler at night and in the second week."""
    now = datetime.now(UTC)
    device = paths.user_device(account.uid, label.device_id)
    batch = paths.client().batch()
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
def customer(client: Client) -> Account:
    """Whose name and address stand in the pictures."""
    account = client.sign_up("ada@example.com", PASSWORD)
    client.create(f"users/{account.uid}", {"displayName": "Ada Example"}, account)
    return account


@pytest.fixture
def home(
    customer: Account, client: Client, new_label: Callable[..., Label], simulator: Simulator
) -> None:
    """The customer's four devices: one with a month behind it, one that nobody described."""

    def claim(name: str, **settings: Any) -> Label:
        label = new_label(**settings)
        client.call("claim_device", {**label.claim, "name": name}, customer)
        return label

    room, garden = claim("Living room"), claim("Garden pump", kind="pump")
    van, probe = claim("Van", kind="tracker"), claim("Greenhouse", beginning=UNDESCRIBED)
    record_month(customer, room)
    for number in range(6):
        simulator.publish(room.device_id, "temperature", f"{20.1 + number / 10:.2f}")
    state = '{"target": 21.5, "mode": "heat", "heating": true}'
    simulator.publish(room.device_id, "state", state)
    flow = '{"rate": 23.8, "pressure": 2.19, "litres": 1240.5, "running": true}'
    simulator.publish(garden.device_id, "flow", flow)
    location = {
        "lck": 1,
        "lat": 48.1374,
        "lon": 11.5755,
        "alt": 519.2,
        "spd": 8.4,
        "batt": 71.0,
        "temp": 21.6,
    }
    loc = {"cmd": "loc", "time": int(time.time()), "loc": location, "trig": ["time"], "req_id": 17}
    simulator.publish(van.device_id, "loc", json.dumps(loc))
    vitals = {
        "network": {"signal": {"at": "LTE Cat-M1", "strength": 64.0}},
        "power": {"battery": {"charge": 71.0, "state": "discharging"}},
    }
    update = "spark/device/diagnostics/update"
    simulator.publish(van.device_id, update, json.dumps({"device": vitals}))
    simulator.publish(probe.device_id, "soil/probe", '{"moisture": 41.5, "note": "dry"}')
    simulator.publish(probe.device_id, "door", "closed")
    for function, argument in (("set_target", "21.5"), ("set_mode", "heat")):
        request = {"deviceId": room.device_id, "function": function, "argument": argument}
        client.call("invoke_function", request, customer)
    device = {"deviceId": room.device_id}
    warm = {"kind": "threshold", "event": "state", "metric": "target", "op": "above", "value": 21}
    call("save_alert", {**device, **warm, "name": "Set too warm"}, customer)
    simulator.publish(room.device_id, "state", state)
    gone = {"kind": "silence", "silentSeconds": 3600, "severity": "critical"}
    call("save_alert", {**device, **gone, "name": "No contact"}, customer)
    daily = {"function": "set_target", "kind": "time", "timeZone": "Europe/Berlin"}
    morning = {"name": "Morning", "argument": "21", "time": "06:15", "days": [1, 2, 3, 4, 5]}
    call("save_schedule", {**device, **daily, **morning}, customer)
    evening = {"name": "Evening", "argument": "18", "time": "22:00"}
    call("save_schedule", {**device, **daily, **evening}, customer)
    guest = client.sign_up("grace@example.com", PASSWORD)
    client.create(f"users/{guest.uid}", {"displayName": "Grace Example"}, guest)
    share(room, customer, guest, "controller")
    simulator.set_online(garden.device_id, online=False)
    wait = {
        "deviceId": garden.device_id,
        "function": "start",
        "whenOffline": "queue",
        "expiresIn": 3600,
    }
    client.call("invoke_function", wait, customer)


def take(visitor: Visitor, name: str) -> None:
    """Look at the whole page, and keep a picture of it in few colours."""
    visitor.look()
    page = visitor.page
    size = page.viewport_size
    assert size
    # The whole page on one screen: bars at the top and bottom of it stay where they are.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**size, "height": max(height, size["height"])})
    page.evaluate("scrollTo(0, 0)")
    page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.set_viewport_size(size)
    screen = next(name for name, one in SCREENS.items() if one["width"] == size["width"])
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(
        FOLDER / f"{name}-{screen}.png", optimize=True
    )


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_before_sign_in(visit: Callable[..., Visitor], size: ViewportSize) -> None:
    visitor = visit(viewport=size)
    for name in ("sign-in", "sign-up", "forgotten"):
        visitor.open(f"/{name}")
        visitor.page.get_by_role("heading", level=1).wait_for()
        take(visitor, name)
    visitor.open("/mail-link?mode=resetPassword&oobCode=too-old")
    visitor.is_told("link-used-up")
    take(visitor, "old-link")


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_with_the_link_from_a_mail(
    visit: Callable[..., Visitor],
    size: ViewportSize,
    client: Client,
    new_email: str,
    mailed: Callable[[str, str], str],
) -> None:
    client.sign_up(new_email, PASSWORD)
    visitor = visit(viewport=size)
    visitor.open("/forgotten")
    visitor.fill("E-mail address", new_email)
    with visitor.page.expect_response("**/accounts:sendOobCode*"):
        visitor.press("Send the link")
    visitor.open(mailed(new_email, "PASSWORD_RESET"))
    visitor.page.get_by_label("New password", exact=True).wait_for()
    take(visitor, "new-password")


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_right_after_sign_up(
    visit: Callable[..., Visitor], size: ViewportSize, new_email: str
) -> None:
    visitor = visit(viewport=size)
    visitor.sign_up(new_email)
    expect(visitor.page.get_by_text("You have no device yet.")).to_be_visible()
    expect(visitor.page.locator("[data-account]")).to_have_count(0)
    take(visitor, "no-device")


def test_at_home(
    visit: Callable[..., Visitor],
    home: None,
    customer: Account,
    label: Label,
) -> None:
    for size in SCREENS.values():
        visitor = visit(customer, viewport=size)
        page = visitor.page
        # No reader of the docs needs it on each picture; it is on that of the empty list.
        page.add_style_tag(content="[data-verify] { display: none }")
        expect(visitor.presence("offline")).to_be_visible()
        expect(page.locator("[data-battery]")).to_be_visible()
        take(visitor, "devices")
        visitor.follow("Living room")
        expect(page.locator("[data-points]")).to_be_visible()
        expect(page.locator("[data-event]")).not_to_have_count(0)
        take(visitor, "device")
        take_pages_of_a_device(visitor)
        expect(page.locator("[data-points]")).to_be_visible()
        visitor.press("Show as table")
        visitor.press("Remove this device")
        take(visitor, "device-open")
        visitor.follow("Your devices")
        for name, picture in OTHERS.items():
            visitor.follow(name)
            expect(page.locator("[data-points]")).to_be_visible()
            expect(page.locator("[data-event]")).not_to_have_count(0)
            take(visitor, picture)
            visitor.follow("Your devices")
        visitor.follow("Add a device")
        take(visitor, "add")
        visitor.fill("Serial number", label.serial_number)
        visitor.fill("Setup code", "WRONG-CODE")
        visitor.press("Add the device")
        visitor.is_told("wrong-serial-or-code")
        take(visitor, "add-error")
        visitor.fill("Setup code", label.setup_code)
        visitor.press("My device needs my Wi-Fi first")
        visitor.press("Get a code for the set-up")
        expect(page.locator("[data-claim-code]")).to_be_visible()
        take(visitor, "add-wifi")
        visitor.follow("Account")
        expect(page.locator("[data-activity]").first).to_be_visible()
        visitor.press("Delete the account")
        take(visitor, "account")
        visitor.open("/nowhere")
        page.get_by_role("heading", level=1).wait_for()
        take(visitor, "not-found")
        page.context.set_offline(True)
        expect(visitor.cut_off).to_be_visible()
        visitor.follow("To your devices")
        take(visitor, "offline")
    take_german(visit, customer)


def take_pages_of_a_device(visitor: Visitor) -> None:
    """Those that its own page leads to, and back."""
    page = visitor.page
    visitor.follow("All alerts")
    expect(page.locator("[data-alert=firing]")).to_be_visible()
    expect(page.locator("[data-entry]")).to_have_count(1)
    take(visitor, "alerts")
    visitor.follow("Living room")
    visitor.follow("Schedules")
    expect(page.locator("[data-day]")).to_have_count(7)
    take(visitor, "schedules")
    visitor.follow("Living room")
    visitor.follow("Share")
    expect(page.locator("[data-guest]")).to_have_count(1)
    take(visitor, "sharing")
    visitor.follow("Living room")


def take_german(visit: Callable[..., Visitor], customer: Account) -> None:
    """The page of a device in German, in the dark."""
    german = visit(locale="de-DE", color_scheme="dark")
    german.open()
    german.page.get_by_label("E-Mail-Adresse", exact=True).fill(customer.email or "")
    german.page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    german.press("Anmelden")
    german.follow("Living room")
    expect(german.page.locator("[data-points]")).to_be_visible()
    expect(german.page.locator("[data-event]")).not_to_have_count(0)
    take(german, "device-german-dark")


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_an_invitation(
    visit: Callable[..., Visitor],
    size: ViewportSize,
    client: Client,
    new_label: Callable[..., Label],
) -> None:
    owner, device = client.sign_up(), new_label()
    client.create(f"users/{owner.uid}", {"displayName": "Ada Example"}, owner)
    client.call("claim_device", {**device.claim, "name": "Living room"}, owner)
    token = invite(device, owner, "controller")
    visitor = visit(client.sign_up(password=PASSWORD), viewport=size)
    visitor.open(f"/join#{token}")
    expect(visitor.heading("An invitation")).to_be_visible()
    take(visitor, "join")
