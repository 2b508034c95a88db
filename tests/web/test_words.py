"""What goes wrong, in words that help: each failure where it happens."""

from collections.abc import Callable

from playwright.sync_api import expect

from local.client import Account, Client
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor


def test_of_signing_in(visitor: Visitor, customer: Account) -> None:
    visitor.open()
    visitor.press("Sign in")
    expect(visitor.page.get_by_text("Please enter an e-mail address")).to_be_visible()

    visitor.sign_in("nobody@example.com", "wrong password")
    expect(visitor.is_told("wrong-email-or-password")).to_contain_text("is wrong")

    visitor.go_to_sign_up()
    visitor.fill("E-mail address", customer.email or "")
    visitor.page.get_by_label("Password", exact=True).fill("12345")
    visitor.press("Create the account")
    expect(visitor.page.get_by_text("The password needs at least 6 characters.")).to_be_visible()
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Create the account")
    expect(visitor.is_told("email-in-use")).to_contain_text("Sign in instead")


def test_of_claiming(
    visit: Callable[..., Visitor], label: Label, owned: Label, client: Client
) -> None:
    visitor = visit(client.sign_up(password=PASSWORD))
    wrong = Label(label.device_id, label.serial_number, "WRONG-CODE")
    visitor.claim(wrong)
    expect(visitor.is_told("wrong-serial-or-code")).to_contain_text("do not match")

    # `owned` is the same device, which has an owner by now.
    visitor.claim(owned)
    expect(visitor.is_told("claimed-by-another")).to_contain_text("belongs to another account")
    visitor.look()


def test_of_a_dead_network(visit: Callable[..., Visitor], customer: Account, label: Label) -> None:
    visitor = visit(customer)
    visitor.open("/devices/add")
    visitor.page.context.set_offline(True)
    expect(visitor.cut_off).to_be_visible()
    visitor.fill("Serial number", label.serial_number)
    visitor.fill("Setup code", label.setup_code)
    visitor.press("Add the device")
    expect(visitor.is_told("no-answer")).to_contain_text("Check your connection")

    visitor.page.context.set_offline(False)
    expect(visitor.cut_off).to_have_count(0)
    # Nothing was lost but the answer: the same again.
    visitor.press("Add the device")
    expect(visitor.presence("online")).to_be_visible()


def test_of_a_back_end_that_cannot_be_found(visitor: Visitor) -> None:
    visitor.page.route("**/__/firebase/**", lambda route: route.abort())
    visitor.open()
    expect(visitor.heading("Example Devices cannot be reached")).to_be_visible()
    visitor.page.unroute("**/__/firebase/**")
    visitor.press("Load the page again")
    expect(visitor.heading("Sign in")).to_be_visible()


def test_of_calling(visit_undescribed: Visitor, undescribed: Label, simulator: Simulator) -> None:
    visit_undescribed.fill("Function", "no_such")
    visit_undescribed.press("Call")
    expect(visit_undescribed.is_told("unknown-function")).to_contain_text(
        "no function of this name"
    )
    visit_undescribed.fill("Variable", "no_such")
    visit_undescribed.press("Read")
    expect(visit_undescribed.is_told("unknown-variable")).to_contain_text(
        "no variable of this name"
    )

    visit_undescribed.fill("Function", "set_target")
    visit_undescribed.fill("Argument", "x" * 5000)
    visit_undescribed.press("Call")
    expect(visit_undescribed.is_told("bad-request")).to_contain_text("Check: Argument.")
    visit_undescribed.fill("Argument", "21")

    simulator.set_online(undescribed.device_id, online=False)
    expect(visit_undescribed.presence("offline")).to_be_visible()
    visit_undescribed.fill("Function", "set_target")
    visit_undescribed.press("Call")
    expect(visit_undescribed.is_told("device-offline")).to_contain_text("nothing was done")
