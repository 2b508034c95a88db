"""The version of a device's firmware follows what its events say, whatever their order."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.client import Account, Client
from shared.telemetry import ingest
from tests.functional.conftest import Label
from tests.support.functions import call, deliver
from tests.support.telemetry import again, device, events, hand_over, message


@pytest.fixture(autouse=True)
def _fresh_process(stack: object) -> None:
    ingest.writer.cache_clear()


def says(
    label: Label, version: object, at: datetime, name: str = "temperature", data: str = "1"
) -> dict[str, Any]:
    body = message(label.device_id, data, name, at=at)
    body["message"]["attributes"]["fw_version"] = version
    return body


def shown(account: Account, label: Label) -> int:
    version: int = device(account, label)["firmwareVersion"]
    return version


def test_the_version_follows_the_device(owned: Label, customer: Account, client: Client) -> None:
    at = datetime.now(UTC)
    assert shown(customer, owned) == 1, "what Particle said at the claim"
    for version in ("2", "3", "2"):  # the last one is a roll-back
        at += timedelta(seconds=1)
        assert deliver(says(owned, version, at)) < 300
        assert shown(customer, owned) == int(version)
        seen = client.read(f"users/{customer.uid}/devices/{owned.device_id}", customer)
        assert seen is not None
        assert seen["firmwareVersion"] == int(version)
    (listed,) = call("list_devices", {}, customer)["devices"]
    assert listed["firmwareVersion"] == 2


@pytest.mark.parametrize("version", ["0", "", "seven", "70000", None])
def test_a_device_in_safe_mode_or_an_odd_message_says_nothing(
    version: object, owned: Label, customer: Account
) -> None:
    at = datetime.now(UTC)
    deliver(says(owned, "5", at))
    deliver(says(owned, version, at + timedelta(seconds=1)))
    assert shown(customer, owned) == 5
    assert len(events(customer, owned)) == 2


@pytest.mark.parametrize("same_instance", [True, False])
def test_a_late_event_does_not_turn_it_back(
    owned: Label, customer: Account, *, same_instance: bool
) -> None:
    """Also of another name, whose `latest` it is the newest of."""
    at = datetime.now(UTC)
    deliver(says(owned, "5", at + timedelta(seconds=9)))
    if not same_instance:
        ingest.writer.cache_clear()
    deliver(says(owned, "4", at + timedelta(seconds=8)))
    deliver(says(owned, "4", at + timedelta(seconds=7), "other"))
    assert shown(customer, owned) == 5
    assert device(customer, owned)["latest"]["other"]["value"] == 1


def test_what_was_published_before_the_claim_does_not_turn_it_back(
    owned: Label, customer: Account
) -> None:
    """An instance that missed a release and a new claim writes into the new document."""
    late = says(owned, "4", datetime.now(UTC))
    deliver(message(owned.device_id, "0"))
    call("release_device", {"deviceId": owned.device_id, "keepHistory": True}, customer)
    call("claim_device", owned.claim, customer)
    assert shown(customer, owned) == 1
    deliver(late)
    assert shown(customer, owned) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_newest_wins_in_whatever_order(seed: int, owned: Label, customer: Account) -> None:
    chance = random.Random(seed)
    start = datetime.now(UTC)
    bodies = [
        says(owned, str(chance.randint(1, 9)), start + timedelta(milliseconds=n), f"name{n % 3}")
        for n in range(30)
    ]
    newest = int(bodies[-1]["message"]["attributes"]["fw_version"])
    chance.shuffle(bodies)
    with ThreadPoolExecutor(8) as pool:
        assert all(status < 300 for status in pool.map(deliver, bodies))
    assert shown(customer, owned) == newest


def test_a_process_that_crashed_before_its_repair(
    owned: Label, customer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.now(UTC)
    deliver(says(owned, "5", at + timedelta(seconds=1)))
    late = says(owned, "4", at, "other")

    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("shared.telemetry.repair.firmware.repair", crash)
        assert deliver(late) == 500
    assert shown(customer, owned) == 4
    ingest.writer.cache_clear()
    assert deliver(again(late)) < 300
    assert shown(customer, owned) == 5


def test_it_takes_no_more_round_trips(
    owned: Label, customer: Account, firestore_requests: Callable[[], list[str]]
) -> None:
    at = datetime.now(UTC)
    deliver(says(owned, "5", at))
    firestore_requests()
    deliver(says(owned, "6", at + timedelta(seconds=1)))
    deliver(says(owned, "6", at, "other"))
    assert firestore_requests() == ["Commit", "Commit"]
    assert shown(customer, owned) == 6


def test_a_device_that_changes_hands_keeps_its_version(
    owned: Label, customer: Account, another: Account
) -> None:
    deliver(says(owned, "5", datetime.now(UTC)))
    since = hand_over(owned, customer, another)
    assert shown(another, owned) == 5
    deliver(says(owned, "6", since + timedelta(milliseconds=1), data=json.dumps({"t": 1})))
    assert shown(another, owned) == 6
