"""`python -m benchmarks`: the benchmarks and the long fault campaign, as tables."""

import os
import pathlib
import secrets
import sys
from collections.abc import Callable
from typing import Annotated
from unittest import mock

import requests
import typer

from benchmarks import campaign, cold_start, commands, races, report, simulator, throughput
from benchmarks.throughput import Case, Result, Traffic
from local import Stack
from local.signals import Stopped, stop_signals

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "benchmarks.md"

_BASE = Case()
_SHORT = (
    Case(concurrency=1, events=300),
    _BASE,
    Case(concurrency=64),
    Case(duplicates=0.1),
    Case(delay=0.05),
)
_FULL = (
    # This comes first because the emulator finds existing documents slowly once it holds many.
    Case(duplicates=0.1, elsewhere=True),
    *(Case(devices=devices) for devices in (100, 1000, 10_000)),
    *(Case(concurrency=concurrency) for concurrency in (1, 4, 16, 40, 64)),
    *(Case(duplicates=share) for share in (0.01, 0.1)),
    *(
        Case(concurrency=n, delay=delay, events=100 if n == 1 else 600)
        for delay in (0.02, 0.05)
        for n in (1, 16, 40)
    ),
)
_COUNTED = (Case(events=10_000), Case(concurrency=1, events=1000), Case(duplicates=0.1))
_COUNTED_FULL = (
    Case(events=10_000),
    Case(devices=10_000, events=10_000),
    Case(concurrency=64, events=10_000),
    Case(concurrency=1, events=1000),
    Case(duplicates=0.01, events=10_000),
    Case(duplicates=0.1, events=10_000),
)

_TITLES = (
    "Throughput and latency",
    "Firestore's share of an event, and memory",
    "Process start to first stored event",
    "Commands",
    "The simulator",
    "Fault campaign",
    "Races",
)
_INTRODUCTION = """# Benchmarks

`make bench` runs the short form (about 10 minutes), the long fault campaign and 200 rounds of each
race; `venv/bin/python -m benchmarks --full` runs the full form. `--write` writes this page.

Three handlers are compared on the functions framework's production server with 40 threads and the
Firestore emulator: one that does nothing; the naive peer, which stores each event with one `set` of
a module's client, as public examples do; and `ingest`, which stores each event once and for the
right owner, keeps the device's state, and aggregates its numbers. All handlers get the same
deliveries in turns, and each figure is the median of the rounds. Where duplicates are compared with
none, both go to the same server in the same rounds, and the figure is the median of the rounds'
ratios. Where Firestore is some milliseconds away, a proxy in front of the emulator delays each
answer by that time. Server, emulator and load generator share the machine's cores: compare figures
within a table, never between runs. CPU is the processor time of the server for one event, which
depends less on what else the machine does.
"""


class _Bench:
    """Runs the measurements on a running stack, and collects the sections of the page."""

    def __init__(self, stack: Stack, rounds: int, *, full: bool) -> None:
        self._stack = stack
        self._rounds = rounds
        self._full = full
        self.sections: dict[str, str] = {}

    def throughput(self) -> None:
        results: dict[Case, dict[str, Result]] = {}
        for case in _FULL if self._full else _SHORT:
            _say(case.title)
            stack = self._stack
            results[case] = throughput.compare(
                case, stack.environment, self._rounds, stack.firestore_host
            )
        self._show("Throughput and latency", report.throughput(results))

    def traffic(self) -> None:
        counted: dict[tuple[Case, str], Traffic] = {}
        for case in _COUNTED_FULL if self._full else _COUNTED:
            for handler in ("naive", "ingest"):
                _say(f"{case.title}: traffic of {handler}")
                counted[case, handler] = throughput.traffic(
                    case, self._stack.environment, handler, self._stack.firestore_host
                )
        self._show("Firestore's share of an event, and memory", report.traffic(counted))

    def cold_start(self) -> None:
        _say("cold start")
        taken = cold_start.compare(self._stack.environment, max(self._rounds, 5))
        self._show("Process start to first stored event", report.cold_start(taken))

    def commands(self) -> None:
        _say("commands")
        self._show("Commands", report.commands(commands.measure(self._stack, self._rounds)))

    def simulator(self) -> None:
        _say("the simulator")
        self._show("The simulator", report.simulator(simulator.measure(self._rounds)))

    def campaign(self, events: int, seed: int) -> bool:
        _say(f"fault campaign of {events} events, seed {seed}")
        plan = campaign.Plan(events=events, devices=max(events // 100, 20), seed=seed)
        stack = self._stack
        outcome = campaign.run(plan, stack.environment, stack.firestore_host)
        self._show("Fault campaign", outcome.text)
        return not outcome.problems

    def _show(self, title: str, text: str) -> None:
        _show(self.sections, title, text)


def _races(rounds: int, sections: dict[str, str]) -> bool:
    """Run the races, which start their own stack, and return whether all went well."""
    _say(f"races, {rounds} rounds of each")
    found = races.run(rounds)
    _show(sections, "Races", report.races(found, rounds))
    return not any(race.problem for race in found)


def _show(sections: dict[str, str], title: str, text: str) -> None:
    text = f"{text}\n\n{report.machine()}"
    sections[title] = text
    typer.echo(f"\n{title}\n\n{text}")


def run(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Run all cases, with 10 000 events.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="The number of rounds of each case.")] = 5,
    write: Annotated[
        bool, typer.Option("--write", help="Write the results to docs/benchmarks.md.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="Run only this part: throughput, traffic, cold-start, commands, simulator, "
            "campaign or races; repeatable.",
        ),
    ] = None,
    events: Annotated[
        int, typer.Option(min=100, help="The number of events in the campaign.")
    ] = 20_000,
    seed: Annotated[
        int | None, typer.Option(help="The seed of the campaign; random by default.")
    ] = None,
    race_rounds: Annotated[
        int, typer.Option(min=1, help="The number of rounds of each race.")
    ] = 200,
) -> None:
    """Compare the product with naive peers, and run the fault campaign and the races."""
    sections: dict[str, str] = {}
    passed = True
    if not only or set(only) - {"races"}:
        with Stack("bench", interval=0) as stack, mock.patch.dict(os.environ, stack.environment):
            hub = f"http://127.0.0.1:{stack.ports.hub}/functions/disableBackgroundTriggers"
            requests.put(hub, timeout=30).raise_for_status()
            bench = _Bench(stack, rounds, full=full)
            measured = {
                "throughput": bench.throughput,
                "traffic": bench.traffic,
                "cold-start": bench.cold_start,
                "commands": bench.commands,
                "simulator": bench.simulator,
            }
            for name, measure in measured.items():
                if not only or name in only:
                    measure()
            if not only or "campaign" in only:
                passed = bench.campaign(events, secrets.randbelow(2**31) if seed is None else seed)
            sections = bench.sections
    if not only or "races" in only:
        passed = _races(race_rounds, sections) and passed
    if write:
        _write(sections)
    if not passed:
        raise typer.Exit(1)


def _write(measured: dict[str, str]) -> None:
    """Write the measured sections into the page, and leave the others as they are."""
    sections = dict.fromkeys(_TITLES, "")
    if PAGE.exists():
        _, *found = PAGE.read_text(encoding="utf-8").split("\n## ")
        for section in found:
            title, _, text = section.partition("\n")
            if title in sections:
                sections[title] = text.strip()
    sections |= measured
    shown = [f"## {title}\n\n{text}\n" for title, text in sections.items() if text]
    PAGE.write_text("\n".join([_INTRODUCTION, *shown]), encoding="utf-8")


def _say(title: str) -> None:
    typer.echo(f"... {title}", err=True)


def main() -> int:
    """Run the command line."""
    command: Callable[..., None] = run
    try:
        with stop_signals():
            typer.run(command)
    except Stopped:
        typer.echo("\nstopped", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
