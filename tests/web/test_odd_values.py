"""What a device publishes that is odd: shown as far as it can be, with a word about the rest."""

import json
from collections.abc import Callable

from playwright.sync_api import expect

from local.client import Account, Client
from tests.functional.conftest import Label
from tests.support.functions import deliver
from tests.support.telemetry import message
from tests.web.visitor import Visitor


def test_odd_parts_are_shown_beside_the_others(visit_owner: Visitor, owned: Label) -> None:
    page = visit_owner.page
    deliver(message(owned.device_id, '{"moisture": 41.5, "m": [[1, 2]], "t": nan}', "soil"))
    shown = visit_owner.latest("soil")
    expect(shown).to_contain_text("41.5")
    expect(shown).to_contain_text('["[1, 2]"]')
    expect(shown.locator("[data-notes]")).to_have_text("m.0: shown as it was sent; t: not a number")
    logged = page.locator("[data-event=soil]")
    expect(logged).to_contain_text("41.5")
    expect(logged.locator("[data-notes]")).to_have_text(
        "m.0: shown as it was sent; t: not a number"
    )

    deliver(message(owned.device_id, "nan", "probe"))
    expect(visit_owner.latest("probe").locator("[data-notes]")).to_have_text("not a number")
    expect(visit_owner.latest("probe")).to_contain_text("nan")
    expect(page.locator("[data-event=probe]")).to_contain_text("nan")

    deliver(message(owned.device_id, "8931440301234567890", "iccid"))
    expect(visit_owner.latest("iccid")).to_contain_text("8931440301234567890")
    expect(visit_owner.latest("iccid").locator("[data-notes]")).to_have_count(0)

    report = {"moisture": 40, "log": "x" * 3000}
    deliver(message(owned.device_id, json.dumps(report), "long"))
    expect(visit_owner.latest("long")).to_contain_text("40")
    expect(visit_owner.latest("long")).to_contain_text("shortened")
    expect(page.locator("[data-event=long]")).to_contain_text("x …")
    visit_owner.look()


def test_nested_numbers_have_charts(
    visit: Callable[..., Visitor],
    new_label: Callable[..., Label],
    customer: Account,
    client: Client,
) -> None:
    van = new_label("tracker")
    client.call("claim_device", {**van.claim, "name": "Van"}, customer)
    loc = {"lck": 1, "lat": 48.1374, "lon": 11.5755, "alt": 519.3, "spd": 8.4}
    data = json.dumps({"cmd": "loc", "loc": loc, "trig": ["time"], "req_id": 17})
    deliver(message(van.device_id, data, "loc"))
    visitor = visit(customer)
    visitor.follow("Van")
    expect(visitor.latest("loc/loc.spd")).to_contain_text("8.4 m/s")
    choice = visitor.page.get_by_label("Value", exact=True)
    expect(choice).to_have_value("loc/loc.spd")
    for metric in ("loc/loc.spd", "loc/loc.alt"):
        choice.select_option(metric)
        course = visitor.page.locator(f"[data-course='{metric}']")
        expect(course).to_contain_text("; 1 value")
    visitor.look()
