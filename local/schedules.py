"""Runs the scheduled functions when they are due, as Cloud Scheduler does in the cloud.

The Functions emulator loads them but never runs them. `python -m local.schedules URL`, with the
address of that emulator, is a part of the demo's stack; tests run what they want themselves.
"""

import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import requests

from local.configuration import PROJECT_ID
from local.progress import say
from local.signals import Stopped, stop_signals

# Seconds that the start of a worker may take, beside the time that the function itself has.
_START: Final = 60.0
# What the Firebase CLI sets for a function without a time limit or a time zone of its own.
_TIMEOUT: Final = 60.0
_ZONE: Final = "UTC"

_EVERY: Final = re.compile(r"every (\d+) (minute|min|hour)s?")
_DAILY: Final = re.compile(r"every day (\d\d?):(\d\d)")
_UNITS: Final = {"min": "minutes", "minute": "minutes", "hour": "hours"}


class ScheduleError(Exception):
    """A schedule cannot be read, or a run has failed; the text says why."""


def next_time(schedule: str, zone: str, previous: datetime) -> datetime:
    """Return when a function runs after it has run, or was to run, at another time.

    Args:
        schedule: `every 5 minutes`, `every 2 hours` or `every day 03:30`.
        zone: the time zone of an hour in it.
        previous: the time before.

    Raises:
        ScheduleError: the schedule is written in another way.
    """
    if every := _EVERY.fullmatch(schedule):
        return previous + timedelta(**{_UNITS[every[2]]: int(every[1])})
    if daily := _DAILY.fullmatch(schedule):
        local = previous.astimezone(ZoneInfo(zone))
        today = local.replace(hour=int(daily[1]), minute=int(daily[2]), second=0, microsecond=0)
        return (today if today > local else today + timedelta(days=1)).astimezone(UTC)
    raise ScheduleError(
        f"{schedule!r} is neither `every N minutes`, `every N hours` nor `every day HH:MM`"
    )


@dataclass(frozen=True)
class Scheduled:
    """A scheduled function of the emulator.

    Attributes:
        name: of the function.
        region: where it is deployed.
        schedule: when it runs, as `next_time` takes it.
        zone: the time zone of the schedule.
        timeout: seconds after which the platform ends it.
        url: its address.
    """

    name: str
    region: str
    schedule: str
    zone: str
    timeout: float
    url: str

    def run(self, due: datetime | None = None) -> None:
        """Run it once, as Cloud Scheduler does at the time that it was due.

        Raises:
            ScheduleError: it has failed, or the emulator did not answer.
        """
        headers = {
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": f"firebase-schedule-{self.name}-{self.region}",
            "X-CloudScheduler-ScheduleTime": (due or datetime.now(UTC)).isoformat(),
        }
        try:
            answer = requests.post(self.url, headers=headers, timeout=self.timeout + _START)
        except requests.RequestException as error:
            raise ScheduleError(str(error)) from error
        # The emulator answers 204 while its triggers are switched off.
        if answer.status_code != requests.codes.ok:
            raise ScheduleError(f"{answer.status_code} {answer.text[:500]}")


def scheduled_functions(emulator: str) -> list[Scheduled]:
    """Return the functions with a schedule that an emulator has loaded.

    Args:
        emulator: the address of the Functions emulator.

    Raises:
        requests.RequestException: it does not answer.
    """
    answer = requests.get(f"{emulator}/backends", timeout=30)
    answer.raise_for_status()
    return [
        _scheduled(emulator, trigger)
        for backend in answer.json()["backends"]
        for trigger in backend["functionTriggers"]
        if trigger.get("schedule")
    ]


def _scheduled(emulator: str, trigger: dict[str, Any]) -> Scheduled:
    name, region = trigger["name"], trigger["region"]
    return Scheduled(
        name=name,
        region=region,
        schedule=trigger["schedule"]["schedule"],
        zone=trigger["schedule"].get("timeZone") or _ZONE,
        timeout=trigger.get("timeoutSeconds") or _TIMEOUT,
        url=f"{emulator}/{PROJECT_ID}/{region}/{name}",
    )


def keep_running(
    function: Scheduled,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Run a function whenever it is due; what a run takes longer than its interval is left out.

    A failed run is reported and changes nothing. Returns only when the schedule cannot be read.
    """
    due = now()
    while True:
        try:
            due = next_time(function.schedule, function.zone, due)
            while due <= now():
                due = next_time(function.schedule, function.zone, due)
        except ScheduleError as error:
            _report(now(), function, f"never runs: {error}")
            return
        sleep(max(0.0, (due - now()).total_seconds()))
        start = now()
        try:
            function.run(due)
        except ScheduleError as error:
            _report(start, function, f"failed: {error}")
        else:
            _report(start, function, f"ran for {(now() - start).total_seconds():.1f} s")


def _report(at: datetime, function: Scheduled, text: str) -> None:
    say(f"{at.isoformat(timespec='seconds')} {function.name} {text}")


def main() -> int:
    """Run the scheduled functions of the emulator in the first argument until a signal to stop."""
    with stop_signals():
        try:
            for function in scheduled_functions(sys.argv[1]):
                _report(datetime.now(UTC), function, f"runs {function.schedule}")
                threading.Thread(target=keep_running, args=[function], daemon=True).start()
            threading.Event().wait()
        except Stopped:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
