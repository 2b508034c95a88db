"""The account: passwords and addresses by mail, what is kept as a file, and the end of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Response, expect

from local.client import Account, Client
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.web.visitor import PASSWORD, Visitor


def test_a_forgotten_password(
    visitor: Visitor, customer: Account, mailed: Callable[[str, str], str]
) -> None:
    assert customer.email
    visitor.open()
    visitor.follow("Forgotten your password?")
    visitor.fill("E-mail address", "nobody@example.com")
    visitor.press("Send the link")
    # The same words for an address that nobody has.
    expect(visitor.page.get_by_text("If there is an account")).to_be_visible()
    visitor.look()
    visitor.fill("E-mail address", customer.email)
    with visitor.page.expect_response("**/accounts:sendOobCode*"):
        visitor.press("Send the link")

    link = mailed(customer.email, "PASSWORD_RESET")
    visitor.open(link)
    expect(visitor.heading("Set a new password")).to_be_visible()
    expect(visitor.page.get_by_text(customer.email)).to_be_visible()
    visitor.page.get_by_label("New password", exact=True).fill("a better one")
    visitor.look()
    visitor.press("Set the password")
    expect(visitor.page.get_by_text("The new password is set.")).to_be_visible()
    visitor.follow("Go on")
    visitor.sign_in(customer.email, "a better one")
    expect(visitor.heading("Your devices")).to_be_visible()

    # A link is good for once.
    visitor.follow("Account")
    visitor.press("Sign out")
    expect(visitor.heading("Sign in")).to_be_visible()
    visitor.open(link)
    expect(visitor.is_told("link-used-up")).to_contain_text("used or is too old")
    visitor.look()
    visitor.follow("Ask for a new link")
    expect(visitor.heading("A new password")).to_be_visible()


def test_an_address_is_confirmed(
    visit: Callable[..., Visitor], customer: Account, mailed: Callable[[str, str], str]
) -> None:
    assert customer.email
    visitor = visit(customer)
    notice = visitor.page.locator("[data-verify]")
    visitor.press("I have confirmed it")
    expect(notice).to_contain_text("It is not confirmed yet")
    visitor.press("Send the link again")
    expect(notice).to_contain_text("Look also among the spam")

    other = Visitor(visitor.page.context.new_page(), visitor.url)
    other.open(mailed(customer.email, "VERIFY_EMAIL"))
    expect(other.page.get_by_text("the address is confirmed")).to_be_visible()
    visitor.press("I have confirmed it")
    expect(notice).to_have_count(0)


def test_the_name_is_changed(
    visit: Callable[..., Visitor], customer: Account, client: Client
) -> None:
    visitor = visit(customer)
    visitor.follow("Account")
    visitor.fill("Name", "Ada Lovelace")
    visitor.press("Save the name")
    expect(visitor.page.get_by_text("Saved.")).to_be_visible()
    profile = client.read(f"users/{customer.uid}", customer)
    assert profile
    assert profile["displayName"] == "Ada Lovelace"


def test_a_name_of_emoji(visit: Callable[..., Visitor], customer: Account, client: Client) -> None:
    """Each is one character, and what only alters the text beside it is left out."""
    visitor = visit(customer)
    visitor.follow("Account")
    visitor.fill("Name", "\u202e" + "\U0001f600" * 199)
    visitor.press("Save the name")
    expect(visitor.page.get_by_text("Saved.")).to_be_visible()
    profile = client.read(f"users/{customer.uid}", customer)
    assert profile
    assert profile["displayName"] == "\U0001f600" * 199


def test_tokens(visit: Callable[..., Visitor], customer: Account, owned: Label) -> None:
    visitor = visit(customer)
    visitor.follow("Account")
    visitor.press("Get a token")
    visitor.press("Show the token")
    expect(visitor.page.locator("pre")).not_to_be_empty()
    expect(visitor.page.locator("[data-activity=token-minted]")).to_be_visible()
    visitor.press("End all tokens")
    expect(visitor.page.get_by_text("All tokens are ended.")).to_be_visible()


def is_answer_to_deletion(response: Response) -> bool:
    """Not that to the browser's question whether it may ask."""
    return response.url.endswith("/delete_account") and response.request.method == "POST"


def test_everything_is_exported_then_deleted(
    visit: Callable[..., Visitor], customer: Account, owned: Label, tmp_path: Path
) -> None:
    assert customer.email
    visitor = visit(customer)
    visitor.follow("Account")
    with visitor.page.expect_download() as saved:
        visitor.press("Download my data")
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert f"users/{customer.uid}/devices/{owned.device_id}" in [line["path"] for line in lines]
    expect(visitor.page.locator("[data-exported]")).to_contain_text(f"{len(lines)} line")

    visitor.press("Delete the account")
    visitor.page.get_by_label("Password", exact=True).fill("not mine")
    visitor.press("Delete everything")
    expect(visitor.is_told("wrong-email-or-password")).to_be_visible()
    visitor.look()
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    with visitor.page.expect_response(is_answer_to_deletion) as answer:
        visitor.press("Delete everything")
    # The trigger erases too, and on a busy machine that decides which of the two it is.
    told = {
        "deleted": "Your account is deleted, and all that",
        "scheduled": "Your account is closed.",
    }
    status = answer.value.json()["result"]["status"]
    expect(visitor.heading("Sign in")).to_be_visible()
    expect(visitor.page.get_by_text(told[status])).to_be_visible()
    visitor.look()
    visitor.sign_in(customer.email, PASSWORD)
    expect(visitor.page.locator("[data-reason]")).to_be_visible()
    expect(visitor.heading("Sign in")).to_be_visible()


def test_a_deletion_that_goes_on_later(
    visit: Callable[..., Visitor], customer: Account, owned: Label
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    under_way = {"a-call": round(soon.timestamp() * 1000)}
    paths.device(owned.device_id).update({"underWay": under_way})
    visitor = visit(customer)
    visitor.follow("Account")
    visitor.press("Delete the account")
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Delete everything")
    expect(visitor.page.get_by_text("Your account is closed.")).to_be_visible()


def test_in_another_language(visit: Callable[..., Visitor], customer: Account) -> None:
    visitor = visit(locale="de-AT")
    visitor.open()
    expect(visitor.heading("Anmelden")).to_be_visible()
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    visitor.look()
    visitor.page.get_by_label("E-Mail-Adresse", exact=True).fill(customer.email or "")
    visitor.page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    visitor.press("Anmelden")
    expect(visitor.heading("Ihre Geräte")).to_be_visible()
    visitor.follow("Konto")
    expect(visitor.page.get_by_role("button", name="Konto löschen")).to_be_visible()
    visitor.look()
    # The mails too.
    with visitor.page.expect_request("**/accounts:sendOobCode*") as asked:
        visitor.press("Neues Passwort setzen")
    assert asked.value.headers["x-firebase-locale"] == "de"
    expect(visitor.page.get_by_text(f"unterwegs an {customer.email}")).to_be_visible()
