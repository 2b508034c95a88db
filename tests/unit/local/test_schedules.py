"""Scheduled functions on this machine: when they run, and what happens when a run fails."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import main
from local.schedules import (
    Scheduled,
    ScheduleError,
    keep_running,
    next_time,
    scheduled_functions,
)

NOON = datetime(2026, 5, 13, 12, 0, 3, tzinfo=UTC)

BACKENDS = {
    "backends": [
        {
            "functionTriggers": [
                {"name": "ingest", "region": "us-central1", "eventTrigger": {}},
                {
                    "name": "tidy",
                    "region": "us-central1",
                    "eventTrigger": {"eventType": "pubsub", "resource": ""},
                    "schedule": {"schedule": "every 5 minutes", "retryConfig": {}},
                    "timeoutSeconds": 120,
                },
                {
                    "name": "report",
                    "region": "europe-west1",
                    "schedule": {"schedule": "every day 03:30", "timeZone": "Europe/Berlin"},
                },
            ]
        }
    ]
}


@contextmanager
def emulator(*statuses: int) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A server with these backends, which answers runs with these statuses, and what was run."""
    left = list(statuses)
    runs: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps(BACKENDS).encode())

        def do_POST(self) -> None:
            runs.append((self.path, dict(self.headers)))
            self._send(left.pop(0), b"what it said")

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", runs
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("schedule", "zone", "due"),
    [
        ("every 5 minutes", "UTC", "2026-05-13T12:05:03"),
        ("every 1 minute", "UTC", "2026-05-13T12:01:03"),
        ("every 90 min", "UTC", "2026-05-13T13:30:03"),
        ("every 2 hours", "UTC", "2026-05-13T14:00:03"),
        ("every 24 hours", "UTC", "2026-05-14T12:00:03"),
        ("every day 13:15", "UTC", "2026-05-13T13:15:00"),
        ("every day 3:30", "UTC", "2026-05-14T03:30:00"),
        ("every day 12:00", "UTC", "2026-05-14T12:00:00"),
        ("every day 13:15", "Europe/Berlin", "2026-05-14T11:15:00"),
        ("every day 15:00", "Europe/Berlin", "2026-05-13T13:00:00"),
    ],
)
def test_when_it_runs_next(schedule: str, zone: str, due: str) -> None:
    assert next_time(schedule, zone, NOON) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("schedule", ["*/5 * * * *", "every monday 09:00", "sometimes", ""])
def test_a_schedule_in_another_form_is_refused(schedule: str) -> None:
    with pytest.raises(ScheduleError, match="neither"):
        next_time(schedule, "UTC", NOON)


def test_every_schedule_of_the_product_can_be_read() -> None:
    schedules = [
        endpoint.scheduleTrigger["schedule"]
        for name in main.FUNCTIONS
        if (endpoint := getattr(main, name).__firebase_endpoint__).scheduleTrigger is not None
    ]
    assert schedules
    assert all(next_time(schedule, "UTC", NOON) > NOON for schedule in schedules)


def test_what_has_a_schedule_is_asked_of_the_emulator() -> None:
    with emulator() as (url, _):
        tidy, report = scheduled_functions(url)
    assert (tidy.name, tidy.schedule, tidy.zone, tidy.timeout) == (
        "tidy",
        "every 5 minutes",
        "UTC",
        120,
    )
    assert tidy.url == f"{url}/demo-particle/us-central1/tidy"
    assert (report.name, report.zone) == ("report", "Europe/Berlin")
    assert report.url == f"{url}/demo-particle/europe-west1/report"


def test_a_run_has_the_headers_of_cloud_scheduler() -> None:
    with emulator(200) as (url, runs):
        scheduled_functions(url)[0].run(NOON)
    ((path, headers),) = runs
    assert path == "/demo-particle/us-central1/tidy"
    assert headers["X-CloudScheduler-JobName"] == "firebase-schedule-tidy-us-central1"
    assert headers["X-CloudScheduler-ScheduleTime"] == "2026-05-13T12:00:03+00:00"


@pytest.mark.parametrize("status", [204, 404, 500])
def test_a_run_that_fails_is_an_error(status: int) -> None:
    with emulator(status) as (url, _), pytest.raises(ScheduleError, match=str(status)):
        scheduled_functions(url)[0].run()


def test_a_run_without_an_emulator_is_an_error() -> None:
    with emulator() as (url, _):
        tidy = scheduled_functions(url)[0]
    with pytest.raises(ScheduleError, match="refused"):
        tidy.run()


class Clock:
    """Time that passes only while somebody sleeps or a function runs; at the end it raises."""

    def __init__(self, seconds: float) -> None:
        self.time = NOON
        self.end = NOON + timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if self.time > self.end:
            raise TimeoutError


def run_until_the_end(schedule: str, clock: Clock, run: Callable[[], None]) -> list[float]:
    """When, in seconds from the start, a function with this schedule was run."""
    starts: list[float] = []

    class Recorded(Scheduled):
        def run(self, due: datetime | None = None) -> None:
            assert due is not None
            assert due <= clock.time
            starts.append((clock.time - NOON).total_seconds())
            run()

    function: Any = Recorded("tidy", "us-central1", schedule, "UTC", 60, "http://nowhere")
    with pytest.raises(TimeoutError):
        keep_running(function, now=clock.now, sleep=clock.sleep)
    return starts


def test_it_runs_at_its_interval_from_the_start() -> None:
    clock = Clock(1000)
    assert run_until_the_end("every 5 minutes", clock, lambda: clock.sleep(2)) == [300, 600, 900]


def test_runs_that_came_due_during_a_long_one_are_left_out() -> None:
    clock = Clock(1900)
    long = iter([700.0, 1.0, 1.0, 1.0])
    starts = run_until_the_end("every 5 minutes", clock, lambda: clock.sleep(next(long)))
    assert starts == [300, 1200, 1500, 1800]


def test_a_failed_run_is_reported_and_does_not_stop_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock(700)
    outcomes = iter([ScheduleError("500 it broke"), None])

    def run() -> None:
        error = next(outcomes)
        if error:
            raise error

    assert run_until_the_end("every 5 minutes", clock, run) == [300, 600]
    assert capsys.readouterr().out.splitlines() == [
        "2026-05-13T12:05:03+00:00 tidy failed: 500 it broke",
        "2026-05-13T12:10:03+00:00 tidy ran for 0.0 s",
    ]


def test_a_schedule_that_cannot_be_read_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    function = Scheduled("tidy", "us-central1", "sometimes", "UTC", 60, "http://nowhere")
    keep_running(function, now=lambda: NOON, sleep=lambda _: pytest.fail("it waits"))
    assert "tidy never runs: 'sometimes' is neither" in capsys.readouterr().out
