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

from benchmarks import campaign, cold_start, report, throughput
from benchmarks.throughput import Case, Result, Traffic
from local import Stack

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "benchmarks.md"

_BASE = Case()
_SHORT = (Case(concurrency=1, events=400), _BASE, Case(concurrency=64), Case(duplicates=0.1))
_FULL = tuple(
    Case(devices, concurrency, duplicates, events=400 if concurrency == 1 else 10_000)
    for devices, concurrency, duplicates in (
        (100, 16, 0.0),
        (1000, 16, 0.0),
        (10_000, 16, 0.0),
        (200, 1, 0.0),
        (200, 4, 0.0),
        (200, 16, 0.0),
        (200, 40, 0.0),
        (200, 64, 0.0),
        (200, 16, 0.01),
        (200, 16, 0.1),
    )
)
_COUNTED = (_BASE, Case(concurrency=1, events=400), Case(duplicates=0.1))
_COUNTED_FULL = (
    Case(events=10_000),
    Case(devices=10_000, events=10_000),
    Case(concurrency=64, events=10_000),
    Case(concurrency=1, events=1000),
    Case(duplicates=0.01, events=10_000),
    Case(duplicates=0.1, events=10_000),
)

_INTRODUCTION = """# Benchmarks

`make bench` runs a short form (about 10 minutes) and the long fault campaign;
`venv/bin/python -m benchmarks --full` all of it. `--write` writes this page.

Side by side on the functions framework's production server with 40 threads and the Firestore
emulator: a handler that does nothing; the naive peer, which stores each event with one `set` of a
module's client, as public examples do; and `ingest`, which stores it once and for the right owner,
keeps the device's state, and counts its numbers. All handlers get the same deliveries in turns.
"""


class _Bench:
    """The parts, on a running stack, and the page that they make."""

    def __init__(self, stack: Stack, rounds: int, *, full: bool) -> None:
        self._stack = stack
        self._rounds = rounds
        self._full = full
        self._results: dict[Case, dict[str, Result]] = {}
        self._counted: dict[tuple[Case, str], Traffic] = {}
        self._cold: dict[str, float] = {}
        self.parts = [_INTRODUCTION]

    def throughput(self) -> None:
        for case in _FULL if self._full else _SHORT:
            _say(case.title)
            self._results[case] = throughput.compare(case, self._stack.environment, self._rounds)
        self._show("Throughput and latency", report.throughput(self._results))

    def traffic(self) -> None:
        for case in _COUNTED_FULL if self._full else _COUNTED:
            for handler in ("naive", "ingest"):
                _say(f"{case.title}: traffic of {handler}")
                self._counted[case, handler] = throughput.traffic(
                    case, self._stack.environment, handler, self._stack.firestore_host
                )
        self._show("Firestore's share of an event, and memory", report.traffic(self._counted))

    def cold_start(self) -> None:
        _say("cold start")
        self._cold = cold_start.compare(self._stack.environment, max(self._rounds, 5))
        rows = [(report.NAMES[name], f"{time:.0f}") for name, time in self._cold.items()]
        self._show("Process start to first stored event", report.table(("Handler", "ms"), rows))

    def targets(self) -> None:
        if self._results or self._counted or self._cold:
            text = report.targets(self._results, self._counted, self._cold)
            self._show("Targets", text)

    def campaign(self, events: int, seed: int) -> bool:
        _say(f"fault campaign of {events} events, seed {seed}")
        plan = campaign.Plan(events=events, devices=max(events // 100, 20), seed=seed)
        stack = self._stack
        outcome = campaign.run(plan, stack.environment, stack.firestore_host)
        self._show("Fault campaign", outcome.text)
        return not outcome.problems

    def machine(self) -> None:
        self._show("Machine", report.machine(self._rounds))

    def _show(self, title: str, text: str) -> None:
        self.parts.append(f"## {title}\n\n{text}\n")
        typer.echo(f"\n{title}\n\n{text}")


def run(
    *,
    full: Annotated[bool, typer.Option("--full", help="All axes, with 10 000 events.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each case.")] = 5,
    write: Annotated[bool, typer.Option("--write", help="Write docs/benchmarks.md.")] = False,
    only: Annotated[
        str | None, typer.Option(help="throughput, traffic, cold-start or campaign alone.")
    ] = None,
    events: Annotated[int, typer.Option(min=100, help="Of the campaign.")] = 20_000,
    seed: Annotated[int | None, typer.Option(help="Of the campaign; by default a new one.")] = None,
) -> None:
    """Measure ingest beside the naive peer, and run the fault campaign."""
    passed = True
    with Stack("bench", interval=0) as stack, mock.patch.dict(os.environ, stack.environment):
        hub = f"http://127.0.0.1:{stack.ports.hub}/functions/disableBackgroundTriggers"
        requests.put(hub, timeout=30).raise_for_status()
        bench = _Bench(stack, rounds, full=full)
        measured = {
            "throughput": bench.throughput,
            "traffic": bench.traffic,
            "cold-start": bench.cold_start,
        }
        for name, measure in measured.items():
            if only in {None, name}:
                measure()
        bench.targets()
        if only in {None, "campaign"}:
            passed = bench.campaign(events, secrets.randbelow(2**31) if seed is None else seed)
        bench.machine()
    if write:
        PAGE.write_text("\n".join(bench.parts), encoding="utf-8")
    if not passed:
        raise typer.Exit(1)


def _say(title: str) -> None:
    typer.echo(f"... {title}", err=True)


def main() -> int:
    """Run the command line."""
    command: Callable[..., None] = run
    typer.run(command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
