"""Charts of the past: from rollups, live at their end, zoomed, as table and as file."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.visitor import Visitor

BUCKETS = 288


def record(
    account: Account,
    label: Label,
    event: str,
    metric: str,
    days: int,
    value: Callable[[int], float],
    spread: float = 1,
) -> None:
    """Write rollups of that many days until now, two values in each five minutes."""
    now = datetime.now(UTC)
    today = now.date()
    device = paths.user_device(account.uid, label.device_id)
    for back in range(days + 1):
        day = (today - timedelta(days=back)).isoformat()
        cells: dict[str, Any] = {}
        for bucket in range(BUCKETS if back else (now.hour * 60 + now.minute) // 5):
            middle = value(bucket)
            cells[str(bucket)] = {
                "count": 2,
                "sum": 2 * middle,
                "min": middle - spread,
                "max": middle + spread,
            }
        device.collection("rollups").document(f"{event}@1@{day}").set(
            {
                "event": event,
                "claimEpoch": 1,
                "day": day,
                "bucketSeconds": 300,
                "metrics": {metric: cells},
            }
        )


DRAWN = """{
  const canvas = CanvasRenderingContext2D.prototype;
  const { clearRect, fillText } = canvas;
  canvas.clearRect = function (...box) {
    window.drawn = [];
    clearRect.apply(this, box);
  };
  canvas.fillText = function (text, x, y) {
    const { textAlign, canvas: { width, height } } = this;
    const of = this.measureText(text);
    window.drawn.push({
      text, x, axis: textAlign === 'right' ? 'values' : 'times',
      inside: x - of.actualBoundingBoxLeft >= 0 && x + of.actualBoundingBoxRight <= width
        && y - of.actualBoundingBoxAscent >= 0 && y + of.actualBoundingBoxDescent <= height,
    });
    fillText.call(this, text, x, y);
  };
}"""
"""Keeps what was last written on a canvas, and whether it is whole."""


def read_axes(visitor: Visitor) -> tuple[list[str], list[str]]:
    """The labels of values and times as one reads them, times with the day that they are of."""
    drawn = visitor.page.evaluate("window.drawn")
    assert drawn
    assert all(label["inside"] for label in drawn), drawn
    values = [label["text"] for label in drawn if label["axis"] == "values"]
    ticks: dict[float, list[str]] = {}
    for label in drawn:
        if label["axis"] == "times":
            ticks.setdefault(label["x"], []).append(label["text"])
    times, day = [], ""
    for time, *below in ticks.values():
        day = below[0] if below else day
        times.append(f"{day} {time}")
    return values, times


def points(visitor: Visitor) -> Locator:
    """The chart, which says how many points it has drawn."""
    return visitor.page.locator("[data-points]")


def count(visitor: Visitor) -> int:
    """So many points are drawn."""
    return int(points(visitor).get_attribute("data-points") or 0)


@pytest.fixture
def month(owned: Label, customer: Account) -> None:
    """30 days of temperatures, one a bucket."""
    record(customer, owned, "temperature", "value", 30, lambda bucket: 18 + bucket / 100)


def test_hour_day_week_and_month(
    month: None, visit_owner: Visitor, simulator: Simulator, owned: Label
) -> None:
    page = visit_owner.page
    expect(page.get_by_label("Value", exact=True)).to_have_value("temperature")
    drawn = {}
    for span in ("Month", "Week", "Day"):
        page.get_by_text(span, exact=True).click()
        expect(page.get_by_role("radio", name=span)).to_be_checked()
        points(visit_owner).wait_for()
        drawn[span] = count(visit_owner)
    assert abs(drawn["Day"] - BUCKETS) <= 2
    assert abs(drawn["Week"] - 7 * BUCKETS) <= 2
    assert abs(drawn["Month"] - 30 * BUCKETS) <= 2

    # What arrives now is drawn without a reload.
    before = count(visit_owner)
    simulator.publish(owned.device_id, "temperature", "25.5")
    expect(visit_owner.latest("temperature")).to_contain_text("25.5")
    expect(points(visit_owner)).not_to_have_attribute("data-points", str(before))


def test_zoom_table_and_file(month: None, visit_owner: Visitor, tmp_path: Path) -> None:
    page = visit_owner.page
    page.get_by_text("Week", exact=True).click()
    course = page.locator("[data-course]")
    points(visit_owner).wait_for()
    whole = count(visit_owner)
    visit_owner.press("Zoom in")
    expect(course).to_have_attribute("data-zoomed", "true")
    assert abs(count(visit_owner) - 7 * BUCKETS / 2) <= 2
    visit_owner.press("Earlier")
    visit_owner.press("Zoom out")
    expect(course).to_have_attribute("data-zoomed", "false")

    # With the pointer: a tenth of the chart.
    box = page.locator(".u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50, steps=4)
    page.mouse.up()
    expect(course).to_have_attribute("data-zoomed", "true")
    zoomed = count(visit_owner)
    assert whole * 0.07 <= zoomed <= whole * 0.13

    visit_owner.press("Show as table")
    table = page.locator("[data-history-rows]")
    expect(table).to_be_visible()
    rows = int(table.get_attribute("data-history-rows") or 0)
    assert abs(rows - zoomed) <= 1
    visit_owner.look()
    with page.expect_download() as saved:
        visit_owner.press("Download CSV")
    assert re.fullmatch(r"[\w-]+_Temperature\.csv", saved.value.suggested_filename)
    file = tmp_path / "saved.csv"
    saved.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = list(csv.DictReader(lines))
    assert len(found) == rows
    for row in found:
        bucket = datetime.fromisoformat(row["from"])
        number = (bucket.hour * 60 + bucket.minute) // 5
        assert float(row["mean"]) == pytest.approx(18 + number / 100)
        assert float(row["max"]) - float(row["min"]) == pytest.approx(2)
        assert (row["metric"], row["unit"], row["count"]) == ("temperature", "°C", "2")


def test_labels_are_whole_and_no_two_are_the_same(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    record(customer, owned, "temperature", "value", 7, lambda bucket: 20.5 + bucket / 5000, 0.01)
    record(customer, owned, "state", "target", 7, lambda bucket: 1_238_000 + bucket)
    visitor = visit(customer)
    page = visitor.page
    page.add_init_script(DRAWN)
    visitor.open(f"/devices/{owned.device_id}")
    for reading, wide in (("temperature", False), ("state/target", True)):
        page.get_by_label("Value", exact=True).select_option(reading)
        page.get_by_text("Week", exact=True).click()
        for _ in range(5):
            points(visitor).wait_for()
            values, times = read_axes(visitor)
            assert len(values) >= 2
            assert len(times) >= 2
            assert len(set(values)) == len(values), values
            assert len(set(times)) == len(times), times
            assert any("1,238," in value for value in values) == wide
            visitor.press("Zoom in")
            page.evaluate("new Promise(requestAnimationFrame)")


def test_a_finger_and_the_keys_point_at_a_value(
    month: None,
    visit: Callable[..., Visitor],
    customer: Account,
    owned: Label,
    simulator: Simulator,
) -> None:
    visitor = visit(customer, has_touch=True)
    page = visitor.page
    visitor.open(f"/devices/{owned.device_id}")
    page.get_by_text("Week", exact=True).click()
    # The page is as long as it stays.
    expect(page.get_by_text("There are no alerts yet.")).to_be_visible()
    expect(page.get_by_text("point at it or tap it")).to_be_visible()
    # Away from the bars at the top and the bottom.
    points(visitor).evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    box = page.locator(".u-over").bounding_box()
    assert box
    pointed = page.locator("[data-pointed]")
    words = re.compile(r"\d\d:\d\d: mean \S+.°C, lowest \S+.°C, highest \S+.°C")
    page.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + 50)
    expect(pointed).to_have_text(words)
    first = pointed.inner_text()
    points(visitor).focus()
    page.keyboard.press("ArrowRight")
    expect(pointed).not_to_have_text(first)
    expect(pointed).to_have_text(words)
    expect(points(visitor)).to_have_attribute("aria-valuetext", words)

    browser = page.context.new_cdp_session(page)

    def touch(kind: str, *parts: float) -> None:
        places = [{"x": box["x"] + box["width"] * part, "y": box["y"] + 50} for part in parts]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", 0.3)
    for part in (0.33, 0.36):
        touch("touchMove", part)
    # A value that arrives meanwhile does not end it.
    simulator.publish(owned.device_id, "temperature", "25.5")
    expect(visitor.latest("temperature")).to_contain_text("25.5")
    touch("touchMove", 0.4)
    touch("touchEnd")
    expect(page.locator("[data-course]")).to_have_attribute("data-zoomed", "true")


def test_a_metric_that_nobody_described(
    visit: Callable[..., Visitor],
    undescribed: Label,
    customer: Account,
    client: Client,
    simulator: Simulator,
) -> None:
    simulator.publish(undescribed.device_id, "soil/probe", '{"moisture": 41, "note": "dry"}')
    visitor = visit(customer)
    visitor.open(f"/devices/{undescribed.device_id}")
    choice = visitor.page.get_by_label("Value", exact=True)
    expect(choice).to_have_value("soil/probe/moisture")
    expect(points(visitor)).to_have_attribute("data-points", re.compile("[12]"))
    # The words beside it are the same as the line's.
    expect(points(visitor)).to_have_attribute("aria-label", re.compile("moisture"))


def test_a_chart_that_nobody_saw_or_that_failed_is_read_again(visit_owner: Visitor) -> None:
    page = visit_owner.page
    seen = "{ get: () => window.sight ?? 'visible' }"
    page.add_init_script(f"Object.defineProperty(document, 'visibilityState', {seen})")
    page.reload()
    nothing = page.get_by_text("Nothing was recorded in this time.")
    expect(nothing).to_be_visible()
    page.evaluate("window.sight = 'hidden'")
    page.get_by_text("Week", exact=True).click()
    expect(nothing).to_have_count(0)
    page.evaluate("window.sight = 'visible'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(nothing).to_be_visible()

    page.context.set_offline(True)
    expect(visit_owner.cut_off).to_be_visible()
    page.get_by_text("Month", exact=True).click()
    visit_owner.is_told("no-answer")
    visit_owner.look()
    # What the chart does by itself when the connection is back, it does not do in the background.
    page.evaluate("window.sight = 'hidden'")
    page.context.set_offline(False)
    expect(visit_owner.cut_off).to_have_count(0)
    page.evaluate("window.sight = 'visible'")
    visit_owner.press("Try again")
    expect(nothing).to_be_visible()


def test_nothing_is_empty_without_a_word(visit_owner: Visitor) -> None:
    page = visit_owner.page
    expect(page.get_by_text("Nothing was recorded in this time.")).to_be_visible()
    expect(page.get_by_text("The device has not sent a value since you added it.")).to_be_visible()
    expect(page.get_by_text("No event has arrived yet.")).to_be_visible()
    expect(page.get_by_text("Nothing was sent to this device yet.")).to_be_visible()
