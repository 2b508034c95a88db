"""Particle's own events, and the fields of the device's document that follow from them.

Names and forms are from Particle's documentation of system events and device vitals.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.telemetry.presence import STATUS

FLASH = "spark/flash/status"
RESET = "spark/device/last_reset"
VITALS = "spark/device/diagnostics/update"

NAMES = frozenset({STATUS, FLASH, RESET, VITALS})
"""They always have a place in a device's `latest`."""

_BY_THE_CLOUD = ("particle/", "hook-sent/", "hook-response/", "hook-error/", "spark/flash/")
_MAX_TEXT = 200


def is_sign_of_life(name: str, value: Any) -> bool:
    """Whether the device itself must have been connected for the event to be published.

    The cloud publishes some events on its own, among them the end of a session, which it may notice
    half an hour after it last heard from the device.
    """
    if name == STATUS:
        return bool(value == "online")
    return not name.startswith(_BY_THE_CLOUD)


def fields(name: str, value: Any, published_at: datetime) -> dict[str, Any]:
    """The fields of the device document that the newest event of this name decides."""
    read = _READERS.get(name)
    return read(value, published_at) if read else {}


def field_names(name: str) -> tuple[str, ...]:
    """The names of those fields."""
    return _FIELDS.get(name, ())


def _flash(value: Any, at: datetime) -> dict[str, Any]:
    # "started ", "success ", "failed ": with a trailing space, or followed by a file's name.
    status, _, file = _said(value).partition(" ")
    return {"firmwareUpdate": {"status": _short(status), "file": _short(file), "at": at}}


def _reset(value: Any, at: datetime) -> dict[str, Any]:
    # A word, a number, or "panic, hard_fault".
    reason, _, detail = _said(value).partition(",")
    return {"lastReset": {"reason": _short(reason), "detail": _short(detail), "at": at}}


def _vitals(value: Any, at: datetime) -> dict[str, Any]:
    device = _inner(value, "device")
    signal = _inner(_inner(device, "network"), "signal")
    battery = _inner(_inner(device, "power"), "battery")
    return {
        "signal": {
            "technology": _text(signal.get("at")),
            "strength": _number(signal.get("strength")),
            "quality": _number(signal.get("quality")),
            "at": at,
        },
        "battery": {
            "charge": _number(battery.get("charge")),
            "state": _text(battery.get("state")),
            "at": at,
        },
    }


_READERS: dict[str, Callable[[Any, datetime], dict[str, Any]]] = {
    FLASH: _flash,
    RESET: _reset,
    VITALS: _vitals,
}
_FIELDS = {FLASH: ("firmwareUpdate",), RESET: ("lastReset",), VITALS: ("signal", "battery")}


def _said(value: Any) -> str:
    """What an event says in words, or in a number; empty when it says nothing of the kind."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _short(words: str) -> str | None:
    return words.strip()[:_MAX_TEXT] or None


def _inner(value: Any, key: str) -> Mapping[str, Any]:
    """An object within an object; empty when there is none. A leaf may be `{"err": -210}`."""
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _number(leaf: Any) -> int | float | None:
    return leaf if isinstance(leaf, int | float) and not isinstance(leaf, bool) else None


def _text(leaf: Any) -> str | None:
    return leaf[:_MAX_TEXT] if isinstance(leaf, str) else None
