"""The report of a rehearsal: a line for each step, one document, or a page to keep."""

import html
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from admin.doctor.finding import State
from admin.rehearsal.steps import Done

_COLOURS = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.BROKEN: "red",
    State.NOT_HERE: "bright_black",
    State.UNCHECKED: "bright_black",
}
_WIDTH = max(map(len, State))
_NAME = 15

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Rehearsal of {project}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
    padding: 0 1rem }}
  table {{ border-collapse: collapse; width: 100% }}
  th, td {{ text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
    border-bottom: 1px solid #ccc }}
  .ok {{ color: #17692f }} .broken {{ color: #a31515; font-weight: bold }}
  .warning {{ color: #8a5a00 }}
</style>
<h1>Rehearsal of {project}</h1>
<p>{summary}</p>
<table>
<tr><th>Step<th>State<th>Seconds<th>Found
{rows}
</table>
</html>
"""


def line(done: Done) -> None:
    """Print a step for people."""
    state = typer.style(f"{done.finding.state:<{_WIDTH}}", fg=_COLOURS[done.finding.state])
    typer.echo(f"{state}  {done.name:<{_NAME}} {done.seconds:6.1f} s  {done.finding.found}")
    if done.finding.fix:
        typer.echo(f"{'':{_WIDTH}}  {'':{_NAME}} {'':8}  -> {done.finding.fix}")


def print_result(steps: Sequence[Done]) -> None:
    """Print the verdict, and where nobody has seen the steps go by, the steps."""
    if not sys.stdout.isatty():
        for done in steps:
            line(done)
    typer.echo(_verdict(steps))


def _verdict(steps: Sequence[Done]) -> str:
    failed = [done.name for done in steps if done.finding.state is State.BROKEN]
    if failed:
        return f"Something is broken: {', '.join(failed)}."
    return "Everything that was tried works."


def document(project: str, device_id: str, steps: Sequence[Done]) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "project": project,
        "deviceId": device_id,
        "state": "broken" if is_broken(steps) else "ok",
        "steps": [
            {
                "name": done.name,
                "state": done.finding.state.value,
                "seconds": round(done.seconds, 1),
                "found": done.finding.found,
                "fix": done.finding.fix or None,
            }
            for done in steps
        ],
    }


def page(project: str, device_id: str, steps: Sequence[Done]) -> str:
    """The report as a page."""
    at = datetime.now(UTC).isoformat(timespec="minutes")
    rows = "\n".join(
        f"<tr><td>{html.escape(done.name)}<td class={done.finding.state.name.lower()}>"
        f"{html.escape(done.finding.state)}<td>{done.seconds:.1f}<td>"
        + html.escape(done.finding.found)
        + (f"<br>→ {html.escape(done.finding.fix)}" if done.finding.fix else "")
        for done in steps
    )
    summary = f"{at}, device {html.escape(device_id)}. {html.escape(_verdict(steps))}"
    return _PAGE.format(project=html.escape(project), summary=summary, rows=rows)


def is_broken(steps: Sequence[Done]) -> bool:
    """Whether any step failed."""
    return any(done.finding.state is State.BROKEN for done in steps)
