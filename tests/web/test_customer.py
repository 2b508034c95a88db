"""A customer's way through the product, in a real browser on the running stack."""

import json
from collections.abc import Iterator

import pytest
from firebase_admin import auth
from playwright.sync_api import Request, Route, expect

from local.stack import Stack
from local.waiting import wait_until
from shared import connections
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import user_created
from tests.support.simulator import Simulator
from tests.support.triggers import paused
from tests.web.visitor import PATIENCE, Visitor, device_page


def request_id(request: Request) -> str:
    """The id that a call of a function carries."""
    return str(json.loads(request.post_data or "")["data"]["requestId"])


def test_from_sign_up_to_control(
    visitor: Visitor, label: Label, simulator: Simulator, new_email: str
) -> None:
    visitor.sign_up(new_email)
    # The account is being prepared, and the page goes on by itself.
    expect(visitor.page.locator("[data-account]")).to_have_count(0)
    expect(visitor.page.get_by_text("You have no device yet.")).to_be_visible()
    visitor.look()

    # As people type it.
    typed = Label(label.device_id, label.serial_number.lower().replace("-", " "), label.setup_code)
    visitor.claim(typed, "Kitchen")
    expect(visitor.heading("Kitchen")).to_be_visible()
    expect(visitor.page).to_have_url(device_page(label.device_id))
    expect(visitor.presence("online")).to_be_visible()

    simulator.publish(label.device_id, "temperature", "19.4")
    expect(visitor.latest("temperature")).to_contain_text("19.4")
    simulator.publish(label.device_id, "temperature", "19.5")
    expect(visitor.latest("temperature")).to_contain_text("19.5")
    expect(visitor.page.locator("ol [data-event=temperature]")).to_have_count(2)

    simulator.set_online(label.device_id, online=False)
    expect(visitor.presence("offline")).to_be_visible()
    expect(visitor.page.locator("[data-event='spark/status']").first).to_contain_text("Connection")
    simulator.set_online(label.device_id, online=True)
    expect(visitor.presence("online")).to_be_visible()


@pytest.fixture
def by_hand(stack: Stack) -> Iterator[None]:
    """New accounts are prepared by the test itself."""
    with paused(stack):
        yield


def test_the_account_is_prepared(
    by_hand: None, stack: Stack, visitor: Visitor, simulator: Simulator, new_email: str
) -> None:
    """While that takes, and when it fails, the page says so, and goes on by itself."""
    visitor.sign_up(new_email)
    notice = visitor.page.locator("[data-account]")
    expect(notice).to_contain_text("Your account is being prepared")
    visitor.look()
    uid = auth.get_user_by_email(new_email, app=connections.firebase()).uid
    # The app shows the notice before it writes the profile, without which nothing is prepared.
    wait_until("The profile", lambda: paths.user(uid).get().exists, PATIENCE / 1000, stack.check)
    simulator.fail({"route": "POST /v1/products/*/customers"}, {"kind": "status", "status": 503})
    assert user_created(uid) == 500
    expect(notice).to_contain_text("Your account could not be prepared yet")
    visitor.look()
    simulator.heal()
    assert user_created(uid) < 300
    expect(notice).to_have_count(0)


def test_a_function_is_called_and_its_effect_is_seen(
    visit_undescribed: Visitor, undescribed: Label, simulator: Simulator
) -> None:
    visit_undescribed.fill("Function", "set_target")
    visit_undescribed.fill("Argument", "24.5")
    visit_undescribed.press("Call")
    expect(visit_undescribed.page.locator("[data-command=succeeded]")).to_contain_text("245")
    expect(visit_undescribed.latest("state")).to_contain_text("24.5")
    assert simulator.device(undescribed.device_id)["state"]["target"] == 24.5

    visit_undescribed.fill("Variable", "target")
    visit_undescribed.press("Read")
    expect(visit_undescribed.page.locator("[data-variable=target]")).to_contain_text("24.5")


def test_a_call_whose_answer_is_lost_reaches_the_device_once(
    visit_undescribed: Visitor, simulator: Simulator
) -> None:
    sent: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(request_id(route.request))
        route.fetch()
        route.abort()

    visit_undescribed.page.route("**/invoke_function", lose)
    visit_undescribed.fill("Function", "set_target")
    visit_undescribed.fill("Argument", "22")
    visit_undescribed.press("Call")
    visit_undescribed.is_told("no-answer")
    visit_undescribed.page.unroute("**/invoke_function")
    with visit_undescribed.page.expect_request("**/invoke_function") as again:
        visit_undescribed.press("Try the same call again")
    expect(visit_undescribed.page.locator("[data-command=succeeded]")).to_be_visible()
    assert request_id(again.value) == sent[0]
    assert len(simulator.requests("POST", "/set_target")) == 1
