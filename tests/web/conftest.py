"""What the browser tests share: one Chromium, and people with pages of their own in it."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import segno
from playwright.sync_api import Browser, StorageState, ViewportSize, sync_playwright

from local.browser import get_browser
from local.client import Account, Client
from local.stack import Stack
from tests.functional.conftest import Label, register
from tests.support.simulator import Simulator
from tests.web.visitor import PASSWORD, Visitor

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
SERIALS = {"thermostat": "TH", "pump": "PM", "tracker": "GT"}
"""Beginnings of the demo's serial numbers, by which the web app knows the kind."""
SCANNED = ("TH-5CAN-0001", "QR7X-K2MP")
"""Serial number and setup code of the label that the browser's camera sees."""
UNDESCRIBED = "ZZ"
"""Of a device whose kind the web app does not know."""
API_KEY = "fake-api-key"
"""Of every project on the Hosting emulator."""


def film(file: Path, text: str) -> None:
    """Make a film of a QR code, as the browser's stand-in for a camera takes it (Y4M)."""
    width, height = 640, 480
    rows = [list(row) for row in segno.make(text, micro=False).matrix_iter(scale=6, border=6)]
    left, top = (width - len(rows[0])) // 2, (height - len(rows)) // 2
    luma = [bytearray(b"\xeb" * width) for _ in range(height)]
    for y, row in enumerate(rows):
        luma[top + y][left : left + len(row)] = bytes(16 if dark else 235 for dark in row)
    frame = b"FRAME\n" + b"".join(luma) + b"\x80" * (width * height // 2)
    header = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n"
    file.write_bytes(header.encode() + frame * 2)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser that `make test` found or installed, with a label before its camera.

    Every page may use the camera: a browser without a window has nobody to ask.
    """
    seen = tmp_path_factory.mktemp("camera") / "label.y4m"
    film(seen, "https://app.example.com/claim#serial={}&code={}".format(*SCANNED))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=get_browser(),
            # Containers have no sandbox to give; no traffic of the browser's own.
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-quic",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={seen}",
            ],
        )
        yield running
        running.close()


def signed_in(stack: Stack, account: Account) -> StorageState:
    """The site's storage in a browser whose person signed in earlier.

    It has the form in which Firebase's SDK for JavaScript keeps its user (`UserImpl.toJSON`).
    """
    answers: dict[str, Any] = {}
    credentials = {"email": account.email, "password": account.password, "returnSecureToken": True}
    for method in ("signInWithPassword", "lookup"):
        answer = requests.post(
            f"{stack.auth_url}/identitytoolkit.googleapis.com/v1/accounts:{method}",
            params={"key": API_KEY},
            json={"idToken": answers["signInWithPassword"]["idToken"]} if answers else credentials,
            timeout=30,
        )
        answer.raise_for_status()
        answers[method] = answer.json()
    tokens, [user] = answers["signInWithPassword"], answers["lookup"]["users"]
    kept = {
        "uid": user["localId"],
        "email": user["email"],
        "emailVerified": user["emailVerified"],
        "isAnonymous": False,
        "providerData": user["providerUserInfo"],
        "stsTokenManager": {
            "refreshToken": tokens["refreshToken"],
            "accessToken": tokens["idToken"],
            "expirationTime": (time.time() + int(tokens["expiresIn"])) * 1000,
        },
        "createdAt": user["createdAt"],
        "lastLoginAt": user["lastLoginAt"],
        "apiKey": API_KEY,
        "appName": "[DEFAULT]",
    }
    name = f"firebase:authUser:{API_KEY}:[DEFAULT]"
    item: Any = {"name": name, "value": json.dumps(kept)}
    return {"cookies": [], "origins": [{"origin": stack.hosting_url, "localStorage": [item]}]}


@pytest.fixture
def visit(stack: Stack, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens a page with a storage of its own: `visit(account=None, **settings of the context)`.

    With an account, its owner is signed in.
    """
    contexts = []
    visitors = []

    def make(account: Account | None = None, **settings: Any) -> Visitor:
        defaults = {
            "viewport": PHONE,
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
            "reduced_motion": "reduce",
            # It would fetch the whole build for each context; one test is about it.
            "service_workers": "block",
        }
        if account:
            defaults["storage_state"] = signed_in(stack, account)
        context = browser.new_context(**{**defaults, **settings})
        contexts.append(context)
        visitor = Visitor(context.new_page(), stack.hosting_url)
        visitors.append(visitor)
        if account:
            visitor.open()
            visitor.heading("Your devices").wait_for()
        return visitor

    yield make
    for context in contexts:
        context.close()
    assert not [crash for visitor in visitors for crash in visitor.crashes]


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """Somebody who has just come, with a phone."""
    return visit()


@pytest.fixture
def simulator(stack: Stack) -> Simulator:
    """The simulated Particle; its faults end with the test."""
    control = Simulator(stack.simulator_url)
    control.heal()
    control.forget()
    return control


@pytest.fixture
def new_email() -> str:
    """An address that nobody has signed up with."""
    return f"ada-{secrets.token_hex(6)}@example.com"


@pytest.fixture
def mailed(stack: Stack) -> Callable[[str, str], str]:
    """The path of the link in the newest mail of a kind to an address."""

    def link(email: str, kind: str) -> str:
        url = f"{stack.auth_url}/emulator/v1/projects/{stack.project_id}/oobCodes"
        codes = requests.get(url, timeout=30).json()["oobCodes"]
        code = [c for c in codes if (c["email"], c["requestType"]) == (email, kind)][-1]
        mode = {"PASSWORD_RESET": "resetPassword", "VERIFY_EMAIL": "verifyEmail"}[kind]
        return f"/mail-link?mode={mode}&oobCode={code['oobCode']}"

    return link


@pytest.fixture
def customer(client: Client) -> Account:
    """A customer who has signed up before."""
    account = client.sign_up(password=PASSWORD)
    client.create(f"users/{account.uid}", {"displayName": "Ada Example"}, account)
    return account


@pytest.fixture
def new_label(simulator: Simulator) -> Callable[..., Label]:
    """Makes devices that nobody owns, with serial numbers like the demo's."""

    def make(kind: str = "thermostat", beginning: str | None = None, **settings: object) -> Label:
        serial_number = f"{beginning or SERIALS[kind]}-{secrets.token_hex(4)}".upper()
        device = simulator.add_device(kind=kind, serialNumber=serial_number, **settings)
        label = Label(device["id"], serial_number, secrets.token_hex(4).upper())
        register(label)
        return label

    return make


@pytest.fixture
def label(new_label: Callable[..., Label]) -> Label:
    """A thermostat that nobody owns."""
    return new_label()


@pytest.fixture
def owned(label: Label, customer: Account, client: Client) -> Label:
    """A thermostat that `customer` owns."""
    client.call("claim_device", label.claim, customer)
    return label


@pytest.fixture
def undescribed(new_label: Callable[..., Label], customer: Account, client: Client) -> Label:
    """A device of `customer` that no kind of the web app describes; it is a thermostat."""
    label = new_label(beginning=UNDESCRIBED)
    client.call("claim_device", label.claim, customer)
    return label


@pytest.fixture
def visit_undescribed(
    visit: Callable[..., Visitor], customer: Account, undescribed: Label
) -> Visitor:
    """The owner of such a device, on its page."""
    visitor = visit(customer)
    visitor.open(f"/devices/{undescribed.device_id}")
    visitor.presence("online").wait_for()
    return visitor


@pytest.fixture
def visit_owner(visit: Callable[..., Visitor], customer: Account, owned: Label) -> Visitor:
    """The owner, on their device's page."""
    visitor = visit(customer)
    visitor.open(f"/devices/{owned.device_id}")
    visitor.presence("online").wait_for()
    return visitor
