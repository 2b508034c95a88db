"""What an instance knows of a tenure, and what is left out of an event that Firestore refuses."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import settings
from shared.telemetry.message import Event
from shared.telemetry.pending import PendingEvent
from shared.telemetry.rollup import MAX_METRICS
from shared.telemetry.system_events import NAMES, VITALS
from shared.telemetry.tenure import MAX_LATEST, Tenure

AT = datetime(2026, 5, 13, tzinfo=UTC)
ROOM = MAX_LATEST - len(NAMES)


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "event_retention_by_prefix", lambda: ())
    monkeypatch.setattr(settings, "event_retention_days", lambda: 90)


def pending(value: Any, *, counted: bool = True, tenure: Tenure | None = None) -> PendingEvent:
    event = Event("0" * 32, "d" * 24, "climate", json.dumps(value), None, value, None, AT)
    made = PendingEvent(event, AT, counted=counted)
    made.place = tenure or Tenure("u", 1, AT)
    return made


def test_asking_for_a_place_takes_none() -> None:
    tenure = Tenure("u", 1, AT)
    assert all(tenure.has_place(f"name{n}") for n in range(2 * ROOM))
    for n in range(ROOM):
        tenure.reserve_place(f"name{n}")
    assert tenure.has_place("name0")
    assert not tenure.has_place("another")
    assert tenure.has_place(VITALS), "Particle's own names have a place of their own"
    assert not Tenure("u", 1, AT).has_place("__name__")


def test_particles_own_names_take_no_place_from_others() -> None:
    tenure = Tenure("u", 1, AT)
    for name in NAMES:
        tenure.reserve_place(name)
    for n in range(ROOM):
        assert tenure.has_place(f"name{n}")
        tenure.reserve_place(f"name{n}")
    assert not tenure.has_place("another")


def test_asking_what_is_countable_counts_nothing() -> None:
    tenure = Tenure("u", 1, AT, {"climate"})
    first = {f"a{n}": n for n in range(MAX_METRICS - 2)}
    more = {"b0": 0, "a0": 0, "b1": 1, "b2": 2, "b3": 3}
    for _ in range(2):
        assert tenure.countable("climate", first) == first
        assert tenure.countable("climate", more) == more
    tenure.reserve_metrics("climate", first)
    for _ in range(2):
        assert tenure.countable("climate", more) == {"b0": 0, "a0": 0, "b1": 1}
    tenure.reserve_metrics("climate", ["b0", "a0", "b1"])
    assert tenure.countable("climate", {"b2": 2, "b1": 1}) == {"b1": 1}


def test_metrics_of_a_name_without_a_place_are_not_remembered() -> None:
    tenure = Tenure("u", 1, AT)
    tenure.reserve_metrics("other", [f"a{n}" for n in range(MAX_METRICS)])
    assert tenure.countable("other", {"b": 1}) == {"b": 1}


@pytest.mark.parametrize(
    ("value", "counted", "steps"),
    [
        ({"t": 1}, True, [(False, True), (True, False), (False, False)]),
        ({"t": 1}, False, [(False, False)]),
        ("text", True, [(True, False)]),
    ],
)
def test_what_is_left_out_when_firestore_refuses(
    value: Any, *, counted: bool, steps: list[tuple[bool, bool]]
) -> None:
    """Rollup (`counted`) and `latest` (`shown`) may be full, each by itself or both."""
    event = pending(value, counted=counted)
    assert (event.counted, event.shown) == (counted, True)
    for step in steps:
        assert event.fall_back()
        assert (event.counted, event.shown) == step
    assert not event.fall_back()


def test_an_event_outside_any_tenure_has_nothing_to_leave_out() -> None:
    later = Tenure("u", 2, AT.replace(year=2027))
    assert not pending({"t": 1}, tenure=later).fall_back()
