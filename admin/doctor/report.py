"""The findings: for people line by line while the checks run, or as one document."""

from collections.abc import Sequence

import typer
from rich.console import Console

from admin.cli.output import answer, json_chosen
from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, State, examined

_COLOURS = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.BROKEN: "red",
    State.NOT_HERE: "bright_black",
    State.UNCHECKED: "bright_black",
}


def run(links: Sequence[Link], deployment: Deployment) -> None:
    """Examine links and report; exits with status 1 when one of them is broken."""
    width = max(len(link.name) for link in links)
    found: list[tuple[Link, Finding]] = []
    console = Console(stderr=True)
    # A link may take minutes, for example while functions start: show at which one it is.
    status = console.status("") if console.is_terminal else None

    def beginning(link: Link) -> None:
        if status:
            status.update(f"{len(found) + 1} of {len(links)}: {link.name}")
            status.start()

    try:
        for link, finding in examined(links, deployment, beginning):
            found.append((link, finding))
            if status:
                status.stop()
            if not json_chosen():
                _print(link, finding, width)
    finally:
        if status:
            status.stop()
    worst = any(finding.state is State.BROKEN for _, finding in found)
    answer(
        {
            "state": "broken" if worst else "ok",
            "links": [
                {
                    "name": link.name,
                    "state": finding.state.value,
                    "found": finding.found,
                    "fix": finding.fix or None,
                }
                for link, finding in found
            ],
        },
        lambda: _summary(found),
    )
    if worst:
        raise typer.Exit(1)


def _summary(found: Sequence[tuple[Link, Finding]]) -> None:
    """What needs attention, last, where one looks first; nothing when all is well."""
    for state in (State.BROKEN, State.WARNING):
        if names := [link.name for link, finding in found if finding.state is state]:
            typer.echo(f"{state.value}: {', '.join(names)}", err=True)


def _print(link: Link, finding: Finding, width: int) -> None:
    state = typer.style(f"{finding.state:<11}", fg=_COLOURS[finding.state])
    typer.echo(f"{state}  {link.name:<{width}}  {finding.found}")
    if finding.fix:
        typer.echo(f"{'':11}  {'':{width}}  -> {finding.fix}")
