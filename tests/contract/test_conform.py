"""`conform`: nothing differs on the simulator, and each deliberate difference is found."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests

from admin.app import main
from admin.conformance.comparison import expected, redacted
from admin.conformance.probes import NOT_TRIED, PROBES, Session
from docs_tools.pages import DOCS
from shared import settings
from tests.support.simulator import Simulator

Conform = Callable[..., dict[str, dict[str, Any]]]
NAMES = {probe.name for probe in PROBES}


@pytest.fixture
def world(simulator_url: str) -> Iterator[Simulator]:
    requests.post(f"{simulator_url}/control/reset", timeout=10).raise_for_status()
    nowhere = dict.fromkeys(
        (
            "FIRESTORE_EMULATOR_HOST",
            "FIREBASE_AUTH_EMULATOR_HOST",
            "PUBSUB_EMULATOR_HOST",
            "FUNCTIONS_EMULATOR_HOST",
            "HOSTING_EMULATOR_HOST",
        ),
        "127.0.0.1:9",
    )
    settings.particle.cache_clear()
    with mock.patch.dict("os.environ", nowhere | {"PARTICLE_API_URL": simulator_url}):
        yield Simulator(simulator_url)
    settings.particle.cache_clear()


@pytest.fixture
def conform(world: Simulator, capsys: pytest.CaptureFixture[str]) -> Conform:
    """Runs it; the answers by their names, when it ends with the expected status."""

    def run(status: int, *more: str) -> dict[str, dict[str, Any]]:
        settings.particle.cache_clear()
        capsys.readouterr()
        assert main(["conform", *more, "--local", "--json"]) == status
        found = json.loads(capsys.readouterr().out)["answers"]
        return {one["name"]: one for one in found}

    return run


def test_nothing_differs_on_the_simulator(
    conform: Conform, world: Simulator, tmp_path: Path
) -> None:
    device = world.add_device(kind="thermostat")["id"]
    file = tmp_path / "table.md"
    found = conform(0, "--device", device, "--output", str(file))
    assert {name for name, one in found.items() if one["state"] == "same"} == NAMES
    text = file.read_text()
    assert "| token of the product | same |" in text
    assert not re.search(r"[0-9a-f]{24}|@", text), "nothing that names anybody"
    assert world.customers() == [], "nothing stays"


def test_what_is_expected_is_of_these_requests() -> None:
    assert expected().keys() == NAMES


def test_without_a_device_its_requests_are_not_sent(conform: Conform) -> None:
    found = conform(0)
    assert found["a function that the device does not have"]["state"] == "not tried"


FAULTS = {
    "token with a wrong secret": "POST /oauth/token",
    "product": "GET /v1/products/*",
    "device that is not in the product": "GET /v1/products/*/devices/*",
    "page of devices": "GET /v1/products/*/devices",
    "page of customers": "GET /v1/products/*/customers",
    "integrations": "GET /v1/products/*/integrations",
    "release of a device that is not in the product": "DELETE /v1/products/*/devices/*/owner",
    "new customer": "POST /v1/products/*/customers",
    "devices of the customer": "GET /v1/devices",
    "a customer's claim of a device that is not in the product": "POST /v1/devices",
    "end of all tokens": "DELETE /v1/access_tokens",
    "deletion of the customer": "DELETE /v1/products/*/customers/*",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_difference_is_found(name: str, conform: Conform, world: Simulator) -> None:
    """Another status with other words; the words of the table name nobody."""
    body = {"error": "teapot of 0123456789abcdef01234567 for jo@acme.example"}
    world.fail({"route": FAULTS[name]}, {"kind": "status", "status": 418, "body": body})
    one = conform(1)[name]
    assert one["state"] == "differs"
    assert one["how"].startswith("status 418, teapot of (id) for (address), expected ")


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ({"product": {}, "more": 1}, "the body also has more"),
        ({}, "the body lacks product"),
    ],
)
def test_another_body_is_found(
    body: dict[str, Any], how: str, conform: Conform, world: Simulator
) -> None:
    fault = {"kind": "status", "status": 200, "body": body}
    world.fail({"route": "GET /v1/products/*"}, fault)
    assert conform(1)["product"]["how"] == how


def test_an_answer_that_is_late_is_found(conform: Conform, world: Simulator) -> None:
    world.fail({"route": "GET /v1/products/*"}, {"kind": "slow", "seconds": 3.2})
    assert re.fullmatch(r"it took 3\.\d s", conform(1)["product"]["how"])


def test_the_makers_own_values_are_replaced() -> None:
    session = Session("http://x", "acme-pumps", ("acme-1", "hush"), server="abc", token="def")
    assert redacted("acme-pumps acme-1 hush abc def", session) == " ".join(["(ours)"] * 5)


def rows(page: str, begin: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8").partition(begin)[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return [
        cell for cell in cells if cell not in {"Assumption", "Case"} and not cell.startswith("-")
    ]


def test_every_assumption_is_tried_or_says_why_not() -> None:
    known = {*NOT_TRIED, *(row for probe in PROBES for row in probe.settles)}
    found = [*rows("real-cloud.md", "\n## Particle\n"), *rows("simulator.md", "\n## Invented\n")]
    assert len(found) > 40
    assert [row for row in found if not row.startswith(tuple(known))] == []
    assert [one for one in known if not any(row.startswith(one) for row in found)] == []
