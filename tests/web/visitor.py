"""A person at a browser: what they do with the web app, in its own words."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from local.runs import ROOT
from tests.functional.conftest import Label

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "correct horse"
PATIENCE = 60_000
"""Milliseconds. A first call starts a worker, on a busy machine slowly."""

expect.set_options(timeout=PATIENCE)


class Visitor:
    """One browser with its own storage, showing one page."""

    def __init__(self, page: Page, url: str) -> None:
        """Watch the page for what must never happen in it."""
        self.page = page
        self.url = url
        self.crashes: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.crashes.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.crashes.append(message.text)

    def open(self, path: str = "/") -> None:
        """Load a page by its address."""
        self.page.goto(self.url + path)

    def heading(self, name: str) -> Locator:
        """The page's own heading."""
        return self.page.get_by_role("heading", name=name, level=1, exact=True)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link that is to be seen: phones and desktops have theirs in different places.

        The app shows the old page until the new one is loaded; this waits for the new one.
        """
        before = self.page.url
        self.page.get_by_role("link", name=name, exact=True).filter(visible=True).first.click()
        expect(self.page).not_to_have_url(before)

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.page.get_by_role("textbox", name=label, exact=True).fill(text)

    def sign_up(self, email: str, name: str = "Ada Example") -> None:
        """Create an account and wait for the list of devices."""
        self.open("/sign-up")
        self.fill("Your name", name)
        self.fill("E-mail address", email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Create the account")
        expect(self.heading("Your devices")).to_be_visible()

    def go_to_sign_up(self) -> None:
        """Go from the sign-in page to the one for new accounts: both ask for the address."""
        self.follow("Create an account")
        expect(self.heading("Create an account")).to_be_visible()

    def sign_in(self, email: str, password: str) -> None:
        """Sign in on the page that is open, or else on the sign-in page."""
        if not self.page.url.startswith(self.url):
            self.open()
        self.fill("E-mail address", email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.press("Sign in")

    def claim(self, label: Label, name: str = "") -> None:
        """Type what a label says into “Add a device”, and send it."""
        self.open("/devices/add")
        self.fill("Serial number", label.serial_number)
        self.fill("Setup code", label.setup_code)
        self.fill("Name", name)
        self.press("Add the device")

    def is_told(self, reason: str) -> Locator:
        """Wait for the words of a failure."""
        failure = self.page.locator(f"[data-reason={reason}]").first
        expect(failure).to_be_visible()
        return failure

    def latest(self, event: str) -> Locator:
        """The newest value of an event, or of `event/part`, as its kind describes it."""
        return self.page.locator(f"[data-latest='{event}'], [data-reading='{event}']").first

    def presence(self, state: str) -> Locator:
        """The badge, when it says so."""
        return self.page.locator(f"[data-presence={state}]").first

    @property
    def cut_off(self) -> Locator:
        """The notice that there is no connection."""
        return self.page.locator("[data-connection=lost]")

    def look(self) -> None:
        """Whether all that is shown can be reached and read: by axe's rules, and on this screen."""
        found = self._violations() and self._violations()
        assert not found, f"on {self.page.url}: {found}"
        width, wide = self.page.evaluate(
            "[document.documentElement.clientWidth, document.documentElement.scrollWidth]"
        )
        assert wide <= width, f"{self.page.url} is {wide} wide on a screen of {width}"

    def _violations(self) -> list[tuple[str, str, str]]:
        """Of axe's rules, of what does not move.

        Words that fade in are too pale while they do, so only what is found twice counts.
        """
        # What turns for ever is not waited for.
        self.page.evaluate(
            "Promise.all(document.getAnimations()"
            ".filter(a => a.effect.getComputedTiming().endTime < Infinity)"
            ".map(a => a.finished.catch(() => 0)))"
        )
        self.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(r => r.violations)"
        )
        return [
            (violation["id"], node["html"], node["failureSummary"])
            for violation in found
            for node in violation["nodes"]
        ]


def device_page(device_id: str) -> re.Pattern[str]:
    """The address of a device's page."""
    return re.compile(f"/devices/{device_id}$")
