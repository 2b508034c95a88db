"""Alerts: what readings and time make of them, and what people are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.alerts import notice, state
from shared.telemetry.alerts.rule import Op, Rule, Silence, Threshold
from shared.telemetry.alerts.state import Heard, Reading, State, Status
from shared.telemetry.alerts.stored import Alert, Reported, Severity

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)
NORMAL = Status(State.NORMAL, T0, state.first_order(T0))
FIRES, IS_NORMAL, WAITS = State.FIRING, State.NORMAL, State.PENDING


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def readings(*values: Any, every: float = 60) -> list[Reading]:
    times = [at(every * n) for n in range(1, len(values) + 1)]
    return [Reading(v, t, state.first_order(t) + 7) for v, t in zip(values, times, strict=True)]


def threshold(
    op: Op = Op.ABOVE, value: Any = 8, clear: float | None = None, for_seconds: int = 0
) -> Threshold:
    return Threshold("t", None, op, value, clear, for_seconds)


def alert(rule: Rule | None = None, status: Status = NORMAL, **more: Any) -> Alert:
    return Alert(
        id="a",
        name="Too warm",
        severity=Severity.CRITICAL,
        enabled=True,
        epoch=1,
        rule=rule or threshold(),
        status=status,
        **more,
    )


@pytest.mark.parametrize(
    ("rule", "values", "states"),
    [
        (threshold(), [8, 8.1, 9, 8, 7], [FIRES, IS_NORMAL]),
        (threshold(Op.BELOW, 0), [0, -1, -0.5, 0], [FIRES, IS_NORMAL]),
        (threshold(Op.EQUALS, "open"), ["shut", "open", 1, "open", "shut"], [FIRES, IS_NORMAL]),
        (threshold(Op.DIFFERS, value=True), [True, 1, "x", False, None, True], [FIRES, IS_NORMAL]),
        (threshold(Op.EQUALS, 1), [True, 1.0, 2], [FIRES, IS_NORMAL]),
        (threshold(clear=6), [9, 7, 6.5, 9, 6], [FIRES, IS_NORMAL]),
        (threshold(Op.BELOW, 0, clear=2), [-1, 1, 2], [FIRES, IS_NORMAL]),
        (threshold(), ["9", None, [9], {"t": 9}, True], []),
        (threshold(for_seconds=120), [9, 9, 9], [WAITS, FIRES]),
        (threshold(for_seconds=120), [9, 7, 9, 9], [WAITS, IS_NORMAL, WAITS]),
        # It was above for long enough before the reading that ends it.
        (threshold(for_seconds=60), [9, 7], [WAITS, FIRES, IS_NORMAL]),
        (threshold(for_seconds=60, clear=6), [9, 7, 6], [WAITS, FIRES, IS_NORMAL]),
    ],
)
def test_readings_in_order(rule: Threshold, values: list[Any], states: list[State]) -> None:
    assert [one.state for one in state.all_steps(rule, NORMAL, readings(*values))] == states


def test_the_time_of_a_firing_is_that_of_its_first_reading() -> None:
    waits, fires = state.all_steps(threshold(for_seconds=60), NORMAL, readings(9, 10))
    assert (waits.since, fires.since, fires.observed) == (at(60), at(60), 9)
    assert fires.order == readings(9, 10)[1].order


def test_events_before_the_last_transition_never_count() -> None:
    fires = Status(FIRES, at(60), state.first_order(at(60)), 9)
    late = Reading(1, at(59), state.first_order(at(59)))
    assert not state.may_change(threshold(), fires, [late])
    assert not list(state.steps(threshold(), fires, late))


def test_a_pending_alert_waits_for_readings_on_their_way() -> None:
    rule = threshold(for_seconds=600)
    [waits] = state.all_steps(rule, NORMAL, readings(9))
    assert state.ripens_at(rule, waits) == at(60 + 600 + 60)
    assert state.ripen(rule, waits, at(719)) is waits
    ripe = state.ripen(rule, waits, at(720))
    assert (ripe.state, ripe.since) == (FIRES, at(60))
    # A reading of the time when it became due is later than the firing.
    assert state.time_of(ripe.order) == at(660)


@given(
    st.lists(st.sampled_from([1, 5, 7, 8, 9, "x"]), max_size=30),
    st.sampled_from([None, 6.0]),
    st.sampled_from([0, 90, 180]),
    st.data(),
)
def test_it_does_not_matter_how_readings_are_parted(
    values: list[Any], clear: float | None, for_seconds: int, data: st.DataObject
) -> None:
    """Judgements that each see a part, and more than their part, end where one of all ends."""
    rule, all_of_them = threshold(clear=clear, for_seconds=for_seconds), readings(*values)
    whole = [NORMAL, *state.all_steps(rule, NORMAL, all_of_them)][-1]
    status, end = NORMAL, 0
    while end < len(all_of_them):
        begin = data.draw(st.integers(0, end))
        end = data.draw(st.integers(end + 1, len(all_of_them)))
        status = [status, *state.all_steps(rule, status, all_of_them[begin:end])][-1]
    assert status == whole


@pytest.mark.parametrize(
    ("metric", "value", "found"),
    [
        (None, 3, 3),
        ("t", {"t": 3}, 3),
        ("in.t", {"in": {"t": 3}}, 3),
        ("in.t", {"in.t": 3, "in": {"t": 4}}, 3),
        ("a.b.c", {"a.b": {"c": 3}}, 3),
        ("a.b.c", {"a": {"b.c": 3}}, 3),
        ("in.t", {"in": 3}, None),
        ("t", 3, None),
        ("t", {"t": "3"}, None),
        ("t", {"t": True}, None),
    ],
)
def test_a_metric_is_found_by_its_path(metric: str | None, value: Any, found: Any) -> None:
    assert Threshold("e", metric, Op.ABOVE, 1).observed(value) == found


def test_silence_fires_and_ends() -> None:
    rule = Silence(None, 900)
    heard = Heard(at(0), state.last_order(at(0)))
    assert state.fall_silent(rule, NORMAL, heard, at(899)) is NORMAL
    silent = state.fall_silent(rule, NORMAL, heard, at(900))
    assert (silent.state, silent.since) == (FIRES, at(0))
    assert state.listen(silent, heard) is silent
    ended = state.listen(silent, Heard(at(1000), state.last_order(at(1000))))
    assert (ended.state, ended.since) == (IS_NORMAL, at(1000))
    # An event that was published before it fell silent, and arrives late, ends nothing.
    assert not state.may_change(rule, silent, [Reading(1, at(-1), state.first_order(at(-1)))])
    assert state.may_change(rule, silent, [Reading(1, at(5), state.first_order(at(5)))])


def made(*states: State) -> list[Status]:
    return [Status(one, at(60), state.first_order(at(60)), 9) for one in states]


FIRING = made(FIRES)[0]
LONG_AGO, JUST_NOW = at(-301), at(-299)


@pytest.mark.parametrize(
    ("before", "reported", "states", "notify", "told"),
    [
        (NORMAL, Reported(), [FIRES], True, True),
        (NORMAL, Reported(), [WAITS], False, False),
        (made(WAITS)[0], Reported(), [IS_NORMAL], False, False),
        (made(WAITS)[0], Reported(), [FIRES], True, True),
        # It has fired and is over, and nobody knew: one message says both.
        (NORMAL, Reported(), [FIRES, IS_NORMAL], True, False),
        (NORMAL, Reported(LONG_AGO), [FIRES], True, True),
        (NORMAL, Reported(JUST_NOW), [FIRES], False, False),
        (NORMAL, Reported(JUST_NOW), [FIRES, IS_NORMAL], False, False),
        (FIRING, Reported(JUST_NOW, fires=True), [IS_NORMAL], True, False),
        (FIRING, Reported(JUST_NOW, fires=False), [IS_NORMAL], False, False),
        (FIRING, Reported(LONG_AGO, fires=True), [IS_NORMAL, WAITS], True, False),
        (FIRING, Reported(LONG_AGO, fires=True), [IS_NORMAL, FIRES], False, True),
    ],
)
def test_what_is_reported(
    before: Status, reported: Reported, states: list[State], *, notify: bool, told: bool
) -> None:
    found = notice.of_transitions(alert(status=before, reported=reported), made(*states), T0)
    assert (found.notify, found.reported.fires, found.flapping) == (notify, told, False)
    assert found.reported.transitions == len(states)


def test_one_that_flaps_is_switched_off_and_that_is_reported_once() -> None:
    day = f"{T0:%Y-%m-%d}"
    before = alert(
        status=FIRING,
        reported=Reported(JUST_NOW, fires=True, day=day, transitions=notice.FLAPPING - 1),
    )
    found = notice.of_transitions(before, made(IS_NORMAL), T0)
    assert (found.notify, found.flapping) == (True, True)
    other_day = before._replace(reported=before.reported._replace(day="2026-04-30"))
    assert not notice.of_transitions(other_day, made(IS_NORMAL), T0).flapping


def test_a_firing_that_was_not_reported_is_reported_when_it_lasts() -> None:
    suppressed = alert(status=FIRING, reported=Reported(JUST_NOW, fires=False))
    assert suppressed.due_at == JUST_NOW + timedelta(minutes=5)
    assert notice.of_time(suppressed, T0) is None
    found = notice.of_time(suppressed, at(1))
    assert found is not None
    assert found.reported.fires


def test_reminders_until_somebody_acknowledges() -> None:
    told = alert(status=FIRING, reported=Reported(T0, fires=True), remind_hours=4)
    assert told.due_at == T0 + timedelta(hours=4)
    found = notice.of_time(told, T0 + timedelta(hours=4))
    assert found is not None
    again = told._replace(reported=found.reported)
    assert again.due_at == T0 + timedelta(hours=8)
    assert again._replace(acknowledged=True).due_at is None
    assert told._replace(remind_hours=None).due_at is None
    assert notice.of_time(told._replace(status=NORMAL), T0 + timedelta(hours=9)) is None
