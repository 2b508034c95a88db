"""Much of everything: a long history, many devices, long names."""

import re
import statistics
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import CDPSession, expect

from local.client import Account
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.web.conftest import DESKTOP, PHONE
from tests.web.visitor import Visitor

POINTS = 100_000
BUCKET_SECONDS = 25
"""So that a month has more points than that; the server counts in buckets of 300."""
PER_DAY = 86_400 // BUCKET_SECONDS
EVENTS = 200
DEVICES = 30
DEARER = 5
"""So many times the work of drawing a day may drawing a month be, with 30 times the points."""


@pytest.fixture
def long_history(customer: Account, owned: Label) -> None:
    """30 days of temperatures until now, one each 25 seconds, and the last of the events."""
    device = paths.user_device(customer.uid, owned.device_id)
    now = datetime.now(UTC)
    today = datetime.combine(now, time(), UTC)
    for back in range(31):
        day = (now.date() - timedelta(days=back)).isoformat()
        cells = {}
        for bucket in range(PER_DAY if back else (now - today).seconds // BUCKET_SECONDS):
            mean = 18 + bucket % 97 / 10
            cells[str(bucket)] = {"count": 1, "sum": mean, "min": mean, "max": mean}
        rollup = {
            "event": "temperature",
            "day": day,
            "bucketSeconds": BUCKET_SECONDS,
            "metrics": {"value": cells},
        }
        device.collection("rollups").document(f"temperature@1@{day}").set(rollup)
    batch = paths.client().batch()
    batch.update(device, {"claimedAt": now - timedelta(days=31)})
    for number in range(EVENTS):
        at = now - timedelta(seconds=25 * number)
        event = {"event": "temperature", "data": "20", "value": 20, "publishedAt": at}
        batch.set(device.collection("events").document(f"e{number}"), event)
    batch.commit()


def work(browser: CDPSession) -> float:
    """Seconds that the processor has worked for the page: others on the machine do not count."""
    metrics = browser.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def test_a_hundred_thousand_points(
    long_history: None, visit_owner: Visitor, customer: Account, owned: Label
) -> None:
    page = visit_owner.page
    chart = page.locator("[data-points]")
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    def drawn() -> int:
        return int(chart.get_attribute("data-points") or 0)

    def zoom() -> float:
        """Into the middle and back, five times; the median work of a press."""
        costs = []
        for _ in range(5):
            for button in ("Zoom in", "Show all"):
                points, before = drawn(), work(browser)
                visit_owner.press(button)
                # What the press does is done by the second frame after it: nothing is put off.
                page.evaluate(
                    "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
                )
                assert drawn() != points
                costs.append(work(browser) - before)
        return statistics.median(costs)

    chart.wait_for()
    assert 0 < drawn() <= PER_DAY
    day = zoom()
    page.get_by_text("Month", exact=True).click()
    expect(chart).to_have_attribute("data-points", re.compile(r"^\d{6}$"))
    assert drawn() >= POINTS
    month = zoom()
    assert month < DEARER * day

    # Events come a page at a time, however many there are.
    events = page.locator("[data-event]")
    expect(events).to_have_count(20)
    visit_owner.press("Show older events")
    expect(events).to_have_count(70)

    # One more takes the place of the last: a page that stays open does not grow.
    device = paths.user_device(customer.uid, owned.device_id)
    newest = {"event": "temperature", "data": "21", "value": 21, "publishedAt": datetime.now(UTC)}
    device.collection("events").document("new").set(newest)
    expect(events.first).to_contain_text("21")
    expect(events).to_have_count(70)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_many_devices_with_long_names(
    visit: Callable[..., Visitor], customer: Account, screen: object
) -> None:
    batch = paths.client().batch()
    for number in range(DEVICES):
        name = f"{number:02} Thermometer_in_the_greenhouse_behind_the_old_railway_station " * 2
        device = {
            "name": name[:100],
            "serialNumber": f"ZZ-{number:02}{'9' * 30}",
            "claimedAt": datetime.now(UTC),
            "claimEpoch": 1,
            "status": "online",
            "latest": {"a/" + "very_long_event_name" * 3: {"value": "x" * 200}},
        }
        batch.set(paths.user_device(customer.uid, f"{number:024x}"), device)
    batch.commit()
    visitor = visit(customer, viewport=screen)
    expect(visitor.page.locator("[data-device]")).to_have_count(DEVICES)
    visitor.look()
    visitor.page.locator("[data-device] a").last.click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("29 Thermometer")
    visitor.look()
