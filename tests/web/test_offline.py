"""Without a network: the installed app starts, shows what it knows, and says that it is old."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
from playwright.sync_api import expect

from local.client import Account, Client
from local.stack import Stack
from tests.functional.conftest import Label
from tests.support.simulator import Simulator
from tests.web.visitor import Visitor

FORM = b"noValidate:!0"
STORES = "indexedDB.databases().then(all => all.filter(d => d.name.startsWith('firestore')).length)"
BUILDS = "caches.keys().then(names => names.filter(name => name.startsWith('build-')))"


class Site(ThreadingHTTPServer):
    """The site as Hosting serves it, until a newer build takes its place."""

    build = ("", "")
    """Name of the build, and of the newer one."""
    broken = False
    """Whether its forms fail as soon as they are shown."""

    def __init__(self, hosting: str) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.hosting = hosting
        self.url = f"http://127.0.0.1:{self.server_port}"


class Forward(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        answer = requests.get(self.server.hosting + self.path, timeout=30)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.end_headers()
        old, new = self.server.build
        content = answer.content.replace(old.encode(), new.encode())
        if self.server.broken:
            content = content.replace(FORM, FORM + b",dangerouslySetInnerHTML:1")
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not among the tests' own words."""


@pytest.fixture
def site(stack: Stack) -> Iterator[Site]:
    with Site(stack.hosting_url) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def test_the_app_starts_without_a_network(
    visit: Callable[..., Visitor], customer: Account, owned: Label, simulator: Simulator
) -> None:
    visitor = visit(customer, service_workers="allow")
    simulator.publish(owned.device_id, "temperature", "20.4")
    card = visitor.page.locator(f"[data-device='{owned.device_id}']")
    expect(card).to_contain_text("20.4 °C")
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # The first load was before the worker was there: this one tells it where the back end is.
    visitor.page.reload()
    expect(card).to_contain_text("20.4 °C")

    visitor.page.context.set_offline(True)
    visitor.page.reload()
    expect(visitor.cut_off).to_be_visible()
    expect(card).to_contain_text("20.4 °C")
    # Nothing is known of now.
    expect(visitor.presence("was-online")).to_have_text("Was online")
    expect(card.locator("[data-past] time")).to_be_visible()
    visitor.look()

    visitor.page.context.set_offline(False)
    simulator.publish(owned.device_id, "temperature", "20.8")
    expect(visitor.cut_off).to_have_count(0)
    expect(card).to_contain_text("20.8 °C")
    expect(visitor.presence("online")).to_be_visible()
    expect(card.locator("[data-past]")).to_have_count(0)


def test_a_newer_build_while_a_tab_is_open(
    visit: Callable[..., Visitor], customer: Account, owned: Label, site: Site
) -> None:
    visitor = visit(service_workers="allow")
    visitor.url, page = site.url, visitor.page
    visitor.sign_in(customer.email or "", customer.password or "")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller")
    notice = page.locator("[data-update=waiting]")
    (old,) = page.evaluate(BUILDS)

    other = Visitor(page.context.new_page(), site.url)
    other.open("/account")
    expect(other.heading("Account")).to_be_visible()
    other.follow("Devices")
    other.page.evaluate("window.before = true")
    site.build = (old, "build-newer")
    expect(notice).to_have_count(0)
    # As when the customer comes back to the tab.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(notice).to_contain_text("A new version of this app is ready.")
    visitor.look()
    with page.expect_navigation(), other.page.expect_navigation():
        visitor.press("Use it now")
    expect(page.locator(f"[data-device='{owned.device_id}']")).to_be_visible()
    expect(notice).to_have_count(0)
    assert page.evaluate(BUILDS) == ["build-newer"]
    # It has gone on with the same build.
    expect(other.page.locator(f"[data-device='{owned.device_id}']")).to_be_visible()
    assert other.page.evaluate("window.before") is None


def test_a_release_that_fails_on_every_page_is_left_for_the_next(
    visit: Callable[..., Visitor], site: Site
) -> None:
    site.broken = True
    visitor = visit(service_workers="allow")
    visitor.url, page = site.url, visitor.page
    visitor.open()
    crashed = visitor.heading("Something went wrong on this page")
    expect(crashed).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller")
    visitor.look()
    (old,) = page.evaluate(BUILDS)
    page.reload()
    expect(crashed).to_be_visible()

    site.broken = False
    site.build = (old, "build-mended")
    with page.expect_navigation():
        visitor.press("Load the page again")
    expect(visitor.heading("Sign in")).to_be_visible()
    assert page.evaluate(BUILDS) == ["build-mended"]


def test_what_hosting_answers(stack: Stack) -> None:
    for path in ("/", "/index.html", "/devices/0a10"):
        index = requests.get(stack.hosting_url + path, timeout=30)
        assert index.ok
        assert index.headers["Cache-Control"] == "no-cache"
    script = re.search(r"/assets/index-[\w-]+\.js", index.text)
    assert script
    found = requests.get(stack.hosting_url + script[0], timeout=30)
    assert found.ok
    assert "javascript" in found.headers["Content-Type"]
    # Of an older or a newer build: not the page in its place, and nothing that is kept for long.
    missing = requests.get(f"{stack.hosting_url}/assets/index-older.js", timeout=30)
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["Cache-Control"]


def test_it_can_be_installed(stack: Stack) -> None:
    manifest = requests.get(f"{stack.hosting_url}/manifest.webmanifest", timeout=30).json()
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        answer = requests.get(stack.hosting_url + icon["src"], timeout=30)
        assert answer.headers["Content-Type"] == icon["type"] == "image/png"
        width = int.from_bytes(answer.content[16:20], "big")
        assert icon["sizes"] == f"{width}x{width}"


def test_nothing_stays_in_the_browser_after_sign_out(
    visit: Callable[..., Visitor], customer: Account, owned: Label, client: Client
) -> None:
    visitor = visit(customer)
    expect(visitor.page.locator("[data-device]")).to_have_count(1)
    assert visitor.page.evaluate(STORES) == 1
    visitor.follow("Account")
    visitor.press("Sign out")
    expect(visitor.heading("Sign in")).to_be_visible()
    visitor.page.wait_for_function(f"() => {STORES}.then(count => count === 0)")


def test_nothing_stays_where_the_sign_in_has_ended_meanwhile(
    visit: Callable[..., Visitor], customer: Account, owned: Label, client: Client
) -> None:
    visitor = visit(customer)
    expect(visitor.page.locator("[data-device]")).to_have_count(1)
    # The app is closed, and what it knew of the sign-in goes.
    visitor.open("/manifest.webmanifest")
    visitor.page.evaluate("""new Promise(resolve => {
        indexedDB.deleteDatabase('firebaseLocalStorageDb').onsuccess = resolve;
    }).then(() => true)""")
    assert visitor.page.evaluate(STORES) == 1
    visitor.open()
    expect(visitor.heading("Sign in")).to_be_visible()
    visitor.page.wait_for_function(f"() => {STORES}.then(count => count === 0)")
