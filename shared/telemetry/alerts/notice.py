"""Whether people are told of a transition. The judgement decides it, in its commit, so once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from shared.telemetry.alerts.state import State, Status
from shared.telemetry.alerts.stored import COOLDOWN, Alert, Reported

FLAPPING = 200
"""Transitions in a UTC day after which an alert is switched off."""


class Notice(NamedTuple):
    """What is reported of some transitions, and noted as reported."""

    notify: bool
    reported: Reported
    flapping: bool = False
    """Whether the alert changes so often that it is switched off."""


def of_transitions(alert: Alert, made: Sequence[Status], now: datetime) -> Notice:
    """What is reported of the transitions that a judgement makes, at least one.

    - That it fires, or has fired and is over: unless that was reported within `COOLDOWN`.
    - That it is over: if it was reported that it fires.
    - Nothing between normal and pending, nor of an interruption that the judgement sees whole.
    """
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    before = alert.reported.transitions if alert.reported.day == day else 0
    reported = alert.reported._replace(day=day, transitions=before + len(made))
    flapping = reported.transitions >= FLAPPING
    fired, fires = alert.status.state is State.FIRING, made[-1].state is State.FIRING
    if flapping:
        return Notice(notify=True, reported=reported._replace(at=now, fires=False), flapping=True)
    if fired and not fires:
        return Notice(notify=reported.fires, reported=reported._replace(fires=False))
    if fired or not any(one.state is State.FIRING for one in made):
        return Notice(notify=False, reported=reported)
    if reported.at and now - reported.at < COOLDOWN:
        return Notice(notify=False, reported=reported)
    return Notice(notify=True, reported=reported._replace(at=now, fires=fires))


def of_time(alert: Alert, now: datetime) -> Notice | None:
    """What is reported because time has passed while it fires; None if nothing is.

    Either it was not reported that it fires, because that was reported shortly before; or it is a
    reminder.
    """
    if alert.status.state is not State.FIRING or alert.due_at is None or now < alert.due_at:
        return None
    return Notice(notify=True, reported=alert.reported._replace(at=now, fires=True))
