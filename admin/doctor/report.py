"""The findings: for people line by line while the checks run, or as one document."""

from collections.abc import Sequence

import typer

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
    for link, finding in examined(links, deployment):
        found.append((link, finding))
        if not json_chosen():
            _print(link, finding, width)
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
        lambda: None,
    )
    if worst:
        raise typer.Exit(1)


def _print(link: Link, finding: Finding, width: int) -> None:
    state = typer.style(f"{finding.state:<11}", fg=_COLOURS[finding.state])
    typer.echo(f"{state}  {link.name:<{width}}  {finding.found}")
    if finding.fix:
        typer.echo(f"{'':11}  {'':{width}}  -> {finding.fix}")
