"""What Particle's own events say about a device."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.telemetry import system_events

AT = datetime(2026, 5, 13, tzinfo=UTC)
VITALS: dict[str, Any] = {
    "device": {
        "network": {"signal": {"at": "LTE Cat-M1", "strength": 88.33, "quality": 45.83}},
        "power": {"battery": {"charge": 87.12, "state": "not_charging"}},
    }
}


@pytest.mark.parametrize(
    ("data", "status", "file"),
    [
        ("started ", "started", None),
        ("success ", "success", None),
        ("failed a.bin", "failed", "a.bin"),
    ],
)
def test_the_state_of_an_update(data: str, status: str, file: str | None) -> None:
    update = system_events.fields(system_events.FLASH, data, AT)["firmwareUpdate"]
    assert update == {"status": status, "file": file, "at": AT}


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        ("watchdog", "watchdog", None),
        ("panic, hard_fault", "panic", "hard_fault"),
        (140, "140", None),
    ],
)
def test_the_reason_of_a_reset(value: Any, reason: str, detail: str | None) -> None:
    reset = system_events.fields(system_events.RESET, value, AT)["lastReset"]
    assert reset == {"reason": reason, "detail": detail, "at": AT}


@pytest.mark.parametrize("value", [None, "", " ", True, {"err": -1}, ["x"]])
def test_an_event_that_says_nothing_has_no_status(value: Any) -> None:
    update = system_events.fields(system_events.FLASH, value, AT)["firmwareUpdate"]
    assert update == {"status": None, "file": None, "at": AT}
    reset = system_events.fields(system_events.RESET, value, AT)["lastReset"]
    assert reset == {"reason": None, "detail": None, "at": AT}


def test_vitals_give_signal_and_battery() -> None:
    assert system_events.fields(system_events.VITALS, VITALS, AT) == {
        "signal": {"technology": "LTE Cat-M1", "strength": 88.33, "quality": 45.83, "at": AT},
        "battery": {"charge": 87.12, "state": "not_charging", "at": AT},
    }


@pytest.mark.parametrize(
    "leaf",
    [
        "strength",
        "quality",
        "at",
        "charge",
        "state",
        "signal",
        "battery",
        "network",
        "power",
        "device",
    ],
)
def test_any_leaf_may_be_an_error(leaf: str) -> None:
    def spoilt(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: {"err": -210} if k == leaf else spoilt(v) for k, v in value.items()}

    found = system_events.fields(system_events.VITALS, spoilt(VITALS), AT)
    assert set(found) == {"signal", "battery"}
    assert "err" not in json.dumps(found, default=str)
    texts = [found["signal"]["technology"], found["battery"]["state"]]
    assert all(text is None or isinstance(text, str) for text in texts)


@pytest.mark.parametrize("value", [None, "text", 7, [], {"device": None}, {"err": -1}])
def test_vitals_that_are_none(value: Any) -> None:
    assert system_events.fields(system_events.VITALS, value, AT)["battery"]["charge"] is None


def test_an_ordinary_event_says_nothing_more() -> None:
    assert system_events.fields("temperature", VITALS, AT) == {}


@pytest.mark.parametrize(
    ("name", "value", "alive"),
    [
        ("temperature", 1, True),
        ("spark/status", "online", True),
        ("spark/status", "offline", False),
        ("spark/status", "auto-update", False),
        ("spark/device/last_reset", "user", True),
        ("particle/device/updates/pending", "true", False),
        ("hook-error/t/0", "", False),
    ],
)
def test_only_the_device_itself_gives_a_sign_of_life(name: str, value: Any, *, alive: bool) -> None:
    assert system_events.is_sign_of_life(name, value) is alive
