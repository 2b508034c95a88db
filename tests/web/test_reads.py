"""What each page costs: the documents that it reads, as docs/web.md says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.web.visitor import Visitor
from tests.web.wire import Wire, taken

EVENTS = 30
PROFILE_AND_DEVICES = 1 + 3 + 1
"""And the question which devices others share, which finds none."""


def test_the_wire_counts_as_javascript_does() -> None:
    """An emoji counts as two and is four bytes; what has arrived of a message in part is kept."""
    messages = ['[[1,["a 👩\u200d🚒 ü"]]]', '[[2,["noop"]]]']
    stream = "".join(f"{len(m.encode('utf-16-le')) // 2}\n{m}" for m in messages).encode()
    assert taken(stream) == (messages, b"")
    for cut in range(len(stream)):
        first, rest = taken(stream[:cut])
        assert (first + taken(rest + stream[cut:])[0], taken(rest)) == (messages, ([], rest))


def test_reads_of_each_page(
    visit: Callable[..., Visitor],
    customer: Account,
    client: Client,
    new_label: Callable[..., Label],
) -> None:
    labels = [new_label() for _ in range(3)]
    for label in labels:
        client.call("claim_device", label.claim, customer)
    device = paths.user_device(customer.uid, labels[0].device_id)
    now = datetime.now(UTC)
    batch = paths.client().batch()
    # One of the events was kept from before this tenure, and is not among its events.
    batch.update(device, {"claimedAt": now - timedelta(minutes=EVENTS - 0.5)})
    for number in range(EVENTS + 1):
        at = now - timedelta(minutes=number)
        event = {"event": "temperature", "data": "20", "value": 20, "publishedAt": at}
        batch.set(device.collection("events").document(f"e{number}"), event)
    for back in range(35):
        day = (now.date() - timedelta(days=back)).isoformat()
        cell = {"count": 1, "sum": 20, "min": 20, "max": 20}
        rollup = {"event": "temperature", "day": day, "metrics": {"value": {"0": cell}}}
        batch.set(device.collection("rollups").document(f"temperature@1@{day}"), rollup)
    batch.commit()

    visitor = visit()
    wire = Wire(visitor.page)
    visitor.sign_in(customer.email or "", customer.password or "")
    expect(visitor.page.locator("[data-device]")).to_have_count(3)
    wire.expect_reads(PROFILE_AND_DEVICES)

    visitor.page.locator(f"[data-device='{labels[0].device_id}'] a").click()
    expect(visitor.page.locator("[data-event]")).to_have_count(20)
    chart = visitor.page.locator("[data-points]")
    day = chart.get_attribute("data-points") or ""
    # 20 events, two days of history, the activity of this device: its claim. No command: 1, and
    # no alert: 1.
    page = PROFILE_AND_DEVICES + 20 + 2 + 1 + 1 + 1
    wire.expect_reads(page)

    visitor.page.get_by_text("Month", exact=True).click()
    # Today and yesterday again, which may have changed, and the 29 days before.
    month = page + 31
    wire.expect_reads(month)
    # Days that are over are kept, once the page has read what was sent.
    expect(chart).not_to_have_attribute("data-points", day)
    visitor.page.get_by_text("Week", exact=True).click()
    wire.expect_reads(month + 2)

    visitor.press("Show older events")
    expect(visitor.page.locator("[data-event]")).to_have_count(EVENTS)
    older = month + 2 + 10
    wire.expect_reads(older)

    # An event more is two: the event and the device. Nothing else was read meanwhile.
    batch = paths.client().batch()
    event = {"event": "temperature", "data": "21", "value": 21, "publishedAt": datetime.now(UTC)}
    batch.set(device.collection("events").document("newest"), event)
    batch.update(device, {"lastSeenAt": round(datetime.now(UTC).timestamp() * 1000)})
    batch.commit()
    expect(visitor.page.locator("[data-event]")).to_have_count(EVENTS + 1)
    wire.expect_reads(older + 2)

    visitor.follow("Your devices")
    visitor.follow("Add a device")
    expect(visitor.heading("Add a device")).to_be_visible()
    wire.expect_reads(older + 2)

    visitor.follow("Account")
    done = len(client.documents(f"users/{customer.uid}/activity", customer))
    expect(visitor.page.locator("[data-activity]")).to_have_count(done)
    # What they are told of alerts, where they have not changed it: 1. No webhook: 1.
    wire.expect_reads(older + 2 + done + 2)
