"""Formats the measurements as the sections of the documentation's page."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from benchmarks import commands as called
from benchmarks import simulator as simulated
from benchmarks.races import Race
from benchmarks.throughput import CLEAN, HANDLERS, Case, Result, Traffic

NAMES = {
    "nothing": "does nothing",
    "naive": "naive peer",
    "ingest": "ingest",
    "bare": "bare",
    "forward": "only forwards",
    "invoke_function": "invoke_function",
}

_ABOUT_COMMANDS = """\
`invoke_function` is compared with a callable that verifies the ID token and forwards the call to
Particle (the simulator, in its own process); both run on the framework's server, in turns. In
addition, `invoke_function` commits the ownership check, the idempotency record and the audit record
before the call, asks Auth meanwhile whether the sign-in is still valid, unless it did so within the
last minute, and writes the result after the call. With the distances of the cloud, Auth answers
after 60 ms, Firestore after 10 ms and Particle after 300 ms."""

_WHY_SLOWER = """\
The aims at 0 ms cannot be met here: forwarding takes about 2 ms in all, and each of the two commits
takes as long on the emulators. They cannot run in parallel: no device is called before the commit
that checks who owns it. A call to a real device takes hundreds of milliseconds, of which the round
trips are a few per cent. With 16 calls at once, emulators, simulator and server would need more
than two cores. The difference in CPU is the server's own share: making the two commits."""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table that is readable both as text and as Markdown."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def simulator(measured: simulated.Measured) -> str:
    """Return how fast the simulator starts and answers function calls, and the aims."""
    rows = [
        (
            "start with the demo's fleet, s",
            f"at most {simulated.START_AIM:.0f}",
            f"{measured.start:.2f}",
            "yes" if measured.start <= simulated.START_AIM else "no",
        ),
        (
            "function calls in a second",
            f"at least {simulated.CALLS_AIM:.0f}",
            f"{measured.calls_per_second:.0f}",
            "yes" if measured.calls_per_second >= simulated.CALLS_AIM else "no",
        ),
    ]
    return table(("What", "Aim", "Measured", "Met"), rows)


def throughput(results: Mapping[Case, Mapping[str, Result]]) -> str:
    """Return events per second and latencies of all cases, and the aims."""
    rows = []
    for case, by_handler in results.items():
        for name in HANDLERS:
            result = by_handler[name]
            ratio = result.per_second / by_handler["naive"].per_second
            rows.append(
                (
                    case.title,
                    NAMES[name],
                    round(result.per_second),
                    f"{ratio:.2f}",
                    round(result.percentile(0.5)),
                    round(result.percentile(0.99)),
                    f"{result.cpu_milliseconds:.2f}",
                )
            )
    header = ("Case", "Handler", "events/s", "to naive", "p50 ms", "p99 ms", "CPU ms")
    return f"{table(header, rows)}\n\n{_throughput_aims(results)}"


def traffic(results: Mapping[tuple[Case, str], Traffic]) -> str:
    """Return the Firestore traffic and the memory of each case, and the aims."""
    rows = [
        (
            case.title,
            NAMES[name],
            f"{found.round_trips:.2f}",
            f"{found.reads:.2f}",
            f"{found.writes:.2f}",
            f"{found.megabytes_before:.0f}",
            f"{found.megabytes:.0f}",
        )
        for (case, name), found in results.items()
    ]
    header = ("Case", "Handler", "round trips", "reads", "writes", "MB after 1/10", "MB after all")
    return f"{table(header, rows)}\n\n{_traffic_aims(results)}"


def cold_start(milliseconds: Mapping[str, float]) -> str:
    """Return the time from the start of a process to its first event, and the aim."""
    aims = _Aims()
    aims.at_most("cold start over bare", 1.2, milliseconds["ingest"] / milliseconds["bare"])
    rows = [(NAMES[name], f"{time:.0f}") for name, time in milliseconds.items()]
    return f"{table(('Handler', 'ms'), rows)}\n\n{aims.text}"


class _Aims:
    """A table of aims and of what was reached; each section of the page has its own."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = []

    def at_least(self, what: str, aim: float, value: float) -> None:
        self._rows.append((what, f"at least {aim}", f"{value:.2f}", _yes(value >= aim)))

    def at_most(self, what: str, aim: float, value: float) -> None:
        self._rows.append((what, f"at most {aim}", f"{value:.2f}", _yes(value <= aim)))

    @property
    def text(self) -> str:
        return table(("What", "Aim", "Measured", "Met"), self._rows)


def _yes(met: bool) -> str:  # noqa: FBT001 - its only argument
    return "yes" if met else "no"


def _throughput_aims(results: Mapping[Case, Mapping[str, Result]]) -> str:
    aims = _Aims()
    for case, by_handler in results.items():
        ours, naive = by_handler["ingest"], by_handler["naive"]
        if case.delay:
            # An event may wait a little for the commit of others, which the naive peer never does.
            aims.at_least(f"events/s over naive: {case.title}", 0.8, ours.to(naive))
        elif case.concurrency >= 16 and not case.duplicates:  # noqa: PLR2004 - "under load"
            aims.at_least(f"events/s over naive: {case.title}", 1, ours.to(naive))
            late = ours.percentile(0.99) / naive.percentile(0.99)
            aims.at_most(f"p99 over naive: {case.title}", 1, late)
        if case.duplicates:
            aims.at_least(
                f"events/s over no duplicates in the same rounds: {case.title}",
                0.8,
                ours.to(by_handler[CLEAN]),
            )
    return aims.text


def _traffic_aims(counted: Mapping[tuple[Case, str], Traffic]) -> str:
    aims = _Aims()
    for (case, name), found in counted.items():
        if name != "ingest":
            continue
        if not case.duplicates:
            aims.at_most(f"reads per event: {case.title}", 0, found.reads)
        most = 0.5 if case.concurrency >= 16 else 1.0  # noqa: PLR2004 - as above
        aims.at_most(f"round trips per event: {case.title}", most, found.round_trips)
        growth = found.megabytes / found.megabytes_before
        aims.at_most(f"memory after all over that after 1/10: {case.title}", 1.1, growth)
    return aims.text


def commands(measured: called.Measured) -> str:
    """Return the latencies of function calls, and the aims."""
    rows = []
    aims: list[tuple[str, str, str, str]] = []

    def aim(what: str, most: float, value: float) -> None:
        aims.append((what, f"at most {most}", f"{value:.2f}", "yes" if value <= most else "no"))

    for case, by_handler in measured.results.items():
        ours, peer = by_handler["invoke_function"], by_handler["forward"]
        rows += [
            (
                case.title,
                NAMES[name],
                f"{result.percentile(0.5):.1f}",
                f"{result.percentile(0.99):.1f}",
                round(result.per_second),
                f"{result.cpu_milliseconds:.2f}",
            )
            for name, result in by_handler.items()
        ]
        if case.delay:
            aim(f"p50 over forwarding: {case.title}", 1.05, _ratio(ours, peer, 0.5))
        else:
            aim(f"p50 over forwarding: {case.title}", 1.5, _ratio(ours, peer, 0.5))
            aim(f"p99 over forwarding: {case.title}", 1.5, _ratio(ours, peer, 0.99))
    for (title, by_handler), most in zip(measured.distant.items(), (1.08, 1.25), strict=True):
        ours, peer = by_handler["invoke_function"], by_handler["forward"]
        rows += [
            (
                f"distances of the cloud, {title}",
                NAMES[name],
                f"{result.percentile(0.5):.1f}",
                f"{result.percentile(0.99):.1f}",
                round(result.per_second),
                f"{result.cpu_milliseconds:.2f}",
            )
            for name, result in by_handler.items()
        ]
        aim(f"p50 over forwarding: {title}", most, _ratio(ours, peer, 0.5))
    aim("round trips to Firestore of a warm call", 2, measured.firestore)
    aim("requests to Particle of a warm call", 1, measured.particle)
    header = ("Case", "Handler", "p50 ms", "p99 ms", "calls/s", "CPU ms")
    met = table(("What", "Aim", "Measured", "Met"), aims)
    return "\n\n".join([_ABOUT_COMMANDS, table(header, rows), met, _WHY_SLOWER])


def _ratio(ours: Result, peer: Result, share: float) -> float:
    return ours.percentile(share) / peer.percentile(share)


def races(found: Sequence[Race], rounds: int) -> str:
    """Return which races left the state consistent."""
    rows = [
        (race.name, race.mode, rounds, f"{race.seconds:.0f}", race.problem or "none")
        for race in found
    ]
    about = (
        "Each race runs on two servers of the framework; after each round, the registry, the "
        "customers' documents and Particle must agree."
    )
    return f"{about}\n\n" + table(("Race", "Access mode", "Rounds", "s", "Problem"), rows)


def machine() -> str:
    """Return when and on what machine it was measured."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    load = os.getloadavg()[0]
    return (
        f"Measured {now}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load of the whole machine {load:.1f}."
    )
