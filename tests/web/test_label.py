"""Adding a device by its label's QR code: as a link, and with the camera."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.client import Account, Client
from tests.functional.conftest import Label, register
from tests.support.simulator import Simulator
from tests.web.conftest import SCANNED
from tests.web.visitor import PASSWORD, Visitor, device_page


def fields(visitor: Visitor) -> tuple[str, str]:
    """What stands in the form."""
    page = visitor.page
    return (
        page.get_by_role("textbox", name="Serial number").input_value(),
        page.get_by_role("textbox", name="Setup code").input_value(),
    )


def test_the_labels_link_survives_the_sign_in(
    visitor: Visitor, customer: Account, label: Label
) -> None:
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(request.url + request.method))
    visitor.open(f"/claim#serial={label.serial_number}&code={label.setup_code}")
    visitor.sign_in(customer.email or "", PASSWORD)
    expect(visitor.heading("Add a device")).to_be_visible()
    # The code has left the address, and never was in a request's.
    expect(visitor.page).to_have_url(visitor.url + "/claim")
    assert fields(visitor) == (label.serial_number, label.setup_code)
    assert not [url for url in sent if label.setup_code in url]
    visitor.press("Add the device")
    expect(visitor.presence("online")).to_be_visible()


def test_the_labels_link_survives_the_sign_up(
    visitor: Visitor, label: Label, new_email: str
) -> None:
    visitor.open(f"/claim#serial={label.serial_number}&code={label.setup_code}")
    # By detours.
    visitor.follow("Forgotten your password?")
    visitor.follow("Sign in")
    visitor.go_to_sign_up()
    visitor.fill("E-mail address", new_email)
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Create the account")
    expect(visitor.heading("Add a device")).to_be_visible()
    assert fields(visitor) == (label.serial_number, label.setup_code)


@pytest.fixture
def scanned(simulator: Simulator) -> Label:
    """The device whose label the camera sees."""
    serial_number, setup_code = SCANNED
    device = simulator.add_device(kind="thermostat", serialNumber=serial_number)
    label = Label(device["id"], serial_number, setup_code)
    register(label)
    return label


def test_the_camera_reads_the_label(
    visit: Callable[..., Visitor], customer: Account, scanned: Label
) -> None:
    visitor = visit(customer)
    visitor.follow("Add a device")
    visitor.press("Scan the label")
    expect(visitor.page.get_by_role("textbox", name="Serial number")).to_have_value(SCANNED[0])
    assert fields(visitor) == SCANNED
    expect(visitor.page.locator("video")).to_have_count(0)
    visitor.press("Add the device")
    expect(visitor.presence("online")).to_be_visible()


REFUSE = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException('Permission denied', 'NotAllowedError');
  };
}"""
"""What a browser does whose person does not let the page use the camera."""


def test_without_leave_to_use_the_camera(visit: Callable[..., Visitor], customer: Account) -> None:
    visitor = visit(customer)
    visitor.page.evaluate(REFUSE)
    visitor.follow("Add a device")
    visitor.press("Scan the label")
    expect(visitor.page.locator("[data-scanner=refused]")).to_contain_text("type what the label")
    visitor.look()
    visitor.press("Type it instead")
    expect(visitor.page.get_by_role("button", name="Scan the label")).to_be_focused()


def test_a_device_joins_by_its_wifi_set_up(
    visit: Callable[..., Visitor],
    customer: Account,
    client: Client,
    label: Label,
    simulator: Simulator,
) -> None:
    visitor = visit(customer)
    visitor.follow("Add a device")
    visitor.press("My device needs my Wi-Fi first")
    visitor.press("Get a code for the set-up")
    expect(visitor.page.get_by_text("Please fill this in.").first).to_be_visible()
    visitor.fill("Serial number", label.serial_number)
    visitor.fill("Setup code", label.setup_code)
    visitor.press("Get a code for the set-up")
    code = visitor.page.locator("[data-claim-code]")
    expect(code).not_to_be_empty()
    visitor.look()
    # Not before the device has presented the code.
    visitor.press("It is online: look for it")
    expect(visitor.page.get_by_text("It has not reported yet.")).to_be_visible()

    simulator.connect(label.device_id, code.inner_text())
    # Its page opens by itself.
    expect(visitor.page).to_have_url(device_page(label.device_id))
    expect(visitor.presence("online")).to_be_visible()
    assert list(client.documents(f"users/{customer.uid}/devices", customer)) == [label.device_id]
